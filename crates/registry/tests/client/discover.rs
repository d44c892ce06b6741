//! Endpoints that a service says itself.

use crate::{configuration, failed};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::{Call, FailureKind};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A network in which every host answers the same, and where it is written down who was asked.
#[derive(Debug, Clone)]
struct Network {
    answer: &'static str,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Network {
    fn new(answer: &'static str) -> Self {
        Self {
            answer,
            asked: Arc::default(),
        }
    }

    fn client(&self) -> AwsClient {
        let configuration = configuration().into_builder().http_client(self.clone());
        AwsClient::with_config(Options::default(), configuration.build())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the log").clone()
    }
}

impl HttpClient for Network {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = request.headers().get("x-amz-target").unwrap_or_default();
        let line = format!("{} {operation}", request.uri());
        self.asked.lock().expect("the log").push(line);
        let status = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.answer))))
    }
}

#[tokio::test]
async fn a_service_is_asked_once_where_to_call_it() {
    let network = Network::new(
        r#"{"Endpoints": [{"Address": "query-cell2.timestream.eu-west-3.amazonaws.com", "CachePeriodInMinutes": 1440}]}"#,
    );
    let client = network.client();
    let call = Call::new("timestream-query:DescribeAccountSettings", json!({}));
    for _ in 0..2 {
        client.call(&call).await.expect("an answer");
    }
    let own = "https://query-cell2.timestream.eu-west-3.amazonaws.com/ Timestream_20181101.DescribeAccountSettings";
    assert_eq!(
        network.asked(),
        [
            "https://query.timestream.eu-west-3.amazonaws.com/ Timestream_20181101.DescribeEndpoints",
            own,
            own,
        ]
    );
}

#[tokio::test]
async fn a_service_that_does_not_say_is_not_called() {
    let network = Network::new(r#"{"Endpoints": []}"#);
    let call = Call::new("timestream-query:DescribeAccountSettings", json!({}));
    let message = failed(
        network.client().call(&call).await,
        FailureKind::Environment,
        "endpoint",
    );
    assert_eq!(
        message,
        "`timestream-query` did not say where to call it: its answer names no endpoint"
    );
    assert_eq!(network.asked().len(), 1);
}
