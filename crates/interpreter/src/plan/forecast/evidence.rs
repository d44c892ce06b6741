//! What the reads of a live forecast have told.

use crate::event::{Event, EventKind, Observer};
use crate::outcome::{StepOutcome, StepStatus};
use crate::redact::MASK;
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the reads of a run without writes have told, by steps' full names.
#[derive(Debug, Default)]
pub struct Evidence {
    pub(super) steps: IndexMap<String, StepOutcome>,
    pub(super) causes: IndexMap<String, Truth>,
    /// What the symptom steps say together; `None` without any.
    pub(super) symptom: Option<Truth>,
    /// Answers by step and action, the last one of each.
    pub(super) answers: IndexMap<(String, String), Json>,
    pub(super) calls: usize,
}

/// What one step has told.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepEvidence<'e>(&'e StepOutcome);

impl Evidence {
    /// What a step has told, where it ended well.
    pub(super) fn step(&self, path: &str) -> Option<StepEvidence<'_>> {
        self.steps
            .get(path)
            .filter(|outcome| outcome.status == StepStatus::Done)
            .map(StepEvidence)
    }

    /// Whether a cause was found. Those of playbooks that the playbook runs are not told apart, and so not known.
    pub(super) fn cause(&self, prefix: &str, name: &str) -> Option<Truth> {
        prefix
            .is_empty()
            .then(|| self.causes.get(name).copied())
            .flatten()
    }

    /// What a call of a step was answered with.
    pub(super) fn answer(&self, step: &str, action: &str) -> Option<&Json> {
        self.answers
            .get(&(step.to_owned(), action.to_owned()))
            .filter(|json| !has_mask(json))
    }
}

fn has_mask(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains(MASK),
        Json::Array(items) => items.iter().any(has_mask),
        Json::Object(members) => members.values().any(has_mask),
        _ => false,
    }
}

impl StepEvidence<'_> {
    /// A captured value, unless a secret in it was masked.
    pub fn capture(self, name: &str) -> Option<Value> {
        let value = self.0.captures.get(name)?;
        (!has_mask(&value.to_json())).then(|| value.clone())
    }

    pub fn holds(self) -> Option<Value> {
        self.0.holds.map(Truth::to_value)
    }

    pub fn error(self) -> Value {
        self.0.error.as_ref().map_or(Value::Absent, |error| {
            Value::map(IndexMap::from([
                ("code".to_owned(), Value::text(&error.code)),
                ("message".to_owned(), Value::text(&error.message)),
            ]))
        })
    }

    pub fn truncated(self) -> Value {
        Value::Boolean(self.0.truncated)
    }
}

/// Gathers evidence from the events of a run.
#[derive(Debug, Default)]
pub(super) struct Gatherer(Mutex<Evidence>);

impl Gatherer {
    pub fn end(self) -> Evidence {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn evidence(&self) -> MutexGuard<'_, Evidence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Gatherer {
    fn observe(&self, event: &Event) {
        let mut evidence = self.evidence();
        match &event.kind {
            EventKind::StepEnded { step, outcome } => {
                evidence.steps.insert(step.clone(), (**outcome).clone());
            }
            EventKind::CallEnded {
                step,
                action,
                answer,
                ..
            } => {
                evidence.calls += 1;
                if let Ok(answer) = answer {
                    let key = (step.clone(), action.clone());
                    evidence.answers.insert(key, Json::clone(answer));
                }
            }
            _ => {}
        }
    }
}
