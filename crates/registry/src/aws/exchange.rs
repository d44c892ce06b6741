//! What is said, by `tracing`, of each request that is sent and of its answer: for logs, and for whoever counts repetitions.
//!
//! Paths, headers and bodies are not said: they may hold secrets.

use super::failure::Failure;
use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use std::time::Instant;

/// Where it is said.
pub(super) const TARGET: &str = "runbook::aws";

/// Sends a request; what comes of it is said where somebody listens.
pub(super) fn told(connector: &SharedHttpConnector, request: HttpRequest) -> HttpConnectorFuture {
    if !tracing::enabled!(target: TARGET, tracing::Level::DEBUG) {
        return connector.call(request);
    }
    let method = request.method().to_owned();
    let uri: Option<http::Uri> = request.uri().parse().ok();
    // "ttl=…; attempt=2; max=3"
    let repeated = request
        .headers()
        .get("amz-sdk-request")
        .and_then(|said| {
            let mut parts = said.split(';');
            parts.find_map(|part| part.trim().strip_prefix("attempt="))
        })
        .and_then(|attempt| attempt.parse::<u64>().ok())
        .map_or(0, |attempt| attempt.saturating_sub(1));
    let sent = connector.call(request);
    HttpConnectorFuture::new(async move {
        let began = Instant::now();
        let answer = sent.await;
        let seconds = began.elapsed().as_secs_f64();
        let address = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
        let port = uri.as_ref().and_then(http::Uri::port_u16).map(u64::from);
        if let Ok(answer) = &answer {
            tracing::debug!(
                target: TARGET,
                {
                    "http.request.method" = method,
                    "server.address" = address,
                    "server.port" = port,
                    "http.response.status_code" = u64::from(answer.status().as_u16()),
                    "http.request.resend_count" = repeated,
                    "aws.request_id" = request_id(answer),
                    seconds,
                },
                "answered"
            );
        } else {
            tracing::debug!(
                target: TARGET,
                {
                    "http.request.method" = method,
                    "server.address" = address,
                    "server.port" = port,
                    "http.request.resend_count" = repeated,
                    seconds,
                },
                "not answered"
            );
        }
        answer
    })
}

fn request_id(answer: &HttpResponse) -> Option<&str> {
    let headers = answer.headers();
    let names = ["x-amzn-requestid", "x-amz-request-id"];
    names.iter().find_map(|name| headers.get(*name))
}

/// Says what a service answered instead of a result. Whether it is asked again shows by the next request.
pub(super) fn refused(status: u16, failure: &Failure) {
    let status = u64::from(status);
    let code = failure.code().unwrap_or_default();
    if status == 429 || THROTTLING_ERRORS.contains(&code) {
        tracing::info!(
            target: TARGET,
            { "error.type" = code, "http.response.status_code" = status },
            "throttled"
        );
    } else {
        tracing::info!(
            target: TARGET,
            { "error.type" = code, "http.response.status_code" = status },
            "refused"
        );
    }
}
