//! A server that keeps connections and answers at once, or after a while: what it was given to remember, or one fixed answer.
//!
//! With another server behind it, it first forwards what it is asked and remembers each answer under what was asked for:
//! `X-Amz-Target`, `Action`, or else method and path. Once it keeps, it gives a name's answers in their order, and begins again
//! after the last one, so that a client that asks the same things again and again is answered the same again and again.

use crate::{Failure, ending};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CLUSTERS: &str = r#"{"clusters":[{"clusterArn":"arn:aws:ecs:eu-west-3:123456789012:cluster/shop","clusterName":"shop","status":"ACTIVE","registeredContainerInstancesCount":0,"runningTasksCount":12,"pendingTasksCount":0,"activeServicesCount":4,"statistics":[],"tags":[],"settings":[],"capacityProviders":["FARGATE"],"defaultCapacityProviderStrategy":[]}],"failures":[]}"#;

/// Headers that are the connection's own, or the moment's.
const NOT_KEPT: [&str; 5] = [
    "connection",
    "content-length",
    "date",
    "server",
    "transfer-encoding",
];

/// An answer that is given again.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A request as it came, for those who make it again.
#[derive(Serialize)]
struct Asked {
    /// All bytes up to the body, with `Connection: close`.
    head: String,
    /// The body in base64.
    body: String,
}

/// The answers of one name, and which one comes next.
#[derive(Default)]
struct Answers {
    all: Vec<Answer>,
    next: usize,
}

#[derive(Default)]
struct Stub {
    /// Where requests are forwarded to.
    upstream: Option<String>,
    /// How long each answer is waited for.
    delay: Duration,
    keeps: Cell<bool>,
    answers: RefCell<HashMap<String, Answers>>,
    asked: RefCell<Vec<Asked>>,
}

/// Serves until standard input ends; the first line of standard output is the URL.
///
/// # Errors
/// There is no free port.
#[expect(clippy::print_stdout, reason = "who started it reads where it is")]
pub async fn serve(upstream: Option<String>, delay: Duration) -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let stub = Rc::new(Stub {
        upstream,
        delay,
        ..Stub::default()
    });
    let tasks = tokio::task::LocalSet::new();
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            // The answer is worth more at once than together with others.
            let _ = stream.set_nodelay(true);
            let stub = Rc::clone(&stub);
            tokio::task::spawn_local(async move {
                let service = service_fn(|request| stub.answer(request));
                // A client that goes away ends its connection only.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    };
    tasks
        .run_until(async {
            tokio::select! {
                () = accepting => {},
                () = ending::of_input() => {},
            }
        })
        .await;
    Ok(())
}

impl Stub {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        if parts.uri.path() == "/stub/keep" {
            self.keeps.set(true);
            let asked = serde_json::to_vec(&*self.asked.borrow())?;
            return Ok(Response::new(Full::new(Bytes::from(asked))));
        }
        let answer = match &self.upstream {
            None => fixed(),
            Some(upstream) => {
                let name = name(&parts, &body);
                if self.keeps.get() {
                    self.kept(&name)
                        .ok_or_else(|| format!("nothing is kept for {name}"))?
                } else {
                    let (asked, answer) = forward(upstream, &parts, &body).await?;
                    self.asked.borrow_mut().push(asked);
                    let mut answers = self.answers.borrow_mut();
                    answers.entry(name).or_default().all.push(answer.clone());
                    answer
                }
            }
        };
        let mut response = Response::new(Full::new(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }

    fn kept(&self, name: &str) -> Option<Answer> {
        let mut answers = self.answers.borrow_mut();
        let answers = answers.get_mut(name)?;
        let answer = answers.all.get(answers.next % answers.all.len())?.clone();
        answers.next += 1;
        Some(answer)
    }
}

fn fixed() -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    headers.insert(
        "x-amzn-requestid",
        HeaderValue::from_static("11111111-2222-3333-4444-555555555555"),
    );
    Answer {
        status: StatusCode::OK,
        headers,
        body: Bytes::from_static(CLUSTERS.as_bytes()),
    }
}

/// What is asked for.
fn name(parts: &Parts, body: &[u8]) -> String {
    if let Some(target) = parts.headers.get("x-amz-target") {
        return String::from_utf8_lossy(target.as_bytes()).into_owned();
    }
    let text = String::from_utf8_lossy(body);
    if let Some(action) = text
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="))
    {
        return action.to_owned();
    }
    format!("{} {}", parts.method, parts.uri.path())
}

/// Asks the other server, on a connection of its own.
async fn forward(upstream: &str, parts: &Parts, body: &[u8]) -> Result<(Asked, Answer), Failure> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!("{} {path} HTTP/1.1\r\n", parts.method);
    for (name, value) in &parts.headers {
        if name != "connection" && name != "content-length" && name != "transfer-encoding" {
            let _ = write!(head, "{name}: {}\r\n", value.to_str()?);
        }
    }
    let _ = write!(
        head,
        "content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(upstream).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let asked = Asked {
        head,
        body: BASE64_STANDARD.encode(body),
    };
    Ok((asked, read(bytes)?))
}

/// Reads an answer whose connection has ended.
fn read(bytes: Vec<u8>) -> Result<Answer, Failure> {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or("the other server's answer has no head")?;
    let bytes = Bytes::from(bytes);
    let head = bytes.slice(..end);
    let head = std::str::from_utf8(&head)?;
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .ok_or("the other server's answer has no status")?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or("a header without a value")?;
        let name = name.to_ascii_lowercase();
        if !NOT_KEPT.contains(&name.as_str()) {
            headers.append(
                HeaderName::try_from(name)?,
                HeaderValue::try_from(value.trim())?,
            );
        }
    }
    Ok(Answer {
        status: status.parse()?,
        headers,
        body: bytes.slice(end + 4..),
    })
}
