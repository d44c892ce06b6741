//! The world as one call sees it: whoever watches the run is told of its waits.

use super::Context;
use crate::event::EventKind;
use crate::run::state::Stop;
use jiff::SignedDuration;
use runbook_playbook::duration;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::around::Around;
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::cell::Cell;

/// A world that tells of waits.
pub(super) struct Watched<'c, 'r, 'a> {
    pub context: &'c Context<'r, 'a>,
    pub call: &'c Call,
    /// The attempt's name on record.
    pub key: &'c str,
    /// How long it may take in all, where only whoever makes the call knows: the bound of a waiter's model.
    pub bound: Cell<Option<SignedDuration>>,
}

impl Watched<'_, '_, '_> {
    /// Tells of a wait that is the whole of the call.
    pub fn announce(&self) {
        let length = self.call.arguments.get("for").and_then(Json::as_str);
        if self.call.action == "time:Sleep"
            && let Some(length) = length.and_then(|text| duration::parse(text).ok())
        {
            self.tell("the playbook asks for a pause".to_owned(), length, None);
        }
    }

    fn tell(&self, why: String, length: SignedDuration, within: Option<SignedDuration>) {
        let waiting = EventKind::Waiting {
            step: self.context.public(),
            why,
            length,
            within,
        };
        self.context
            .run
            .emit(&self.context.clock, self.key, waiting);
    }
}

impl Around for Watched<'_, '_, '_> {
    fn inner(&self) -> &dyn World {
        self.context.run.around.world
    }

    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        if self.bound.get().is_none() {
            self.bound.set(call.timeout);
        }
        let world = self.context.run.around.world;
        if call.key.as_deref() == Some(self.key) {
            return world.send(call);
        }
        let mut call = call.clone();
        call.key = Some(self.key.to_owned());
        Box::pin(async move { world.send(&call).await })
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        let within = self.call.timeout.or(self.bound.get());
        let within = within.map(|within| SignedDuration::from_secs(within.as_secs()));
        let why = format!("{} has not come true yet", self.call.action);
        self.tell(why, length, within);
        self.context.run.around.world.sleep(length)
    }

    fn stopped(&self) -> Pending<'_, ()> {
        if self.context.container.shielded {
            return Box::pin(std::future::pending());
        }
        Box::pin(async {
            self.context.run.around.cancel.cancelled().await;
            self.context.run.stop(Stop::Aborted);
        })
    }
}
