//! One request and its answer: built, signed, sent, retried and read by AWS's orchestrator.

use super::auth::{Proof, is_asymmetric};
use super::body::{BoundAnswer, Bounds};
use super::checksum;
use super::compress;
use super::endpoint::{Resolver, Settings};
use super::error;
use super::events::{self, Until};
use super::exchange;
use super::express;
use super::failure::Failure;
use super::files::{self, Files};
use super::first_try::{self, Attempt, FirstTry, Tried};
use super::handed::{Counted, SameInvocation};
use super::protocol::{Reply, Wire};
use super::retry::GiveUp;
use crate::call::{CallError, FailureKind};
use crate::model::service::{Operation, Service};
use aws_runtime::auth::sigv4::{SCHEME_ID as SIGV4, SigV4AuthScheme};
use aws_runtime::auth::sigv4a::{SCHEME_ID as SIGV4A, SigV4aAuthScheme};
use aws_runtime::auth::{
    PayloadSigningOverride, SigV4OperationSigningConfig, SigV4SessionTokenNameOverride,
    SigningOptions,
};
use aws_runtime::invocation_id::SharedInvocationIdGenerator;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::ServiceClockSkewClassifier;
use aws_runtime::user_agent::ApiMetadata;
use aws_smithy_runtime::client::auth::http::BearerAuthScheme;
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::identity::no_auth::NoAuthIdentityResolver;
use aws_smithy_runtime::client::orchestrator::{AuthSchemeAndEndpointOrchestrationV2, invoke};
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, ModeledAsRetryableClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::http::HTTP_BEARER_AUTH_SCHEME_ID;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointPrefix, EndpointResolverParams, SharedEndpointResolver,
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, Error, Input, Output,
};
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::SharedRetryClassifier;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::checksum_config::RequestChecksumCalculation;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::app_name::AppName;
use aws_types::region::{Region, SigningRegion};
use serde_json::Value as Json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// How long a person may take to type a code.
const PATIENCE: Duration = Duration::from_mins(10);

/// Bytes a second of an upload that is still waited for.
const SLOWEST_UPLOAD: u64 = 64 << 10;

/// What a channel is made of.
pub(super) struct Parts {
    pub(super) wire: Arc<Wire>,
    pub(super) settings: Arc<Settings>,
    pub(super) proof: Proof,
    pub(super) identity: Option<SharedIdentityResolver>,
    /// The identity is a session with a bucket.
    pub(super) bucket_session: bool,
    /// Getting the identity may take as long as a person takes.
    pub(super) patient: bool,
    pub(super) checksums: Option<RequestChecksumCalculation>,
    /// The least bytes of a body that is compressed; none is when not given.
    pub(super) compression: Option<u32>,
    pub(super) http: SharedHttpClient,
    pub(super) retry: RetryConfig,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
    pub(super) answer_limit: u64,
}

/// A service at a place with an identity: everything that calls of its operations share.
#[derive(Debug)]
pub(super) struct Channel {
    wire: Arc<Wire>,
    settings: Arc<Settings>,
    proof: Proof,
    plugins: RuntimePlugins,
    http: SharedHttpClient,
    first: Option<FirstTry>,
    timeouts: TimeoutConfig,
    bounds: Bounds,
    compression: Option<u32>,
}

/// Channels made in this process.
static MADE: AtomicU64 = AtomicU64::new(0);

impl Channel {
    pub(super) fn new(parts: Parts) -> Self {
        let service = parts.wire.schemas.service;
        let mut layer = Layer::new("runbook");
        parts.wire.describe(&mut layer);
        layer.store_put(AuthSchemeAndEndpointOrchestrationV2);
        layer.store_put(parts.retry.clone());
        // Bodies of answers have bounds of their own.
        layer.store_put(
            StalledStreamProtectionConfig::enabled()
                .download_enabled(false)
                .build(),
        );
        if parts.bucket_session {
            layer.store_put(SigV4SessionTokenNameOverride::new(|_, _| {
                Ok(Some(express::TOKEN_HEADER))
            }));
        }
        if let Some(checksums) = parts.checksums {
            layer.store_put(checksums);
        }
        layer.store_put(SigningName::from(service.metadata.signing_name));
        if let Some(region) = &parts.settings.region {
            let region = Region::new(region.clone());
            layer.store_put(SigningRegion::from(region.clone()));
            layer.store_put(region);
        }
        layer.store_put(ApiMetadata::new(service.name, env!("CARGO_PKG_VERSION")));
        if let Ok(name) = AppName::new("runbook") {
            layer.store_put(name);
        }
        let config = layer.freeze();
        let shared = first_try::Shared::new();
        let components = components(&parts, &shared);
        let plugins = RuntimePlugins::new()
            .with_client_plugins(default_plugins(
                DefaultPluginParams::new()
                    // The tokens that bound repetitions are the channel's own.
                    .with_retry_partition_name(format!(
                        "{}-{}-{}",
                        service.name,
                        parts.settings.region.as_deref().unwrap_or_default(),
                        MADE.fetch_add(1, Ordering::Relaxed)
                    ))
                    .with_behavior_version(BehaviorVersion::latest()),
            ))
            .with_client_plugin(
                StaticRuntimePlugin::new()
                    .with_config(config.clone())
                    .with_runtime_components(components),
            );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(parts.connect_timeout)
            .read_timeout(parts.read_timeout)
            .build();
        let bounds = Bounds {
            limit: Some(parts.answer_limit),
            silence: Some(parts.read_timeout),
        };
        let signs = parts.proof == Proof::Credentials;
        let first = parts.identity.filter(|_| signs).and_then(|identity| {
            FirstTry::new(first_try::Parts {
                plugins: plugins.clone(),
                config,
                identity,
                shared,
                retry: parts.retry,
                timeouts: timeouts.clone(),
                bounds: bounds.clone(),
                compression: parts.compression,
            })
        });
        Self {
            wire: parts.wire,
            settings: parts.settings,
            proof: parts.proof,
            plugins,
            http: parts.http,
            first,
            timeouts,
            bounds,
            compression: parts.compression,
        }
    }

    /// The region that calls go to.
    pub(super) fn region(&self) -> Option<&str> {
        self.settings.region.as_deref()
    }

    /// Calls an operation once: one page, with retries; the events of a stream up to `limit`.
    ///
    /// # Errors
    /// [`Refusal`] of any kind.
    pub(super) async fn call(
        &self,
        operation: &'static Operation,
        arguments: Arc<Json>,
        files: &Arc<Files>,
        timeout: Option<Duration>,
        limit: usize,
    ) -> Result<Reply, Refusal> {
        let service = self.wire.schemas.service;
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let outcome = match self
            .try_first(operation, &arguments, files, deadline)
            .await?
        {
            Tried::Answered(reply) => return Ok(reply),
            Tried::Sent(outcome) => Some(*outcome),
            Tried::NotSent => None,
        };
        if let Some(first) = &self.first {
            first.leave_to_orchestrator();
        }
        let timeout = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let http = Counted::new(self.http.clone(), outcome);
        let plugins = self.operation_plugins(operation, &arguments, files, timeout, &http);
        // Few calls come here, and all would carry its size.
        let finished = Box::pin(invoke(
            service.metadata.service_id,
            operation.name,
            Input::erase(arguments),
            &plugins,
        ))
        .await;
        if let Some(first) = self.first.as_ref().filter(|_| http.was_repeated()) {
            first.was_repeated();
        }
        let output = match finished {
            Ok(output) => output,
            Err(error) => {
                let bucket_region = bucket_region(&error);
                return Err(Refusal {
                    error: error::of_call(error, &self.address()),
                    bucket_region,
                });
            }
        };
        let output = match output.downcast::<Reply>() {
            Ok(reply) => return Ok(reply),
            Err(output) => output,
        };
        let Ok(Opened(opened)) = output.downcast::<Opened>() else {
            let message = "the answer has an unexpected form";
            return Err(CallError::new(FailureKind::Garbled, "response", message).into());
        };
        let address = self.address();
        let read = if let Some(path) = &files.download {
            Box::pin(files::save(
                &self.wire, operation, opened, path, deadline, &address,
            ))
            .await
        } else {
            let until = Until { deadline, limit };
            Box::pin(events::collect(
                &self.wire, operation, opened, until, &address,
            ))
            .await
        };
        read.map_err(Into::into)
    }

    /// Tries a call the short way, where it may go that way.
    async fn try_first(
        &self,
        operation: &'static Operation,
        arguments: &Json,
        files: &Files,
        deadline: Option<Instant>,
    ) -> Result<Tried, Refusal> {
        let whole =
            files.upload.is_none() && files.download.is_none() && operation.output_stream.is_none();
        let service = self.wire.schemas.service;
        let Some(first) = self.first.as_ref().filter(|first| {
            whole && !is_asymmetric(service, operation, arguments, &self.settings) && first.is_due()
        }) else {
            return Ok(Tried::NotSent);
        };
        let attempt = first.run(Attempt {
            wire: &self.wire,
            operation,
            arguments,
            settings: &self.settings,
        });
        let tried = match deadline {
            None => attempt.await,
            Some(at) => match tokio::time::timeout_at(at, attempt).await {
                Ok(tried) => tried,
                Err(_) => return Err(error::out_of_time(&self.address()).into()),
            },
        };
        tried.map_err(|problem| {
            let problem = SdkError::construction_failure(problem);
            error::of_call(problem, &self.address()).into()
        })
    }

    /// Where calls go, as messages name it.
    fn address(&self) -> String {
        let service = self.wire.schemas.service.name;
        match (&self.settings.url, &self.settings.region) {
            (Some(url), _) => format!("`{service}` at {url}"),
            (None, Some(region)) => format!("`{service}` in {region}"),
            (None, None) => format!("`{service}`"),
        }
    }

    fn operation_plugins(
        &self,
        operation: &'static Operation,
        arguments: &Arc<Json>,
        files: &Arc<Files>,
        timeout: Option<Duration>,
        http: &Counted,
    ) -> RuntimePlugins {
        let service = self.wire.schemas.service;
        let mut layer = Layer::new("operation");
        if let Some(invocation) = http.invocation() {
            layer.store_put(SharedInvocationIdGenerator::new(SameInvocation(invocation)));
        }
        layer.store_put(SharedRequestSerializer::new(Codec {
            wire: self.wire.clone(),
            operation,
            files: files.clone(),
            compression: self.compression,
        }));
        layer.store_put(SharedResponseDeserializer::new(Codec {
            wire: self.wire.clone(),
            operation,
            files: files.clone(),
            compression: self.compression,
        }));
        layer.store_put(Metadata::new(operation.name, service.metadata.service_id));
        layer.store_put(AuthSchemeOptionResolverParams::new(operation.name));
        layer.store_put(SigV4OperationSigningConfig {
            signing_options: signing_options(service),
            ..Default::default()
        });
        if operation.unsigned_payload {
            layer.store_put(PayloadSigningOverride::unsigned_payload());
        } else if let Some(upload) = &files.upload {
            layer.store_put(PayloadSigningOverride::Precomputed(upload.sha256.clone()));
        }
        let mut timeouts = self.timeouts.to_builder();
        if let Some(upload) = &files.upload {
            // The wait for an answer begins with the request, and a body takes its time.
            let sending = Duration::from_secs(upload.bytes / SLOWEST_UPLOAD);
            let waiting = self.timeouts.read_timeout().unwrap_or_default();
            timeouts = timeouts.read_timeout(waiting + sending);
        }
        timeouts.set_operation_timeout(timeout);
        layer.store_put(timeouts.build());
        // An endpoint of the user's own has no such host.
        let prefix = match self.settings.url {
            None => host_prefix(operation, arguments),
            Some(_) => None,
        };
        if let Some(Ok(prefix)) = prefix.map(EndpointPrefix::new) {
            layer.store_put(prefix);
        }
        let scheme = match self.proof {
            Proof::None => NO_AUTH_SCHEME_ID,
            Proof::Token => HTTP_BEARER_AUTH_SCHEME_ID,
            Proof::Credentials if is_asymmetric(service, operation, arguments, &self.settings) => {
                SIGV4A
            }
            Proof::Credentials => SIGV4,
        };
        let give_up = GiveUp::default();
        let components = RuntimeComponentsBuilder::new("operation")
            .with_http_client(Some(http.clone()))
            .with_interceptor(SharedInterceptor::permanent(EndpointParams))
            .with_interceptor(SharedInterceptor::permanent(BoundAnswer {
                bounds: Bounds {
                    // A stream of events may well be silent for as long as the call may take.
                    silence: match (operation.output_stream, timeout) {
                        (Some(_), Some(_)) => None,
                        _ => self.bounds.silence,
                    },
                    ..self.bounds.clone()
                },
                operation,
                into_file: files.download.is_some(),
                too_large: give_up.too_large.clone(),
            }))
            .with_retry_classifier(SharedRetryClassifier::new(give_up))
            .with_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(
                StaticAuthSchemeOptionResolver::new(vec![scheme]),
            )))
            .with_endpoint_resolver(Some(SharedEndpointResolver::new(Resolver {
                service,
                operation,
                arguments: arguments.clone(),
                settings: self.settings.clone(),
            })));
        self.plugins.clone().with_operation_plugin(
            StaticRuntimePlugin::new()
                .with_config(layer.freeze())
                .with_runtime_components(components),
        )
    }
}

/// The parts of the orchestrator that calls on a channel share.
fn components(parts: &Parts, shared: &first_try::Shared) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new("runbook")
        .with_http_client(Some(parts.http.clone()))
        .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
        .with_auth_scheme(SharedAuthScheme::new(SigV4aAuthScheme::new()))
        .with_auth_scheme(SharedAuthScheme::new(BearerAuthScheme::new()))
        .with_auth_scheme(SharedAuthScheme::new(NoAuthScheme::new()))
        .with_identity_resolver(
            NO_AUTH_SCHEME_ID,
            SharedIdentityResolver::new(NoAuthIdentityResolver::new()),
        )
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<Failure>::new())
        .with_retry_classifier(ModeledAsRetryableClassifier::<Failure>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<Failure>::new())
        .with_retry_classifier(SharedRetryClassifier::new(ServiceClockSkewClassifier::<
            Failure,
        >::new()))
        .with_interceptor(SharedInterceptor::permanent(
            ConnectionPoisoningInterceptor::new(),
        ))
        .with_interceptor(shared.clock.clone())
        .with_interceptor(RequestInfoInterceptor::new())
        .with_interceptor(shared.agent.clone())
        .with_interceptor(shared.invocation.clone());
    if let Some(identity) = parts.identity.clone() {
        components = match parts.proof {
            Proof::Token => components.with_identity_resolver(HTTP_BEARER_AUTH_SCHEME_ID, identity),
            _ => components
                .with_identity_resolver(SIGV4, identity.clone())
                .with_identity_resolver(SIGV4A, identity),
        };
    }
    if parts.patient {
        let cache = IdentityCache::lazy().load_timeout(PATIENCE).build();
        components = components.with_identity_cache(Some(cache));
    }
    components
}

/// A call that failed.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: CallError,
    /// Where the call should have gone: the region of its bucket.
    pub(super) bucket_region: Option<String>,
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self {
            error,
            bucket_region: None,
        }
    }
}

fn bucket_region(error: &SdkError<Error, HttpResponse>) -> Option<String> {
    match error {
        SdkError::ServiceError(context) => context
            .err()
            .downcast_ref::<Failure>()?
            .bucket_region()
            .map(ToOwned::to_owned),
        _ => None,
    }
}

/// An answer whose body is still to be read.
#[derive(Debug)]
struct Opened(HttpResponse);

/// The operation's host prefix with its labels filled in.
pub(super) fn host_prefix(operation: &Operation, arguments: &Json) -> Option<String> {
    let mut prefix = operation.host_prefix?.to_owned();
    for (name, value) in arguments.as_object()? {
        if let Some(value) = value.as_str() {
            prefix = prefix.replace(&format!("{{{name}}}"), value);
        }
    }
    Some(prefix)
}

pub(super) fn signing_options(service: &Service) -> SigningOptions {
    let s3 = matches!(service.metadata.signature_version, "s3" | "s3v4");
    let mut options = SigningOptions::default();
    options.double_uri_encode = !s3;
    options.normalize_uri_path = !s3;
    options.content_sha256_header = s3 || service.name == "glacier";
    options
}

/// Puts the endpoint's parameters, which are the resolver's own, where the orchestrator adds the identity to them.
#[derive(Debug)]
struct EndpointParams;

#[dyn_dispatch_hint]
impl Intercept for EndpointParams {
    fn name(&self) -> &'static str {
        "EndpointParams"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_, Input, Output, Error>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state()
            .store_put(EndpointResolverParams::new(()));
        Ok(())
    }
}

/// The serializer and deserializer of one operation.
#[derive(Debug)]
struct Codec {
    wire: Arc<Wire>,
    operation: &'static Operation,
    files: Arc<Files>,
    compression: Option<u32>,
}

impl SerializeRequest for Codec {
    fn serialize_input(&self, input: Input, cfg: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let arguments = input
            .downcast::<Arc<Json>>()
            .map_err(|_| "the arguments have an unexpected form")?;
        let mut request = self.wire.serialize_bare(self.operation, &arguments, cfg)?;
        let Some(upload) = &self.files.upload else {
            compress::apply(self.operation, &mut request, self.compression);
            checksum::add(self.operation, &arguments, &mut request, cfg);
            return Ok(request);
        };
        let due = checksum::of_request(self.operation, &arguments, &request, cfg);
        upload.put_into(&mut request, due);
        Ok(request)
    }
}

impl DeserializeResponse for Codec {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _cfg: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        let streamed = self.operation.output_stream.is_some() || self.files.download.is_some();
        if !streamed || !response.status().is_success() {
            return None;
        }
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        let mut opened = HttpResponse::new(response.status(), body);
        *opened.headers_mut() = response.headers().clone();
        Some(Ok(Output::erase(Opened(opened))))
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        self.wire
            .deserialize(self.operation, response, cfg)
            .map(Output::erase)
            .map_err(|failure| {
                exchange::refused(response.status().as_u16(), &failure);
                OrchestratorError::operation(Error::erase(*failure))
            })
    }
}
