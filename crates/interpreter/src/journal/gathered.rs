//! The rows of a run whose record is elsewhere, gathered while it goes on, for whoever tells it afterwards.

use super::history::{CallRow, EventRow, RunRow};
use super::{CallRecord, RunRecord, encode};
use crate::event::Event;
use crate::outcome::Outcome;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::cell::RefCell;

/// A run and what happened in it, as a journal has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRows {
    /// The run.
    pub run: RunRow,
    /// Its events, in order.
    pub events: Vec<EventRow>,
    /// Its calls, in order.
    pub calls: Vec<CallRow>,
}

/// Gathers the rows of a run.
#[derive(Debug, Default)]
pub struct Gathering {
    run: RefCell<Option<RunRow>>,
    events: RefCell<Vec<EventRow>>,
    calls: RefCell<Vec<CallRow>>,
}

impl Gathering {
    /// The run has begun; `program` carries it.
    pub fn begun(&self, run: &RunRecord, started: Timestamp, program: &str) {
        *self.run.borrow_mut() = Some(RunRow {
            number: 0,
            id: run.id.clone(),
            playbook: run.playbook.clone(),
            title: run.title.clone(),
            digest: run.digest.clone(),
            inputs: run.inputs.clone(),
            options: run.options.clone(),
            context: Json::Null,
            program: program.to_owned(),
            sessions: 1,
            started,
            ended: None,
            verdict: None,
            reason: None,
            explanation: None,
            writes: 0,
        });
    }

    /// Something happened.
    pub fn happened(&self, key: &str, event: &Event) {
        let mut events = self.events.borrow_mut();
        let number = i64::try_from(events.len()).unwrap_or(i64::MAX);
        events.push(EventRow {
            number,
            key: key.to_owned(),
            body: encode::event(event),
        });
    }

    /// A call was answered: by its result, or by code and message; secrets masked.
    pub fn called(&self, call: &CallRecord, sent: Timestamp, ended: Called) {
        let Called {
            at,
            answer,
            request_id,
            truncated,
        } = ended;
        self.calls.borrow_mut().push(CallRow {
            key: call.key.clone(),
            step: call.step.clone(),
            action: call.action.clone(),
            arguments: call.arguments.clone(),
            effect: call.effect.as_str().to_owned(),
            before: call.before.clone(),
            token: call.token.clone(),
            attempt: call.attempt,
            sent: 1,
            started: sent.to_string(),
            ended: Some(at.to_string()),
            answer: Some(answer),
            request_id,
            region: call.target.region.clone(),
            role: call.target.role.clone(),
            truncated,
        });
    }

    /// The run has ended, or paused.
    pub fn ended(&self, outcome: &Outcome) {
        if let Some(run) = &mut *self.run.borrow_mut() {
            run.verdict = Some(outcome.verdict.as_str().to_owned());
            run.reason = outcome.reason.map(|reason| reason.as_str().to_owned());
            run.explanation = Some(outcome.explanation.clone());
            run.ended = Some(outcome.ended);
            let calls = self.calls.borrow();
            run.writes = calls.iter().filter(|call| call.effect != "read").count();
        }
    }

    /// All of it, once the run has begun; `context` says how it was started.
    pub fn rows(&self, context: Json) -> Option<RunRows> {
        let mut run = self.run.borrow_mut().take()?;
        run.context = context;
        Some(RunRows {
            run,
            events: self.events.take(),
            calls: self.calls.take(),
        })
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// When.
    pub at: Timestamp,
    /// The result, or code and message.
    pub answer: Result<Json, (String, String)>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// The result was cut at the limit.
    pub truncated: bool,
}
