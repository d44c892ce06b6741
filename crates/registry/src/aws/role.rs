//! Sessions of assumed roles, and the second factor that some of them ask for.

use super::error;
use super::kept::Kept;
use super::live::AwsClient;
use super::options::Options;
use crate::call::{Call, CallError};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use serde_json::{Map, Value as Json};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long before its end a session is replaced.
const BEFORE_THE_END: Duration = Duration::from_mins(5);
/// How often a person may mistype.
const TRIES: usize = 3;

/// A person who can be asked for the code of a second factor.
pub trait SecondFactor: Send + Sync + fmt::Debug {
    /// Asks for the code that the device shows; `None` when nobody answers.
    ///
    /// `device` is its ARN or serial number, `role` the ARN of the role that asks for it.
    fn code<'a>(
        &'a self,
        device: &'a str,
        role: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>>;
}

/// A role and how it is assumed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: Option<String>,
    pub(super) external_id: Option<String>,
    /// The ARN or serial number of the device of the second factor.
    pub(super) device: Option<String>,
    /// How long a session lasts, in seconds.
    pub(super) duration: Option<u32>,
    /// A policy that the session is limited to.
    pub(super) policy: Option<String>,
}

impl Role {
    fn arguments(&self, code: Option<&String>) -> Json {
        let mut arguments = Map::new();
        let mut set = |name: &str, value: Option<&String>| {
            if let Some(value) = value {
                arguments.insert(name.to_owned(), value.as_str().into());
            }
        };
        set("RoleArn", Some(&self.arn));
        let name = self.session_name.clone().unwrap_or("runbook".to_owned());
        set("RoleSessionName", Some(&name));
        set("ExternalId", self.external_id.as_ref());
        set("Policy", self.policy.as_ref());
        if code.is_some() {
            set("SerialNumber", self.device.as_ref());
            set("TokenCode", code);
        }
        if let Some(seconds) = self.duration {
            arguments.insert("DurationSeconds".to_owned(), seconds.into());
        }
        Json::Object(arguments)
    }
}

/// Credentials of a role, got with others: once, and again when they are about to end.
#[derive(Debug)]
pub(super) struct RoleSession {
    pub(super) role: Role,
    /// The client that assumes the role, with the credentials to do it with.
    client: AwsClient,
    person: Option<Arc<dyn SecondFactor>>,
    kept: Kept,
}

impl RoleSession {
    /// A session of the role, assumed with credentials `from` a provider, at an endpoint of the user's own if one is
    /// given.
    pub(super) fn new(
        role: Role,
        config: &SdkConfig,
        from: SharedCredentialsProvider,
        endpoint_url: Option<String>,
        person: Option<Arc<dyn SecondFactor>>,
    ) -> Self {
        let config = config.to_builder().credentials_provider(from).build();
        let options = Options {
            endpoint_url,
            ..Options::default()
        };
        Self {
            role,
            client: AwsClient::with_config(options, config),
            person,
            kept: Kept::new(BEFORE_THE_END),
        }
    }

    async fn assume(&self) -> Result<Credentials, CallError> {
        let code = match &self.role.device {
            Some(device) => Some(self.code(device).await?),
            None => None,
        };
        let call = Call::new("sts:AssumeRole", self.role.arguments(code.as_ref()));
        let answered = self.client.call_once(&call).await;
        let result = answered.map_err(|problem| error::role(&self.role.arn, problem))?;
        read(&result["Credentials"]).ok_or_else(|| error::session(&self.role.arn))
    }

    async fn code(&self, device: &str) -> Result<String, CallError> {
        let Some(person) = &self.person else {
            return Err(error::second_factor(device, &self.role.arn));
        };
        for _ in 0..TRIES {
            let Some(code) = person.code(device, &self.role.arn).await else {
                break;
            };
            let code: String = code.split_whitespace().collect();
            if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
                return Ok(code);
            }
        }
        Err(error::no_code(device, &self.role.arn))
    }
}

impl ProvideCredentials for RoleSession {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.kept
                .get(Box::pin(self.assume()))
                .await
                .map_err(CredentialsError::provider_error)
        })
    }
}

/// Credentials as STS and S3 answer them.
pub(super) fn read(credentials: &Json) -> Option<Credentials> {
    let text = |name: &str| credentials[name].as_str();
    let end: jiff::Timestamp = text("Expiration")?.parse().ok()?;
    Some(Credentials::new(
        text("AccessKeyId")?,
        text("SecretAccessKey")?,
        text("SessionToken").map(ToOwned::to_owned),
        Some(end.into()),
        "AssumeRole",
    ))
}
