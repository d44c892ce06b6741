//! `human:Do`: an instruction that a person carries out.

use super::arguments::Arguments;
use super::person::Instruction;
use super::signature::{local, some_text};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::json;

/// Shows an instruction to a person, who carries it out and says that it is done.
///
/// Inputs: `instruction`, `link` (where to do it).
/// Result: `note` (what the person wants to be remembered) and `by` (who did it), where given.
/// Errors: `declined` (they will not), `failed` (they tried, and it did not work), `unattended` (nobody can be asked),
/// `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct HumanDo;

impl LocalAction for HumanDo {
    fn signature(&self) -> Action {
        let input = Record::new("human:Do input")
            .required("instruction", some_text())
            .optional("link", some_text())
            .build();
        let output = Record::new("human:Do result")
            .optional("note", Type::text())
            .optional("by", Type::text())
            .build();
        local(
            "human:Do",
            input,
            output,
            Effect::Write,
            &["declined", "failed", "unattended", "timeout"],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let arguments = Arguments::of(call);
            let instruction = Instruction {
                step: call.step.clone(),
                text: arguments.text("instruction")?.to_owned(),
                link: arguments.optional_text("link")?.map(str::to_owned),
            };
            let carried = context.person.carry_out(&instruction).await?;
            let mut result = json!({});
            if let Some(members) = result.as_object_mut() {
                members.extend(
                    [("note", carried.note), ("by", carried.by)]
                        .into_iter()
                        .filter_map(|(name, text)| Some((name.to_owned(), text?.into()))),
                );
            }
            Ok(Answer {
                result,
                ..Answer::default()
            })
        })
    }
}
