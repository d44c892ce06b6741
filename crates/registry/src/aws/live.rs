//! The client: any operation of any service, by name, with the configuration of the AWS CLI and SDKs.

use super::auth::Proof;
use super::body::DEFAULT_ANSWER_LIMIT;
use super::checksum;
use super::compress;
use super::configuration::Configuration;
use super::customize;
use super::discover::{self, Discovered, Way};
use super::endpoint;
use super::error;
use super::express::{self, BucketSession};
use super::files::{self, Files};
use super::options::Options;
use super::orchestrate::{Channel, Parts};
use super::paginate::{self, Page};
use super::principal::Caller;
use super::protocol::{Reply, Wire};
use super::role::{Role, RoleSession};
use super::s3;
use super::transport::Transport;
use super::unsupported;
use crate::call::{Answer, Call, CallError, FailureKind, Target};
use crate::model::catalogue::catalogue;
use crate::model::service::{Operation, Service};
use crate::model::shape::MemberTrait;
use crate::world::live::AwsSender;
use crate::world::{Pending, Place};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_types::checksum_config::ResponseChecksumValidation;
use aws_types::region::Region;
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Channels by service, target, what calls prove who makes them with, and what else sets them apart.
type Channels = HashMap<(&'static str, Target, Proof, Way), Arc<Channel>>;

/// A client for every AWS operation.
///
/// Making one costs nothing: configuration, credentials and models are read when the first call needs them.
#[derive(Debug)]
pub struct AwsClient {
    pub(super) options: Options,
    http: SharedHttpClient,
    transport: Transport,
    config: OnceCell<Configuration>,
    roles: Mutex<HashMap<String, SharedCredentialsProvider>>,
    wires: Mutex<HashMap<&'static str, Arc<Wire>>>,
    channels: Mutex<Channels>,
    /// The regions of buckets that turned out to be elsewhere.
    buckets: Mutex<HashMap<String, String>>,
    /// Endpoints that services said.
    endpoints: Mutex<HashMap<(&'static str, Target), Discovered>>,
    /// Whose the credentials are, once it was asked for.
    caller: OnceCell<Caller>,
}

impl AwsClient {
    /// Makes a client.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let transport = Transport::default();
        Self {
            options,
            http: SharedHttpClient::new(transport.clone()),
            transport,
            config: OnceCell::new(),
            roles: Mutex::default(),
            wires: Mutex::default(),
            channels: Mutex::default(),
            buckets: Mutex::default(),
            endpoints: Mutex::default(),
            caller: OnceCell::new(),
        }
    }

    /// Makes a client with a configuration that was found elsewhere; nothing is read from the environment.
    #[must_use]
    pub fn with_config(options: Options, config: SdkConfig) -> Self {
        let http = config.http_client();
        let client = Self {
            config: OnceCell::new_with(Some(Configuration::given(config))),
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
        Box::pin(self.perform(call))
    }

    /// Calls an AWS operation that has neither pages nor files nor anything special about it.
    ///
    /// # Errors
    /// [`CallError`] of any kind.
    pub(super) async fn call_once(&self, call: &Call) -> Result<Json, CallError> {
        let (service, operation) = find(&call.action)?;
        let arguments = Arc::new(call.arguments.clone());
        let files = Arc::new(Files::default());
        self.send_once(service, operation, call, (arguments, &files), None)
            .await
            .map(|reply| reply.result)
    }

    /// The credentials of the session that calls to the target are made in, where a role is assumed or a second factor
    /// was asked for; nothing where calls are made with what every program finds by itself.
    ///
    /// # Errors
    /// [`CallError`] of [`FailureKind::Environment`] when the role cannot be assumed.
    pub async fn session(&self, target: &Target) -> Result<Option<Credentials>, CallError> {
        let configuration = self.configuration().await;
        let role = target.role.as_ref().or(self.options.role.as_ref());
        if role.is_none() && !configuration.second_factor {
            return Ok(None);
        }
        let provider = self.credentials(&configuration.sdk, target)?;
        let found = provider.provide_credentials().await;
        found
            .map(Some)
            .map_err(|problem| error::credentials(&problem))
    }

    /// Where calls go, as far as it is known by now: the region is, once something was called or
    /// [`Self::check_environment`] done.
    #[must_use]
    pub fn place(&self) -> Place {
        let configured = self.config.get().and_then(|found| found.sdk.region());
        let region = self
            .options
            .region
            .clone()
            .or_else(|| configured.map(ToString::to_string));
        let partition = region
            .as_deref()
            .and_then(|region| endpoint::partitions().name_of(region))
            .map(ToOwned::to_owned);
        let caller = self.caller.get().cloned().unwrap_or_default();
        Place {
            account: caller.account,
            region,
            partition,
            principal: caller.principal,
        }
    }

    /// Whose the credentials are, as far as it can be told.
    async fn who(&self) -> Caller {
        let call = Call::new("sts:GetCallerIdentity", serde_json::json!({}));
        let answer = self.call(&call).await.unwrap_or_default();
        let text = |name: &str| answer.result.get(name)?.as_str().map(str::to_owned);
        Caller {
            account: text("Account"),
            principal: text("Arn"),
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
        let provider = self.credentials(config, &Target::default())?;
        let found = provider.provide_credentials().await;
        found
            .map(|_| ())
            .map_err(|problem| error::credentials(&problem))
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
        let way = self.way(service, operation, &arguments, &target).await?;
        let channel = self.channel(service, operation, &target, way).await?;
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
        let channel = self
            .channel(service, operation, &target, Way::Ordinary)
            .await?;
        let answered = Box::pin(channel.call(operation, arguments, files, left, call.limit)).await;
        answered.map_err(|refusal| refusal.error)
    }

    async fn config(&self) -> &SdkConfig {
        &self.configuration().await.sdk
    }

    pub(super) async fn configuration(&self) -> &Configuration {
        self.config
            .get_or_init(|| Configuration::load(&self.options, &self.transport, &self.http))
            .await
    }

    fn wire(&self, service: &'static Service) -> Arc<Wire> {
        let mut wires = self.wires.lock().unwrap_or_else(PoisonError::into_inner);
        wires
            .entry(service.name)
            .or_insert_with(|| Arc::new(Wire::new(service)))
            .clone()
    }

    /// What sets the channel of a call apart: a session with its bucket, or an endpoint that the service says.
    async fn way(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        arguments: &Json,
        target: &Target,
    ) -> Result<Way, CallError> {
        let bucket = s3::bucket(service, arguments).filter(|name| express::is_directory(name));
        let discovers = operation.endpoint_discovery == Some(true);
        if bucket.is_none() && !discovers {
            return Ok(Way::Ordinary);
        }
        let configuration = self.configuration().await;
        let settings = configuration.settings(&self.options, service, target)?;
        if discovers && settings.url.is_none() {
            return self.discovered(service, target).await;
        }
        Ok(match bucket {
            Some(bucket) if endpoint::wants_session(service, operation, arguments, &settings) => {
                Way::Session(bucket.to_owned())
            }
            _ => Way::Ordinary,
        })
    }

    /// The endpoint that a service says of itself.
    async fn discovered(
        &self,
        service: &'static Service,
        target: &Target,
    ) -> Result<Way, CallError> {
        let key = (service.name, target.clone());
        let endpoints = || {
            self.endpoints
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let known = endpoints().get(&key).cloned();
        if let Some(known) = known.filter(|known| known.until > Instant::now()) {
            return Ok(Way::Discovered(known.url));
        }
        let operation = find(&format!("{}:{}", service.name, discover::OPERATION))?.1;
        let channel = self
            .channel(service, operation, target, Way::Ordinary)
            .await?;
        let arguments = Arc::new(Json::Object(Map::new()));
        let files = Arc::new(Files::default());
        let answered = channel.call(operation, arguments, &files, None, 1).await;
        let found = discover::read(service, answered.map(|reply| reply.result))?;
        endpoints().insert(key, found.clone());
        Ok(Way::Discovered(found.url))
    }

    /// The channel to a service at a target.
    async fn channel(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        target: &Target,
        way: Way,
    ) -> Result<Arc<Channel>, CallError> {
        let configuration = self.configuration().await;
        let config = &configuration.sdk;
        let (proof, token) = configuration.proof(service, operation);
        let key = (service.name, target.clone(), proof, way);
        let known = self
            .channels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(channel) = known {
            return Ok(channel);
        }
        let mut settings = configuration.settings(&self.options, service, target)?;
        if let Way::Discovered(url) = &key.3 {
            settings.url = Some(url.clone());
        }
        let identity = match (proof, &key.3) {
            (Proof::None, _) => None,
            (Proof::Token, _) => token,
            (Proof::Credentials, Way::Session(bucket)) => {
                let own = self.channel(service, operation, target, Way::Ordinary);
                let own = Box::pin(own).await?;
                let session = BucketSession::new(service, own, bucket)?;
                let session = SharedCredentialsProvider::new(session);
                Some(SharedIdentityResolver::new(session))
            }
            (Proof::Credentials, _) => {
                let provider = self.credentials(config, target)?;
                Some(SharedIdentityResolver::new(provider))
            }
        };
        if proof == Proof::Token && identity.is_none() {
            return Err(error::token(service.name));
        }
        let channel = Arc::new(Channel::new(Parts {
            wire: self.wire(service),
            settings: Arc::new(settings),
            proof,
            identity,
            bucket_session: matches!(key.3, Way::Session(_)),
            patient: self.options.second_factor.is_some(),
            checksums: config.request_checksum_calculation(),
            compression: compress::least(config),
            http: self.http.clone(),
            retry: configuration.retry(&self.options),
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

    /// What calls to the target are signed with: the configuration's own credentials, or those of a role that is
    /// assumed with them.
    pub(super) fn credentials(
        &self,
        config: &SdkConfig,
        target: &Target,
    ) -> Result<SharedCredentialsProvider, CallError> {
        let options = &self.options;
        let own = config.credentials_provider().ok_or_else(|| {
            error::credentials(
                &aws_credential_types::provider::error::CredentialsError::not_loaded_no_source(),
            )
        })?;
        let Some(arn) = target.role.as_ref().or(options.role.as_ref()) else {
            // Without a session of its own nothing would be limited.
            return match options.session_policies {
                Some(_) => Err(error::session_policy()),
                None => Ok(own),
            };
        };
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(provider) = roles.get(arn) {
            return Ok(provider.clone());
        }
        // What the role of all calls asks for says nothing of a step's own.
        let ours = target.role.is_none() || target.role == options.role;
        let is_own = Some(arn) == options.role.as_ref();
        let policy = match &options.session_policies {
            Some(policies) => Some(
                policies
                    .of_role(arn, is_own)
                    .map_err(|count| error::session_policy_too_long(arn, count))?,
            ),
            None => None,
        };
        let role = Role {
            arn: arn.clone(),
            session_name: options.role_session_name.clone(),
            external_id: options.external_id.clone().filter(|_| ours),
            device: options.mfa_serial.clone().filter(|_| ours),
            duration: None,
            policy,
        };
        let mut configured = config.to_builder();
        configured.set_http_client(Some(self.http.clone()));
        if let Some(region) = target.region.as_ref().or(options.region.as_ref()) {
            configured.set_region(Region::new(region.clone()));
        }
        let provider = SharedCredentialsProvider::new(RoleSession::new(
            role,
            &configured.build(),
            own,
            options.endpoint_url.clone(),
            options.second_factor.clone(),
        ));
        roles.insert(arn.clone(), provider.clone());
        Ok(provider)
    }
}

/// An operation by its action: `ecs:UpdateService`.
pub(super) fn find(action: &str) -> Result<(&'static Service, &'static Operation), CallError> {
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

    fn ready(&self, caller: bool) -> Pending<'_, ()> {
        Box::pin(async move {
            self.config().await;
            if caller {
                self.caller.get_or_init(|| self.who()).await;
            }
        })
    }
}
