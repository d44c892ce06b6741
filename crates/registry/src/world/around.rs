//! A world around another: what it does not say differently is as in the other.

use super::{Pending, Place, Recalled, World};
use crate::call::{Answer, Call, CallError};
use crate::local::{Session, SessionOutput};
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;

/// A world that has another inside and changes some of what it does. Each method is that of [`World`], and the other's
/// unless it is written anew.
pub trait Around {
    /// The world inside.
    fn inner(&self) -> &dyn World;

    /// [`World::send`]
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.inner().send(call)
    }

    /// [`World::now`]
    fn now(&self) -> Timestamp {
        self.inner().now()
    }

    /// [`World::sleep`]
    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        self.inner().sleep(length)
    }

    /// [`World::place`]
    fn place(&self) -> Place {
        self.inner().place()
    }

    /// [`World::stopped`]
    fn stopped(&self) -> Pending<'_, ()> {
        self.inner().stopped()
    }
}

impl<W: Around> World for W {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Around::send(self, call)
    }

    fn answers(&self, action: &str) -> bool {
        self.inner().answers(action)
    }

    fn now(&self) -> Timestamp {
        Around::now(self)
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Around::sleep(self, length)
    }

    fn is_timed(&self) -> bool {
        self.inner().is_timed()
    }

    fn fresh_id(&self) -> String {
        self.inner().fresh_id()
    }

    fn seed(&self) -> Option<String> {
        self.inner().seed()
    }

    fn recall(&self, call: &Call, key: &str) -> Option<Recalled> {
        self.inner().recall(call, key)
    }

    fn place(&self) -> Place {
        Around::place(self)
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        self.inner().session(session)
    }

    fn stopped(&self) -> Pending<'_, ()> {
        Around::stopped(self)
    }

    fn session_plugin(&self) -> Result<PathBuf, String> {
        self.inner().session_plugin()
    }
}
