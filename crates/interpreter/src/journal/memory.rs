//! A journal that is gone when the process is: for scenarios.

use super::{CallEnd, CallId, CallRecord, Journal, JournalError, RunRecord, encode};
use crate::event::Event;
use crate::outcome::Outcome;
use serde_json::Value as Json;
use std::cell::RefCell;

/// A record in memory, in the order in which it was written.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    entries: RefCell<Vec<Entry>>,
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
    /// A call has ended.
    Answered(CallId, CallEnd),
    /// A run ended with this verdict.
    Ended(&'static str),
}

impl MemoryJournal {
    /// Makes an empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was recorded so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }

    fn push(&self, entry: Entry) {
        self.entries.borrow_mut().push(entry);
    }
}

impl Journal for MemoryJournal {
    fn begin(&self, run: &RunRecord) -> Result<(), JournalError> {
        self.push(Entry::Began(run.clone()));
        Ok(())
    }

    fn event(&self, _run: &str, event: &Event) -> Result<(), JournalError> {
        self.push(Entry::Happened(encode::event(event)));
        Ok(())
    }

    fn sending(&self, call: &CallRecord) -> Result<CallId, JournalError> {
        self.push(Entry::Sending(call.clone()));
        let number = i64::try_from(self.entries.borrow().len()).unwrap_or(i64::MAX);
        Ok(CallId(number))
    }

    fn answered(&self, call: CallId, end: &CallEnd) -> Result<(), JournalError> {
        self.push(Entry::Answered(call, end.clone()));
        Ok(())
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        self.push(Entry::Ended(outcome.verdict.as_str()));
        Ok(())
    }
}
