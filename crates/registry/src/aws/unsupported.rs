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
    // Its rules know no other way to sign.
    if service.name == "cloudfront-keyvaluestore" {
        return Some(format!(
            "`{name}` must be signed with Signature Version 4A, which is not supported yet"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::catalogue;

    fn reason(service: &str, operation: &str) -> Option<String> {
        let service = catalogue().service(service).expect("a service");
        let operation = service.operation(operation).expect("an operation");
        unsupported(service, operation)
    }

    #[test]
    fn what_cannot_be_called_is_named() {
        let streams = reason("logs", "StartLiveTail").expect("a reason");
        assert!(streams.starts_with("`logs:StartLiveTail`"), "{streams}");
        assert!(reason("cloudfront-keyvaluestore", "GetKey").is_some());
        assert!(reason("codecatalyst", "ListSpaces").is_some());
    }

    #[test]
    fn nearly_everything_can_be_called() {
        for (service, operation) in [
            ("ecs", "UpdateService"),
            ("s3", "GetObject"),
            ("sts", "GetCallerIdentity"),
            ("cognito-identity", "GetId"),
            ("dynamodb", "ListTables"),
        ] {
            assert_eq!(reason(service, operation), None, "{service}:{operation}");
        }
        let refused: usize = catalogue()
            .entries()
            .iter()
            .filter_map(|entry| catalogue().service(entry.name))
            .map(|service| {
                service
                    .operations
                    .iter()
                    .filter(|operation| unsupported(service, operation).is_some())
                    .count()
            })
            .sum();
        assert!(refused < 150, "{refused}");
    }
}
