//! The one document that `--format json` writes. Its fields are described in `docs/cli-json.md`.

use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{Change, Outcome, StepOutcome};
use runbook_interpreter::truth::Truth;
use serde_json::{Map, Value as Json, json};
use std::cell::RefCell;

/// The version of the document. It rises when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// An outcome as a document. It is the same, byte for byte, for the same outcome.
#[must_use]
pub fn document(outcome: &Outcome) -> Json {
    json!({
        "version": VERSION,
        "run": outcome.run,
        "playbook": outcome.playbook,
        "verdict": outcome.verdict.as_str(),
        "reason": outcome.reason.map(runbook_interpreter::verdict::Reason::as_str),
        "explanation": outcome.explanation,
        "causes": outcome.causes.iter().map(|cause| json!({
            "name": cause.name,
            "title": cause.title,
            "found": truth(cause.found),
            "evidence": cause.evidence.iter().map(|evidence| json!({
                "step": evidence.step,
                "holds": truth(evidence.truth),
                "found": evidence.found,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "steps": outcome.steps.iter().map(|(path, step)| self::step(path, step)).collect::<Vec<_>>(),
        "changes": outcome.changes.iter().map(change).collect::<Vec<_>>(),
        "outputs": outcome.outputs.iter().map(|(name, value)| (name.clone(), value.to_json()))
            .collect::<Map<_, _>>(),
        "started": outcome.started.to_string(),
        "ended": outcome.ended.to_string(),
        "waiting": outcome.waiting.as_ref().map(|waiting| json!({
            "step": waiting.step,
            "question": waiting.question,
            "why": waiting.why,
            "next": waiting.next,
        })),
        "escalated": outcome.escalated.as_ref().map(|escalated| json!({
            "levels": escalated.levels,
            "contacts": escalated.contacts.iter().map(|(name, value)| (name.clone(), value.to_json()))
                .collect::<Map<_, _>>(),
            "gathered": escalated.gathered,
            "told": escalated.told,
            "failed": escalated.failed,
            "not_told": escalated.not_told,
        })),
    })
}

/// Remembers the outcome of a run for [`document`].
#[derive(Debug, Default)]
pub struct Collector {
    outcome: RefCell<Option<Outcome>>,
}

impl Collector {
    /// The document, once the run has ended.
    #[must_use]
    pub fn document(&self) -> Option<Json> {
        self.outcome.borrow().as_ref().map(document)
    }
}

impl Observer for Collector {
    fn observe(&self, event: &Event) {
        if let EventKind::RunEnded(outcome) = &event.kind {
            *self.outcome.borrow_mut() = Some(Outcome::clone(outcome));
        }
    }
}

/// `true`, `false` or `"unknown"`.
fn truth(truth: Truth) -> Json {
    match truth {
        Truth::True => true.into(),
        Truth::False => false.into(),
        Truth::Unknown => "unknown".into(),
    }
}

fn step(path: &str, step: &StepOutcome) -> Json {
    json!({
        "id": path,
        "title": step.title,
        "status": step.status.as_str(),
        "action": step.action,
        "holds": step.holds.map(truth),
        "captures": step.captures.iter().map(|(name, value)| (name.clone(), value.to_json()))
            .collect::<Map<_, _>>(),
        "assertions": step.assertions.iter().map(|assertion| json!({
            "asked": assertion.asked,
            "holds": truth(assertion.truth),
            "found": assertion.found,
            "message": assertion.message,
            "warn": assertion.warn,
            "require": assertion.require,
        })).collect::<Vec<_>>(),
        "error": step.error.as_ref().map(|error| json!({
            "code": error.code,
            "message": error.message,
        })),
        "truncated": step.truncated,
        "calls": step.calls,
        "started": step.started.to_string(),
        "ended": step.ended.to_string(),
    })
}

fn change(change: &Change) -> Json {
    json!({
        "step": change.step,
        "action": change.action,
        "arguments": change.arguments,
        "values": change.values.iter().map(|value| json!({
            "path": value.path,
            "from": value.from,
            "to": value.to,
        })).collect::<Vec<_>>(),
        "effect": change.effect.as_str(),
        "confirmed": change.confirmed,
        "undoes": change.undoes,
        "undone": change.undone,
    })
}
