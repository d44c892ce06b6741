//! One request and its answer: built, signed, sent, retried and read by AWS's orchestrator.

use super::endpoint::{Resolver, Settings};
use super::error;
use super::failure::Failure;
use super::protocol::{Reply, Wire};
use crate::call::CallError;
use crate::model::service::{Auth, Operation, Service};
use aws_runtime::auth::sigv4::{SCHEME_ID as SIGV4, SigV4AuthScheme};
use aws_runtime::auth::{PayloadSigningOverride, SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::identity::no_auth::NoAuthIdentityResolver;
use aws_smithy_runtime::client::orchestrator::{AuthSchemeAndEndpointOrchestrationV2, invoke};
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, ModeledAsRetryableClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
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
use aws_smithy_runtime_api::client::retries::classifiers::SharedRetryClassifier;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::app_name::AppName;
use aws_types::region::{Region, SigningRegion};
use serde_json::Value as Json;
use std::sync::Arc;
use std::time::Duration;

/// What a channel is made of.
pub(super) struct Parts {
    pub(super) wire: Arc<Wire>,
    pub(super) settings: Arc<Settings>,
    pub(super) identity: Option<SharedIdentityResolver>,
    pub(super) http: SharedHttpClient,
    pub(super) retry: RetryConfig,
    pub(super) connect_timeout: Duration,
    pub(super) read_timeout: Duration,
}

/// A service at a place with an identity: everything that calls of its operations share.
#[derive(Debug)]
pub(super) struct Channel {
    wire: Arc<Wire>,
    settings: Arc<Settings>,
    plugins: RuntimePlugins,
    timeouts: TimeoutConfig,
}

impl Channel {
    pub(super) fn new(parts: Parts) -> Self {
        let service = parts.wire.schemas.service;
        let mut layer = Layer::new("runbook");
        parts.wire.describe(&mut layer);
        layer.store_put(AuthSchemeAndEndpointOrchestrationV2);
        layer.store_put(parts.retry);
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
        let mut components = RuntimeComponentsBuilder::new("runbook")
            .with_http_client(Some(parts.http))
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
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
            .with_interceptor(ServiceClockSkewInterceptor::new())
            .with_interceptor(RequestInfoInterceptor::new())
            .with_interceptor(UserAgentInterceptor::new())
            .with_interceptor(InvocationIdInterceptor::new());
        if let Some(identity) = parts.identity {
            components = components.with_identity_resolver(SIGV4, identity);
        }
        let plugins = RuntimePlugins::new()
            .with_client_plugins(default_plugins(
                DefaultPluginParams::new()
                    .with_retry_partition_name(format!(
                        "{}-{}",
                        service.name,
                        parts.settings.region.as_deref().unwrap_or_default()
                    ))
                    .with_behavior_version(BehaviorVersion::latest()),
            ))
            .with_client_plugin(
                StaticRuntimePlugin::new()
                    .with_config(layer.freeze())
                    .with_runtime_components(components),
            );
        Self {
            wire: parts.wire,
            settings: parts.settings,
            plugins,
            timeouts: TimeoutConfig::builder()
                .connect_timeout(parts.connect_timeout)
                .read_timeout(parts.read_timeout)
                .build(),
        }
    }

    /// Calls an operation once: one page, with retries.
    ///
    /// # Errors
    /// [`CallError`] of any kind.
    pub(super) async fn call(
        &self,
        operation: &'static Operation,
        arguments: Arc<Json>,
        timeout: Option<Duration>,
    ) -> Result<Reply, CallError> {
        let service = self.wire.schemas.service;
        let plugins = self.operation_plugins(operation, &arguments, timeout);
        let finished = invoke(
            service.metadata.service_id,
            operation.name,
            Input::erase(arguments),
            &plugins,
        )
        .await;
        match finished {
            Ok(output) => output.downcast::<Reply>().map_err(|_| {
                CallError::new(
                    crate::call::FailureKind::Garbled,
                    "response",
                    "the answer has an unexpected form",
                )
            }),
            Err(error) => Err(error::of_call(error, &self.address())),
        }
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
        timeout: Option<Duration>,
    ) -> RuntimePlugins {
        let service = self.wire.schemas.service;
        let mut layer = Layer::new("operation");
        layer.store_put(SharedRequestSerializer::new(Codec {
            wire: self.wire.clone(),
            operation,
        }));
        layer.store_put(SharedResponseDeserializer::new(Codec {
            wire: self.wire.clone(),
            operation,
        }));
        layer.store_put(Metadata::new(operation.name, service.metadata.service_id));
        layer.store_put(AuthSchemeOptionResolverParams::new(operation.name));
        layer.store_put(SigV4OperationSigningConfig {
            signing_options: signing_options(service),
            ..Default::default()
        });
        if operation.unsigned_payload {
            layer.store_put(PayloadSigningOverride::unsigned_payload());
        }
        let timeouts = match timeout {
            Some(timeout) => self
                .timeouts
                .to_builder()
                .operation_timeout(timeout)
                .build(),
            None => self.timeouts.clone(),
        };
        layer.store_put(timeouts);
        // An endpoint of the user's own has no such host.
        let prefix = match self.settings.url {
            None => host_prefix(operation, arguments),
            Some(_) => None,
        };
        if let Some(Ok(prefix)) = prefix.map(EndpointPrefix::new) {
            layer.store_put(prefix);
        }
        let scheme = if is_unsigned(operation) {
            NO_AUTH_SCHEME_ID
        } else {
            SIGV4
        };
        let components = RuntimeComponentsBuilder::new("operation")
            .with_interceptor(SharedInterceptor::permanent(EndpointParams))
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

/// Whether the operation is called without credentials.
pub(super) fn is_unsigned(operation: &Operation) -> bool {
    operation.auth.first() == Some(&Auth::None)
}

fn signing_options(service: &Service) -> SigningOptions {
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
}

impl SerializeRequest for Codec {
    fn serialize_input(&self, input: Input, cfg: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let arguments = input
            .downcast::<Arc<Json>>()
            .map_err(|_| "the arguments have an unexpected form")?;
        Ok(self.wire.serialize(self.operation, &arguments, cfg)?)
    }
}

impl DeserializeResponse for Codec {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        self.wire
            .deserialize(self.operation, response, cfg)
            .map(Output::erase)
            .map_err(|failure| OrchestratorError::operation(Error::erase(*failure)))
    }
}
