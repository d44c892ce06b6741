//! The credentials of a client's session, for programs.

use super::live::AwsClient;
use crate::call::{CallError, Target};
use crate::local::TargetEnvironment;
use crate::world::Pending;
use jiff::Timestamp;
use std::sync::Arc;

/// Variables by which a program would find other credentials than those of the session.
const OTHERS: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
];

/// The variables that other surroundings give, with the credentials of the client's session where it has one: that of a
/// role, or of a profile with a second factor. Programs then act as the calls do.
pub struct SessionEnvironment {
    client: Arc<AwsClient>,
    others: Arc<dyn TargetEnvironment>,
}

impl SessionEnvironment {
    /// Puts the session of the client before the variables of `others`.
    #[must_use]
    pub fn new(client: Arc<AwsClient>, others: Arc<dyn TargetEnvironment>) -> Self {
        Self { client, others }
    }
}

impl TargetEnvironment for SessionEnvironment {
    fn variables<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pending<'a, Result<Vec<(String, String)>, CallError>> {
        Box::pin(async move {
            let session = self.client.session(target).await?;
            let place = Target {
                role: None,
                ..target.clone()
            };
            let mut variables = self.others.variables(&place).await?;
            let Some(session) = session else {
                return Ok(variables);
            };
            variables.retain(|(name, _)| !OTHERS.contains(&name.as_str()));
            let mut set = |name: &str, value: &str| {
                variables.push((name.to_owned(), value.to_owned()));
            };
            set("AWS_ACCESS_KEY_ID", session.access_key_id());
            set("AWS_SECRET_ACCESS_KEY", session.secret_access_key());
            if let Some(token) = session.session_token() {
                set("AWS_SESSION_TOKEN", token);
            }
            if let Some(end) = session
                .expiry()
                .and_then(|end| Timestamp::try_from(end).ok())
            {
                set("AWS_CREDENTIAL_EXPIRATION", &end.to_string());
            }
            Ok(variables)
        })
    }
}
