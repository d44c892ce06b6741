//! A world whose calls are told.

use crate::telemetry::Telemetry;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::around::Around;
use runbook_registry::world::{Pending, World};

/// A world around which calls become spans, counts and lines of the log.
pub struct Traced<'w> {
    inner: &'w dyn World,
    telemetry: &'w Telemetry,
}

impl<'w> Traced<'w> {
    /// Tells of the calls of a world.
    #[must_use]
    pub fn new(inner: &'w dyn World, telemetry: &'w Telemetry) -> Self {
        Self { inner, telemetry }
    }
}

impl Around for Traced<'_> {
    fn inner(&self) -> &dyn World {
        self.inner
    }

    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(self.telemetry.told(self.inner, call))
    }
}
