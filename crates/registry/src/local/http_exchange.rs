//! One request and one response over one connection.

use super::connection::{connect, handshake};
use super::{LocalContext, allowed};
use crate::call::{CallError, FailureKind};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake as speak_http};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use url::{Host, Position, Url};

/// A request about to be sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Outgoing {
    /// The request that follows a redirect: GET after 303, and after 301 and 302 of a POST (RFC 9110, 15.4); what
    /// identifies the caller stays with the origin that it was meant for.
    pub(super) fn redirected(mut self, next: Url, status: StatusCode) -> Self {
        let becomes_get = match status.as_u16() {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            self.headers.remove(header::CONTENT_TYPE);
        }
        if self.url.origin() != next.origin() {
            // Any header may carry a credential (`x-api-key`); only those that cannot are taken along.
            let kept = [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT];
            self.headers = kept
                .into_iter()
                .filter_map(|name| Some((name.clone(), self.headers.get(&name)?.clone())))
                .collect();
        }
        self.url = next;
        self
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Sends a request to a host that the playbook reaches, and reads the response up to a number of bytes.
///
/// # Errors
/// `not_allowed`, `dns`, `connect`, `tls`, `timeout`, `response` and `size`.
pub(super) async fn exchange(
    context: &LocalContext,
    outgoing: &Outgoing,
    most: usize,
    timeout: SignedDuration,
) -> Result<Response, CallError> {
    let host = match outgoing.url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    let port = outgoing.url.port_or_known_default().unwrap_or(80);
    allowed::host(context.reaches.as_deref(), &host, Some(port))?;
    let stream = connect(&host, port, timeout).await?;
    if outgoing.url.scheme() == "https" {
        let stream = handshake(stream, &host, context.trust.client()?).await?;
        over(stream, outgoing, most).await
    } else {
        over(stream, outgoing, most).await
    }
}

async fn over<S>(stream: S, outgoing: &Outgoing, most: usize) -> Result<Response, CallError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = speak_http(TokioIo::new(stream))
        .await
        .map_err(|error| failed(FailureKind::NotSent, &error))?;
    let _driver = Driver(tokio::spawn(async move {
        // The sender reports what goes wrong here.
        drop(connection.await);
    }));
    send(&mut sender, outgoing, most).await
}

async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    outgoing: &Outgoing,
    most: usize,
) -> Result<Response, CallError> {
    let mut request = Request::builder()
        .method(outgoing.method.clone())
        .uri(&outgoing.url[Position::BeforePath..Position::AfterQuery])
        .body(Full::new(outgoing.body.clone()))
        .map_err(|error| failed(FailureKind::NotSent, &error))?;
    let authority = &outgoing.url[Position::BeforeHost..Position::AfterPort];
    let headers = request.headers_mut();
    headers.insert(
        header::HOST,
        HeaderValue::try_from(authority).map_err(|error| failed(FailureKind::NotSent, &error))?,
    );
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("runbook"));
    for (name, value) in &outgoing.headers {
        headers.insert(name, value.clone());
    }
    let response = sender.send_request(request).await.map_err(|error| {
        let kind = if error.is_parse() {
            FailureKind::Garbled
        } else {
            FailureKind::Unanswered
        };
        failed(kind, &error)
    })?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, most)
        .collect()
        .await
        .map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                CallError::new(
                    FailureKind::Answered,
                    "size",
                    format!("the body is longer than {most} bytes; raise `max_bytes`"),
                )
            } else {
                failed(FailureKind::Garbled, error.as_ref())
            }
        })?
        .to_bytes();
    Ok(Response {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

/// A response that did not come or cannot be read.
fn failed(kind: FailureKind, error: &dyn std::error::Error) -> CallError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    CallError::new(kind, "response", message)
}

/// Ends the task that drives a connection when its exchange is over or cancelled.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}
