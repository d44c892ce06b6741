//! The registry as a run sees it.

use runbook_interpreter::surroundings::Performer;
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::{Pending, World};

/// Makes calls by the registry.
#[derive(Debug, Clone, Copy)]
pub struct Calls<'a>(pub &'a Registry);

impl Performer for Calls<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        self.0.perform(world, call)
    }
}
