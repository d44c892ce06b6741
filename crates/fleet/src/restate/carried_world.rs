//! The world as a run sees it that is carried.

use super::carrier::wait;
use super::shared::Shared;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::local::{Session, SessionOutput};
use runbook_registry::world::{Pending, Place, Recalled, World};
use std::path::PathBuf;
use std::rc::Rc;

/// A world whose time is that on record, except inside of a call.
pub struct CarriedWorld<'w> {
    pub(super) shared: Rc<Shared>,
    pub(super) inner: &'w dyn World,
}

impl World for CarriedWorld<'_> {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.inner.send(call)
    }

    fn answers(&self, action: &str) -> bool {
        self.inner.answers(action)
    }

    fn now(&self) -> Timestamp {
        if self.shared.working.get() {
            self.inner.now()
        } else {
            self.shared.now()
        }
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        if self.shared.working.get() {
            return self.inner.sleep(length);
        }
        Box::pin(async move {
            wait(&self.shared, self.inner, "pause", length).await;
        })
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
        self.shared.place.borrow().clone()
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
