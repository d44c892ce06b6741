//! `time:Sleep`: a wait.

use super::arguments::Arguments;
use super::signature::local;
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::json;

/// Waits by the world's clock; in a scenario its time moves.
///
/// Input: `for`. Result: `until` (when the wait ended). Errors: none but `arguments`.
#[derive(Debug, Clone, Copy)]
pub struct TimeSleep;

impl LocalAction for TimeSleep {
    fn signature(&self) -> Action {
        let input = Record::new("time:Sleep input")
            .required("for", Type::Duration)
            .build();
        let output = Record::new("time:Sleep result")
            .required("until", Type::timestamp())
            .build();
        local("time:Sleep", input, output, Effect::Read, &[])
    }

    fn is_self_contained(&self) -> bool {
        true
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let arguments = Arguments::of(call);
            arguments.required("for")?;
            let length = arguments.duration("for", SignedDuration::ZERO)?;
            context.clock.sleep(length).await;
            Ok(Answer {
                result: json!({"until": context.clock.now()}),
                ..Answer::default()
            })
        })
    }
}
