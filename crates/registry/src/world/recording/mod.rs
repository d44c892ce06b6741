//! A recording being made: a world that notes what it is asked and what it answers.

mod accounts;
mod document;
mod effects;
mod entries;

pub use accounts::Accounts;
pub use document::Recorded;
pub use effects::Telling;

use crate::call::{Answer, Call, CallError};
use crate::local::{self, LocalAction};
use crate::world::around::Around;
use crate::world::{Pending, World};
use jiff::SignedDuration;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The action that only waits.
const SLEEP: &str = "time:Sleep";

/// A call that was made, and what came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The call.
    pub call: Call,
    /// How much time had passed in waits when it was made.
    pub waited: SignedDuration,
    /// The answer; nothing where the run ended before one came.
    pub result: Option<Result<Answer, CallError>>,
}

/// What is noted of a run, in the order in which its calls began.
#[derive(Default)]
pub struct Log {
    calls: RefCell<Vec<Made>>,
    /// How much time has passed in waits, as it passes in a scenario: not in calls, nor while people think.
    waited: Cell<SignedDuration>,
    /// Calls inside of one that is noted as a whole are not noted.
    silent: Cell<bool>,
}

impl Log {
    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Made> {
        self.calls.borrow().clone()
    }

    /// Notes a call that is made of others as one.
    pub fn whole<'a>(
        &'a self,
        call: &'a Call,
        made: Pending<'a, Result<Answer, CallError>>,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let place = self.begin(call);
            let silent = Silent {
                made,
                silent: &self.silent,
            };
            let result = silent.await;
            self.end(place, &result);
            result
        })
    }

    /// The place of a call in the log; nothing where it is inside of another.
    fn begin(&self, call: &Call) -> Option<usize> {
        if self.silent.get() {
            return None;
        }
        let mut calls = self.calls.borrow_mut();
        calls.push(Made {
            call: call.clone(),
            waited: self.waited.get(),
            result: None,
        });
        Some(calls.len() - 1)
    }

    /// Notes a wait that began when so much time had passed in waits.
    fn wait(&self, begun: SignedDuration, length: SignedDuration) {
        // A scenario does not wait inside of a call that it answers as a whole.
        if self.silent.get() {
            return;
        }
        // What the wait was given less was taken by writing it down.
        let unit = unit(length);
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 2);
        let whole = millis.saturating_add(unit - 1) / unit * unit;
        let end = begun.saturating_add(SignedDuration::from_millis(whole));
        self.waited.set(end.max(self.waited.get()));
    }

    fn end(&self, place: Option<usize>, result: &Result<Answer, CallError>) {
        let mut calls = self.calls.borrow_mut();
        if let Some(made) = place.and_then(|place| calls.get_mut(place)) {
            made.result = Some(result.clone());
        }
    }
}

/// What the length of a wait is a multiple of, in milliseconds.
fn unit(length: SignedDuration) -> i64 {
    if length.as_millis() < 1_000 { 10 } else { 100 }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

/// A call inside of which nothing is noted.
struct Silent<'a> {
    made: Pending<'a, Result<Answer, CallError>>,
    silent: &'a Cell<bool>,
}

impl Future for Silent<'_> {
    type Output = Result<Answer, CallError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Other calls are polled between two polls of this one.
        let before = self.silent.replace(true);
        let polled = self.made.as_mut().poll(context);
        self.silent.set(before);
        polled
    }
}

/// A world whose calls are noted.
pub struct Recording<'w> {
    inner: &'w dyn World,
    log: &'w Log,
    locals: HashMap<String, Box<dyn LocalAction>>,
}

impl<'w> Recording<'w> {
    /// Notes the calls of a world in a log.
    #[must_use]
    pub fn new(inner: &'w dyn World, log: &'w Log) -> Self {
        let locals = local::all().into_iter();
        Self {
            inner,
            log,
            locals: locals
                .map(|action| (action.signature().name, action))
                .collect(),
        }
    }

    /// Whether a scenario carries the action out itself, so that its answer need not be noted.
    fn is_self_contained(&self, action: &str) -> bool {
        let own = self.locals.get(action);
        own.is_some_and(|action| action.is_self_contained()) && !self.inner.answers(action)
    }
}

impl Around for Recording<'_> {
    fn inner(&self) -> &dyn World {
        self.inner
    }

    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        if self.is_self_contained(&call.action) {
            return Box::pin(async move {
                let (begun, at) = (self.log.waited.get(), self.inner.now());
                let result = self.inner.send(call).await;
                if call.action == SLEEP {
                    // It is measured some milliseconds too long.
                    let length = self.inner.now().duration_since(at);
                    let over = length.as_millis() % i128::from(unit(length));
                    let over = i64::try_from(over).unwrap_or_default();
                    let length = length - SignedDuration::from_millis(over);
                    self.log.wait(begun, length);
                }
                result
            });
        }
        Box::pin(async move {
            let place = self.log.begin(call);
            let result = self.inner.send(call).await;
            self.log.end(place, &result);
            result
        })
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async move {
            let begun = self.log.waited.get();
            self.inner.sleep(length).await;
            self.log.wait(begun, length);
        })
    }
}
