//! HTTPS: a handshake that succeeds, and one that must not.

use crate::JSON;
use crate::environment::{Home, KEYS};
use crate::stub::{Stub, answer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Puts TLS before a server; the address and the certificate.
async fn secured(stub: &Stub) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()])
        .and_then(|params| params.self_signed(&key))
        .expect("a certificate");
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("certificate and key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let behind = stub.url.replace("http://", "");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let mut outer = acceptor.accept(stream).await?;
                let mut inner = TcpStream::connect(behind).await?;
                tokio::io::copy_bidirectional(&mut outer, &mut inner).await
            });
        }
    });
    (format!("https://localhost:{port}"), pem(certificate.der()))
}

fn pem(certificate: &[u8]) -> String {
    let text = BASE64.encode(certificate).into_bytes();
    let lines = text.chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

#[tokio::test]
async fn a_certificate_must_be_trusted() {
    let stub = Stub::start(vec![answer("200 OK", JSON, "{}")]).await;
    let (url, certificate) = secured(&stub).await;
    let (_, another) = secured(&stub).await;
    let home = Home::new("");
    let (trusted, other) = (home.path("trusted.pem"), home.path("other.pem"));
    std::fs::write(&trusted, certificate).expect("a file");
    std::fs::write(&other, another).expect("a file");
    let options = json!({"endpoint_url": url});

    let environment = [&[("SSL_CERT_FILE", trusted.as_str())][..], &KEYS].concat();
    assert_eq!(home.run(&environment, options.clone()).await, "ok");
    assert_eq!(stub.asked().len(), 1);

    let environment = [&[("SSL_CERT_FILE", other.as_str())][..], &KEYS].concat();
    let said = home.run(&environment, options).await;
    assert!(said.starts_with("tls: cannot reach `ecs`"), "{said}");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_bundle_of_certificates_takes_the_systems_place() {
    let stub = Stub::start(vec![answer("200 OK", JSON, "{}")]).await;
    let (url, certificate) = secured(&stub).await;
    let (_, another) = secured(&stub).await;
    let home = Home::new("");
    for (name, content) in [
        ("trusted.pem", certificate.as_str()),
        ("other.pem", &another),
        ("empty.pem", "no certificate"),
    ] {
        std::fs::write(home.path(name), content).expect("a file");
    }
    let profile = format!("[default]\nca_bundle = {}\n", home.path("trusted.pem"));
    std::fs::write(home.path("config"), profile).expect("a file");
    let options = json!({"endpoint_url": url});
    // What the environment says stands before the profile.
    let with = |bundle: &str| {
        let home = &home;
        let options = options.clone();
        let bundle = home.path(bundle);
        async move {
            let environment = [&[("AWS_CA_BUNDLE", bundle.as_str())][..], &KEYS].concat();
            home.run(&environment, options).await
        }
    };
    assert_eq!(with("trusted.pem").await, "ok");
    assert_eq!(home.run(&KEYS, options.clone()).await, "ok");
    assert_eq!(stub.asked().len(), 2);

    let said = with("other.pem").await;
    assert!(said.starts_with("tls: cannot reach `ecs`"), "{said}");
    for (file, problem) in [
        ("empty.pem", "it has no certificate in PEM form"),
        ("missing.pem", "No such file"),
    ] {
        let said = with(file).await;
        assert!(said.starts_with("tls: "), "{said}");
        assert!(said.contains(file) && said.contains(problem), "{said}");
    }
    assert_eq!(stub.asked().len(), 2);
}
