//! Endpoints that a service says itself, where its operations ask for that.

use super::orchestrate::Refusal;
use crate::call::{CallError, FailureKind};
use crate::model::service::Service;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

/// The operation that says where to call.
pub(super) const OPERATION: &str = "DescribeEndpoints";

/// What sets a channel apart from others to the same service and target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Way {
    /// Nothing.
    Ordinary,
    /// The credentials of a session with this bucket.
    Session(String),
    /// This URL, which the service said.
    Discovered(String),
}

/// An endpoint that a service said, for some time.
#[derive(Debug, Clone)]
pub(super) struct Discovered {
    pub(super) url: String,
    pub(super) until: Instant,
}

/// Reads the answer of a service that says where to call.
///
/// # Errors
/// It says nothing, or could not be asked: the call itself was not sent.
pub(super) fn read(
    service: &Service,
    answered: Result<Json, Refusal>,
) -> Result<Discovered, CallError> {
    let failed = |code: &str, why: &str| {
        let name = service.name;
        let message = format!("`{name}` did not say where to call it: {why}");
        CallError::new(FailureKind::Environment, code, message)
    };
    let result = answered.map_err(|refusal| match refusal.error.kind {
        FailureKind::Answered => CallError {
            kind: FailureKind::Answered,
            request_id: refusal.error.request_id,
            ..failed(&refusal.error.code, &refusal.error.message)
        },
        _ => failed(&refusal.error.code, &refusal.error.message),
    })?;
    let endpoint = &result["Endpoints"][0];
    let address = endpoint["Address"]
        .as_str()
        .filter(|address| !address.is_empty())
        .ok_or_else(|| failed("endpoint", "its answer names no endpoint"))?;
    let minutes = endpoint["CachePeriodInMinutes"].as_u64().unwrap_or(1);
    Ok(Discovered {
        url: format!("https://{address}"),
        until: Instant::now() + Duration::from_secs(minutes.saturating_mul(60).min(86_400)),
    })
}
