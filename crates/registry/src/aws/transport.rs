//! The one HTTP client of a process: plain connections at once, TLS only when an address asks for it.
//!
//! Reading the system's certificates costs more than a whole call to a plain endpoint.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::{Arc, OnceLock};

/// An HTTP client that chooses by a request's scheme.
#[derive(Debug, Clone, Default)]
pub(super) struct Transport {
    pools: Arc<Pools>,
}

#[derive(Debug, Default)]
struct Pools {
    plain: OnceLock<SharedHttpClient>,
    tls: OnceLock<SharedHttpClient>,
}

impl Pools {
    fn of(&self, tls_wanted: bool) -> &SharedHttpClient {
        if tls_wanted {
            self.tls.get_or_init(|| {
                Builder::new().build_with_connector_fn(|settings, components| {
                    let mut builder = Connector::builder()
                        .tls_provider(tls::Provider::Rustls(
                            tls::rustls_provider::CryptoMode::AwsLc,
                        ))
                        // HTTPS_PROXY and NO_PROXY, as the AWS CLI heeds them.
                        .proxy_config(ProxyConfig::from_env());
                    builder.set_connector_settings(settings.cloned());
                    builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
                    builder.build()
                })
            })
        } else {
            self.plain.get_or_init(|| Builder::new().build_http())
        }
    }
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
        })
    }
}

#[derive(Debug)]
struct Chooser {
    pools: Arc<Pools>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Chooser {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let plain = request.uri().starts_with("http://");
        self.pools
            .of(!plain)
            .http_connector(&self.settings, &self.components)
            .call(request)
    }
}
