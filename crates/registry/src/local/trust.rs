//! The certificate authorities that HTTPS trusts.

use crate::call::{CallError, FailureKind};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Trusted certificate authorities: the system's, read when first needed (`SSL_CERT_FILE` and `SSL_CERT_DIR` included, as
/// everywhere on the system), or given ones.
#[derive(Default)]
pub struct Trust {
    roots: OnceLock<Arc<RootCertStore>>,
}

impl Trust {
    /// Trusts what the system trusts.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Trusts the given authorities only; those that are no certificates are left out.
    #[must_use]
    pub fn only(authorities: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(authorities);
        Self {
            roots: OnceLock::from(Arc::new(store)),
        }
    }

    /// The authorities.
    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(self.roots.get_or_init(|| {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            Arc::new(store)
        }))
    }

    /// How a client that verifies speaks TLS.
    ///
    /// # Errors
    /// `tls` where the library offers no usable protocol version.
    pub(super) fn client(&self) -> Result<ClientConfig, CallError> {
        Ok(ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| tls_error(&error))?
            .with_root_certificates(self.roots())
            .with_no_client_auth())
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("authorities", &self.roots.get().map(|roots| roots.len()))
            .finish()
    }
}

/// The one implementation of cryptography, AWS's.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A handshake that could not be done.
pub(super) fn tls_error(error: &dyn fmt::Display) -> CallError {
    CallError::new(FailureKind::NotSent, "tls", error.to_string())
}
