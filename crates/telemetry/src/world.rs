//! A world whose calls are told.

use crate::telemetry::Telemetry;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::local::{Session, SessionOutput};
use runbook_registry::world::{Pending, Place, Recalled, World};
use std::path::PathBuf;

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

impl World for Traced<'_> {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(self.telemetry.told(self.inner, call))
    }

    fn answers(&self, action: &str) -> bool {
        self.inner.answers(action)
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        self.inner.sleep(length)
    }

    fn is_timed(&self) -> bool {
        self.inner.is_timed()
    }

    fn fresh_id(&self) -> String {
        self.inner.fresh_id()
    }

    fn seed(&self) -> Option<String> {
        self.inner.seed()
    }

    fn recall(&self, call: &Call, key: &str) -> Option<Recalled> {
        self.inner.recall(call, key)
    }

    fn place(&self) -> Place {
        self.inner.place()
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        self.inner.session(session)
    }

    fn stopped(&self) -> Pending<'_, ()> {
        self.inner.stopped()
    }

    fn session_plugin(&self) -> Result<PathBuf, String> {
        self.inner.session_plugin()
    }
}
