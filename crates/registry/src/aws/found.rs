//! What a client goes by, for whoever wants to know before anything is called: whose credentials, until when, and where to.

use super::endpoint;
use super::error;
use super::live::{AwsClient, find};
use crate::call::{CallError, FailureKind, Target};
use aws_credential_types::credential_feature::AwsCredentialFeature as Feature;
use aws_credential_types::provider::ProvideCredentials;
use jiff::Timestamp;
use serde_json::json;

const PROFILE: &str = "keys in a profile";

/// Credentials as they were found, without what is secret of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCredentials {
    /// Where they come from, the source that others rest on first; empty where the provider does not say.
    pub sources: Vec<&'static str>,
    /// The id of the access key.
    pub access_key_id: String,
    /// When they end; nothing where they do not, or where it is not said.
    pub expires: Option<Timestamp>,
}

impl AwsClient {
    /// Finds the credentials that calls are signed with; a role is assumed for that where one was asked for.
    ///
    /// # Errors
    /// [`CallError`] of [`FailureKind::Environment`] with the code `credentials`.
    pub async fn found_credentials(&self) -> Result<FoundCredentials, CallError> {
        let configuration = self.configuration().await;
        let provider = self.credentials(&configuration.sdk, &Target::default())?;
        let found = provider.provide_credentials().await;
        let found = found.map_err(|problem| error::credentials(&problem))?;
        let mut sources: Vec<&'static str> = found
            .get_property::<Vec<Feature>>()
            .into_iter()
            .flatten()
            .filter_map(source)
            .collect();
        // What leads from a profile to others is said by those.
        if sources.len() > 1 {
            sources.retain(|source| *source != PROFILE);
        }
        let assumed = "a role that was assumed";
        if self.options.role.is_some() && !sources.contains(&assumed) {
            sources.push(assumed);
        }
        Ok(FoundCredentials {
            sources,
            access_key_id: found.access_key_id().to_owned(),
            expires: found.expiry().and_then(|end| Timestamp::try_from(end).ok()),
        })
    }

    /// The address that calls of an action without arguments go to: `https://sts.eu-west-1.amazonaws.com`.
    ///
    /// # Errors
    /// [`CallError`] of [`FailureKind::Environment`] where no region is known or the service's rules have no address for it.
    pub async fn address(&self, action: &str) -> Result<String, CallError> {
        let (service, operation) = find(action)?;
        let configuration = self.configuration().await;
        let settings = configuration.settings(&self.options, service, &Target::default())?;
        let found = endpoint::resolve(service, operation, &json!({}), &settings, None);
        let found = found.map_err(|problem| {
            CallError::new(FailureKind::Environment, "endpoint", problem.to_string())
        })?;
        Ok(found.url().to_owned())
    }
}

/// A source of credentials in words.
fn source(feature: &Feature) -> Option<&'static str> {
    Some(match feature {
        Feature::CredentialsEnvVars => "variables of the environment",
        Feature::CredentialsEnvVarsStsWebIdToken
        | Feature::CredentialsProfileStsWebIdToken
        | Feature::CredentialsStsAssumeRoleWebId => "a web identity token",
        Feature::CredentialsStsAssumeRole | Feature::CredentialsStsAssumeRoleSaml => {
            "a role that was assumed"
        }
        Feature::CredentialsProfile => PROFILE,
        Feature::CredentialsProfileSourceProfile => "the source profile of a profile",
        Feature::CredentialsProfileNamedProvider => "the credential source of a profile",
        Feature::CredentialsProfileSso | Feature::CredentialsSso => "a login with SSO",
        Feature::CredentialsProfileLogin | Feature::CredentialsLogin => "a login",
        Feature::CredentialsProfileProcess | Feature::CredentialsProcess => "a credential process",
        Feature::CredentialsHttp => "the role of the container",
        Feature::CredentialsImds => "the role of the instance",
        _ => return None,
    })
}
