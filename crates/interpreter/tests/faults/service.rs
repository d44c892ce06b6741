//! A service over HTTP that answers as the case has it, and misbehaves where the case says so.

use crate::cases::{Case, Fault, Truth};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How far the service's clock is ahead where it is.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// How far a request's time may be off (AWS General Reference, "Troubleshooting Signature Version 4").
const TOLERATED: SignedDuration = SignedDuration::from_mins(5);

/// A running service.
pub struct Service {
    pub url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    case: Case,
    asked: Vec<String>,
    bodies: Vec<String>,
    writes: usize,
    mended: bool,
}

impl Service {
    /// Starts it.
    pub async fn start(case: Case) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            case,
            asked: Vec::new(),
            bodies: Vec::new(),
            writes: 0,
            mended: false,
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state")
    }

    /// What it was asked, in order.
    pub fn log(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// The bodies of the requests, in order.
    pub fn bodies(&self) -> Vec<String> {
        self.state().bodies.clone()
    }

    /// How many writes it has carried out.
    pub fn writes(&self) -> usize {
        self.state().writes
    }

    /// Whether the problem is gone.
    pub fn is_mended(&self) -> bool {
        self.state().mended
    }

    /// From now on nothing goes wrong.
    pub fn recover(&self) {
        self.state().case.fault = Fault::Nothing;
    }
}

struct Request {
    head: String,
    body: String,
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).await.ok()?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
                return Some(Request { head, body });
            }
        }
        if count == 0 {
            return None;
        }
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (bytes, then) = {
        let mut state = state.lock().expect("the state");
        react(&mut state, &request)
    };
    let _ = stream.write_all(&bytes).await;
    match then {
        Then::Close => {
            let _ = stream.shutdown().await;
        }
        Then::Reset => {
            let _ = stream.set_zero_linger();
        }
        Then::Stay => tokio::time::sleep(Duration::from_mins(2)).await,
    }
}

/// What becomes of the connection.
enum Then {
    Close,
    Reset,
    Stay,
}

fn react(state: &mut State, request: &Request) -> (Vec<u8>, Then) {
    let name = operation(request);
    let at = state.asked.len();
    let case = state.case;
    let within = case.times.is_none_or(|times| at < case.first + times);
    let strikes = case.fault != Fault::Nothing && at >= case.first && within;
    let xml = name == "describetargethealth";
    state.bodies.push(request.body.clone());
    if case.fault == Fault::ClockSkew {
        let fits = stamp(&request.head)
            .is_some_and(|at| at.duration_since(Timestamp::now() + SKEW).abs() <= TOLERATED);
        state.asked.push(format!("{name} skewed: {}", !fits));
        if fits {
            return (answer(state, &name, request), Then::Close);
        }
        return (
            error("403 Forbidden", "RequestTimeTooSkewed", xml, SKEW),
            Then::Close,
        );
    }
    state
        .asked
        .push(format!("{name}{}", if strikes { " struck" } else { "" }));
    if !strikes {
        return (answer(state, &name, request), Then::Close);
    }
    let now = SignedDuration::ZERO;
    match case.fault {
        Fault::Nothing | Fault::ClockSkew => (answer(state, &name, request), Then::Close),
        Fault::Throttle => (
            error("400 Bad Request", "ThrottlingException", xml, now),
            Then::Close,
        ),
        Fault::ServerError => (
            error("500 Internal Server Error", "InternalFailure", xml, now),
            Then::Close,
        ),
        Fault::BusyPage => (
            whole(
                "503 Service Unavailable",
                "text/html",
                "<html>busy</html>",
                now,
            ),
            Then::Close,
        ),
        Fault::Expired => (
            error("400 Bad Request", "ExpiredTokenException", xml, now),
            Then::Close,
        ),
        Fault::Reset => (Vec::new(), Then::Reset),
        Fault::LostAnswer => {
            answer(state, &name, request);
            (Vec::new(), Then::Reset)
        }
        Fault::Stall => (Vec::new(), Then::Stay),
        Fault::Truncated => (
            cut(&answer(state, &name, request), case.cut, true),
            Then::Close,
        ),
        Fault::CutShort => (
            cut(&answer(state, &name, request), case.cut, false),
            Then::Close,
        ),
        Fault::Halted => (
            cut(&answer(state, &name, request), case.cut, true),
            Then::Stay,
        ),
        Fault::Garbage => (
            whole(
                "200 OK",
                "application/x-amz-json-1.1",
                "\u{0}\u{1f}{]<\u{fffd}",
                now,
            ),
            Then::Close,
        ),
        Fault::Foreign => (
            whole(
                "200 OK",
                "text/html",
                "<html><body>Sign in to the network</body></html>",
                now,
            ),
            Then::Close,
        ),
        Fault::Empty => (
            whole("200 OK", "application/x-amz-json-1.1", "", now),
            Then::Close,
        ),
        Fault::OtherShape => {
            let body = other_shape(xml, case.cut);
            (
                whole("200 OK", "application/x-amz-json-1.1", body, now),
                Then::Close,
            )
        }
    }
}

/// A document that is none of the service's.
fn other_shape(xml: bool, which: usize) -> &'static str {
    if xml {
        ["<other/>", "<?xml version=\"1.0\"?>", "<a><b/></a>"][which % 3]
    } else {
        ["[]", "null", "17", "\"services\"", "[{\"services\": []}]"][which % 5]
    }
}

/// The operation that a request asks for, in small letters.
fn operation(request: &Request) -> String {
    let target = request
        .head
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-target:"));
    let name = match target {
        Some(target) => target.rsplit('.').next(),
        None => request
            .body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action=")),
    };
    name.unwrap_or_default().trim().to_ascii_lowercase()
}

/// The time by which a request is signed: `20260115T120000Z`.
fn stamp(head: &str) -> Option<Timestamp> {
    let text = head
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-date:"))?
        .trim()
        .to_ascii_uppercase();
    jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// The right answer.
fn answer(state: &mut State, name: &str, request: &Request) -> Vec<u8> {
    let now = match state.case.fault {
        Fault::ClockSkew => SKEW,
        _ => SignedDuration::ZERO,
    };
    let truth = state.case.truth;
    let bad = truth != Truth::Fine && !state.mended;
    let json = |body: Json| {
        whole(
            "200 OK",
            "application/x-amz-json-1.1",
            &body.to_string(),
            now,
        )
    };
    match name {
        "describeservices" => {
            let running = if bad { 1 } else { 2 };
            json(
                json!({"services": [{"serviceName": "web", "status": "ACTIVE", "runningCount": running, "desiredCount": 2}], "failures": []}),
            )
        }
        "describetargethealth" => {
            let state = if bad { "unhealthy" } else { "healthy" };
            let body = format!(
                "<DescribeTargetHealthResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><DescribeTargetHealthResult><TargetHealthDescriptions><member><Target><Id>i-1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member><member><Target><Id>i-2</Id><Port>80</Port></Target><TargetHealth><State>{state}</State></TargetHealth></member></TargetHealthDescriptions></DescribeTargetHealthResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeTargetHealthResponse>"
            );
            whole("200 OK", "text/xml", &body, now)
        }
        "filterlogevents" => {
            // The lines are on the second page.
            if !request.body.contains("nextToken") {
                return json(json!({"events": [], "nextToken": "more"}));
            }
            let events = if truth == Truth::Unexplained || truth == Truth::Fine {
                json!([])
            } else {
                json!([{"timestamp": 1, "message": "OutOfMemory"}])
            };
            json(json!({"events": events}))
        }
        "updateservice" => {
            state.writes += 1;
            state.mended = truth == Truth::Mends;
            json(json!({"service": {"serviceName": "web", "desiredCount": 2}}))
        }
        "runtask" => {
            state.writes += 1;
            json(
                json!({"tasks": [{"taskArn": "arn:aws:ecs:us-east-1:1:task/c/1"}], "failures": []}),
            )
        }
        _ => whole("400 Bad Request", "text/plain", "what?", now),
    }
}

fn error(status: &str, code: &str, xml: bool, ahead: SignedDuration) -> Vec<u8> {
    if xml {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        );
        return whole(status, "text/xml", &body, ahead);
    }
    let body = json!({"__type": code, "message": "no"}).to_string();
    whole(status, "application/x-amz-json-1.1", &body, ahead)
}

/// A whole answer of a service whose clock is ahead.
fn whole(status: &str, kind: &str, body: &str, ahead: SignedDuration) -> Vec<u8> {
    let date = (Timestamp::now() + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT");
    format!(
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An answer up to a share of its body, short of its end; announced in full, or not at all.
fn cut(answer: &[u8], share: usize, announced: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let kept = &body[..body.len() * share / 100];
    let head = if announced {
        head.to_owned()
    } else {
        head.split("\r\n")
            .filter(|line| !line.starts_with("Content-Length"))
            .collect::<Vec<_>>()
            .join("\r\n")
    };
    format!("{head}\r\n\r\n{kept}").into_bytes()
}
