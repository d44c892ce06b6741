//! The one HTTP client of a process: plain connections at once, TLS only when an address asks for it.
//!
//! Reading the system's certificates costs more than a whole call to a plain endpoint.

use super::exchange;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::sync::{Arc, OnceLock};

/// An HTTP client that chooses by a request's scheme.
#[derive(Debug, Clone, Default)]
pub(super) struct Transport {
    pools: Arc<Pools>,
}

/// The certificates of the authorities that are trusted instead of the system's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bundle {
    pem: Vec<u8>,
}

#[derive(Debug, Default)]
struct Pools {
    plain: OnceLock<SharedHttpClient>,
    tls: OnceLock<SharedHttpClient>,
    /// The file of the authorities, where one is named.
    file: OnceLock<String>,
    /// What is in it, once a secure connection was asked for: reading it takes as long as some calls.
    bundle: OnceLock<Result<Bundle, String>>,
}

impl Transport {
    /// Trusts the authorities of a file (`AWS_CA_BUNDLE`, `ca_bundle`) and no others, from the first secure connection
    /// on. What is wrong with the file is the error of every such connection.
    pub(super) fn trust(&self, file: &str) {
        self.pools.file.get_or_init(|| file.to_owned());
    }
}

fn bundle(file: &str) -> Result<Bundle, String> {
    let wrong = |problem: &dyn std::fmt::Display| {
        format!(
            "the certificate bundle {file} (AWS_CA_BUNDLE, or `ca_bundle` in the profile) cannot be used: {problem}"
        )
    };
    let pem = std::fs::read(file).map_err(|problem| wrong(&problem))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(found) if found.is_empty() => Err(wrong(&"it has no certificate in PEM form")),
        Ok(_) => Ok(Bundle { pem }),
        Err(problem) => Err(wrong(&problem)),
    }
}

impl Pools {
    fn of(&self, tls_wanted: bool) -> Result<&SharedHttpClient, ConnectorError> {
        if !tls_wanted {
            return Ok(self.plain.get_or_init(|| Builder::new().build_http()));
        }
        let bundle = match self.file.get() {
            None => None,
            Some(file) => match self.bundle.get_or_init(|| bundle(file)) {
                Ok(bundle) => Some(bundle.clone()),
                Err(problem) => return Err(ConnectorError::user(problem.clone().into())),
            },
        };
        Ok(self.tls.get_or_init(|| secure(bundle)))
    }
}

fn trusting(bundle: Option<Bundle>) -> Option<TlsContext> {
    let trusted = TrustStore::empty().with_pem_certificate(bundle?.pem);
    TlsContext::builder().with_trust_store(trusted).build().ok()
}

fn secure(bundle: Option<Bundle>) -> SharedHttpClient {
    let context = trusting(bundle);
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder()
            .tls_provider(tls::Provider::Rustls(
                tls::rustls_provider::CryptoMode::AwsLc,
            ))
            // HTTPS_PROXY and NO_PROXY, as the AWS CLI heeds them.
            .proxy_config(ProxyConfig::from_env());
        if let Some(context) = &context {
            builder = builder.tls_context(context.clone());
        }
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.build()
    })
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Chooser {
            pools: self.pools.clone(),
            settings: settings.clone(),
            components: components.clone(),
            chosen: [const { OnceLock::new() }; 2],
        })
    }
}

#[derive(Debug)]
struct Chooser {
    pools: Arc<Pools>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
    chosen: [OnceLock<SharedHttpConnector>; 2],
}

impl Chooser {
    fn of(&self, tls_wanted: bool) -> Result<&SharedHttpConnector, ConnectorError> {
        let [plain, tls] = &self.chosen;
        let chosen = if tls_wanted { tls } else { plain };
        if let Some(connector) = chosen.get() {
            return Ok(connector);
        }
        let pool = self.pools.of(tls_wanted)?;
        Ok(chosen.get_or_init(|| pool.http_connector(&self.settings, &self.components)))
    }
}

impl HttpConnector for Chooser {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.of(!request.uri().starts_with("http://")) {
            Ok(connector) => exchange::told(connector, request),
            Err(problem) => HttpConnectorFuture::ready(Err(problem)),
        }
    }
}

/// A connector to one address, for what is no call of AWS: over TLS where the address says so, then trusting the authorities
/// of a file, or those of the system.
///
/// # Errors
/// What is wrong with the file.
pub fn connector(address: &str, authorities: Option<&str>) -> Result<SharedHttpConnector, String> {
    if address.starts_with("http://") {
        let proxy = ProxyConfig::from_env();
        return Ok(SharedHttpConnector::new(
            Connector::builder().proxy_config(proxy).build_http(),
        ));
    }
    let bundle = authorities.map(bundle).transpose()?;
    let mut builder = Connector::builder()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::AwsLc,
        ))
        .proxy_config(ProxyConfig::from_env());
    if let Some(context) = trusting(bundle) {
        builder = builder.tls_context(context);
    }
    Ok(SharedHttpConnector::new(builder.build()))
}
