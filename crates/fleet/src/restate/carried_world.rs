//! The world as a run sees it that is carried.

use super::carrier::wait;
use super::shared::Shared;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::world::around::Around;
use runbook_registry::world::{Pending, Place, World};
use std::rc::Rc;

/// A world whose time is that on record, except inside of a call.
pub struct CarriedWorld<'w> {
    pub(super) shared: Rc<Shared>,
    pub(super) inner: &'w dyn World,
}

impl Around for CarriedWorld<'_> {
    fn inner(&self) -> &dyn World {
        self.inner
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

    fn place(&self) -> Place {
        self.shared.place.borrow().clone()
    }
}
