//! Sessions with directory buckets (S3 Express One Zone): credentials of one bucket for five minutes.

use super::files::Files;
use super::kept::Kept;
use super::orchestrate::Channel;
use crate::call::{CallError, FailureKind};
use crate::model::service::{Operation, Service};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_types::service_config::ServiceConfigKey;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long before its end a session is replaced.
const BEFORE_THE_END: Duration = Duration::from_mins(1);

/// The header that a session's token goes into.
pub(super) const TOKEN_HEADER: &str = "x-amz-s3session-token";

/// Whether a bucket is a directory bucket, by its name.
pub(super) fn is_directory(bucket: &str) -> bool {
    bucket.ends_with("--x-s3") || bucket.ends_with("--xa-s3")
}

/// Whether sessions are turned off (`AWS_S3_DISABLE_EXPRESS_SESSION_AUTH`, `s3_disable_express_session_auth`).
pub(super) fn is_disabled(config: &SdkConfig) -> bool {
    ServiceConfigKey::builder()
        .service_id("s3")
        .env("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH")
        .profile("s3_disable_express_session_auth")
        .build()
        .ok()
        .and_then(|key| config.service_config()?.load_config(key))
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The credentials of a session with one bucket: made when they are first needed, and again before they end.
#[derive(Debug)]
pub(super) struct BucketSession {
    channel: Arc<Channel>,
    operation: &'static Operation,
    bucket: String,
    kept: Kept,
}

impl BucketSession {
    /// A session that is made through a channel with the caller's own credentials.
    ///
    /// # Errors
    /// The service has no such operation.
    pub(super) fn new(
        service: &'static Service,
        channel: Arc<Channel>,
        bucket: &str,
    ) -> Result<Self, CallError> {
        let operation = service
            .operation("CreateSession")
            .ok_or_else(|| failed(bucket, "the service has no sessions"))?;
        Ok(Self {
            channel,
            operation,
            bucket: bucket.to_owned(),
            kept: Kept::new(BEFORE_THE_END),
        })
    }

    async fn make(&self) -> Result<Credentials, CallError> {
        let arguments = Arc::new(json!({"Bucket": self.bucket}));
        let files = Arc::new(Files::default());
        let answered = self
            .channel
            .call(self.operation, arguments, &files, None, 1)
            .await;
        let reply = answered.map_err(|refusal| CallError {
            message: format!(
                "no session with the bucket `{}` can be made: {}",
                self.bucket, refusal.error.message
            ),
            ..refusal.error
        })?;
        super::role::read(&reply.result["Credentials"])
            .ok_or_else(|| failed(&self.bucket, "the answer has no credentials in it"))
    }
}

impl ProvideCredentials for BucketSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.kept
                .get(Box::pin(self.make()))
                .await
                .map_err(CredentialsError::provider_error)
        })
    }
}

fn failed(bucket: &str, why: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!("no session with the bucket `{bucket}` can be made: {why}"),
    )
}
