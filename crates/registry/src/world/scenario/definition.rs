//! What a scenario says: the world in which a playbook runs, and what must come out.

use crate::call::FailureKind;
use crate::world::Place;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::diagnostic::Code;
use serde_json::{Map, Value as Json};
use std::fmt;

/// A file of scenarios: `NAME.scenarios.yaml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScenarioFile {
    /// The playbook, relative to the file; where left out, the one of the same name beside it.
    pub playbook: Option<String>,
    /// The scenarios, by name, in written order.
    pub scenarios: IndexMap<String, Scenario>,
}

/// One named world, and what must come out of a run in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it shows, for people.
    pub description: Option<String>,
    /// The time when the run starts.
    pub clock: Timestamp,
    /// The account, region and partition that calls go to.
    pub place: Place,
    /// The inputs of the run.
    pub inputs: Map<String, Json>,
    /// What actions are answered with: the first entry that fits is chosen.
    pub actions: IndexMap<String, Vec<Entry>>,
    /// What people answer.
    pub answers: Answers,
    /// What must come out.
    pub expect: Expectation,
    /// What must come out when the run is taken back after its end; nothing where it is not.
    pub undo: Option<Expectation>,
}

/// One answer to calls of an action, and the calls that it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// A subset of the arguments of the calls that it answers; nothing fits all.
    pub with: Option<Json>,
    /// Flags that must be set.
    pub when: Vec<String>,
    /// Flags of which none may be set.
    pub unless: Vec<String>,
    /// Flags that it sets, and how long after the call each is set.
    pub set: Vec<(String, SignedDuration)>,
    /// How many calls it answers at most; nothing is no bound.
    pub times: Option<u32>,
    /// What it answers.
    pub response: Response,
}

impl Entry {
    /// Whether it answers every call, for ever, so that no entry after it is reached.
    #[must_use]
    pub fn is_catch_all(&self) -> bool {
        self.with.is_none()
            && self.when.is_empty()
            && self.unless.is_empty()
            && self.times.is_none()
    }
}

/// What an entry answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// A result.
    Return(Json),
    /// A failure.
    Error(ErrorResponse),
    /// Points of a metric on a straight line, for `cloudwatch:Series`.
    Series(SeriesResponse),
}

/// A failure that an entry answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The error code.
    pub code: String,
    /// What the service says.
    pub message: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
}

/// A straight line from one value to another that ends at the call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesResponse {
    /// Where it begins, relative to the call: negative.
    pub start: SignedDuration,
    /// The time between points.
    pub every: SignedDuration,
    /// The first value.
    pub from: f64,
    /// The last value.
    pub to: f64,
}

/// What people answer in a scenario.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    /// Who approves what.
    pub approve: Approve,
    /// What is answered to the `human:Ask` and `human:Do` of a step.
    pub people: IndexMap<String, Json>,
}

/// How approvals are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Approve {
    /// Nobody is there: the run pauses.
    #[default]
    Unattended,
    /// All are approved.
    All,
    /// All are declined.
    None,
    /// Those of the steps are approved, the others declined.
    Steps(Vec<String>),
}

impl Answers {
    /// The answer to a step's approval; nothing where nobody is there to give one.
    #[must_use]
    pub fn approval(&self, step: &str) -> Option<bool> {
        match &self.approve {
            Approve::Unattended => None,
            Approve::All => Some(true),
            Approve::None => Some(false),
            Approve::Steps(steps) => Some(steps.iter().any(|id| names(id, step))),
        }
    }

    /// What a person answers to a step.
    #[must_use]
    pub fn person(&self, step: &str) -> Option<&Json> {
        self.people
            .iter()
            .find(|(id, _)| names(id, step))
            .map(|(_, answer)| answer)
    }
}

/// Whether an id, alone or with the graph and block before it, names a step: `settled`, `resolve.restart.settled`.
fn names(id: &str, step: &str) -> bool {
    step == id
        || step
            .strip_suffix(id)
            .is_some_and(|before| before.ends_with('.'))
}

/// What must come out of a run; what is left out does not matter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectation {
    /// The verdict.
    pub verdict: Option<String>,
    /// Its reason.
    pub reason: Option<String>,
    /// The causes that are found, exactly these, in any order.
    pub causes: Option<Vec<String>>,
    /// The calls that change something, exactly these, in order.
    pub writes: Option<Vec<ExpectedCall>>,
    /// All calls, exactly these, in order.
    pub calls: Option<Vec<ExpectedCall>>,
    /// Statuses of some steps.
    pub steps: IndexMap<String, String>,
    /// Truth of some steps' claims: `true`, `false` or `unknown`.
    pub holds: IndexMap<String, String>,
    /// Some of the outputs.
    pub outputs: Option<Json>,
    /// The levels of escalation that are due, exactly these, in order.
    pub escalated: Option<Vec<u32>>,
}

/// A call that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedCall {
    /// The action.
    pub action: String,
    /// A subset of its arguments.
    pub arguments: Json,
}

impl fmt::Display for ExpectedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.arguments)
    }
}

/// Something wrong in a file of scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioProblem {
    /// Which problem it is.
    pub code: Code,
    /// Where: keys and positions from the top of the file.
    pub path: Vec<Segment>,
    /// What is wrong, and what may be written instead.
    pub message: String,
}

/// One step down into a file of scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// A key of a mapping.
    Key(String),
    /// A position in a list, from 0.
    Index(usize),
}

impl fmt::Display for ScenarioProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.path.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScenarioProblem {}
