//! Actions made of several AWS operations: what the AWS CLI or the console has and the API lacks.

mod exec;
mod insights;
mod series;
mod tail;
#[cfg(test)]
mod test_world;

pub use exec::Exec;
pub use insights::Insights;
pub use series::Series;
pub use tail::Tail;

use crate::call::{Answer, Call, CallError};
use crate::world::{Pending, World};
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, ActionKind, Effect};
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// An action that is built of AWS operations.
pub trait Composite: Send + Sync {
    /// The action's name, inputs, outputs, effects, error codes and permissions.
    fn signature(&self) -> Action;

    /// Carries the action out by calls that it sends to the world, which pages them and retries them.
    ///
    /// # Errors
    /// What the operations fail with, the codes that the signature lists, and `arguments`.
    fn run<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>>;
}

/// All composites, by name.
#[must_use]
pub fn all() -> Vec<Box<dyn Composite>> {
    vec![
        Box::new(Exec),
        Box::new(Insights),
        Box::new(Series),
        Box::new(Tail),
    ]
}

/// Makes the signature of a composite; every one can fail with `arguments`.
fn signature(
    name: &str,
    input: Type,
    output: Type,
    effect: Effect,
    errors: &[&str],
    permissions: &[&str],
) -> Action {
    let owned =
        |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let mut errors = owned(errors);
    errors.push("arguments".to_owned());
    Action {
        name: name.to_owned(),
        kind: ActionKind::Composite,
        input,
        output,
        effects: [effect].into(),
        effects_by_member: Vec::new(),
        errors,
        failure_members: Vec::new(),
        paginated: false,
        permissions: owned(permissions),
        idempotency_token: None,
    }
}

/// An operation that a composite is made of: it goes where the composite goes, in the time that is left.
fn part(whole: &Call, operation: &str, arguments: Json, left: SignedDuration) -> Call {
    Call {
        target: whole.target.clone(),
        timeout: Some(left.max(SignedDuration::from_secs(1))),
        step: whole.step.clone(),
        ..Call::new(operation, arguments)
    }
}
