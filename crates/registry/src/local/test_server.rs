//! Servers on loopback and surroundings for the tests of local actions.

use super::{LocalAction, LocalContext, conforms};
use crate::call::{Call, CallError};
use crate::world::Pending;
use crate::world::clock::Clock;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Map, Value as Json, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A clock that stands still.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async {})
    }
}

/// Surroundings that reach loopback, with a clock that stands at the start of December 2119.
pub(super) fn context() -> LocalContext {
    let mut context = LocalContext::new(".");
    context.reaches = Some(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]);
    context.clock = Arc::new(Stopped(
        "2119-12-01T00:00:00Z".parse().expect("a timestamp"),
    ));
    context
}

/// Runs an action with the given arguments; its result must have the declared type, its failure a declared code.
pub(super) async fn run(
    action: &dyn LocalAction,
    context: &LocalContext,
    arguments: Json,
) -> Result<Json, CallError> {
    let signature = action.signature();
    let call = Call::new(signature.name.clone(), arguments);
    let result = action.run(context, &call).await.map(|answer| answer.result);
    match &result {
        Ok(result) => assert_eq!(conforms::problems(&signature.output, result), [""; 0]),
        Err(error) => assert!(
            signature.errors.contains(&error.code),
            "{} does not declare {error}",
            signature.name
        ),
    }
    result
}

/// An HTTP server: `/echo` describes the request as JSON, `/status/N` answers with the status N, `/to?URL` redirects,
/// `/long` sends a long body, `/slow` never answers.
pub(super) struct HttpServer {
    pub(super) port: u16,
}

impl HttpServer {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream));
            }
        });
        Self { port }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// The same over TLS, with a self-signed certificate for `localhost` and `127.0.0.1`.
pub(super) struct TlsServer {
    pub(super) port: u16,
    pub(super) certificate: CertificateDer<'static>,
}

impl TlsServer {
    pub(super) async fn start() -> Self {
        let key = KeyPair::generate().expect("key");
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])
                .expect("names");
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "stub.example.com");
        params.distinguished_name = subject;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2120, 1, 1);
        let certificate = params.self_signed(&key).expect("certificate").der().clone();
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(super::trust::provider())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private)
            .expect("certificate and key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(serve(stream));
                }
            }
        });
        Self { port, certificate }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // A client that hangs up is part of the tests.
    drop(connection.await);
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (status, headers, body) = if let Some(status) = path.strip_prefix("/status/") {
        let status = status.parse().expect("a status");
        (status, None, "as asked for".to_owned())
    } else if path == "/to" {
        (302, Some(query), String::new())
    } else if path == "/see-other" {
        (303, Some(query), String::new())
    } else if path == "/long" {
        (200, None, "x".repeat(100_000))
    } else if path == "/slow" {
        tokio::time::sleep(Duration::from_mins(1)).await;
        (200, None, String::new())
    } else {
        (200, None, describe(request).await.to_string())
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some(location) = headers {
        let location = location.parse().expect("a location");
        response.headers_mut().insert("location", location);
    }
    Ok(response)
}

async fn describe(request: Request<Incoming>) -> Json {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "headers": headers(&parts.headers),
        "body": String::from_utf8_lossy(&body),
    })
}

fn headers(headers: &HeaderMap) -> Map<String, Json> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value.into())
        })
        .collect()
}
