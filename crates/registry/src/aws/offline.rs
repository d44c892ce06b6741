//! Requests and responses without a network: what would be sent, and what an answer would mean.

use super::orchestrate::host_prefix;
use super::protocol::Wire;
use crate::call::CallError;
use crate::model::service::{Operation, Service};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A request before it has a host and a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// What comes before the endpoint's host.
    pub host_prefix: Option<String>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A service's wire, kept for the process's life as its schemas are.
fn wire(service: &'static Service) -> Arc<Wire> {
    static WIRES: OnceLock<Mutex<HashMap<usize, Arc<Wire>>>> = OnceLock::new();
    WIRES
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .entry(std::ptr::from_ref(service).addr())
        .or_insert_with(|| Arc::new(Wire::new(service)))
        .clone()
}

fn configuration(wire: &Wire, operation: &Operation) -> ConfigBag {
    let mut layer = Layer::new("offline");
    wire.describe(&mut layer);
    layer.store_put(Metadata::new(
        operation.name,
        wire.schemas.service.metadata.service_id,
    ));
    ConfigBag::of_layers(vec![layer])
}

/// Writes the request of a call.
///
/// # Errors
/// What is wrong with the arguments.
pub fn write(
    service: &'static Service,
    operation: &'static Operation,
    arguments: &Json,
) -> Result<Written, String> {
    let wire = wire(service);
    let cfg = configuration(&wire, operation);
    let request = wire
        .serialize(operation, arguments, &cfg)
        .map_err(|error| error.to_string())?;
    Ok(Written {
        method: request.method().to_owned(),
        uri: request.uri().to_owned(),
        host_prefix: host_prefix(operation, arguments),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    })
}

/// Reads a response.
///
/// # Errors
/// [`CallError`] when the response is an error, or cannot be read.
pub fn read(
    service: &'static Service,
    operation: &'static Operation,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Json, CallError> {
    let wire = wire(service);
    let cfg = configuration(&wire, operation);
    let status = status
        .try_into()
        .unwrap_or_else(|_| http::StatusCode::INTERNAL_SERVER_ERROR.into());
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_vec()));
    for (name, value) in headers {
        // A header that HTTP cannot have cannot come from a server either.
        let _ = response
            .headers_mut()
            .try_append(name.clone(), value.clone());
    }
    wire.deserialize(operation, &response, &cfg)
        .map(|reply| reply.result)
        .map_err(|failure| failure.into_call_error())
}
