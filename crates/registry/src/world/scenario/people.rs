//! The person of a scenario, who says what its `answers` say.

use super::definition::Scenario;
use crate::call::{CallError, FailureKind};
use crate::local::{Carried, Instruction, Person, Question, Reply};
use crate::world::Pending;
use serde_json::Value as Json;
use std::sync::Arc;

/// Answers by step.
pub(super) struct ScenarioPerson {
    scenario: Arc<Scenario>,
}

impl ScenarioPerson {
    pub(super) fn new(scenario: Arc<Scenario>) -> Self {
        Self { scenario }
    }

    fn answer(&self, step: Option<&str>, what: &str) -> Result<&Json, CallError> {
        let answer = step.and_then(|step| self.scenario.answers.person(step));
        match answer {
            None => Err(CallError::new(
                FailureKind::NotSent,
                "unattended",
                format!(
                    "scenario {} answers nothing to “{what}”; add `{}` to its `answers`",
                    self.scenario.name,
                    step.unwrap_or("the step")
                ),
            )),
            Some(answer) => Ok(answer),
        }
    }
}

impl Person for ScenarioPerson {
    /// `false` declines, `failed` means that it did not work, `done` and anything else that it did; another text is the
    /// person's note.
    fn carry_out<'a>(
        &'a self,
        instruction: &'a Instruction,
    ) -> Pending<'a, Result<Carried, CallError>> {
        Box::pin(async move {
            match self.answer(instruction.step.as_deref(), &instruction.text)? {
                Json::Bool(false) => Err(CallError::new(
                    FailureKind::Answered,
                    "declined",
                    "the scenario's person declines",
                )),
                Json::String(answer) if answer == "failed" => Err(CallError::new(
                    FailureKind::Answered,
                    "failed",
                    "the person says that it did not work",
                )),
                answer => Ok(Carried {
                    note: answer
                        .as_str()
                        .filter(|note| *note != "done")
                        .map(str::to_owned),
                    by: None,
                }),
            }
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, CallError>> {
        Box::pin(async move {
            let answer = self.answer(question.step.as_deref(), &question.text)?;
            Ok(Reply {
                answer: answer.clone(),
                by: None,
            })
        })
    }
}
