//! An error answer as the orchestrator carries it, with what its retry classifiers ask.

use crate::call::{CallError, FailureKind};
use crate::model::service::{Operation, Service};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::retry::{ErrorKind, ProvideErrorKind};
use std::fmt;

/// An error answer of a service.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    metadata: ErrorMetadata,
    kind: FailureKind,
    request_id: Option<String>,
    retryable: Option<ErrorKind>,
    bucket_region: Option<String>,
}

impl Failure {
    /// An error that the service names.
    pub(super) fn answered(
        service: &Service,
        operation: &Operation,
        metadata: ErrorMetadata,
        request_id: Option<String>,
    ) -> Self {
        let modelled = operation.errors.iter().find_map(|id| {
            let error = service.structure(*id)?.error.as_ref()?;
            let code = error.code.unwrap_or(service.shape(*id).name);
            (Some(code) == metadata.code()).then_some(error)
        });
        let retryable = modelled
            .and_then(|error| error.retryable)
            .map(|throttling| {
                if throttling {
                    ErrorKind::ThrottlingError
                } else {
                    ErrorKind::ServerError
                }
            });
        Self {
            metadata,
            kind: FailureKind::Answered,
            request_id,
            retryable,
            bucket_region: None,
        }
    }

    /// An answer that is not of the protocol.
    pub(super) fn garbled(message: impl Into<String>, request_id: Option<String>) -> Self {
        Self {
            metadata: ErrorMetadata::builder()
                .code("response")
                .message(message)
                .build(),
            kind: FailureKind::Garbled,
            request_id,
            retryable: None,
            bucket_region: None,
        }
    }

    /// The same as a failure of the service's own, worth another try: an error under the status of a success.
    pub(super) fn of_the_service(self) -> Self {
        Self {
            retryable: Some(ErrorKind::ServerError),
            ..self
        }
    }

    /// The same with the region where the bucket is.
    pub(super) fn with_bucket_region(self, bucket_region: Option<String>) -> Self {
        Self {
            bucket_region,
            ..self
        }
    }

    /// The region where the bucket is, by an answer that says so.
    pub(super) fn bucket_region(&self) -> Option<&str> {
        self.bucket_region.as_deref()
    }

    pub(super) fn into_call_error(self) -> CallError {
        let code = self.metadata.code().unwrap_or("unknown").to_owned();
        let message = match self.metadata.message() {
            Some(message) if !message.trim().is_empty() => message.to_owned(),
            _ => "the service gave no reason".to_owned(),
        };
        CallError {
            code,
            message,
            kind: self.kind,
            request_id: self.request_id,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metadata)
    }
}

impl std::error::Error for Failure {}

impl ProvideErrorMetadata for Failure {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

impl ProvideErrorKind for Failure {
    fn retryable_error_kind(&self) -> Option<ErrorKind> {
        self.retryable
    }

    fn code(&self) -> Option<&str> {
        self.metadata.code()
    }
}
