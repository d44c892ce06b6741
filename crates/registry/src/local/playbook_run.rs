//! `playbook:Run`: another playbook as a step.

use super::signature::{local, some_text};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::types::{Record, Type};
use serde_json::Value as Json;

/// Runs another playbook, or its symptom or diagnosis only. The interpreter carries it out; no world can.
///
/// Inputs: `path` (relative to the playbook, inside the playbook root), `inputs`, `only` (`symptom` or `diagnose`: these
/// only read). Result: `verdict`, `causes` (the names of those that were found) and `outputs` (what the playbook names).
/// Errors: `not_found`, `verdict` (it did not end well).
#[derive(Debug, Clone, Copy)]
pub struct PlaybookRun;

impl LocalAction for PlaybookRun {
    fn signature(&self) -> Action {
        let input = Record::new("playbook:Run input")
            .required("path", some_text())
            .optional("inputs", Type::map(Type::Any))
            .optional("only", Type::one_of(&["symptom", "diagnose"]))
            .build();
        local(
            "playbook:Run",
            input,
            Type::Any,
            Effect::Write,
            &["not_found", "verdict"],
        )
    }

    fn effects(&self, arguments: &Json) -> Effects {
        let reads = arguments.get("only").is_some_and(Json::is_string);
        [if reads { Effect::Read } else { Effect::Write }].into()
    }

    fn run<'a>(
        &'a self,
        _: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            Err(CallError::new(
                FailureKind::NotSent,
                "arguments",
                format!(
                    "{} is carried out by the interpreter, not sent",
                    call.action
                ),
            ))
        })
    }
}
