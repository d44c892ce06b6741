//! What a process tells of a run: the observer of its events, and what is told of its calls.

use crate::export::Exporter;
use crate::log::RUN;
use crate::metrics::{self, Tally};
use crate::notes::Notes;
use crate::parent::Parent;
use crate::settings::Settings;
use crate::trace::{
    Deed, Made, Trace, attempt_of, graph_of, number, step_of, text, trace_of, word,
};
use jiff::Timestamp;
use opentelemetry_proto::tonic::trace::v1::Span;
use runbook_interpreter::approval::Decision;
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{Outcome, StepOutcome, StepStatus};
use runbook_interpreter::verdict::Reason;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::model::catalogue::catalogue;
use runbook_registry::world::{Place, World};
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument as _;

/// What is wanted of a run, and what is known of it before it begins.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What the process does with the run.
    pub deed: Deed,
    /// The run, where it is known already.
    pub run: Option<String>,
    /// The playbook.
    pub playbook: String,
    /// The scenario that it runs in.
    pub scenario: Option<String>,
    /// When the process began with it. What ended before was told by another one.
    pub since: Timestamp,
    /// The span that the run was begun in.
    pub parent: Option<Parent>,
    /// The span that this process was begun in.
    pub also: Option<Parent>,
    /// Where spans go.
    pub settings: Option<Settings>,
    /// Metrics are counted.
    pub metrics: bool,
    /// Lines are logged.
    pub logs: bool,
}

/// Tells of a run.
pub struct Telemetry {
    wanted: Wanted,
    registry: Arc<Registry>,
    notes: Notes,
    exporter: RefCell<Option<Exporter>>,
    trace: RefCell<Option<Trace>>,
    tally: RefCell<Tally>,
    documents: RefCell<Vec<Json>>,
    spans: RefCell<Spans>,
    place: RefCell<Place>,
    calls: Cell<u64>,
}

/// The spans of `tracing`, which give the lines of the log their context.
#[derive(Default)]
struct Spans {
    run: Option<tracing::Span>,
    steps: HashMap<String, tracing::Span>,
}

impl Telemetry {
    /// Begins to tell; nothing where nothing is wanted.
    #[must_use]
    pub fn new(wanted: Wanted, registry: Arc<Registry>, notes: Notes) -> Option<Self> {
        if wanted.settings.is_none() && !wanted.metrics && !wanted.logs {
            return None;
        }
        let telemetry = Self {
            wanted,
            registry,
            notes,
            exporter: RefCell::default(),
            trace: RefCell::default(),
            tally: RefCell::default(),
            documents: RefCell::default(),
            spans: RefCell::default(),
            place: RefCell::default(),
            calls: Cell::default(),
        };
        // What takes a run back does not begin it.
        if let Some(run) = &telemetry.wanted.run {
            telemetry.begin(run);
        }
        Some(telemetry)
    }

    /// The documents of the metrics, once the run has ended.
    #[must_use]
    pub fn documents(&self) -> Vec<Json> {
        self.documents.borrow().clone()
    }

    /// Ends what is still open, sends it, and says what went wrong with that.
    #[must_use]
    pub fn finish(&self, at: Timestamp) -> Option<String> {
        self.close(at, None);
        self.exporter.borrow_mut().as_mut()?.finish()
    }

    /// Makes a call and tells of it.
    pub(crate) async fn told(&self, world: &dyn World, call: &Call) -> Result<Answer, CallError> {
        let id = self.calls.get();
        self.calls.set(id + 1);
        let key = call.key.as_deref().unwrap_or_default();
        let span = self.call_span(call, key, id);
        let span_of_answer = span.clone();
        self.notes.begin(id);
        let (began, clock) = (world.now(), Instant::now());
        let result = world.send(call).instrument(span).await;
        let ended = world.now();
        let seconds = if world.is_timed() {
            clock.elapsed().as_secs_f64()
        } else {
            ended.duration_since(began).as_secs_f64()
        };
        let notes = self.notes.take(id);
        *self.place.borrow_mut() = world.place();
        let error = result.as_ref().err();
        let request_id = match &result {
            Ok(answer) => answer.request_id.as_deref(),
            Err(error) => error.request_id.as_deref(),
        };
        let code = error.map(|error| error.code.as_str());
        span_of_answer.in_scope(|| match code {
            None => tracing::debug!(target: RUN, { "aws.request_id" = request_id, seconds }, "call answered"),
            Some(code) => {
                tracing::warn!(target: RUN, { "error.type" = code, "aws.request_id" = request_id, seconds }, "call failed");
            }
        });
        if self.wanted.metrics {
            let mut tally = self.tally.borrow_mut();
            tally.call(&call.action, error.is_some(), seconds * 1_000.0, &notes);
        }
        let place = self.place.borrow().clone();
        let made = Made {
            action: &call.action,
            operation: operation_of(&call.action),
            key,
            effect: self.effect(call).as_str(),
            region: call.target.region.clone().or(place.region),
            account: place.account.filter(|_| call.target.role.is_none()),
            began,
            ended,
            request_id,
            error: code,
            notes: &notes,
        };
        let span = self.trace.borrow().as_ref().map(|trace| trace.call(&made));
        self.send(span);
        result
    }

    fn effect(&self, call: &Call) -> Effect {
        let action = self.registry.action(&call.action).ok();
        let effects = action.map(|action| action.effects_given(&call.arguments));
        effects
            .and_then(|effects| effects.last().copied())
            .unwrap_or(Effect::Read)
    }

    fn call_span(&self, call: &Call, key: &str, id: u64) -> tracing::Span {
        let spans = self.spans.borrow();
        let mut step = step_of(key);
        let parent = loop {
            if let Some(span) = spans.steps.get(&step) {
                break Some(span);
            }
            match step.rfind(['.', '/']) {
                Some(at) => step.truncate(at),
                None => break spans.run.as_ref(),
            }
        };
        tracing::error_span!(
            target: RUN,
            parent: parent.and_then(tracing::Span::id),
            "call",
            action = call.action,
            attempt = attempt_of(key),
            "runbook.call" = id,
        )
    }

    /// Begins the span of the run.
    fn begin(&self, run: &str) {
        let wanted = &self.wanted;
        let parent = wanted.parent.as_ref();
        let mut trace = Trace::begin(run, wanted.deed, wanted.since, parent, wanted.also.as_ref());
        let mut known = vec![text("runbook.playbook", &wanted.playbook)];
        known.extend(
            wanted
                .scenario
                .as_ref()
                .map(|name| text("runbook.scenario", name)),
        );
        trace.describe(known);
        self.spans.borrow_mut().run = Some(tracing::error_span!(
            target: RUN,
            parent: None,
            "run",
            run,
            playbook = wanted.playbook,
            trace_id = trace.id(),
        ));
        let sent = wanted
            .settings
            .as_ref()
            .filter(|settings| settings.records(trace_of(run, parent), parent));
        if let Some(settings) = sent {
            match Exporter::new(settings.clone()) {
                Ok(exporter) => *self.exporter.borrow_mut() = Some(exporter),
                Err(error) => {
                    tracing::warn!(target: crate::log::TELEMETRY, %error, "spans cannot be sent");
                }
            }
        }
        *self.trace.borrow_mut() = Some(trace);
    }

    fn send(&self, spans: impl IntoIterator<Item = Span>) {
        if let Some(exporter) = self.exporter.borrow().as_ref() {
            for span in spans {
                exporter.send(span);
            }
        }
    }

    fn close(&self, at: Timestamp, outcome: Option<&Outcome>) {
        let Some(mut trace) = self.trace.borrow_mut().take() else {
            return;
        };
        let place = self.place.borrow();
        let account = place.account.as_ref();
        let region = place.region.as_ref();
        let mut known = Vec::new();
        known.extend(account.or(region).map(|_| text("cloud.provider", "aws")));
        known.extend(account.map(|id| text("cloud.account.id", id)));
        known.extend(region.map(|region| text("cloud.region", region)));
        trace.describe(known);
        self.send(trace.end(at, outcome));
    }

    fn happened(
        &self,
        path: Option<&str>,
        at: Timestamp,
        what: &str,
        attributes: Vec<opentelemetry_proto::tonic::common::v1::KeyValue>,
    ) {
        if let Some(trace) = self.trace.borrow_mut().as_mut() {
            trace.happened(path, at, what, attributes);
        }
    }

    /// The span of `tracing` that a step, or the run, has.
    fn span(&self, path: Option<&str>) -> tracing::Span {
        let spans = self.spans.borrow();
        let step = path.and_then(|path| spans.steps.get(path));
        step.or(spans.run.as_ref())
            .cloned()
            .unwrap_or_else(tracing::Span::none)
    }

    fn step_started(&self, path: &str, at: Timestamp, title: Option<&str>, action: Option<&str>) {
        if let Some(trace) = self.trace.borrow_mut().as_mut() {
            trace.step_started(path, at, title, action);
        }
        let around = self.span(path.rfind(['.', '/']).and_then(|at| path.get(..at)));
        let span = tracing::error_span!(target: RUN, parent: &around, "step", step = path, graph = graph_of(path));
        self.spans.borrow_mut().steps.insert(path.to_owned(), span);
    }

    fn step_ended(&self, path: &str, at: Timestamp, outcome: &StepOutcome) {
        let ended = self
            .trace
            .borrow_mut()
            .as_mut()
            .and_then(|trace| trace.step_ended(path, at, outcome));
        let earlier = at < self.wanted.since;
        if !earlier {
            self.send(ended);
        }
        let span = self.spans.borrow_mut().steps.remove(path);
        if earlier {
            return;
        }
        let (span, known) = match span {
            Some(span) => (span, true),
            None => (self.span(None), false),
        };
        let status = outcome.status.as_str();
        let step = (!known).then_some(path);
        span.in_scope(|| match &outcome.error {
            Some(error) if outcome.status == StepStatus::Failed => {
                tracing::warn!(target: RUN, { step, status, "error.type" = error.code, "error.message" = error.message }, "step ended");
            }
            error => {
                let code = error.as_ref().map(|error| error.code.as_str());
                let holds = outcome.holds.map(word);
                tracing::info!(target: RUN, { step, status, holds, "error.type" = code }, "step ended");
            }
        });
    }

    fn run_ended(&self, at: Timestamp, outcome: &Outcome) {
        if self.wanted.metrics {
            let place = self.place.borrow();
            let place = metrics::Place {
                account: place.account.as_deref(),
                region: place.region.as_deref(),
                deed: self.wanted.deed.as_str(),
            };
            let began = self.wanted.since.max(outcome.started);
            *self.documents.borrow_mut() = self.tally.borrow().documents(outcome, began, &place);
        }
        let verdict = outcome.verdict.as_str();
        let reason = outcome.reason.map(Reason::as_str);
        let why = outcome.explanation.as_str();
        self.span(None).in_scope(|| {
            if outcome.verdict.is_well() {
                tracing::info!(target: RUN, verdict, reason, why, "run ended");
            } else {
                tracing::warn!(target: RUN, verdict, reason, why, "run ended");
            }
        });
        self.close(at, Some(outcome));
    }

    /// What happened, for the innermost span that it belongs to, and for the log.
    fn other(&self, at: Timestamp, kind: &EventKind) {
        match kind {
            EventKind::GraphStarted { graph, reading } => {
                self.span(None)
                    .in_scope(|| tracing::info!(target: RUN, graph, reading, "graph started"));
            }
            EventKind::GraphEnded { graph, summary } => {
                self.span(None)
                    .in_scope(|| tracing::info!(target: RUN, graph, summary, "graph ended"));
                let said = vec![
                    text("runbook.graph", graph),
                    text("runbook.summary", summary),
                ];
                self.happened(None, at, "graph ended", said);
            }
            EventKind::Waiting {
                step, why, length, ..
            } => {
                let seconds = length.as_secs_f64();
                self.span(Some(step))
                    .in_scope(|| tracing::info!(target: RUN, why, seconds, "waiting"));
                let milliseconds = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
                let said = vec![
                    text("runbook.why", why),
                    number("runbook.milliseconds", milliseconds),
                ];
                self.happened(Some(step), at, "waiting", said);
            }
            EventKind::Progress {
                step,
                done,
                of,
                failed,
            } => self
                .span(Some(step))
                .in_scope(|| tracing::debug!(target: RUN, done, of, failed, "progress")),
            EventKind::Asked(question) => {
                let step = question.step.as_str();
                self.span(Some(step))
                    .in_scope(|| tracing::info!(target: RUN, "asked"));
                self.happened(Some(step), at, "asked", Vec::new());
            }
            EventKind::Answered { step, decision } => {
                let (answer, by) = answer(decision);
                self.span(Some(step))
                    .in_scope(|| tracing::info!(target: RUN, answer, by, "answered"));
                let mut said = vec![text("runbook.answer", answer)];
                said.extend(by.map(|by| text("runbook.by", by)));
                self.happened(Some(step), at, "answered", said);
            }
            EventKind::Overridden {
                step,
                guard,
                what,
                by,
                reason,
            } => {
                self.span(Some(step)).in_scope(
                    || tracing::warn!(target: RUN, guard, what, by, reason, "guard overridden"),
                );
                let said = vec![
                    text("runbook.guard", guard),
                    text("runbook.what", what),
                    text("runbook.by", by),
                    text("runbook.reason", reason),
                ];
                self.happened(Some(step), at, "guard overridden", said);
            }
            EventKind::CauseJudged(cause) => {
                let (name, found) = (cause.name.as_str(), word(cause.found));
                self.span(None)
                    .in_scope(|| tracing::info!(target: RUN, cause = name, found, "cause judged"));
                let said = vec![text("runbook.cause", name), text("runbook.found", found)];
                self.happened(None, at, "cause judged", said);
            }
            EventKind::RunStarted { .. }
            | EventKind::StepStarted { .. }
            | EventKind::CallStarted { .. }
            | EventKind::CallEnded { .. }
            | EventKind::StepEnded { .. }
            | EventKind::RunEnded(_) => {}
        }
    }
}

impl Observer for Telemetry {
    fn observe(&self, event: &Event) {
        let at = event.at;
        // What is on record was told by the process that did it; steps that it did not end still have their spans.
        let earlier = at < self.wanted.since;
        match &event.kind {
            EventKind::RunStarted { run, place, .. } => {
                if self.trace.borrow().is_none() {
                    self.begin(run);
                }
                *self.place.borrow_mut() = place.clone();
                if !earlier {
                    let scenario = self.wanted.scenario.as_deref();
                    self.span(None)
                        .in_scope(|| tracing::info!(target: RUN, scenario, "run started"));
                }
            }
            EventKind::StepStarted {
                step,
                title,
                action,
            } => {
                self.step_started(step, at, title.as_deref(), action.as_deref());
                if !earlier {
                    self.span(Some(step))
                        .in_scope(|| tracing::debug!(target: RUN, action, "step started"));
                }
            }
            EventKind::StepEnded { step, outcome } => self.step_ended(step, at, outcome),
            EventKind::RunEnded(outcome) => self.run_ended(at, outcome),
            other if !earlier => self.other(at, other),
            _ => {}
        }
    }
}

fn answer(decision: &Decision) -> (&'static str, Option<&str>) {
    match decision {
        Decision::Approved { by } => ("approved", Some(by)),
        Decision::Declined { by } => ("declined", Some(by)),
        Decision::Nobody => ("nobody", None),
        Decision::Abort => ("abort", None),
        Decision::Expired => ("expired", None),
    }
}

/// What AWS calls the service and the operation of an action; nothing where it is not one of AWS.
fn operation_of(action: &str) -> Option<(&'static str, &'static str)> {
    let (service, operation) = action.split_once(':')?;
    let service = catalogue().service(service)?;
    let operation = service.operation(operation)?;
    Some((service.metadata.service_id, operation.name))
}
