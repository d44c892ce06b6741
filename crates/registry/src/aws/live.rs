//! The client: any operation of any service, by name, with the configuration of the AWS CLI and SDKs.

use super::auth::{self, Proof};
use super::body::DEFAULT_ANSWER_LIMIT;
use super::checksum;
use super::customize;
use super::endpoint::{self, Settings};
use super::error;
use super::files::{self, Files};
use super::mfa;
use super::orchestrate::{Channel, Parts};
use super::paginate::{self, Page};
use super::protocol::{Reply, Wire};
use super::s3;
use super::transport::Transport;
use super::unsupported;
use crate::call::{Answer, Call, CallError, FailureKind, Target};
use crate::model::catalogue::catalogue;
use crate::model::service::{Operation, Service};
use crate::model::shape::MemberTrait;
use crate::world::live::AwsSender;
use crate::world::{Pending, Place};
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::identity::http::Token;
use aws_smithy_types::checksum_config::ResponseChecksumValidation;
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;
use aws_types::service_config::ServiceConfigKey;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// What a client is told; everything else comes from the environment and profiles, as the AWS CLI reads them.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The region, before any other.
    pub region: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// The URL of every service, before any other.
    pub endpoint_url: Option<String>,
    /// A role to assume for every call.
    pub role: Option<String>,
    /// A policy, as JSON, that the sessions of assumed roles are limited to; it needs a role.
    pub session_policy: Option<String>,
    /// The longest wait for a connection; 5 s when not given.
    pub connect_timeout: Option<Duration>,
    /// The longest wait for an answer to start or go on; 60 s when not given.
    pub read_timeout: Option<Duration>,
    /// The most attempts at one request, the first included; the environment's, else 3, when not given.
    pub max_attempts: Option<u32>,
    /// The most bytes of an answer that is kept in memory; [`DEFAULT_ANSWER_LIMIT`] when not given.
    pub answer_limit: Option<u64>,
    /// The folder below which calls may read and write files; none when not given.
    pub files: Option<PathBuf>,
}

/// Channels by service, target and what calls prove who makes them with.
type Channels = HashMap<(&'static str, Target, Proof), Arc<Channel>>;

/// A client for every AWS operation.
///
/// Making one costs nothing: configuration, credentials and models are read when the first call needs them.
#[derive(Debug)]
pub struct AwsClient {
    options: Options,
    http: SharedHttpClient,
    /// The configuration was given, and not found in the environment.
    given: bool,
    config: OnceCell<SdkConfig>,
    roles: tokio::sync::Mutex<HashMap<String, SharedIdentityResolver>>,
    wires: Mutex<HashMap<&'static str, Arc<Wire>>>,
    channels: Mutex<Channels>,
    /// The regions of buckets that turned out to be elsewhere.
    buckets: Mutex<HashMap<String, String>>,
}

impl AwsClient {
    /// Makes a client.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            options,
            http: SharedHttpClient::new(Transport::default()),
            given: false,
            config: OnceCell::new(),
            roles: tokio::sync::Mutex::default(),
            wires: Mutex::default(),
            channels: Mutex::default(),
            buckets: Mutex::default(),
        }
    }

    /// Makes a client with a configuration that was found elsewhere; nothing is read from the environment.
    #[must_use]
    pub fn with_config(options: Options, config: SdkConfig) -> Self {
        let http = config.http_client();
        let client = Self {
            given: true,
            config: OnceCell::new_with(Some(config)),
            ..Self::new(options)
        };
        match http {
            Some(http) => Self { http, ..client },
            None => client,
        }
    }

    /// Calls an AWS operation, all its pages included. Arguments are not validated beyond what their wire form needs.
    ///
    /// # Errors
    /// [`CallError`] of any kind.
    pub fn call<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async {
            match self.perform(call).await {
                Err(error) => Err(self.explained(error).await),
                answered => answered,
            }
        })
    }

    /// Where calls go, as far as it is known by now: the region is, once something was called or
    /// [`Self::check_environment`] done.
    #[must_use]
    pub fn place(&self) -> Place {
        let configured = self.config.get().and_then(SdkConfig::region);
        let region = self
            .options
            .region
            .clone()
            .or_else(|| configured.map(ToString::to_string));
        let partition = region
            .as_deref()
            .and_then(|region| endpoint::partitions().name_of(region))
            .map(ToOwned::to_owned);
        Place {
            account: None,
            region,
            partition,
        }
    }

    /// Finds the region and the credentials, so that what is wrong with them is said before anything is called.
    ///
    /// # Errors
    /// [`CallError`] of [`FailureKind::Environment`] with the code `region` or `credentials`.
    pub async fn check_environment(&self) -> Result<(), CallError> {
        let config = self.config().await;
        if config.region().is_none() && self.options.region.is_none() {
            return Err(error::region());
        }
        let missing =
            || aws_credential_types::provider::error::CredentialsError::not_loaded_no_source();
        let provider = config
            .credentials_provider()
            .ok_or_else(|| error::credentials(&missing()))?;
        match provider.provide_credentials().await {
            Ok(_) => Ok(()),
            Err(problem) => Err(self.explained(error::credentials(&problem)).await),
        }
    }

    /// The error with what is known of its cause: a profile may want a second factor, which nobody was asked for.
    async fn explained(&self, error: CallError) -> CallError {
        if self.given || error.code != "credentials" {
            return error;
        }
        match mfa::second_factor(self.options.profile.clone()).await {
            Some(factor) => error::second_factor(&factor, error),
            None => error,
        }
    }

    async fn perform(&self, call: &Call) -> Result<Answer, CallError> {
        let (service, operation) = find(&call.action)?;
        if let Some(reason) = unsupported(service, operation) {
            return Err(CallError::new(FailureKind::NotSent, "arguments", reason));
        }
        if let Some(problem) = checksum::wrong_algorithm(operation, &call.arguments) {
            return Err(CallError::new(FailureKind::NotSent, "arguments", problem));
        }
        let deadline = call
            .timeout
            .and_then(|timeout| Duration::try_from(timeout).ok())
            .map(|timeout| Instant::now() + timeout);
        let mut arguments = with_tokens(service, operation, &call.arguments);
        customize::arguments(service, operation, &mut arguments);
        let root = self.options.files.as_deref();
        let files = Arc::new(files::take(root, service, operation, &mut arguments).await?);
        self.ask_for_checksum(operation, &mut arguments).await;
        let keys_encoded = s3::ask_for_encoding(service, operation, &mut arguments);
        let fetch = async |arguments: Json| {
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            let mut reply = self
                .send_once(
                    service,
                    operation,
                    call,
                    (Arc::new(arguments), &files),
                    left,
                )
                .await?;
            customize::result(service, operation, &mut reply.result);
            if keys_encoded {
                s3::decode_keys(service, operation, &mut reply.result);
            }
            Ok(reply)
        };
        let paginator = operation
            .paginator
            .as_ref()
            .filter(|paginator| paginate::applies(paginator, &arguments));
        let Some(paginator) = paginator else {
            let reply: Reply = fetch(arguments).await?;
            return Ok(Answer {
                result: reply.result,
                truncated: reply.truncated,
                request_id: reply.request_id,
            });
        };
        let joined = Box::pin(paginate::pages(
            paginator,
            &arguments,
            call.limit,
            |arguments| {
                let page = fetch(arguments);
                async move {
                    let reply: Reply = page.await?;
                    Ok(Page {
                        result: reply.result,
                        request_id: reply.request_id,
                    })
                }
            },
        ))
        .await?;
        Ok(Answer {
            result: joined.result,
            truncated: joined.truncated,
            request_id: joined.request_id,
        })
    }

    /// Asks for the checksum of the answer, unless the configuration says otherwise.
    async fn ask_for_checksum(&self, operation: &Operation, arguments: &mut Json) {
        let member = operation
            .checksum
            .as_ref()
            .and_then(|checksum| checksum.request_validation_mode_member);
        let Some(member) = member.filter(|member| arguments[*member].is_null()) else {
            return;
        };
        let wanted = self.config().await.response_checksum_validation();
        if !matches!(wanted, Some(ResponseChecksumValidation::WhenRequired)) {
            arguments[member] = "ENABLED".into();
        }
    }

    /// Sends one request; one for a bucket that turns out to be elsewhere is sent there.
    async fn send_once(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        call: &Call,
        (arguments, files): (Arc<Json>, &Arc<Files>),
        left: Option<Duration>,
    ) -> Result<Reply, CallError> {
        let bucket = s3::bucket(service, &arguments).map(ToOwned::to_owned);
        let mut target = call.target.clone();
        if let Some(region) = bucket.as_ref().and_then(|bucket| {
            let known = self.buckets.lock();
            let known = known.unwrap_or_else(PoisonError::into_inner);
            known.get(bucket).cloned()
        }) {
            target.region = Some(region);
        }
        let channel = self.channel(service, operation, &target).await?;
        let refusal = match channel
            .call(operation, arguments.clone(), files, left, call.limit)
            .await
        {
            Ok(reply) => return Ok(reply),
            Err(refusal) => refusal,
        };
        let (Some(bucket), Some(region)) = (bucket, refusal.bucket_region) else {
            return Err(refusal.error);
        };
        let elsewhere = channel.region() != Some(region.as_str());
        if !elsewhere || !s3::sends_elsewhere(service, &refusal.error.code) {
            return Err(refusal.error);
        }
        self.buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(bucket, region.clone());
        target.region = Some(region);
        let channel = self.channel(service, operation, &target).await?;
        let answered = channel
            .call(operation, arguments, files, left, call.limit)
            .await;
        answered.map_err(|refusal| refusal.error)
    }

    async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(async || {
                let mut loader: ConfigLoader =
                    aws_config::defaults(BehaviorVersion::latest()).http_client(self.http.clone());
                if let Some(region) = &self.options.region {
                    loader = loader.region(Region::new(region.clone()));
                }
                if let Some(profile) = &self.options.profile {
                    loader = loader.profile_name(profile);
                }
                if let Some(url) = &self.options.endpoint_url {
                    loader = loader.endpoint_url(url);
                }
                loader.load().await
            })
            .await
    }

    fn wire(&self, service: &'static Service) -> Arc<Wire> {
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        wires
            .entry(service.name)
            .or_insert_with(|| Arc::new(Wire::new(service)))
            .clone()
    }

    async fn channel(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        target: &Target,
    ) -> Result<Arc<Channel>, CallError> {
        let config = self.config().await;
        let (proof, token) = Self::proof(config, service, operation);
        let key = (service.name, target.clone(), proof);
        let known = self
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(channel) = known {
            return Ok(channel);
        }
        let region = target
            .region
            .clone()
            .or_else(|| self.options.region.clone())
            .or_else(|| config.region().map(ToString::to_string))
            .ok_or_else(error::region)?;
        let identity = match proof {
            Proof::None => None,
            Proof::Token => token,
            Proof::Credentials => Some(self.identity(config, target).await?),
        };
        if proof == Proof::Token && identity.is_none() {
            return Err(error::token(service.name));
        }
        let channel = Arc::new(Channel::new(Parts {
            wire: self.wire(service),
            settings: Arc::new(Settings {
                region: Some(region),
                fips: config.use_fips().unwrap_or(false),
                dual_stack: config.use_dual_stack().unwrap_or(false),
                url: self.endpoint_url(config, service),
            }),
            proof,
            identity,
            checksums: config.request_checksum_calculation(),
            http: self.http.clone(),
            retry: self.retry(config),
            connect_timeout: self
                .options
                .connect_timeout
                .unwrap_or(Duration::from_secs(5)),
            read_timeout: self.options.read_timeout.unwrap_or(Duration::from_mins(1)),
            answer_limit: self.options.answer_limit.unwrap_or(DEFAULT_ANSWER_LIMIT),
        }));
        self.channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, channel.clone());
        Ok(channel)
    }

    /// What an operation is called with, and the bearer token where it is one.
    fn proof(
        config: &SdkConfig,
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
            .and_then(|key| config.service_config()?.load_config(key))
            .filter(|token| !token.trim().is_empty());
        if let Some(token) = named {
            let token = Token::new(token.trim(), None);
            return (Proof::Token, Some(SharedIdentityResolver::new(token)));
        }
        let provider = config.token_provider().map(SharedIdentityResolver::new);
        (proof, provider.filter(|_| proof == Proof::Token))
    }

    fn retry(&self, config: &SdkConfig) -> RetryConfig {
        let configured = config
            .retry_config()
            .cloned()
            .unwrap_or_else(RetryConfig::standard);
        match self.options.max_attempts {
            Some(attempts) => configured.with_max_attempts(attempts),
            None => configured,
        }
    }

    /// The endpoint given by the user: an option, `AWS_ENDPOINT_URL_<SERVICE>`, the profile's service section,
    /// `AWS_ENDPOINT_URL`, the profile's `endpoint_url`.
    fn endpoint_url(&self, config: &SdkConfig, service: &Service) -> Option<String> {
        if let Some(url) = &self.options.endpoint_url {
            return Some(url.clone());
        }
        let of_service = ServiceConfigKey::builder()
            .service_id(service.metadata.service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok()
            .and_then(|key| config.service_config()?.load_config(key));
        of_service.or_else(|| config.endpoint_url().map(ToOwned::to_owned))
    }

    async fn identity(
        &self,
        config: &SdkConfig,
        target: &Target,
    ) -> Result<SharedIdentityResolver, CallError> {
        let none = || {
            error::credentials(
                &aws_credential_types::provider::error::CredentialsError::not_loaded_no_source(),
            )
        };
        let own = config.credentials_provider().ok_or_else(none)?;
        let Some(role) = target.role.as_ref().or(self.options.role.as_ref()) else {
            // Without a session of its own nothing would be limited.
            return match self.options.session_policy {
                Some(_) => Err(error::session_policy()),
                None => Ok(SharedIdentityResolver::new(own)),
            };
        };
        let mut roles = self.roles.lock().await;
        if let Some(identity) = roles.get(role) {
            return Ok(identity.clone());
        }
        let mut configured = config.to_builder();
        configured.set_http_client(Some(self.http.clone()));
        // The provider insists on one.
        configured.set_time_source(Some(config.time_source().unwrap_or_default()));
        if let Some(region) = target.region.as_ref().or(self.options.region.as_ref()) {
            configured.set_region(Region::new(region.clone()));
        }
        if let Some(url) = &self.options.endpoint_url {
            configured.set_endpoint_url(Some(url.clone()));
        }
        let mut provider = AssumeRoleProvider::builder(role)
            .session_name("runbook")
            .configure(&configured.build());
        if let Some(policy) = &self.options.session_policy {
            provider = provider.policy(policy);
        }
        let assumed = provider.build_from_provider(own).await;
        let identity = SharedIdentityResolver::new(SharedCredentialsProvider::new(assumed));
        roles.insert(role.clone(), identity.clone());
        Ok(identity)
    }
}

/// An operation by its action: `ecs:UpdateService`.
fn find(action: &str) -> Result<(&'static Service, &'static Operation), CallError> {
    action
        .split_once(':')
        .and_then(|(service, operation)| {
            let service = catalogue().service(service)?;
            Some((service, service.operation(operation)?))
        })
        .ok_or_else(|| {
            CallError::new(
                FailureKind::NotSent,
                "arguments",
                format!("there is no AWS operation `{action}`"),
            )
        })
}

/// The arguments with a fresh token for each idempotency token that is left out.
fn with_tokens(service: &Service, operation: &Operation, arguments: &Json) -> Json {
    let mut arguments = match arguments {
        Json::Object(_) => arguments.clone(),
        _ => Json::Object(Map::new()),
    };
    let members = service
        .structure(operation.input)
        .into_iter()
        .flat_map(|structure| &structure.members);
    for member in members.filter(|member| member.is(MemberTrait::IdempotencyToken)) {
        if arguments.get(member.name).is_none_or(Json::is_null) {
            arguments[member.name] = uuid::Uuid::new_v4().to_string().into();
        }
    }
    arguments
}

impl AwsSender for AwsClient {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.call(call)
    }

    fn place(&self) -> Place {
        Self::place(self)
    }
}
