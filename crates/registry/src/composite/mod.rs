//! Actions made of several AWS operations: what the AWS CLI or the console has and the API lacks.

mod series;

pub use series::Series;

use crate::call::{Answer, Call, CallError};
use crate::world::{Pending, World};
use runbook_playbook::catalog::Action;

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
    vec![Box::new(Series)]
}
