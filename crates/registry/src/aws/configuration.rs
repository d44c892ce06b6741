//! What was found in the environment and in profiles, with what the options say before it.

use super::auth::{self, Proof};
use super::endpoint::Settings;
use super::error;
use super::exchange::TARGET;
use super::express;
use super::options::Options;
use super::profile;
use super::transport::Transport;
use crate::call::{CallError, Target};
use crate::model::service::{Operation, Service};
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::identity::http::Token;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;

/// A client's configuration.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) sdk: SdkConfig,
    /// The credentials are those of a session that somebody was asked a code for.
    pub(super) second_factor: bool,
}

impl Configuration {
    /// Reads the environment and the profiles; credentials are only looked for.
    pub(super) async fn load(
        options: &Options,
        transport: &Transport,
        http: &SharedHttpClient,
    ) -> Self {
        let mut loader: ConfigLoader =
            aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        let profiles = profile::read(options.profile.as_ref()).await;
        if let Some(file) = profile::ca_bundle(profiles.as_ref()) {
            transport.trust(&file);
        }
        let sdk = loader.load().await;
        let found =
            profiles.and_then(|profiles| profile::credentials(options, &profiles, &sdk, http));
        let credentials = match found {
            Some(_) => "profile with a role or a second factor",
            None => "default chain",
        };
        tracing::info!(
            target: TARGET,
            {
                "cloud.region" = sdk.region().map(Region::as_ref),
                profile = options.profile,
                role = options.role,
                endpoint = options.endpoint_url.is_some() || sdk.endpoint_url().is_some(),
                credentials,
            },
            "configuration read"
        );
        match found {
            Some(found) => Self {
                sdk: sdk
                    .into_builder()
                    .credentials_provider(found.provider)
                    .build(),
                second_factor: found.second_factor,
            },
            None => Self::given(sdk),
        }
    }

    /// A configuration that was found elsewhere.
    pub(super) fn given(sdk: SdkConfig) -> Self {
        Self {
            sdk,
            second_factor: false,
        }
    }

    /// What decides about the endpoints of calls to the target.
    ///
    /// # Errors
    /// No region is known.
    pub(super) fn settings(
        &self,
        options: &Options,
        service: &Service,
        target: &Target,
    ) -> Result<Settings, CallError> {
        let region = target
            .region
            .clone()
            .or_else(|| options.region.clone())
            .or_else(|| self.sdk.region().map(ToString::to_string))
            .ok_or_else(error::region)?;
        Ok(Settings {
            region: Some(region),
            fips: self.sdk.use_fips().unwrap_or(false),
            dual_stack: self.sdk.use_dual_stack().unwrap_or(false),
            url: self.endpoint_url(options, service),
            without_sessions: service.name == "s3" && express::is_disabled(&self.sdk),
        })
    }

    /// What an operation is called with, and the bearer token where it is one.
    pub(super) fn proof(
        &self,
        service: &Service,
        operation: &Operation,
    ) -> (Proof, Option<SharedIdentityResolver>) {
        let proof = auth::proof(service, operation);
        if proof == Proof::None || !auth::takes_token(service, operation) {
            return (proof, None);
        }
        // `AWS_BEARER_TOKEN_BEDROCK` stands before any credentials.
        let named = ServiceConfigKey::builder()
            .service_id(service.metadata.signing_name)
            .env("AWS_BEARER_TOKEN")
            .profile("bearer_token")
            .build()
            .ok()
            .and_then(|key| self.sdk.service_config()?.load_config(key))
            .filter(|token| !token.trim().is_empty());
        if let Some(token) = named {
            let token = Token::new(token.trim(), None);
            return (Proof::Token, Some(SharedIdentityResolver::new(token)));
        }
        let provider = self.sdk.token_provider().map(SharedIdentityResolver::new);
        (proof, provider.filter(|_| proof == Proof::Token))
    }

    /// How often what fails is tried.
    pub(super) fn retry(&self, options: &Options) -> RetryConfig {
        let configured = self
            .sdk
            .retry_config()
            .cloned()
            .unwrap_or_else(RetryConfig::standard);
        match options.max_attempts {
            Some(attempts) => configured.with_max_attempts(attempts),
            None => configured,
        }
    }

    /// The endpoint given by the user: an option, `AWS_ENDPOINT_URL_<SERVICE>`, the profile's service section,
    /// `AWS_ENDPOINT_URL`, the profile's `endpoint_url`. An empty one is none, as the AWS CLI has it.
    fn endpoint_url(&self, options: &Options, service: &Service) -> Option<String> {
        if let Some(url) = &options.endpoint_url {
            return Some(url.clone());
        }
        let of_service = ServiceConfigKey::builder()
            .service_id(service.metadata.service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()
            .and_then(|key| self.sdk.service_config()?.load_config(key));
        let says = |url: &String| !url.is_empty();
        of_service
            .filter(says)
            .or_else(|| self.sdk.endpoint_url().map(ToOwned::to_owned).filter(says))
    }
}

#[cfg(test)]
mod tests {
    use super::Configuration;
    use crate::aws::options::Options;
    use crate::call::Target;
    use crate::model::catalogue::catalogue;
    use aws_config::SdkConfig;
    use aws_types::region::Region;

    #[test]
    fn an_empty_endpoint_is_none() {
        let found = |url: &str| {
            let sdk = SdkConfig::builder()
                .region(Region::from_static("eu-west-1"))
                .endpoint_url(url)
                .build();
            let service = catalogue().service("sts").expect("a service");
            let settings = Configuration::given(sdk).settings(
                &Options::default(),
                service,
                &Target::default(),
            );
            settings.expect("a region").url
        };
        assert_eq!(found(""), None);
        assert_eq!(found("http://a").as_deref(), Some("http://a"));
    }
}
