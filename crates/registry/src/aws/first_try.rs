//! The first try at a call, by a short way.
//!
//! AWS's orchestrator lets every part of a call be exchanged, and therefore merges plugins, copies interceptors and looks
//! everything up anew for each call, which takes as long as all the rest. Nearly all calls succeed at once. So the first
//! try uses the same parts, which were put together once: the identity cache, the signer, the connector, the interceptors
//! for the clock, the invocation and the user agent, and
//! a signature with a key that is kept ([`super::signature`]). Whatever is no plain success is handed to the orchestrator as the
//! outcome of its own first try ([`super::handed`]): it alone judges failures, tries again and makes the error.

use super::body::{Bounds, bounded, broken};
use super::clock::Clock;
use super::endpoint::{self, Settings};
use super::handed::Outcome;
use super::orchestrate::{host_prefix, signing_options};
use super::protocol::{Reply, Wire};
use super::signature::{Scope, Signatures};
use super::{checksum, compress, exchange};
use crate::model::service::Operation;
use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_runtime::auth::sigv4::SigV4Signer;
use aws_runtime::auth::{PayloadSigningOverride, SigV4OperationSigningConfig};
use aws_runtime::invocation_id::{InvocationId, InvocationIdInterceptor};
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeEndpointConfig, Sign as _};
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::endpoint::EndpointPrefix;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::{
    Identity, ResolveCachedIdentity as _, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::interceptors::context::{Input, InterceptorContext};
use aws_smithy_runtime_api::client::interceptors::{Intercept as _, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use aws_smithy_types::Document;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use aws_smithy_types::endpoint::Endpoint;
use aws_smithy_types::retry::{RetryConfig, RetryMode};
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use http::HeaderValue;
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// As many calls go the orchestrator's way after a repeated one: each that succeeds gives a token back to the bucket that
/// bounds repetitions, and the bucket holds as many.
const UNTIL_QUIET: u32 = 500;

/// The interceptors that the short way shares with the orchestrator.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) clock: SharedInterceptor,
    pub(super) invocation: SharedInterceptor,
    pub(super) agent: SharedInterceptor,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            clock: SharedInterceptor::new(ServiceClockSkewInterceptor::new()),
            invocation: SharedInterceptor::new(InvocationIdInterceptor::new()),
            agent: SharedInterceptor::new(UserAgentInterceptor::new()),
        }
    }
}

/// What first tries on a channel share.
#[derive(Debug)]
pub(super) struct FirstTry {
    components: RuntimeComponents,
    config: FrozenLayer,
    connector: SharedHttpConnector,
    identities: SharedIdentityResolver,
    shared: Shared,
    signer: SigV4Signer,
    signatures: Signatures,
    clock: Clock,
    timeouts: TimeoutConfig,
    bounds: Bounds,
    compression: Option<u32>,
    /// `attempt=1; max=3`
    attempts: HeaderValue,
    operations: Mutex<HashMap<&'static str, Arc<Prepared>>>,
    agent: Mutex<Option<Arc<Agent>>>,
    /// Calls that still go the orchestrator's way.
    unquiet: AtomicU32,
}

/// What calls of one operation share.
#[derive(Debug)]
struct Prepared {
    config: FrozenLayer,
    /// Whether a signature has nothing of its own.
    plainly_signed: bool,
    /// Whether arguments decide where a call goes.
    by_arguments: bool,
    /// Where calls of an account go, if arguments do not decide it.
    endpoint: Mutex<Option<(Option<String>, Arc<Endpoint>)>>,
}

/// The user agent, as it is said with some credentials: where they come from is part of it.
#[derive(Debug)]
struct Agent {
    access_key: String,
    plain: HeaderValue,
    of_aws: HeaderValue,
}

/// What came of a first try.
pub(super) enum Tried {
    /// The call succeeded.
    Answered(Reply),
    /// It was sent and did not succeed.
    Sent(Box<Outcome>),
    /// Nothing was sent.
    NotSent,
}

/// A call, as first tries see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) wire: &'a Wire,
    pub(super) operation: &'static Operation,
    pub(super) arguments: &'a Json,
    pub(super) settings: &'a Settings,
}

/// What a first try is made of.
pub(super) struct Parts {
    pub(super) plugins: RuntimePlugins,
    pub(super) config: FrozenLayer,
    pub(super) identity: SharedIdentityResolver,
    pub(super) shared: Shared,
    pub(super) retry: RetryConfig,
    pub(super) timeouts: TimeoutConfig,
    pub(super) bounds: Bounds,
    pub(super) compression: Option<u32>,
}

impl FirstTry {
    /// Puts the parts together; nothing where the short way would differ from the orchestrator's.
    pub(super) fn new(parts: Parts) -> Option<Self> {
        // This mode counts every call.
        if parts.retry.mode() == RetryMode::Adaptive {
            return None;
        }
        let mut config = ConfigBag::base();
        let components = parts.plugins.apply_client_configuration(&mut config).ok()?;
        let components = components
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![])))
            .with_endpoint_resolver(Some(endpoint::Unused))
            .build()
            .ok()?;
        let settings = HttpConnectorSettings::builder();
        let settings = match parts.timeouts.connect_timeout() {
            Some(timeout) => settings.connect_timeout(timeout),
            None => settings,
        };
        let settings = match parts.timeouts.read_timeout() {
            Some(timeout) => settings.read_timeout(timeout),
            None => settings,
        };
        let connector = components
            .http_client()?
            .http_connector(&settings.build(), &components);
        let attempts = format!("attempt=1; max={}", parts.retry.max_attempts());
        Some(Self {
            components,
            config: parts.config,
            connector,
            identities: parts.identity,
            shared: parts.shared,
            signer: SigV4Signer::new(),
            signatures: Signatures::default(),
            clock: Clock::default(),
            timeouts: parts.timeouts,
            bounds: parts.bounds,
            compression: parts.compression,
            attempts: HeaderValue::try_from(attempts).ok()?,
            operations: Mutex::default(),
            agent: Mutex::default(),
            unquiet: AtomicU32::new(0),
        })
    }

    /// Whether the next call may go the short way. After a repeated one the orchestrator has all calls until its bounds on
    /// repetitions are what they were before.
    pub(super) fn is_due(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.unquiet
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_err()
    }

    /// The orchestrator makes a call from its start, or goes on with one.
    pub(super) fn leave_to_orchestrator(&self) {
        self.clock.forget();
    }

    /// A call was repeated.
    pub(super) fn was_repeated(&self) {
        self.unquiet.store(UNTIL_QUIET, Ordering::Relaxed);
    }

    /// Makes the first try.
    ///
    /// # Errors
    /// There are no credentials to sign with: nothing was sent, and the orchestrator would say the same.
    pub(super) async fn run(&self, attempt: Attempt<'_>) -> Result<Tried, BoxError> {
        let prepared = self.prepared(attempt.wire, attempt.operation);
        let mut config = ConfigBag::base();
        config
            .push_shared_layer(self.config.clone())
            .push_shared_layer(prepared.config.clone());
        let Ok(request) = self.request(attempt, &config) else {
            return Ok(Tried::NotSent);
        };
        let identity = self
            .components
            .identity_cache()
            .resolve_cached_identity(self.identities.clone(), &self.components, &config)
            .await?;
        let mut context = before_transmit(request);
        let Ok(connection) =
            self.make_ready(attempt, &prepared, &identity, &mut context, &mut config)
        else {
            return Ok(Tried::NotSent);
        };
        context.enter_transmit_phase();
        let Some(request) = context.take_request() else {
            return Ok(Tried::NotSent);
        };
        let invocation = config.load::<InvocationId>().cloned();
        let sent = |result| {
            Ok(Tried::Sent(Box::new(Outcome {
                result,
                connection,
                invocation,
            })))
        };
        let began = SystemTime::now();
        let mut response = match self.connector.call(request).await {
            Ok(response) => response,
            Err(problem) => return sent(Err(problem)),
        };
        if !response.status().is_success() {
            return sent(Ok(response));
        }
        let moved = self.clock.read(&response, began, SystemTime::now());
        if moved {
            context.set_response(response);
            context.enter_before_deserialization_phase();
            // Without a time the interceptor keeps the one that it has.
            let _ = self.shared.clock.modify_before_deserialization(
                &mut (&mut context).into(),
                &self.components,
                &mut config,
            );
            let (_, _, _, Some(told)) = context.into_parts() else {
                return sent(Err(ConnectorError::other(
                    "the answer is gone".into(),
                    None,
                )));
            };
            response = told;
        }
        let body = std::mem::replace(response.body_mut(), SdkBody::taken());
        let expected = checksum::of_answer(attempt.operation, &response);
        let read = bounded(body, self.bounds.clone(), expected).collect().await;
        match read {
            Ok(read) => *response.body_mut() = SdkBody::from(read.to_bytes()),
            Err(problem) => {
                *response.body_mut() = broken(problem);
                return sent(Ok(response));
            }
        }
        match attempt
            .wire
            .deserialize(attempt.operation, &response, &config)
        {
            Ok(reply) => Ok(Tried::Answered(reply)),
            Err(_) => sent(Ok(response)),
        }
    }

    fn prepared(&self, wire: &Wire, operation: &'static Operation) -> Arc<Prepared> {
        let mut known = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = known.get(operation.name) {
            return prepared.clone();
        }
        let service = wire.schemas.service;
        let mut layer = Layer::new("operation");
        layer.store_put(Metadata::new(operation.name, service.metadata.service_id));
        layer.store_put(SigV4OperationSigningConfig {
            signing_options: signing_options(service),
            ..Default::default()
        });
        if operation.unsigned_payload {
            layer.store_put(PayloadSigningOverride::unsigned_payload());
        }
        layer.store_put(self.timeouts.clone());
        let prepared = Arc::new(Prepared {
            config: layer.freeze(),
            plainly_signed: !operation.unsigned_payload
                && !signing_options(service).content_sha256_header,
            by_arguments: endpoint::depends_on_arguments(service, operation),
            endpoint: Mutex::default(),
        });
        known.insert(operation.name, prepared.clone());
        prepared
    }

    fn request(&self, attempt: Attempt<'_>, config: &ConfigBag) -> Result<HttpRequest, BoxError> {
        let Attempt {
            wire,
            operation,
            arguments,
            ..
        } = attempt;
        let mut request = wire.serialize_bare(operation, arguments, config)?;
        compress::apply(operation, &mut request, self.compression);
        checksum::add(operation, arguments, &mut request, config);
        Ok(request)
    }

    /// Gives a request its address, its headers and its signature, in the orchestrator's order.
    fn make_ready(
        &self,
        attempt: Attempt<'_>,
        prepared: &Prepared,
        identity: &Identity,
        context: &mut InterceptorContext,
        config: &mut ConfigBag,
    ) -> Result<CaptureSmithyConnection, BoxError> {
        let components = &self.components;
        let shared = &self.shared;
        shared.invocation.modify_before_retry_loop(
            &mut (&mut *context).into(),
            components,
            config,
        )?;
        let endpoint = endpoint_of(attempt, prepared, identity)?;
        let way = way_to_sign(&endpoint)?;
        let agent = self.agent(identity)?;
        let request = context.request_mut().ok_or("there is no request")?;
        direct(attempt, &endpoint, request)?;
        let headers = request.headers_mut();
        headers.try_append(http::header::USER_AGENT, agent.plain.clone())?;
        headers.try_append(OF_AWS, agent.of_aws.clone())?;
        let plainly =
            prepared.plainly_signed && self.sign_plainly(request, identity, &way, config).is_some();
        if !plainly {
            shared.clock.modify_before_retry_loop(
                &mut (&mut *context).into(),
                components,
                config,
            )?;
            let request = context.request_mut().ok_or("there is no request")?;
            self.signer
                .sign_http_request(request, identity, way, components, config)?;
        }
        let request = context.request_mut().ok_or("there is no request")?;
        let connection = CaptureSmithyConnection::new();
        request.add_extension(connection.clone());
        request
            .headers_mut()
            .try_insert("amz-sdk-request", self.attempts.clone())?;
        self.shared.invocation.modify_before_transmit(
            &mut (&mut *context).into(),
            components,
            config,
        )?;
        self.shared
            .clock
            .read_before_transmit(&(&*context).into(), components, config)?;
        Ok(connection)
    }

    /// Signs a request that is plain enough.
    fn sign_plainly(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        way: &AuthSchemeEndpointConfig<'_>,
        config: &ConfigBag,
    ) -> Option<()> {
        const KNOWN: [&str; 4] = [
            "name",
            "signingName",
            "signingRegion",
            "disableDoubleEncoding",
        ];
        let said = way.as_document().and_then(Document::as_object);
        if said.is_some_and(|said| said.keys().any(|key| !KNOWN.contains(&key.as_str()))) {
            return None;
        }
        let of_endpoint = |key: &str| way.get(key).and_then(Document::as_string);
        let region = match of_endpoint("signingRegion") {
            Some(region) => region,
            None => config.load::<SigningRegion>()?.as_ref(),
        };
        let name = match of_endpoint("signingName") {
            Some(name) => name,
            None => config.load::<SigningName>()?.as_ref(),
        };
        let scope = Scope {
            credentials: identity.data::<Credentials>()?,
            region,
            name,
            at: self.clock.of_service(SystemTime::now())?,
        };
        self.signatures.sign(request, scope)
    }

    /// The user agent, made once for the credentials.
    fn agent(&self, identity: &Identity) -> Result<Arc<Agent>, BoxError> {
        let access_key = identity
            .data::<Credentials>()
            .ok_or("there are no credentials")?
            .access_key_id();
        let mut known = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = known
            .as_ref()
            .filter(|agent| agent.access_key == access_key)
        {
            return Ok(agent.clone());
        }
        let mut config = ConfigBag::base();
        config.push_shared_layer(self.config.clone());
        if let Some(features) = identity.property::<FrozenLayer>() {
            config.push_shared_layer(features.clone());
        }
        let mut context = before_transmit(HttpRequest::empty());
        let interceptor = &self.shared.agent;
        interceptor.read_after_serialization(&(&context).into(), &self.components, &mut config)?;
        interceptor.modify_before_signing(
            &mut (&mut context).into(),
            &self.components,
            &mut config,
        )?;
        let header = |name: &str| -> Result<HeaderValue, BoxError> {
            let request = context.request().ok_or("there is no request")?;
            let value = request
                .headers()
                .get(name)
                .ok_or("there is no user agent")?;
            Ok(HeaderValue::try_from(value)?)
        };
        let agent = Arc::new(Agent {
            access_key: access_key.to_owned(),
            plain: header("user-agent")?,
            of_aws: header(OF_AWS)?,
        });
        if let Some(features) = identity.property::<FrozenLayer>() {
            let found = features.load::<AwsCredentialFeature>();
            let found: Vec<String> = found.map(|feature| format!("{feature:?}")).collect();
            tracing::info!(target: exchange::TARGET, source = found.join(", "), "credentials found");
        }
        *known = Some(agent.clone());
        Ok(agent)
    }
}

const OF_AWS: &str = "x-amz-user-agent";

/// A context whose request is about to be sent.
fn before_transmit(request: HttpRequest) -> InterceptorContext {
    let mut context = InterceptorContext::new(Input::erase(()));
    context.enter_serialization_phase();
    context.set_request(request);
    context.take_input();
    context.enter_before_transmit_phase();
    context
}

fn endpoint_of(
    attempt: Attempt<'_>,
    prepared: &Prepared,
    identity: &Identity,
) -> Result<Arc<Endpoint>, BoxError> {
    let account = endpoint::account_of(identity);
    let resolve = || {
        endpoint::resolve(
            attempt.wire.schemas.service,
            attempt.operation,
            attempt.arguments,
            attempt.settings,
            account,
        )
    };
    if prepared.by_arguments {
        return Ok(Arc::new(resolve()?));
    }
    let mut known = prepared
        .endpoint
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some((of, endpoint)) = known.as_ref()
        && of.as_deref() == account
    {
        return Ok(endpoint.clone());
    }
    let endpoint = Arc::new(resolve()?);
    *known = Some((account.map(ToOwned::to_owned), endpoint.clone()));
    Ok(endpoint)
}

/// Sends a request to an endpoint, as the orchestrator does.
fn direct(
    attempt: Attempt<'_>,
    endpoint: &Endpoint,
    request: &mut HttpRequest,
) -> Result<(), BoxError> {
    // An endpoint of the user's own has no such host.
    let prefix = match attempt.settings.url {
        None => host_prefix(attempt.operation, attempt.arguments),
        Some(_) => None,
    };
    match prefix {
        None => request.uri_mut().set_endpoint(endpoint.url())?,
        Some(prefix) => {
            let prefix = EndpointPrefix::new(prefix)?;
            let (scheme, rest) = endpoint.url().split_once("://").ok_or("it has no scheme")?;
            let prefixed = format!("{scheme}://{}{rest}", prefix.as_str());
            request.uri_mut().set_endpoint(&prefixed)?;
        }
    }
    for (name, values) in endpoint.headers() {
        request.headers_mut().remove(name);
        for value in values {
            let (name, value) = (name.to_owned(), value.to_owned());
            request.headers_mut().try_append(name, value)?;
        }
    }
    Ok(())
}

/// What an endpoint says of how to sign for it.
fn way_to_sign(endpoint: &Endpoint) -> Result<AuthSchemeEndpointConfig<'_>, BoxError> {
    let Some(schemes) = endpoint.properties().get("authSchemes") else {
        return Ok(AuthSchemeEndpointConfig::empty());
    };
    let is_ours = |scheme: &&Document| {
        let name = scheme.as_object().and_then(|scheme| scheme.get("name"));
        name.and_then(Document::as_string) == Some("sigv4")
    };
    let ours = schemes.as_array().and_then(|all| all.iter().find(is_ours));
    match ours {
        Some(scheme) => Ok(AuthSchemeEndpointConfig::from(scheme)),
        None => Err("it is not signed this way".into()),
    }
}
