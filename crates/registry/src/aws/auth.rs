//! Which way a call proves who makes it.

use super::endpoint::{self, Settings};
use crate::model::service::{Auth, Operation, Service};
use serde_json::Value as Json;

/// What a call proves who makes it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Proof {
    /// Nothing.
    None,
    /// A signature made with AWS credentials.
    Credentials,
    /// A bearer token.
    Token,
}

/// The ways of an operation, best first.
fn ways<'m>(service: &'m Service, operation: &'m Operation) -> &'m [Auth] {
    if !operation.auth.is_empty() {
        &operation.auth
    } else if !service.metadata.auth.is_empty() {
        &service.metadata.auth
    } else if service.metadata.signature_version == "bearer" {
        &[Auth::Bearer]
    } else {
        &[Auth::SigV4]
    }
}

/// What an operation is called with.
pub(super) fn proof(service: &Service, operation: &Operation) -> Proof {
    let ways = ways(service, operation);
    if ways.first() == Some(&Auth::None) {
        Proof::None
    } else if ways.contains(&Auth::SigV4) || ways.contains(&Auth::SigV4a) {
        Proof::Credentials
    } else if ways.contains(&Auth::Bearer) {
        Proof::Token
    } else {
        Proof::None
    }
}

/// Whether an operation takes a bearer token where there is one, instead of a signature.
pub(super) fn takes_token(service: &Service, operation: &Operation) -> bool {
    ways(service, operation).contains(&Auth::Bearer)
        // Bedrock's keys are bearer tokens, whatever older models say.
        || service.metadata.signing_name == "bedrock"
}

/// Whether a call must be signed asymmetrically, for several regions at once: global endpoints, access points of
/// several regions.
pub(super) fn is_asymmetric(
    service: &'static Service,
    operation: &Operation,
    arguments: &Json,
    settings: &Settings,
) -> bool {
    let ways = ways(service, operation);
    if ways.first() == Some(&Auth::SigV4a) || service.name == "cloudfront-keyvaluestore" {
        return true;
    }
    // No other calls may want it, and evaluating rules takes time.
    let possible = match service.name {
        "s3" | "s3control" => arguments.as_object().is_some_and(|arguments| {
            let mut texts = arguments.values().filter_map(Json::as_str);
            texts.any(|text| text.starts_with("arn:"))
        }),
        "events" => arguments.get("EndpointId").is_some(),
        _ => false,
    };
    possible
        && endpoint::resolve(service, operation, arguments, settings, None)
            .is_ok_and(|endpoint| endpoint::first_scheme(&endpoint) == Some("sigv4a"))
}
