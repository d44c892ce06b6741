//! The durable record of runs, written before and after each effect.

mod encode;
pub mod memory;
pub mod sqlite;

pub use memory::MemoryJournal;
pub use sqlite::SqliteJournal;

use crate::event::Event;
use crate::outcome::Outcome;
use jiff::Timestamp;
use runbook_playbook::catalog::Effect;
use runbook_playbook::checked::StepPath;
use runbook_registry::call::Target;
use serde_json::Value as Json;

/// Where a run leaves its record. Everything it is given has its secrets masked.
///
/// One object-safe trait, so that a distributed engine can stand in its place. What a run decides passes through it in the
/// order in which it is decided: a call is a durable step with its own id, an answer of a person is an event.
pub trait Journal {
    /// A run begins.
    ///
    /// # Errors
    /// The record cannot be kept; the run does not begin.
    fn begin(&self, run: &RunRecord) -> Result<(), JournalError>;

    /// Something happened.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn event(&self, run: &str, event: &Event) -> Result<(), JournalError>;

    /// A call is about to be sent. Where it [guards](CallRecord::guards) a write, it is on disk when this returns, with all
    /// that was recorded before it.
    ///
    /// # Errors
    /// The record cannot be kept; a write is then not sent.
    fn sending(&self, call: &CallRecord) -> Result<CallId, JournalError>;

    /// A call has been answered or has failed.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn answered(&self, call: CallId, end: &CallEnd) -> Result<(), JournalError>;

    /// A run has ended or paused. Everything before is on disk when this returns.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn end(&self, outcome: &Outcome) -> Result<(), JournalError>;
}

/// A call's number in its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub i64);

/// A run as it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's text, as run.
    pub source: String,
    /// The SHA-256 of that text, in hexadecimal.
    pub digest: String,
    /// The inputs, defaults included.
    pub inputs: Json,
    /// When it began.
    pub started: Timestamp,
}

/// A call as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// The run.
    pub run: String,
    /// The step.
    pub step: StepPath,
    /// The element's number in `each`, from 0.
    pub element: Option<usize>,
    /// The action.
    pub action: String,
    /// The arguments.
    pub arguments: Json,
    /// Where it goes, when not to the run's own target.
    pub target: Target,
    /// The gravest thing that it does.
    pub effect: Effect,
    /// What the step's `before` read.
    pub before: Option<Json>,
    /// The idempotency token.
    pub token: Option<String>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// When it is sent.
    pub at: Timestamp,
}

impl CallRecord {
    /// Whether the record must be on disk before the call is sent.
    #[must_use]
    pub fn guards(&self) -> bool {
        self.effect != Effect::Read
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEnd {
    /// The result, or code and message.
    pub answer: Result<Json, (String, String)>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// When it ended.
    pub at: Timestamp,
}

/// A record that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The folder or the file cannot be written.
    #[error(
        "the journal `{path}` cannot be written: {why}; choose another folder with --state-dir"
    )]
    ReadOnly {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// Another process holds it.
    #[error(
        "the journal `{path}` is locked by another process; wait for it or choose another folder with --state-dir"
    )]
    Locked {
        /// The file.
        path: String,
    },
    /// It is no journal, or a damaged one.
    #[error(
        "the journal `{path}` is damaged: {why}; move it away, or choose another folder with --state-dir"
    )]
    Corrupted {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A newer program wrote it.
    #[error(
        "the journal `{path}` has format {found}, and this program knows up to {known}; use the newer program"
    )]
    TooNew {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// Anything else: a full disk, a failing one.
    #[error("the journal `{path}` cannot be kept: {why}")]
    Failed {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
}
