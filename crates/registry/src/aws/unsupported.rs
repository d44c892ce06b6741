//! Operations that this client cannot call, said by name before anything runs.

use super::orchestrate::is_unsigned;
use crate::model::service::{Auth, Operation, Service};

/// Why an operation cannot be called, or nothing.
#[must_use]
pub fn unsupported(service: &Service, operation: &Operation) -> Option<String> {
    let name = format!("{}:{}", service.name, operation.name);
    if operation.input_stream.is_some() || operation.output_stream.is_some() {
        return Some(format!(
            "`{name}` works through an event stream, which is not supported yet"
        ));
    }
    if service.metadata.signature_version == "v2" {
        return Some(format!(
            "`{name}` must be signed with Signature Version 2, which is not supported"
        ));
    }
    if operation.endpoint_discovery == Some(true) {
        return Some(format!(
            "`{name}` must first ask its service for an endpoint, which is not supported yet"
        ));
    }
    let auth = if operation.auth.is_empty() {
        &service.metadata.auth
    } else {
        &operation.auth
    };
    let bearer_only = service.metadata.signature_version == "bearer"
        || (!auth.is_empty() && !auth.contains(&Auth::SigV4));
    if bearer_only && !is_unsigned(operation) {
        return Some(format!(
            "`{name}` needs a bearer token or asymmetric signing, which is not supported yet"
        ));
    }
    None
}
