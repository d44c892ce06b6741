//! The end of a run: what it leaves behind.

use super::scope::StepScope;
use super::state::{Container, Ending, Graph, Run, Stop};
use crate::event::EventKind;
use crate::outcome::{Outcome, Waiting};
use crate::verdict::{Facts, Verdict, judge};
use indexmap::IndexMap;
use runbook_playbook::expression::evaluate;
use runbook_playbook::value::Value;
use std::sync::Arc;

impl Run<'_> {
    /// Judges the run.
    pub(super) fn judge(&self, facts: &Facts) {
        let (mut verdict, mut reason) = judge(facts);
        let lost = self.state.borrow().journal_error.clone();
        if lost.is_some() && verdict.is_well() {
            verdict = Verdict::Failed;
            reason = None;
        }
        let explanation = match &lost {
            Some(error) => error.to_string(),
            None => self
                .redactor
                .borrow()
                .text(&self.explain(verdict, reason, facts)),
        };
        self.state.borrow_mut().ending = Some(Ending {
            verdict,
            reason,
            explanation,
        });
    }

    /// Tells how the run ended, and brings the record to its end.
    pub(super) fn finish(&self, facts: &Facts) -> Outcome {
        let lost = self.state.borrow().journal_error.clone();
        let ending = self.state.borrow().ending.clone();
        // What happened after the judgement may have lost the record.
        let Some(Ending {
            verdict,
            reason,
            explanation,
        }) = ending.filter(|ending| lost.is_none() || !ending.verdict.is_well())
        else {
            self.judge(facts);
            return self.finish(facts);
        };
        let outputs = self.outputs();
        let waiting = match &self.state.borrow().stop {
            Some(Stop::Paused(waiting) | Stop::Held(waiting)) => Some(Waiting::clone(waiting)),
            _ => None,
        };
        let causes = if self.plan.checked.playbook.diagnose.is_some()
            && facts.diagnosis != crate::verdict::Diagnosis::NotRun
        {
            self.causes()
        } else {
            Vec::new()
        };
        let escalated = {
            let state = self.state.borrow();
            let escalating = state.escalating.as_ref();
            escalating
                .filter(|escalating| !escalating.record.levels.is_empty())
                .map(|escalating| escalating.record.clone())
        };
        let (steps, changes, environment) = {
            let mut state = self.state.borrow_mut();
            let steps = state
                .steps
                .iter()
                .map(|(path, ended)| (path.clone(), self.masked(ended)))
                .collect();
            // They can be thousands. A run inside of another one leaves them for an undo.
            let all = if self.depth == 0 {
                std::mem::take(&mut state.changes)
            } else {
                state.changes.clone()
            };
            let changes = all
                .into_iter()
                .enumerate()
                .filter(|(index, _)| !state.unsent.contains(index))
                .map(|(_, change)| change)
                .collect();
            let environment = !state.answered && state.environment == Some(true);
            (steps, changes, environment)
        };
        let outcome = Arc::new(Outcome {
            run: self.id.clone(),
            playbook: self.plan.checked.id.clone(),
            verdict,
            reason,
            explanation,
            environment: environment && !verdict.is_well() && verdict != Verdict::Paused,
            causes,
            steps,
            changes,
            outputs,
            started: self.started,
            ended: self.clock.now(),
            waiting,
            escalated,
        });
        self.emit(
            &self.clock,
            &format!("{}{}run", self.undo_prefix.get(), self.key_prefix),
            EventKind::RunEnded(Arc::clone(&outcome)),
        );
        // A run inside of another one ends with it.
        let kept = if self.depth == 0 {
            self.around.observer.secrets(&self.redactor.borrow());
            self.around.journal.end(&outcome)
        } else {
            Ok(())
        };
        let outcome = Arc::unwrap_or_clone(outcome);
        match kept {
            Err(error) if lost.is_none() => Outcome {
                explanation: format!("{}; but {error}", outcome.explanation),
                ..outcome
            },
            _ => outcome,
        }
    }

    /// What the playbook gives its caller; what cannot be told is absent.
    fn outputs(&self) -> IndexMap<String, Value> {
        let container = Container {
            shown: String::new(),
            checked: String::new(),
            ..Container::of(Graph::Symptom, &self.clock)
        };
        let scope = StepScope::new(self, &container, IndexMap::new(), self.clock.now());
        self.plan
            .checked
            .playbook
            .outputs
            .iter()
            .map(|(name, expression)| {
                let value = evaluate(expression, &scope).unwrap_or(Value::Absent);
                (name.value.clone(), self.redactor.borrow().value(&value))
            })
            .collect()
    }
}
