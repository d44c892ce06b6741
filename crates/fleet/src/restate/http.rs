//! Requests to a Restate server.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value as Json;
use std::time::Duration;

/// The most bytes of an answer.
const MOST_ANSWER: usize = 256 * 1024 * 1024;

/// Speaks to one address.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    pub url: String,
    token: Option<String>,
}

/// Why there is no answer.
pub(super) enum Silent {
    /// Nothing is there, or it says nothing that can be understood.
    Down(String),
    /// It takes too long.
    Late,
}

impl Speaker {
    /// Speaks to this address; a token is sent as that of a bearer.
    ///
    /// # Errors
    /// Why it is no address.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, String> {
        let read: hyper::Uri = url.parse().map_err(|error| format!("{error}"))?;
        if !matches!(read.scheme_str(), Some("http" | "https")) || read.host().is_none() {
            return Err("it has no `http://` or `https://` before it".to_owned());
        }
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(Duration::from_secs(10)));
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| format!("the system's certificates cannot be read: {error}"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).build(connector),
            url: url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// Asks for a path.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), Silent> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request
            .body(body)
            .map_err(|error| Silent::Down(error.to_string()))?;
        let asked = async {
            let answer = self.http.request(request).await;
            let answer = answer.map_err(|error| Silent::Down(chain(&error)))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MOST_ANSWER);
            let bytes = body.collect().await;
            let bytes = bytes.map_err(|error| Silent::Down(chain(&*error)))?;
            Ok((status, bytes.to_bytes()))
        };
        let asked = tokio::time::timeout(patience, asked).await;
        asked.unwrap_or(Err(Silent::Late))
    }
}

/// What an error says, with what is behind it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// The words of a refusal.
pub(super) fn said(bytes: &[u8]) -> String {
    let read: Option<Json> = serde_json::from_slice(bytes).ok();
    let message = read.as_ref().and_then(|json| json.get("message"));
    match message.and_then(Json::as_str) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(bytes).chars().take(400).collect(),
    }
}
