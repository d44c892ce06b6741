//! Sending spans: a thread of its own, so that a receiver that is slow or down holds nothing up.
//!
//! A message is the body of a POST (specification "OpenTelemetry Protocol", OTLP/HTTP).

use crate::settings::{Encoding, Settings};
use crate::trace::text;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, Limited};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// The longest that the end of a run waits for the last spans to be taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of an answer that are read.
const ANSWER: usize = 64 << 10;

/// Sends spans.
#[derive(Debug)]
pub struct Exporter {
    spans: Option<Sender<Span>>,
    done: Receiver<Option<String>>,
    patience: Duration,
    endpoint: String,
}

impl Exporter {
    /// Begins; nothing is connected before there is something to send.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn new(settings: Settings) -> std::io::Result<Self> {
        let (spans, received) = channel();
        let (told, done) = channel();
        let patience = settings.timeout.min(PATIENCE);
        let endpoint = shown(&settings.endpoint);
        std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || {
                let _ = told.send(Outgoing::new(settings).run(&received));
            })?;
        Ok(Self {
            spans: Some(spans),
            done,
            patience,
            endpoint,
        })
    }

    /// Sends a span in a while.
    pub fn send(&self, span: Span) {
        if let Some(spans) = &self.spans {
            // The thread lives until this side lets go.
            let _ = spans.send(span);
        }
    }

    /// Sends what is left and waits for that, but not for long; what went wrong, if anything did.
    #[must_use]
    pub fn finish(&mut self) -> Option<String> {
        drop(self.spans.take());
        match self.done.recv_timeout(self.patience) {
            Ok(problem) => problem,
            Err(_) => Some(format!(
                "{} did not take the last spans within {} s",
                self.endpoint,
                self.patience.as_secs_f32()
            )),
        }
    }
}

/// An address without what may be secret in it.
fn shown(endpoint: &str) -> String {
    let Ok(uri) = endpoint.parse::<http::Uri>() else {
        return "the receiver".to_owned();
    };
    let port = uri
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!(
        "{}://{}{port}",
        uri.scheme_str().unwrap_or("http"),
        uri.host().unwrap_or("?")
    )
}

/// Why a message was not taken.
struct Refused {
    why: String,
    /// It may be taken later.
    later: bool,
}

/// What is on its way.
struct Outgoing {
    settings: Settings,
    waiting: Vec<Span>,
    dropped: usize,
    problem: Option<String>,
    connector: Option<SharedHttpConnector>,
}

impl Outgoing {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            waiting: Vec::new(),
            dropped: 0,
            problem: None,
            connector: None,
        }
    }

    /// Sends until nobody has any more; the first problem.
    fn run(mut self, spans: &Receiver<Span>) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return Some(format!("spans cannot be sent: {error}")),
        };
        let mut next = Instant::now() + self.settings.delay;
        loop {
            let left = next.saturating_duration_since(Instant::now());
            match spans.recv_timeout(left) {
                Ok(span) => {
                    self.keep(span);
                    if self.waiting.len() != self.settings.batch {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    while !self.waiting.is_empty() && runtime.block_on(self.flush()) {}
                    return self.report();
                }
            }
            runtime.block_on(self.flush());
            next = Instant::now() + self.settings.delay;
        }
    }

    fn keep(&mut self, span: Span) {
        if self.waiting.len() >= self.settings.queue {
            self.dropped += 1;
        } else {
            self.waiting.push(span);
        }
    }

    fn report(self) -> Option<String> {
        let lost = self.dropped + self.waiting.len();
        let lost = (lost > 0).then(|| format!("; {lost} spans are lost"));
        self.problem
            .map(|problem| problem + &lost.unwrap_or_default())
    }

    /// Sends the oldest; whether they were taken, or will never be.
    async fn flush(&mut self) -> bool {
        if self.waiting.is_empty() {
            return true;
        }
        let count = self.waiting.len().min(self.settings.batch);
        let batch = self.waiting.get(..count).unwrap_or_default().to_vec();
        let sent = tokio::time::timeout(self.settings.timeout, self.post(batch)).await;
        let refused = match sent {
            Ok(Ok(())) => {
                self.waiting.drain(..count);
                return true;
            }
            Ok(Err(refused)) => refused,
            Err(_) => Refused {
                why: format!("no answer within {} s", self.settings.timeout.as_secs_f32()),
                later: true,
            },
        };
        tracing::warn!(target: crate::log::TELEMETRY, why = refused.why, "spans were not taken");
        if self.problem.is_none() {
            let place = shown(&self.settings.endpoint);
            self.problem = Some(format!("{place} does not take spans: {}", refused.why));
        }
        if !refused.later {
            self.dropped += count;
            self.waiting.drain(..count);
        }
        !refused.later
    }

    async fn post(&mut self, spans: Vec<Span>) -> Result<(), Refused> {
        let wrong = |why: String| Refused { why, later: false };
        let later = |why: String| Refused { why, later: true };
        let (kind, mut body) = self.message(spans).map_err(wrong)?;
        let mut request = http::Request::post(&self.settings.endpoint)
            .header("content-type", kind)
            .header("user-agent", concat!("runbook/", env!("CARGO_PKG_VERSION")));
        if self.settings.gzip {
            body = gzip(&body).map_err(|error| wrong(error.to_string()))?;
            request = request.header("content-encoding", "gzip");
        }
        for (name, value) in &self.settings.headers {
            request = request.header(name, value);
        }
        // What is wrong with a header could repeat a key.
        let request = request
            .body(SdkBody::from(body))
            .map_err(|_| wrong("a header of OTEL_EXPORTER_OTLP_HEADERS is not one".to_owned()))?;
        let request = HttpRequest::try_from(request).map_err(|error| wrong(error.to_string()))?;
        let answered = self.connector().map_err(wrong)?.call(request).await;
        let answer = answered.map_err(|error| later(reason(&error)))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await;
        match status {
            200..300 => {
                let body = body.map(http_body_util::Collected::to_bytes);
                if let Some(why) = body.ok().and_then(|body| partly(&body, kind)) {
                    tracing::warn!(target: crate::log::TELEMETRY, why, "not all spans were taken");
                    self.problem.get_or_insert(why);
                }
                Ok(())
            }
            // "Retryable Response Codes"
            429 | 502 | 503 | 504 => Err(later(format!("it answers {status}"))),
            _ => Err(wrong(format!("it answers {status}"))),
        }
    }

    fn message(&self, spans: Vec<Span>) -> Result<(&'static str, Vec<u8>), String> {
        let resource = self.settings.resource.iter();
        let scope = InstrumentationScope {
            name: "runbook".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let message = ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource {
                    attributes: resource.map(|(name, value)| text(name, value)).collect(),
                    ..Resource::default()
                }),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        };
        match self.settings.encoding {
            Encoding::Protobuf => Ok(("application/x-protobuf", message.encode_to_vec())),
            Encoding::Json => serde_json::to_vec(&message)
                .map(|body| ("application/json", body))
                .map_err(|error| error.to_string()),
        }
    }

    fn connector(&mut self) -> Result<SharedHttpConnector, String> {
        if let Some(connector) = &self.connector {
            return Ok(connector.clone());
        }
        let connector = runbook_registry::aws::connector(
            &self.settings.endpoint,
            self.settings.certificate.as_deref(),
        )?;
        Ok(self.connector.insert(connector).clone())
    }
}

/// What an answer says of spans that were not taken.
fn partly(body: &[u8], kind: &str) -> Option<String> {
    let answer = if kind == "application/json" {
        serde_json::from_slice(body).ok()
    } else {
        ExportTraceServiceResponse::decode(body).ok()
    };
    let partial = answer?.partial_success?;
    let count = partial.rejected_spans;
    (count > 0).then(|| format!("{count} spans were refused: {}", partial.error_message))
}

/// The innermost reason of a failure.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn messages_name_no_key_that_stands_in_an_address() {
        assert_eq!(
            shown("https://user:key@traces.example:4318/v1/traces?token=x"),
            "https://traces.example:4318"
        );
    }
}
