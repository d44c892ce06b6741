//! From the end of a run to what a fleet keeps of it.

use super::{FoundCause, NeedsPerson, TargetChange, TargetError, TargetOutcome, TargetStatus};
use crate::engine::TargetRun;
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{Outcome, StepStatus};
use runbook_interpreter::truth::Truth;
use runbook_interpreter::verdict::Verdict;
use std::cell::Cell;

/// Error codes by which services say that they are asked too often.
const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// How many calls a run made, counted while it is watched.
#[derive(Debug, Default)]
pub struct Counting {
    calls: Cell<u64>,
    throttled: Cell<u64>,
    retries: Cell<u64>,
}

impl Observer for Counting {
    fn observe(&self, event: &Event) {
        let EventKind::CallEnded {
            answer, attempt, ..
        } = &event.kind
        else {
            return;
        };
        let add = |count: &Cell<u64>| count.set(count.get() + 1);
        add(&self.calls);
        if *attempt > 1 {
            add(&self.retries);
        }
        if answer
            .as_ref()
            .is_err_and(|(code, _)| THROTTLED.contains(&code.as_str()))
        {
            add(&self.throttled);
        }
    }
}

impl TargetOutcome {
    /// What came of a target's run. `options` is what an operator adds after the run's id: options such as `--state-dir`.
    #[must_use]
    pub fn of(run: &TargetRun, outcome: &Outcome, counted: &Counting, options: &str) -> Self {
        let paused = outcome.verdict == Verdict::Paused;
        let failed = outcome
            .steps
            .iter()
            .find(|(_, step)| step.status == StepStatus::Failed && step.error.is_some());
        let changes: Vec<TargetChange> = outcome
            .changes
            .iter()
            .map(|change| TargetChange {
                step: change.step.clone(),
                action: change.action.clone(),
                effect: change.effect.as_str().to_owned(),
                confirmed: change.confirmed,
                undone: change.undone,
            })
            .collect();
        let left = outcome
            .changes
            .iter()
            .filter(|change| change.confirmed && !change.undone && change.undoes.is_none())
            .count();
        let waiting = outcome.waiting.as_ref().map(|waiting| NeedsPerson {
            step: Some(waiting.step.clone()),
            question: Some(waiting.question.clone()).filter(|question| !question.is_empty()),
            why: waiting.why.clone(),
            next: Some(format!(
                "runbook approve {}{options} {}",
                run.run, waiting.step
            )),
        });
        let in_the_middle =
            matches!(outcome.verdict, Verdict::Failed | Verdict::Aborted) && left > 0;
        let person = waiting.or_else(|| {
            in_the_middle.then(|| NeedsPerson {
                step: None,
                question: None,
                why: match left {
                    1 => "it ended in the middle, after one write".to_owned(),
                    many => format!("it ended in the middle, after {many} writes"),
                },
                next: Some(format!("runbook undo {}{options}", run.run)),
            })
        });
        Self {
            status: if paused {
                TargetStatus::Paused
            } else {
                TargetStatus::Ended
            },
            run: Some(outcome.run.clone()),
            verdict: Some(outcome.verdict),
            reason: outcome.reason.map(|reason| reason.as_str().to_owned()),
            explanation: Some(outcome.explanation.clone()).filter(|text| !text.is_empty()),
            causes: outcome
                .causes
                .iter()
                .filter(|cause| cause.found == Truth::True)
                .map(|cause| FoundCause {
                    name: cause.name.clone(),
                    title: cause.title.clone(),
                })
                .collect(),
            error: failed.and_then(|(step, failed)| {
                failed.error.as_ref().map(|error| TargetError {
                    step: Some(step.clone()),
                    code: error.code.clone(),
                    message: error.message.clone(),
                })
            }),
            person,
            calls: counted.calls.get(),
            throttled: counted.throttled.get(),
            retries: counted.retries.get(),
            changes,
            started: Some(outcome.started),
            ended: Some(outcome.ended),
            ..Self::waiting(&run.target, run.wave)
        }
    }
}
