//! A call that changes something, with its record on disk before it is sent, as in a run.

use crate::exit::Failure;
use indexmap::IndexMap;
use runbook_interpreter::Redactor;
use runbook_interpreter::journal::{
    CallRecord, Durability, JournalError, Repeat, RunRecord, Step, Worked,
};
use runbook_interpreter::outcome::{Change, Outcome};
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::World;
use serde_json::{Value as Json, json};

/// The step's name in the record.
const STEP: &str = "call";

/// A call that is on record.
pub(super) struct Guarded<'a> {
    pub journal: &'a dyn Durability,
    pub world: &'a dyn World,
    pub action: &'a Action,
    pub effects: &'a Effects,
}

impl Guarded<'_> {
    /// Records the call, sends it, and records what came of it.
    ///
    /// # Errors
    /// The record cannot be kept: the call was not sent.
    pub async fn send(
        &self,
        registry: &Registry,
        call: &Call,
    ) -> Result<Result<Answer, CallError>, Failure> {
        let mut redactor = Redactor::default();
        redactor.learn_typed(&call.arguments, &self.action.input);
        let shown = redactor.json(&call.arguments);
        let not_kept = |error: JournalError| {
            Failure::environment(format!("{} was not sent: {error}", call.action))
        };
        let started = self.world.now();
        let run = self.journal.id(self.world);
        self.journal
            .begin(&RunRecord {
                id: run.clone(),
                playbook: format!("call {}", call.action),
                title: format!("One call of {}", call.action),
                source: String::new(),
                digest: String::new(),
                inputs: json!({}),
                options: json!({}),
                started,
            })
            .map_err(not_kept)?;
        let effect = self.effects.last().copied().unwrap_or(Effect::Write);
        let record = CallRecord {
            key: format!("{STEP}@1"),
            step: STEP.to_owned(),
            element: None,
            action: call.action.clone(),
            arguments: shown.clone(),
            target: call.target.clone(),
            effect,
            before: None,
            token: self
                .action
                .idempotency_token
                .as_ref()
                .and_then(|token| call.arguments.get(token)?.as_str())
                .map(ToOwned::to_owned),
            attempt: 1,
            repeat: Repeat::Never,
        };
        let work = Box::pin(async {
            let answer = registry.perform(self.world, call).await;
            if let Ok(answer) = &answer {
                redactor.learn_typed(&answer.result, &self.action.output);
            }
            let shown = match &answer {
                Ok(answer) => Ok(redactor.json(&answer.result).into()),
                Err(error) => Err((error.code.clone(), redactor.text(&error.message))),
            };
            Worked {
                masked: false,
                keep: true,
                answer,
                shown,
            }
        });
        let made = self.journal.step(self.world, record, work).await;
        // The answer is worth more than its record: what was done is told even where it cannot be written down.
        let (answer, ended) = match made.map_err(not_kept)? {
            Step::Done { answer, at, .. } => (answer, at),
            Step::InFlight { since } => {
                let error = CallError::new(
                    FailureKind::NotSent,
                    "journal",
                    format!("a call of this run was in flight since {since}"),
                );
                (Err(error), since)
            }
        };
        let outcome = Outcome {
            run,
            playbook: format!("call {}", call.action),
            verdict: match &answer {
                Ok(_) => Verdict::Done,
                Err(_) => Verdict::Failed,
            },
            reason: None,
            explanation: match &answer {
                Ok(_) => "the call was answered".to_owned(),
                Err(error) => format!("{}: {}", error.code, redactor.text(&error.message)),
            },
            environment: false,
            causes: Vec::new(),
            steps: IndexMap::new(),
            changes: changes(call, shown, effect, &answer),
            outputs: IndexMap::new(),
            started,
            ended,
            escalated: None,
            waiting: None,
        };
        let _ = self.journal.end(&outcome);
        Ok(answer)
    }
}

/// The change that the call made, unless it was not sent.
fn changes(
    call: &Call,
    arguments: Json,
    effect: Effect,
    answer: &Result<Answer, CallError>,
) -> Vec<Change> {
    let sent = !answer
        .as_ref()
        .is_err_and(|error| matches!(error.kind, FailureKind::NotSent | FailureKind::Environment));
    let change = sent.then(|| Change {
        step: STEP.to_owned(),
        action: call.action.clone(),
        arguments,
        values: Vec::new(),
        effect,
        confirmed: answer.is_ok(),
        undoes: None,
        undone: false,
    });
    change.into_iter().collect()
}
