//! An HTTP client that sends nothing and keeps what it was asked to send.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A request in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub method: String,
    pub uri: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// Keeps requests and answers them all alike.
#[derive(Debug, Clone)]
pub struct Capture {
    sent: Arc<Mutex<Vec<Sent>>>,
    answer: &'static str,
}

impl Capture {
    pub fn answering(answer: &'static str) -> Self {
        Self {
            sent: Arc::default(),
            answer,
        }
    }

    /// The one request that was sent.
    pub fn sent(&self) -> Sent {
        let sent = self.sent.lock().expect("the log");
        assert_eq!(sent.len(), 1, "one request");
        sent[0].clone()
    }
}

impl HttpClient for Capture {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Capture {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.sent
            .lock()
            .expect("the log")
            .push(comparable(&request));
        let status = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.answer))))
    }
}

/// Headers that name the client, the attempt or the moment.
const PERSONAL: [&str; 6] = [
    "user-agent",
    "x-amz-user-agent",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "x-amz-date",
    "authorization",
];

fn comparable(request: &HttpRequest) -> Sent {
    let signed = request.headers().get("authorization").unwrap_or_default();
    // Who signs for what, without the time and the signature: `…/ecs/aws4_request`.
    let scope = signed
        .split(['/', ','])
        .skip(2)
        .take(3)
        .collect::<Vec<_>>()
        .join("/");
    let mut headers: BTreeMap<String, String> = request
        .headers()
        .iter()
        .filter(|(name, _)| !PERSONAL.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    headers.insert("signed for".to_owned(), scope);
    let text = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
    let body = if let Ok(json) = serde_json::from_str::<serde_json::Value>(&text) {
        ordered(&json).to_string()
    } else {
        let mut pairs: Vec<&str> = text.split('&').collect();
        pairs.sort_unstable();
        pairs.join("&")
    };
    headers.remove("content-length");
    Sent {
        method: request.method().to_owned(),
        uri: request.uri().to_owned(),
        headers,
        body,
    }
}

fn ordered(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members
                .iter()
                .map(|(name, value)| (name.clone(), ordered(value)))
                .collect();
            sorted.into_iter().collect()
        }
        serde_json::Value::Array(items) => items.iter().map(ordered).collect(),
        other => other.clone(),
    }
}
