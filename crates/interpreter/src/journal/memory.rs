//! A journal that is gone when the process is: for scenarios.

use super::{CallRecord, Durability, JournalError, RunRecord, Step, Worked, encode};
use crate::approval::{Decision, Question};
use crate::event::Event;
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::sync::Arc;

/// A record in memory, in the order in which it was written.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    entries: RefCell<Vec<Entry>>,
    /// Nothing is kept: nobody will look.
    forgets: bool,
}

/// One entry of the record.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A run began.
    Began(RunRecord),
    /// Something happened.
    Happened(Json),
    /// A call was about to be sent.
    Sending(CallRecord),
    /// The call of this name has ended: with this result, or code and message.
    Answered(String, Result<Json, (String, String)>),
    /// A run ended with this verdict.
    Ended(&'static str),
}

impl MemoryJournal {
    /// Makes an empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a record that keeps nothing.
    #[must_use]
    pub fn forgetting() -> Self {
        Self {
            forgets: true,
            ..Self::default()
        }
    }

    /// What was recorded so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }

    fn push(&self, entry: Entry) {
        if !self.forgets {
            self.entries.borrow_mut().push(entry);
        }
    }
}

impl Durability for MemoryJournal {
    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError> {
        self.push(Entry::Began(run.clone()));
        Ok(run.started)
    }

    fn file(&self, _id: &str, _text: &str) -> Result<(), JournalError> {
        Ok(())
    }

    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        _key: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(std::future::ready(Ok(world.now())))
    }

    fn step<'a>(
        &'a self,
        world: &'a dyn World,
        call: CallRecord,
        work: Pending<'a, Worked>,
    ) -> Pending<'a, Result<Step, JournalError>> {
        Box::pin(async move {
            let key = call.key.clone();
            self.push(Entry::Sending(call));
            let worked = work.await;
            self.push(Entry::Answered(key, worked.shown.map(Arc::unwrap_or_clone)));
            Ok(Step::Done {
                answer: worked.answer,
                at: world.now(),
                lost: false,
                unkept: None,
            })
        })
    }

    fn sleep<'a>(
        &'a self,
        world: &'a dyn World,
        _key: &'a str,
        length: SignedDuration,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(async move {
            world.sleep(length).await;
            Ok(world.now())
        })
    }

    fn gate<'a>(
        &'a self,
        world: &'a dyn World,
        _key: &'a str,
        _question: &'a Question,
        within: Option<SignedDuration>,
        ask: Pending<'a, Decision>,
    ) -> Pending<'a, Result<(Decision, Timestamp), JournalError>> {
        Box::pin(async move {
            let decision = bounded(world, within, ask).await;
            Ok((decision, world.now()))
        })
    }

    fn event(&self, _key: &str, event: &Event) -> Result<(), JournalError> {
        if self.forgets {
            return Ok(());
        }
        self.push(Entry::Happened(encode::event(event)));
        Ok(())
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        self.push(Entry::Ended(outcome.verdict.as_str()));
        Ok(())
    }
}

/// Waits for an answer as long as there is time for it.
pub(super) async fn bounded(
    world: &dyn World,
    left: Option<SignedDuration>,
    ask: Pending<'_, Decision>,
) -> Decision {
    let Some(left) = left else {
        return ask.await;
    };
    // In a world whose time only moves in waits, people take none of it.
    if !world.is_timed() {
        return ask.await;
    }
    if !left.is_positive() {
        return Decision::Expired;
    }
    tokio::select! {
        biased;
        decision = ask => decision,
        () = world.sleep(left) => Decision::Expired,
    }
}
