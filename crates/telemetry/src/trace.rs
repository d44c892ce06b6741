//! The spans of a run: one for itself, one for each step, one for each call.
//!
//! Ids are made of the run's id and of what a span is about, so that a run that goes on in another process goes on in the
//! same trace. Attributes are those of OpenTelemetry's semantic conventions ("AWS SDK", "RPC", "Cloud", "HTTP", "Error")
//! where these have one; ours begin with `runbook.`.

use crate::notes::{Note, Said};
use crate::parent::Parent;
use jiff::Timestamp;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use runbook_interpreter::outcome::{Outcome, StepOutcome, StepStatus};
use runbook_interpreter::truth::Truth;
use sha2::{Digest, Sha256};
use std::time::SystemTime;

/// The most characters of a text.
const LONGEST: usize = 2_000;

/// The flag of a span that is recorded (W3C's Trace Context).
const SAMPLED: u32 = 1;

/// What a process does with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It begins it.
    Run,
    /// It goes on with it.
    Resume,
    /// It takes it back.
    Undo,
}

impl Deed {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Resume => "resume",
            Self::Undo => "undo",
        }
    }
}

/// The spans of a run that have not ended.
#[derive(Debug)]
pub struct Trace {
    run: String,
    number: [u8; 16],
    state: String,
    root: Span,
    /// Steps by their names, in the order in which they began.
    open: Vec<(String, Span)>,
}

/// A call that was made.
#[derive(Debug)]
pub struct Made<'a> {
    /// The action: `ecs:UpdateService`.
    pub action: &'a str,
    /// What AWS calls service and operation, where it is one of AWS.
    pub operation: Option<(&'a str, &'a str)>,
    /// The attempt's name on record.
    pub key: &'a str,
    /// What it does.
    pub effect: &'a str,
    /// Where it went.
    pub region: Option<String>,
    /// The account, where it is known.
    pub account: Option<String>,
    /// When it was sent.
    pub began: Timestamp,
    /// When it was answered.
    pub ended: Timestamp,
    /// The service's id of the request.
    pub request_id: Option<&'a str>,
    /// The code of its failure.
    pub error: Option<&'a str>,
    /// What the client said of it.
    pub notes: &'a [Note],
}

impl Trace {
    /// Begins what a process does with a run. The parent is the one that the run was begun with; `also` is what this process
    /// was begun by, where that is another.
    #[must_use]
    pub fn begin(
        run: &str,
        deed: Deed,
        at: Timestamp,
        parent: Option<&Parent>,
        also: Option<&Parent>,
    ) -> Self {
        let trace = trace_of(run, parent);
        let first = id(&[run, "run"]);
        let (span_id, mut links) = if deed == Deed::Run {
            (first, Vec::new())
        } else {
            let own = id(&[run, deed.as_str(), &at.to_string()]);
            (own, vec![link(trace, first)])
        };
        if let Some(also) = also.filter(|also| Some(*also) != parent) {
            links.push(link(also.trace, also.span.to_vec()));
        }
        let state = parent
            .map(|parent| parent.state.clone())
            .unwrap_or_default();
        let root = Span {
            trace_id: trace.to_vec(),
            span_id,
            trace_state: state.clone(),
            parent_span_id: parent
                .map(|parent| parent.span.to_vec())
                .unwrap_or_default(),
            flags: SAMPLED,
            name: deed.as_str().to_owned(),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanoseconds(at),
            attributes: vec![text("runbook.run.id", run)],
            links,
            ..Span::default()
        };
        Self {
            run: run.to_owned(),
            number: trace,
            state,
            root,
            open: Vec::new(),
        }
    }

    /// Adds what is known of the run.
    pub fn describe(&mut self, attributes: Vec<KeyValue>) {
        self.root.attributes.extend(attributes);
    }

    /// A step begins.
    pub fn step_started(
        &mut self,
        path: &str,
        at: Timestamp,
        title: Option<&str>,
        action: Option<&str>,
    ) {
        let mut attributes = vec![
            text("runbook.run.id", &self.run),
            text("runbook.step", path),
            text("runbook.graph", graph_of(path)),
        ];
        attributes.extend(title.map(|title| text("runbook.step.title", title)));
        attributes.extend(action.map(|action| text("runbook.action", action)));
        let span = Span {
            span_id: id(&[&self.run, "step", path, &at.to_string()]),
            parent_span_id: self.around(path).to_vec(),
            name: format!("step {path}"),
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanoseconds(at),
            attributes,
            ..self.bare()
        };
        self.open.push((path.to_owned(), span));
    }

    /// A step has ended.
    pub fn step_ended(&mut self, path: &str, at: Timestamp, outcome: &StepOutcome) -> Option<Span> {
        // One that was never begun, such as one that is skipped, has no span.
        let index = self.open.iter().rposition(|(open, _)| open == path)?;
        let (_, mut span) = self.open.remove(index);
        span.end_time_unix_nano = nanoseconds(at).max(span.start_time_unix_nano);
        span.attributes
            .push(text("runbook.step.status", outcome.status.as_str()));
        if let Some(holds) = outcome.holds {
            span.attributes
                .push(text("runbook.step.holds", word(holds)));
        }
        for assertion in &outcome.assertions {
            let attributes = vec![
                text("runbook.assertion", &assertion.asked),
                text("runbook.assertion.holds", word(assertion.truth)),
                text("runbook.assertion.found", &assertion.found),
            ];
            span.events
                .push(event("assertion", nanoseconds(at), attributes));
        }
        if let Some(error) = &outcome.error {
            span.attributes.push(text("error.type", &error.code));
            if outcome.status == StepStatus::Failed {
                span.status = Some(failed(&error.message));
            }
        }
        Some(span)
    }

    /// Something happened in a step, or in the run itself.
    pub fn happened(
        &mut self,
        path: Option<&str>,
        at: Timestamp,
        what: &str,
        attributes: Vec<KeyValue>,
    ) {
        let event = event(what, nanoseconds(at), attributes);
        let place = path.and_then(|path| self.place(path));
        match place.and_then(|place| self.open.get_mut(place)) {
            Some((_, span)) => span.events.push(event),
            None => self.root.events.push(event),
        }
    }

    /// A call was made; its span.
    #[must_use]
    pub fn call(&self, made: &Made<'_>) -> Span {
        let step = step_of(made.key);
        let mut attributes = vec![
            text("runbook.run.id", &self.run),
            text("runbook.step", &step),
            text("runbook.graph", graph_of(&step)),
            text("runbook.action", made.action),
            text("runbook.effect", made.effect),
            number("runbook.attempt", i64::from(attempt_of(made.key))),
        ];
        let (name, kind) = if let Some((service, operation)) = made.operation {
            attributes.extend([
                text("rpc.system", "aws-api"),
                text("rpc.service", service),
                text("rpc.method", operation),
            ]);
            attributes.extend(
                made.region
                    .as_ref()
                    .map(|region| text("cloud.region", region)),
            );
            attributes.extend(made.account.as_ref().map(|id| text("cloud.account.id", id)));
            (format!("{service}.{operation}"), SpanKind::Client)
        } else {
            (made.action.to_owned(), SpanKind::Internal)
        };
        attributes.extend(made.request_id.map(|id| text("aws.request_id", id)));
        attributes.extend(made.error.map(|code| text("error.type", code)));
        let last = |name: &str| made.notes.iter().rev().find_map(|note| said(note, name));
        for name in ["http.response.status_code", "server.address", "server.port"] {
            attributes.extend(last(name));
        }
        let repeated = made.notes.iter().filter(|note| is_retry(note)).count();
        if repeated > 0 {
            let times = i64::try_from(repeated).unwrap_or(i64::MAX);
            attributes.push(number("http.request.resend_count", times));
        }
        let (began, ended) = (nanoseconds(made.began), nanoseconds(made.ended));
        let events = made.notes.iter().map(|note| {
            let fields = note
                .fields
                .iter()
                .map(|(name, said)| value(name, said))
                .collect();
            event(&note.what, since_epoch(note.at), fields)
        });
        Span {
            span_id: id(&[
                &self.run,
                "call",
                made.key,
                made.action,
                &began.to_string(),
                &ended.to_string(),
            ]),
            parent_span_id: self.around_call(&step).to_vec(),
            name,
            kind: kind.into(),
            start_time_unix_nano: began,
            end_time_unix_nano: ended.max(began),
            attributes,
            events: events.collect(),
            status: made.error.map(failed),
            ..self.bare()
        }
    }

    /// The run has ended: what was open, and itself.
    #[must_use]
    pub fn end(mut self, at: Timestamp, outcome: Option<&Outcome>) -> Vec<Span> {
        let mut spans: Vec<Span> = std::mem::take(&mut self.open)
            .into_iter()
            .rev()
            .map(|(_, mut span)| {
                span.end_time_unix_nano = nanoseconds(at).max(span.start_time_unix_nano);
                span.attributes.push(text("runbook.step.status", "stopped"));
                span
            })
            .collect();
        let mut root = self.root;
        root.end_time_unix_nano = nanoseconds(at).max(root.start_time_unix_nano);
        if let Some(outcome) = outcome {
            root.attributes
                .push(text("runbook.verdict", outcome.verdict.as_str()));
            if let Some(reason) = outcome.reason {
                root.attributes
                    .push(text("runbook.reason", reason.as_str()));
            }
            root.attributes
                .push(texts("runbook.causes", found(outcome)));
            let changes = outcome
                .changes
                .iter()
                .filter(|change| change.confirmed)
                .count();
            root.attributes.push(number(
                "runbook.changes",
                i64::try_from(changes).unwrap_or(i64::MAX),
            ));
            if is_failure(outcome) {
                root.attributes
                    .push(text("error.type", outcome.verdict.as_str()));
                root.status = Some(failed(&outcome.explanation));
            }
        }
        spans.push(root);
        spans
    }

    /// The trace's id as logs show it.
    #[must_use]
    pub fn id(&self) -> String {
        use std::fmt::Write as _;
        self.number.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The place of the innermost open step that a name belongs to.
    fn place(&self, path: &str) -> Option<usize> {
        let mut name = path;
        loop {
            if let Some(found) = self.open.iter().rposition(|(open, _)| open == name) {
                return Some(found);
            }
            name = name.get(..name.rfind(['.', '/'])?)?;
        }
    }

    /// The span that a call of a step belongs to.
    fn around_call(&self, step: &str) -> &[u8] {
        let place = self.place(step).and_then(|place| self.open.get(place));
        place.map_or(&self.root.span_id, |(_, span)| &span.span_id)
    }

    /// The span that a step belongs to.
    fn around(&self, path: &str) -> &[u8] {
        let outer = path.rfind(['.', '/']).and_then(|at| path.get(..at));
        outer.map_or(&self.root.span_id, |outer| self.around_call(outer))
    }

    fn bare(&self) -> Span {
        Span {
            trace_id: self.number.to_vec(),
            trace_state: self.state.clone(),
            flags: SAMPLED,
            ..Span::default()
        }
    }
}

/// The trace that a run belongs to: its parent's, else its own id.
#[must_use]
pub fn trace_of(run: &str, parent: Option<&Parent>) -> [u8; 16] {
    if let Some(parent) = parent {
        return parent.trace;
    }
    uuid::Uuid::parse_str(run).map_or_else(
        |_| {
            let mut trace = [0; 16];
            for (byte, hashed) in trace.iter_mut().zip(Sha256::digest(run)) {
                *byte = hashed;
            }
            trace
        },
        uuid::Uuid::into_bytes,
    )
}

/// Whether something that was said tells of a request that was sent again.
pub(crate) fn is_retry(note: &Note) -> bool {
    note.number("http.request.resend_count")
        .is_some_and(|count| count > 0)
}

/// Whether something that was said tells of a service that was asked too often.
pub(crate) fn is_throttle(note: &Note) -> bool {
    note.what == "throttled"
}

/// The step that a call's name on record belongs to: `resolve.open#2/resolve.allow~2@1` is one of `resolve.open/resolve.allow`.
pub(crate) fn step_of(key: &str) -> String {
    let parts = key.split('/').filter(|part| !matches!(*part, "" | "undo"));
    let parts: Vec<&str> = parts
        .map(|part| part.split(['#', '~', '@', '!']).next().unwrap_or_default())
        .collect();
    parts.join("/")
}

/// The attempt that a call's name on record ends with.
pub(crate) fn attempt_of(key: &str) -> u32 {
    let after = key.rsplit_once('@').map(|(_, after)| after);
    let digits = after.and_then(|after| after.split(|c: char| !c.is_ascii_digit()).next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

/// The graph that a step stands in.
pub(crate) fn graph_of(path: &str) -> &str {
    let own = path.rsplit('/').next().unwrap_or(path);
    own.split('.').next().unwrap_or(own)
}

fn is_failure(outcome: &Outcome) -> bool {
    use runbook_interpreter::verdict::Verdict;
    !outcome.verdict.is_well() && outcome.verdict != Verdict::Paused
}

fn found(outcome: &Outcome) -> Vec<&str> {
    let found = outcome
        .causes
        .iter()
        .filter(|cause| cause.found == Truth::True);
    found.map(|cause| cause.name.as_str()).collect()
}

/// A truth in a word.
#[must_use]
pub fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

/// The first eight bytes of the hash of some words.
fn id(words: &[&str]) -> Vec<u8> {
    let hash = Sha256::digest(words.join("\n"));
    hash.iter().take(8).copied().collect()
}

fn link(trace: [u8; 16], span: Vec<u8>) -> Link {
    Link {
        trace_id: trace.to_vec(),
        span_id: span,
        flags: SAMPLED,
        ..Link::default()
    }
}

fn failed(message: &str) -> Status {
    Status {
        message: short(message),
        code: StatusCode::Error.into(),
    }
}

fn event(name: &str, at: u64, attributes: Vec<KeyValue>) -> Event {
    Event {
        time_unix_nano: at,
        name: name.to_owned(),
        attributes,
        ..Event::default()
    }
}

fn said(note: &Note, name: &str) -> Option<KeyValue> {
    let found = note.fields.iter().find(|(known, _)| *known == name);
    found.map(|(name, said)| value(name, said))
}

fn value(name: &str, said: &Said) -> KeyValue {
    match said {
        Said::Text(said) => text(name, said),
        Said::Number(said) => number(name, *said),
        Said::Truth(said) => pair(name, Value::BoolValue(*said)),
    }
}

/// An attribute that is text.
#[must_use]
pub fn text(name: &str, text: &str) -> KeyValue {
    pair(name, Value::StringValue(short(text)))
}

/// An attribute that is a number.
#[must_use]
pub fn number(name: &str, number: i64) -> KeyValue {
    pair(name, Value::IntValue(number))
}

fn texts(name: &str, texts: Vec<&str>) -> KeyValue {
    let values = texts.into_iter().map(|text| AnyValue {
        value: Some(Value::StringValue(short(text))),
    });
    let values = values.collect();
    pair(name, Value::ArrayValue(ArrayValue { values }))
}

fn pair(name: &str, value: Value) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or_default()
}

fn since_epoch(at: SystemTime) -> u64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "0198c0de-0000-4000-8000-000000000001";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("a time")
    }

    fn made(key: &str) -> Made<'_> {
        Made {
            action: "ecs:UpdateService",
            operation: Some(("ECS", "UpdateService")),
            key,
            effect: "write",
            region: Some("us-east-1".to_owned()),
            account: None,
            began: at(1),
            ended: at(2),
            request_id: Some("r-1"),
            error: None,
            notes: &[],
        }
    }

    #[test]
    fn calls_belong_to_the_step_that_their_name_says() {
        let mut trace = Trace::begin(RUN, Deed::Run, at(0), None, None);
        trace.step_started("resolve.open", at(0), None, None);
        trace.step_started("resolve.open/resolve.allow", at(0), None, None);
        let root = trace.root.span_id.clone();
        let span = |place: usize| trace.open[place].1.clone();
        assert_eq!(span(0).parent_span_id, root);
        assert_eq!(span(1).parent_span_id, span(0).span_id);
        for (key, parent) in [
            ("resolve.open#2@1", span(0).span_id),
            ("resolve.open/resolve.allow~2@3", span(1).span_id),
            ("resolve.open/resolve.allow.before@1", span(1).span_id),
            ("input/token@1", root),
        ] {
            assert_eq!(trace.call(&made(key)).parent_span_id, parent, "{key}");
        }
        assert_eq!(attempt_of("resolve.open/resolve.allow~2@3"), 3);
        assert_eq!(attempt_of("resolve.allow@2~2!1"), 2);
    }

    #[test]
    fn a_run_that_goes_on_stays_in_its_trace() {
        let first = Trace::begin(RUN, Deed::Run, at(0), None, None);
        let second = Trace::begin(RUN, Deed::Resume, at(9), None, None);
        assert_eq!(first.id(), second.id());
        assert_eq!(first.id(), RUN.replace('-', ""));
        assert_ne!(first.root.span_id, second.root.span_id);
        assert_eq!(second.root.links[0].span_id, first.root.span_id);
    }

    #[test]
    fn text_from_outside_is_bounded() {
        let attribute = text("x", &"ä".repeat(LONGEST + 1));
        let Some(Value::StringValue(text)) = attribute.value.and_then(|value| value.value) else {
            panic!("no text");
        };
        assert_eq!(text.chars().count(), LONGEST + 1);
        assert!(text.ends_with('…'));
    }
}
