//! Operations that this client cannot call, said by name before anything runs.

use crate::model::service::{Operation, Service};

/// Why an operation cannot be called, or nothing.
#[must_use]
pub fn unsupported(service: &Service, operation: &Operation) -> Option<String> {
    let name = format!("{}:{}", service.name, operation.name);
    if operation.input_stream.is_some() {
        return Some(format!(
            "`{name}` cannot be called: it sends a stream of events while it receives one"
        ));
    }
    let metadata = &service.metadata;
    if metadata.signature_version == "v2" && metadata.auth.is_empty() {
        return Some(format!(
            "`{name}` cannot be called: the service knows only AWS Signature Version 2"
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
        let two_ways = reason("bedrock-runtime", "InvokeModelWithBidirectionalStream");
        assert!(two_ways.expect("a reason").contains("a stream of events"));
        assert!(reason("sdb", "Select").is_some());
    }

    #[test]
    fn nearly_everything_can_be_called() {
        for (service, operation) in [
            ("ecs", "UpdateService"),
            ("s3", "SelectObjectContent"),
            ("logs", "StartLiveTail"),
            ("cognito-identity", "GetId"),
            ("cloudfront-keyvaluestore", "GetKey"),
            ("codecatalyst", "ListSpaces"),
            ("timestream-query", "Query"),
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
        assert!(refused < 30, "{refused}");
    }
}
