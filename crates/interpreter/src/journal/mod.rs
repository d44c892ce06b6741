//! The durable record of runs, written before and after each effect.

pub mod database;
mod encode;
#[cfg(any(test, feature = "faults"))]
pub mod fault;
mod gathered;
mod groups;
mod history;
mod hold;
pub mod memory;
mod record;
mod recorded;
mod recording;
pub mod sqlite;
mod votes;

pub use gathered::{Called, Gathering, RunRows};
pub use history::{CallRow, EventRow, FileRow, Filter, RunRow};
pub use hold::Hold;
pub use memory::MemoryJournal;
pub use recorded::renewed;
pub use recording::{Mode, RunJournal};
pub use sqlite::SqliteJournal;
pub use votes::{GateRow, Vote, VoteRow};

use crate::approval::{Decision, Question};
use crate::event::{Event, Shown};
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::Effect;
use runbook_playbook::checked::StepPath;
use runbook_registry::call::{Answer, CallError, Target};
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;

/// An event's kind, in a word.
pub(crate) fn word(event: &Event) -> &'static str {
    encode::kind(event)
}

impl Question {
    /// Reads a question as it is on record.
    #[must_use]
    pub fn of_json(json: &Json) -> Option<Self> {
        encode::read_question(json)
    }

    /// Writes a question: all that an answer holds for.
    #[must_use]
    pub fn to_json(&self) -> Json {
        encode::question_json(self)
    }
}

/// What carries a run across the death of its process: everything that a run cannot make up itself passes through here
/// under a name of its own.
///
/// A run is one deterministic program over its playbook, inputs and options. Live, what it asks for is done and recorded;
/// when it is resumed, the same program runs again and is given what is on record, until the first thing that is not. Names
/// (keys) are unique in a run and do not depend on the order in which things that go side by side end. Whatever is not
/// recorded may be done again: recorded once, done at least once; what must not be done twice is said by [`Repeat`].
///
/// An implementation may do the work where it is, or send it elsewhere as what [`CallRecord`] and [`Question`] describe;
/// `work` and `ask` are futures that nothing has polled. Times are the implementation's, or the world's where it has none.
pub trait Durability {
    /// The id of the run: that of a resumed run, or a fresh one.
    fn id(&self, world: &dyn World) -> String {
        world.fresh_id()
    }

    /// How often the run has been started, from 1.
    fn session(&self) -> u32 {
        1
    }

    /// Whether nothing of the world is needed for what has this name: its answer is on record, or nothing is done now that
    /// is not on record.
    fn is_settled(&self, _key: &str) -> bool {
        false
    }

    /// Where the run's report will be, for those who are told of it.
    fn report(&self) -> Option<String> {
        None
    }

    /// A run begins, or goes on; says when it began.
    ///
    /// # Errors
    /// The record cannot be kept; the run does not begin.
    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError>;

    /// Keeps the text of a file that the run goes by: its playbook, those that it runs.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn file(&self, id: &str, text: &str) -> Result<(), JournalError>;

    /// The time at which something begins.
    ///
    /// # Errors
    /// The run does not go on from here: nothing that is not on record may happen.
    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>>;

    /// One attempt of one call. Where it [guards](CallRecord::guards) a write, its record is on disk before `work` is polled,
    /// with all that was recorded before it.
    ///
    /// # Errors
    /// The record cannot be kept, and the call was not made.
    fn step<'a>(
        &'a self,
        world: &'a dyn World,
        call: CallRecord,
        work: Pending<'a, Worked>,
    ) -> Pending<'a, Result<Step, JournalError>>;

    /// A wait; its end is settled when it begins. Says when it ended.
    ///
    /// # Errors
    /// The run does not go on from here.
    fn sleep<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        length: SignedDuration,
    ) -> Pending<'a, Result<Timestamp, JournalError>>;

    /// A question and its answer, and when it was given. An answer holds for what was asked only: the same words, calls and
    /// undo. Without an answer `within` the time, counted from when it was first asked, it has expired.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn gate<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        question: &'a Question,
        within: Option<SignedDuration>,
        ask: Pending<'a, Decision>,
    ) -> Pending<'a, Result<(Decision, Timestamp), JournalError>>;

    /// A run inside of this one, whose keys begin with `key`.
    fn child<'a>(&'a self, key: &'a str, work: Pending<'a, Outcome>) -> Pending<'a, Outcome> {
        let _ = key;
        work
    }

    /// Something happened that observers see. It is recorded once, however often the run is resumed.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn event(&self, key: &str, event: &Event) -> Result<(), JournalError>;

    /// The run has ended or paused. Everything before is on disk when this returns.
    ///
    /// # Errors
    /// The record cannot be kept.
    fn end(&self, outcome: &Outcome) -> Result<(), JournalError>;
}

/// A run as it begins. Secrets are masked.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// The playbook's text, as run.
    pub source: String,
    /// The SHA-256 of that text, in hexadecimal.
    pub digest: String,
    /// The inputs, defaults included.
    pub inputs: Json,
    /// What was asked for.
    pub options: Json,
    /// When it began.
    pub started: Timestamp,
}

/// What may be done about a call of which it is not known whether it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It is made again: a read, or a question to a person.
    Free,
    /// It is made again with the same idempotency token.
    Token,
    /// It must not be made again unless it is known that it was not made.
    Never,
}

/// A call as it is sent. Secrets are masked.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// The attempt's own name.
    pub key: String,
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
    /// What may be done where its answer is not on record.
    pub repeat: Repeat,
}

impl CallRecord {
    /// Whether the record must be on disk before the call is sent.
    #[must_use]
    pub fn guards(&self) -> bool {
        self.effect != Effect::Read
    }
}

/// What came of a call: as it is, and as it may be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Worked {
    /// The answer.
    pub answer: Result<Answer, CallError>,
    /// The same with its secrets masked: the result, or code and message.
    pub shown: Shown,
    /// Something in it was masked, so that the record does not stand for the answer.
    pub masked: bool,
    /// Whether it is an answer at all; a read that was dropped is none.
    pub keep: bool,
}

/// An attempt that was made, now or before.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It was answered, or it failed.
    Done {
        /// What came of it.
        answer: Result<Answer, CallError>,
        /// When it ended.
        at: Timestamp,
        /// The answer comes from the record, where secrets in it are masked.
        lost: bool,
        /// It was made, and its answer could not be recorded.
        unkept: Option<JournalError>,
    },
    /// It was about to be sent when the process died, and must not be sent again unless it is known that it was not.
    InFlight {
        /// When it was recorded.
        since: Timestamp,
    },
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
    /// A program before the first release wrote it.
    #[error(
        "the journal `{path}` has format {found}, of a program before the first release; move it away, or choose another folder with --state-dir"
    )]
    TooOld {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
    },
    /// The disk is full.
    #[error(
        "the journal `{path}` cannot be kept: the disk is full; make room, then go on with `runbook resume`"
    )]
    Full {
        /// The file.
        path: String,
    },
    /// What is done now is not what was done then.
    #[error("{step} is not what was done before: {why}")]
    Diverged {
        /// The step.
        step: String,
        /// What differs.
        why: String,
    },
    /// Nothing that is not on record may happen.
    #[error("what follows is not on record")]
    Unrecorded,
    /// There is no such run.
    #[error("{0}")]
    NoRun(String),
    /// Another process has the run.
    #[error("run {run} is held by another process: {holder}; wait for it to end, or stop it")]
    Held {
        /// The run.
        run: String,
        /// The process: its id, its host, since when.
        holder: String,
    },
    /// Anything else: a failing disk.
    #[error("the journal `{path}` cannot be kept: {why}")]
    Failed {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
}
