//! `tls:Inspect`: the certificate that a server shows.

use super::arguments::Arguments;
use super::connection::{connect, handshake, server_name, within};
use super::signature::{integer_between, local, some_text};
use super::trust::{Trust, provider, tls_error};
use super::{LocalAction, LocalContext, allowed};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value as Json, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

/// Shakes hands with a TLS server and reads the certificates that it shows, whether they are trusted or not.
///
/// Inputs: `host` (must be in the playbook's `reaches`), `port` (443 by default), `server_name` (where it differs from
/// the host), `timeout` (10 s by default).
///
/// Result: `subject`, `issuer`, `names` (the subject alternative names), `not_before`, `not_after`, `days_left` (a
/// number, negative once expired), `protocol`, `cipher`, `chain` (`subject`, `issuer`, `not_after` of each certificate,
/// the server's first), `verified` (trusted by this machine for this name at this time) and `reason` (why it is not).
///
/// Errors: `not_allowed`, `dns`, `connect`, `tls` (no handshake at all, or no readable certificate), `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct TlsInspect;

impl LocalAction for TlsInspect {
    fn signature(&self) -> Action {
        let input = Record::new("tls:Inspect input")
            .required("host", some_text())
            .optional("port", integer_between(1, 65_535))
            .optional("server_name", some_text())
            .optional("timeout", Type::Duration)
            .build();
        let link = Record::new("tls:Inspect certificate")
            .required("subject", Type::text())
            .required("issuer", Type::text())
            .required("not_after", Type::timestamp())
            .build();
        let output = Record::new("tls:Inspect result")
            .required("subject", Type::text())
            .required("issuer", Type::text())
            .required("names", Type::list(Type::text()))
            .required("not_before", Type::timestamp())
            .required("not_after", Type::timestamp())
            .required("days_left", Type::number())
            .required("protocol", Type::text())
            .required("cipher", Type::text())
            .required("chain", Type::list(link))
            .required("verified", Type::Boolean)
            .optional("reason", Type::text())
            .build();
        local(
            "tls:Inspect",
            input,
            output,
            Effect::Read,
            &["not_allowed", "dns", "connect", "tls", "timeout"],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(inspect(context, call))
    }
}

async fn inspect(context: &LocalContext, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let host = arguments.text("host")?;
    let port = u16::try_from(arguments.integer("port", 443, 1..=65_535)?).unwrap_or(443);
    let name = arguments.optional_text("server_name")?.unwrap_or(host);
    let timeout = arguments.duration("timeout", SignedDuration::from_secs(10))?;
    allowed::host(context.reaches.as_deref(), host, Some(port))?;

    let what = format!("the handshake with {host}:{port}");
    let stream = within(timeout, FailureKind::NotSent, &what, async {
        let stream = connect(host, port, timeout).await?;
        handshake(stream, name, unverified()?).await
    })
    .await?;
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().unwrap_or_default();
    let now = context.clock.now();
    let mut result = describe(chain, now)?;
    let verdict = verify(&context.trust, chain, name, now);
    if let Some(members) = result.as_object_mut() {
        let text = |value: Option<String>| Json::from(value.unwrap_or_default());
        members.insert(
            "protocol".to_owned(),
            text(session.protocol_version().and_then(|version| {
                let name = version.as_str()?;
                Some(name.replace("TLSv1_", "TLS 1."))
            })),
        );
        members.insert(
            "cipher".to_owned(),
            text(
                session
                    .negotiated_cipher_suite()
                    .and_then(|suite| suite.suite().as_str().map(str::to_owned)),
            ),
        );
        members.insert("verified".to_owned(), verdict.is_ok().into());
        if let Err(reason) = verdict {
            members.insert("reason".to_owned(), reason.into());
        }
    }
    Ok(Answer {
        result,
        ..Answer::default()
    })
}

/// What the certificates say.
fn describe(chain: &[CertificateDer<'_>], now: Timestamp) -> Result<Json, CallError> {
    let parsed = chain
        .iter()
        .map(|der| {
            x509_parser::parse_x509_certificate(der)
                .map(|(_, certificate)| certificate)
                .map_err(|error| tls_error(&format_args!("a certificate cannot be read: {error}")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let leaf = parsed
        .first()
        .ok_or_else(|| tls_error(&"the server shows no certificate"))?;
    let not_after = instant(leaf.validity().not_after.timestamp());
    let days = not_after.map(|end| end.duration_since(now).as_secs_f64() / 86_400.0);
    Ok(json!({
        "subject": leaf.subject().to_string(),
        "issuer": leaf.issuer().to_string(),
        "names": names(leaf),
        "not_before": instant(leaf.validity().not_before.timestamp()),
        "not_after": not_after,
        "days_left": days.map(|days| (days * 100.0).floor() / 100.0),
        "chain": parsed
            .iter()
            .map(|certificate| json!({
                "subject": certificate.subject().to_string(),
                "issuer": certificate.issuer().to_string(),
                "not_after": instant(certificate.validity().not_after.timestamp()),
            }))
            .collect::<Json>(),
    }))
}

fn instant(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// The subject alternative names: DNS names and addresses.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
                .ok()
                .map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

/// Whether the chain is trusted for the name at the time; `Err` says why not.
fn verify(
    trust: &Trust,
    chain: &[CertificateDer<'_>],
    name: &str,
    now: Timestamp,
) -> Result<(), String> {
    let (leaf, intermediates) = chain.split_first().ok_or("no certificate was shown")?;
    let verifier = WebPkiServerVerifier::builder_with_provider(trust.roots(), provider())
        .build()
        .map_err(|error| error.to_string())?;
    let name = server_name(name).map_err(|error| error.message)?;
    let now = Duration::from_secs(u64::try_from(now.as_second()).unwrap_or_default());
    verifier
        .verify_server_cert(
            leaf,
            intermediates,
            &name,
            &[],
            UnixTime::since_unix_epoch(now),
        )
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// A client that accepts any certificate, to look at it; nothing is ever sent over such a connection.
fn unverified() -> Result<ClientConfig, CallError> {
    let provider = provider();
    Ok(ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_error(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAny(provider)))
        .with_no_client_auth())
}

/// Accepts any certificate whose key signed the handshake.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{TlsServer, context, run};
    use super::*;

    #[tokio::test]
    async fn a_self_signed_certificate_is_read_and_not_verified() {
        let server = TlsServer::start().await;
        let arguments = json!({"host": "localhost", "port": server.port});
        let result = run(&TlsInspect, &context(), arguments)
            .await
            .expect("shakes hands");
        assert_eq!(result["names"], json!(["localhost", "127.0.0.1"]));
        assert_eq!(result["subject"], "CN=stub.example.com");
        assert_eq!(result["issuer"], "CN=stub.example.com");
        assert_eq!(result["not_after"], "2120-01-01T00:00:00Z");
        assert_eq!(result["protocol"], "TLS 1.3");
        assert_eq!(result["verified"], false);
        assert!(result["reason"].is_string(), "{result}");
        assert_eq!(result["days_left"], 31.0);
    }

    #[tokio::test]
    async fn a_trusted_certificate_is_verified_for_its_names_only() {
        let server = TlsServer::start().await;
        let mut trusting = context();
        trusting.trust = Arc::new(Trust::only([server.certificate.clone()]));
        let arguments = json!({"host": "localhost", "port": server.port});
        let result = run(&TlsInspect, &trusting, arguments)
            .await
            .expect("shakes hands");
        assert_eq!(result["verified"], true, "{result}");
        let other =
            json!({"host": "localhost", "port": server.port, "server_name": "other.example.com"});
        let result = run(&TlsInspect, &trusting, other)
            .await
            .expect("shakes hands");
        assert_eq!(result["verified"], false);
        let reason = result["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("other.example.com"), "{reason}");
    }

    #[tokio::test]
    async fn a_server_without_tls_fails_with_tls() {
        let server = super::super::test_server::HttpServer::start().await;
        let error = run(
            &TlsInspect,
            &context(),
            json!({"host": "localhost", "port": server.port}),
        )
        .await
        .expect_err("speaks HTTP");
        assert_eq!(error.code, "tls");
    }
}
