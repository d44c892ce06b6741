//! What a run leaves behind: the verdict, the causes, every step, every change.

use crate::approval::ValueChange;
use crate::truth::Truth;
use crate::verdict::{Reason, Verdict};
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::catalog::Effect;
use runbook_playbook::checked::StepPath;
use runbook_playbook::value::Value;
use serde_json::Value as Json;

/// A run that has ended or paused.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The run's id.
    pub run: String,
    /// The playbook's id.
    pub playbook: String,
    /// What came out.
    pub verdict: Verdict,
    /// Why nothing was done.
    pub reason: Option<Reason>,
    /// One sentence for people that says why the verdict is what it is, naming step and call where one is to blame.
    pub explanation: String,
    /// No call has been answered, and the environment is to blame: exit code 4.
    pub environment: bool,
    /// Every cause with its truth, in order.
    pub causes: Vec<CauseOutcome>,
    /// Every step that was considered, in the order in which they ended.
    pub steps: IndexMap<StepPath, StepOutcome>,
    /// Every write that was sent, in order.
    pub changes: Vec<Change>,
    /// What the playbook gives its caller.
    pub outputs: IndexMap<String, Value>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What a person is asked, when paused.
    pub waiting: Option<Waiting>,
    /// Who was told, when it did not end well or took long.
    pub escalated: Option<Escalated>,
}

/// What escalation did. It changes no verdict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Escalated {
    /// The levels that were due, in the order in which they were.
    pub levels: Vec<u32>,
    /// Names and how to reach them; secrets masked.
    pub contacts: IndexMap<String, Value>,
    /// The steps of `gather` that completed the evidence.
    pub gathered: Vec<StepPath>,
    /// The steps of `notify` that told people.
    pub told: Vec<StepPath>,
    /// The steps of `notify` that failed.
    pub failed: Vec<StepPath>,
    /// Why nobody was told, where nobody could be.
    pub not_told: Option<String>,
}

/// A cause and what speaks for it.
#[derive(Debug, Clone)]
pub struct CauseOutcome {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// Whether it was found.
    pub found: Truth,
    /// What its finders saw.
    pub evidence: Vec<Evidence>,
}

/// One finder's answer.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The step.
    pub step: StepPath,
    /// What it says.
    pub truth: Truth,
    /// What was asked and what was found, in a line.
    pub found: String,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepStatus {
    /// It did what it says.
    Done,
    /// Its `when` or `for` is false, or it needs a value of a skipped step.
    Skipped,
    /// Unknown `when` or `for`, or it needs a value of a failed or blocked step.
    Blocked,
    /// Its call failed, or what had to be true is not.
    Failed,
    /// It was done and taken back.
    Undone,
}

impl StepStatus {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }
}

/// What a step did and found.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// How it ended.
    pub status: StepStatus,
    /// What it is called for people.
    pub title: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// Its claim, if it makes one.
    pub holds: Option<Truth>,
    /// What it kept, in written order; secrets masked.
    pub captures: IndexMap<String, Value>,
    /// What was asserted and found.
    pub assertions: Vec<AssertionOutcome>,
    /// Why it failed, was skipped or is blocked: a code and a sentence.
    pub error: Option<StepError>,
    /// Its result was cut.
    pub truncated: bool,
    /// How many calls it made, pages of a result counted as one.
    pub calls: usize,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// Why a step did not do what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// The API's error code, or one of ours.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// One assertion and what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct AssertionOutcome {
    /// What was asked: `that`, or path and predicates, as written.
    pub asked: String,
    /// Whether it is so.
    pub truth: Truth,
    /// What was found.
    pub found: String,
    /// The author's message, rendered.
    pub message: Option<String>,
    /// It does not count.
    pub warn: bool,
    /// It was a `require`.
    pub require: bool,
}

/// A write that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The step.
    pub step: StepPath,
    /// The action.
    pub action: String,
    /// The arguments as sent; secrets masked.
    pub arguments: Json,
    /// What changed from which value to which, where `before` was read.
    pub values: Vec<ValueChange>,
    /// The effect.
    pub effect: Effect,
    /// `true` when it was answered with success; `false` when it failed or no answer came.
    pub confirmed: bool,
    /// It took another change back.
    pub undoes: Option<StepPath>,
    /// It was taken back.
    pub undone: bool,
}

impl Change {
    /// The same, as the run around the one that made it calls it.
    pub(crate) fn below(&self, caller: &str) -> Self {
        let named = |step: &StepPath| format!("{caller}/{step}");
        Self {
            step: named(&self.step),
            undoes: self.undoes.as_ref().map(named),
            ..self.clone()
        }
    }
}

/// A question that nobody could be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// The step.
    pub step: StepPath,
    /// What it would do: the call and its arguments, rendered.
    pub question: String,
    /// Why nobody answered.
    pub why: String,
    /// How to go on: a command; empty where none is known.
    pub next: String,
}
