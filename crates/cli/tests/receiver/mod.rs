//! A server that answers from a list, and reads messages of OTLP with the types of its own specification.

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What came.
#[derive(Debug, Default)]
pub struct Received {
    /// The heads of requests, in lower case.
    pub heads: Vec<String>,
    pub resource: Vec<KeyValue>,
    pub spans: Vec<Span>,
}

pub struct Receiver {
    port: u16,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    /// Gives every request this answer.
    pub fn new(status: &'static str) -> Self {
        Self::answering(&[(status, "")])
    }

    /// Gives each request the next answer, and the last one again and again.
    pub fn answering(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Received::default()));
        let kept = Arc::clone(&received);
        let mut answers = answers.to_vec();
        answers.reverse();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = if answers.len() > 1 {
                    answers.pop()
                } else {
                    answers.first().copied()
                };
                serve(&stream, answer.unwrap_or(("200 OK", "")), &kept);
            }
        });
        Self { port, received }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Takes what came since.
    pub fn take(&self) -> Received {
        std::mem::take(&mut self.received.lock().expect("not poisoned"))
    }
}

fn serve(mut stream: &TcpStream, (status, body): (&str, &str), kept: &Mutex<Received>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let head = head.to_lowercase();
    let field = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    };
    let length = field("content-length:").and_then(|length| length.parse().ok());
    let mut sent = vec![0; length.unwrap_or(0)];
    let _ = reader.read_exact(&mut sent);
    if field("content-encoding:").as_deref() == Some("gzip") {
        let mut whole = Vec::new();
        let _ = GzDecoder::new(sent.as_slice()).read_to_end(&mut whole);
        sent = whole;
    }
    let message = match field("content-type:").as_deref() {
        Some("application/x-protobuf") => ExportTraceServiceRequest::decode(sent.as_slice()).ok(),
        Some("application/json") => serde_json::from_slice(&sent).ok(),
        _ => None,
    };
    if status.starts_with('2') {
        let mut kept = kept.lock().expect("not poisoned");
        kept.heads.push(head);
        for one in message
            .into_iter()
            .flat_map(|message: ExportTraceServiceRequest| message.resource_spans)
        {
            kept.resource = one.resource.unwrap_or_default().attributes;
            let spans = one.scope_spans.into_iter().flat_map(|scope| scope.spans);
            kept.spans.extend(spans);
        }
    }
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amzn-requestid: id-1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// An attribute's value as text.
pub fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|attribute| attribute.value.as_ref());
    value.map_or_else(|| format!("no {name} in {attributes:?}"), text)
}

fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::ArrayValue(list)) => list.values.iter().map(text).collect::<Vec<_>>().join(","),
        other => format!("{other:?}"),
    }
}

pub fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| {
        let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
        panic!("no {name} among {names:?}")
    })
}
