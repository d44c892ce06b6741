//! What observers of a run see, as it happens. Terminal, JSON and journal read the same events.

use crate::approval::{Decision, Question};
use crate::outcome::{CauseOutcome, Outcome, StepOutcome};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::Effects;
use runbook_playbook::checked::StepPath;
use runbook_registry::world::Place;
use serde_json::Value as Json;
use std::sync::Arc;

/// An answer as it may be shown: the result, or code and message. The journal and those who watch share it.
pub type Shown = Result<Arc<Json>, (String, String)>;

/// Something that happened at a time.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// Kinds of events. Payloads have their secrets masked.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// The run begins.
    RunStarted {
        /// Its id.
        run: String,
        /// The playbook's id.
        playbook: String,
        /// The playbook's title.
        title: String,
        /// The inputs, defaults included.
        inputs: Json,
        /// Where its calls go, as far as it is known.
        place: Place,
    },
    /// A graph (`symptom`, `diagnose`, `resolve`, `verify`, `check`) begins.
    GraphStarted {
        /// Its name.
        graph: &'static str,
        /// The reading, counted from 1, in `verify`.
        reading: Option<u32>,
    },
    /// A graph has ended.
    GraphEnded {
        /// Its name.
        graph: &'static str,
        /// What it says in a few words: `holds`, `clear`, `unknown`, the causes found.
        summary: String,
    },
    /// A step begins.
    StepStarted {
        /// The step.
        step: StepPath,
        /// What it is called for people.
        title: Option<String>,
        /// Its action.
        action: Option<String>,
    },
    /// A call is about to be sent.
    CallStarted {
        /// The step.
        step: StepPath,
        /// The action.
        action: String,
        /// The arguments.
        arguments: Json,
        /// What it does.
        effects: Effects,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// A call has been answered or has failed.
    CallEnded {
        /// The step.
        step: StepPath,
        /// The action.
        action: String,
        /// The result, or code and message.
        answer: Shown,
        /// The service's id of the request.
        request_id: Option<String>,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// Something waits: a waiter, `until`, `retry`, `verify`.
    Waiting {
        /// What waits: a step, or `verify`.
        step: StepPath,
        /// Why.
        why: String,
        /// How long this time.
        length: SignedDuration,
        /// How long it may take in all, counted from its first wait on; nothing where that is not bounded.
        within: Option<SignedDuration>,
    },
    /// A step over a list has come further. Only whoever watches is told; it is not on record.
    Progress {
        /// The step.
        step: StepPath,
        /// Elements that have ended, those that failed among them.
        done: usize,
        /// All elements.
        of: usize,
        /// Elements that failed.
        failed: usize,
    },
    /// A person is asked.
    Asked(Arc<Question>),
    /// A person has answered.
    Answered {
        /// The step.
        step: StepPath,
        /// What was said.
        decision: Decision,
    },
    /// A guard holds writes back, and does not count because somebody said so.
    Overridden {
        /// The step whose write it would hold back.
        step: StepPath,
        /// The guard: `freeze`, `alarms`.
        guard: &'static str,
        /// What it says.
        what: String,
        /// Who overrode it.
        by: String,
        /// Why.
        reason: String,
    },
    /// A step has ended.
    StepEnded {
        /// The step.
        step: StepPath,
        /// How.
        outcome: Box<StepOutcome>,
    },
    /// All finders of a cause have answered.
    CauseJudged(Box<CauseOutcome>),
    /// The run has ended or paused.
    RunEnded(Arc<Outcome>),
}

/// Whoever watches a run.
pub trait Observer {
    /// Takes note of an event. Must not block.
    fn observe(&self, event: &Event);

    /// Learns, when a run has ended, the secrets that came up in it. Whoever takes a copy of its calls masks them.
    fn secrets(&self, _: &crate::redact::Redactor) {}
}
