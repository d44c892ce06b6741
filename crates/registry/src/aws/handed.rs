//! The outcome of a first try, handed to the orchestrator as that of its own.

use aws_runtime::invocation_id::{InvocationId, InvocationIdGenerator};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What came of a try that was sent.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) result: Result<HttpResponse, ConnectorError>,
    /// The connection that it went over, which is closed after some failures.
    pub(super) connection: CaptureSmithyConnection,
    pub(super) invocation: Option<InvocationId>,
}

/// A client that gives the outcome of a first try to the first request, sends all others, and counts what it was asked.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    client: SharedHttpClient,
    first: Arc<Mutex<Option<Outcome>>>,
    requests: Arc<AtomicU32>,
}

impl Counted {
    pub(super) fn new(client: SharedHttpClient, first: Option<Outcome>) -> Self {
        Self {
            client,
            first: Arc::new(Mutex::new(first)),
            requests: Arc::default(),
        }
    }

    /// The invocation of the first try.
    pub(super) fn invocation(&self) -> Option<InvocationId> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.as_ref()?.invocation.clone()
    }

    /// Whether there was more than one request.
    pub(super) fn was_repeated(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 1
    }
}

impl HttpClient for Counted {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(CountedConnector {
            counted: self.clone(),
            connector: self.client.http_connector(settings, components),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

#[derive(Debug)]
struct CountedConnector {
    counted: Counted,
    connector: SharedHttpConnector,
}

impl HttpConnector for CountedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.counted.requests.fetch_add(1, Ordering::Relaxed);
        let mut first = self
            .counted
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(outcome) = first.take() else {
            return self.connector.call(request);
        };
        if let Some(captured) = request.extension::<CaptureSmithyConnection>() {
            captured.set_connection_retriever(move || outcome.connection.get());
        }
        HttpConnectorFuture::ready(outcome.result)
    }
}

/// Gives the invocation of a first try to those that follow.
#[derive(Debug)]
pub(super) struct SameInvocation(pub(super) InvocationId);

impl InvocationIdGenerator for SameInvocation {
    fn generate(&self) -> Result<Option<InvocationId>, BoxError> {
        Ok(Some(self.0.clone()))
    }
}
