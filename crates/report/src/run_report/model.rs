//! What a report says of a run. All formats draw this.

use super::document::{Documented, documents};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// The version of the document; it rises when a member changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// What was asked of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// It could not be told.
    Unknown,
}

impl Truth {
    /// Reads the journal's word.
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "true" => Some(Self::True),
            "false" => Some(Self::False),
            "unknown" => Some(Self::Unknown),
            _ => None,
        }
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

impl Documented for Truth {
    fn json(&self) -> Json {
        match self {
            Self::True => true.into(),
            Self::False => false.into(),
            Self::Unknown => "unknown".into(),
        }
    }

    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"enum": [true, false, "unknown"]})
    }
}

/// How a run or a step stands, for people who look before they read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// It is as it should be.
    Good,
    /// Someone should look at it, or must answer.
    Attention,
    /// It is not as it should be.
    Bad,
    /// It says nothing, or goes on.
    Quiet,
}

impl Tone {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Attention => "attention",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

impl Documented for Tone {
    fn json(&self) -> Json {
        self.as_str().into()
    }

    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"enum": ["good", "attention", "bad", "quiet"]})
    }
}

documents! {
    /// A run of a playbook, told from its journal. Secrets are masked.
    pub struct Report {
        /// The version of this document.
        pub format_version: u32,
        /// The run's id.
        pub run: String,
        /// The playbook's id.
        pub playbook: String,
        /// The playbook's title.
        pub title: String,
        /// One sentence about the problem, as the playbook has it.
        pub summary: Option<String>,
        /// How bad the problem is, as the playbook has it.
        pub severity: Option<String>,
        /// The verdict; `running` while a process has the run, `interrupted` where none has it and it has not ended.
        pub status: String,
        /// How the run stands.
        pub tone: Tone,
        /// The verdict; null where the run has not ended.
        pub verdict: Option<String>,
        /// Why nothing was done: `unexplained`, `no_remedy` or `declined`.
        pub reason: Option<String>,
        /// One sentence about the verdict.
        pub explanation: Option<String>,
        /// When it began.
        pub started: Timestamp,
        /// When it ended or paused.
        pub ended: Option<Timestamp>,
        /// How many seconds lie between.
        pub seconds: Option<i64>,
        /// How often it has been started.
        pub sessions: u32,
        /// The causes that were looked for.
        pub causes: Vec<Cause>,
        /// What was changed, in order.
        pub changes: Vec<Change>,
        /// What is left for people to do.
        pub left: Vec<Left>,
        /// Who was told, when it did not end well or took long.
        pub escalation: Option<Escalation>,
        /// What people were asked, and what they said.
        pub approvals: Vec<Approval>,
        /// Series of points that were drawn.
        pub charts: Vec<Chart>,
        /// Rows that were shown.
        pub tables: Vec<Table>,
        /// Every time that a graph ran.
        pub graphs: Vec<Graph>,
        /// Every step that was considered, in the order in which they began.
        pub steps: Vec<Step>,
        /// What happened, in order.
        pub timeline: Vec<Moment>,
        /// What the playbook gives its caller.
        pub outputs: Map<String, Json>,
        /// Where and with what it ran.
        pub environment: Environment,
        /// How much there was.
        pub totals: Totals,
        /// Where the evidence was put together for others.
        pub bundle: Option<String>,
    }

    /// A cause and what speaks for it.
    pub struct Cause {
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
    pub struct Evidence {
        /// The step.
        pub step: String,
        /// What it says.
        pub holds: Truth,
        /// What was asked and what was found.
        pub found: String,
    }

    /// A write that was sent.
    pub struct Change {
        /// The step.
        pub step: String,
        /// The action.
        pub action: String,
        /// The arguments as sent.
        pub arguments: Json,
        /// What changed from which value to which, where it was read before.
        pub values: Vec<ValueChange>,
        /// The effect.
        pub effect: String,
        /// It was answered with success.
        pub confirmed: bool,
        /// The step whose change it took back.
        pub undoes: Option<String>,
        /// It was taken back.
        pub undone: bool,
    }

    /// One value that changed.
    pub struct ValueChange {
        /// The member, as a dotted path.
        pub path: String,
        /// What it was; null for nothing.
        pub from: Json,
        /// What it is.
        pub to: Json,
    }

    /// Something that is left for people to do.
    pub struct Left {
        /// What, in a sentence.
        pub text: String,
        /// The command for it.
        pub command: Option<String>,
    }

    /// What escalation did.
    pub struct Escalation {
        /// The levels that were due, in order.
        pub levels: Vec<u32>,
        /// Names and how to reach them.
        pub contacts: Map<String, Json>,
        /// The steps that completed the evidence.
        pub gathered: Vec<String>,
        /// The steps that told people.
        pub told: Vec<String>,
        /// The steps that could not tell people.
        pub failed: Vec<String>,
        /// Why nobody was told.
        pub not_told: Option<String>,
    }

    /// A question and its answer.
    pub struct Approval {
        /// The step.
        pub step: String,
        /// When it was asked.
        pub asked: Timestamp,
        /// When it was answered.
        pub answered: Option<Timestamp>,
        /// `approved`, `declined`, `nobody`, `abort` or `expired`; null where it is open.
        pub answer: Option<String>,
        /// Who answered.
        pub by: Option<String>,
        /// The account, region and role acted on.
        pub place: String,
        /// What the calls do.
        pub effects: Vec<String>,
        /// The author's own words.
        pub prompt: Option<String>,
        /// How many people must say yes.
        pub people: u32,
        /// The calls that were shown.
        pub calls: Vec<AskedCall>,
        /// How it would be taken back.
        pub undo: Vec<AskedCall>,
    }

    /// A call in a question.
    pub struct AskedCall {
        /// The action.
        pub action: String,
        /// Its arguments.
        pub arguments: Json,
        /// What would change.
        pub changes: Vec<ValueChange>,
    }

    /// A series of points.
    pub struct Chart {
        /// The step.
        pub step: String,
        /// What the step is called.
        pub title: String,
        /// The capture that has the points.
        pub capture: String,
        /// A line across.
        pub threshold: Option<f64>,
        /// In how many hours the threshold is reached, if it goes on as it does.
        pub reaches_in_hours: Option<f64>,
        /// The points.
        pub points: Vec<Point>,
    }

    /// Rows that a step shows.
    pub struct Table {
        /// The step.
        pub step: String,
        /// What the step is called.
        pub title: String,
        /// The capture that has the rows.
        pub capture: String,
        /// The names of the columns.
        pub columns: Vec<String>,
        /// The rows, a value for each column; null where a row has none.
        pub rows: Vec<Vec<Json>>,
    }

    /// A value at a time.
    pub struct Point {
        /// When.
        pub at: Option<Timestamp>,
        /// The value.
        pub value: f64,
    }

    /// One time that a graph ran.
    pub struct Graph {
        /// `symptom`, `diagnose`, `resolve`, `verify`, `check`, `gather`, `notify` or `undo`.
        pub name: String,
        /// The step that runs the playbook whose graph it is; null for the run's own.
        pub within: Option<String>,
        /// The reading, from 1, in `verify`.
        pub reading: Option<u32>,
        /// What it says in a few words.
        pub summary: Option<String>,
        /// When it began.
        pub started: Timestamp,
        /// When it ended.
        pub ended: Option<Timestamp>,
    }

    /// A step: what it did and found.
    pub struct Step {
        /// Its full name; names of steps of a playbook that it runs stand after a slash.
        pub path: String,
        /// The place of its graph in `graphs`.
        pub graph: Option<usize>,
        /// The place of the step in `steps` that it is inside of.
        pub inside: Option<usize>,
        /// What it is called for people.
        pub title: Option<String>,
        /// The action.
        pub action: Option<String>,
        /// `done`, `skipped`, `blocked`, `failed`, `undone`, or `running` where its end is not on record.
        pub status: String,
        /// How it stands.
        pub tone: Tone,
        /// Its claim, if it makes one.
        pub holds: Option<Truth>,
        /// What it kept.
        pub captures: Map<String, Json>,
        /// What was asserted and found.
        pub assertions: Vec<Assertion>,
        /// Why it failed, was skipped or is blocked.
        pub error: Option<Error>,
        /// Its result was cut at the limit.
        pub truncated: bool,
        /// Its calls.
        pub calls: Vec<Call>,
        /// When it began.
        pub started: Option<Timestamp>,
        /// When it ended.
        pub ended: Option<Timestamp>,
    }

    /// One assertion and what was found.
    pub struct Assertion {
        /// What was asked, as written.
        pub asked: String,
        /// Whether it is so.
        pub holds: Truth,
        /// What was found.
        pub found: String,
        /// The author's message.
        pub message: Option<String>,
        /// It does not count.
        pub warn: bool,
        /// It had to be true for the step to mean anything.
        pub require: bool,
    }

    /// Why something went wrong.
    pub struct Error {
        /// A code: the service's, or the engine's.
        pub code: String,
        /// A sentence.
        pub message: String,
    }

    /// A call as it was sent and answered.
    pub struct Call {
        /// Its name in the journal.
        pub key: String,
        /// The action.
        pub action: String,
        /// The gravest thing that it does.
        pub effect: String,
        /// The arguments.
        pub arguments: Json,
        /// What was read before it.
        pub before: Option<Json>,
        /// The region, where it is not the run's own.
        pub region: Option<String>,
        /// The role, where it is not the run's own.
        pub role: Option<String>,
        /// The attempt, from 1.
        pub attempt: u32,
        /// How often it was sent.
        pub sent: u32,
        /// When it was sent.
        pub started: String,
        /// When it was answered; null where no answer is on record.
        pub ended: Option<String>,
        /// The result.
        pub result: Option<Json>,
        /// The error.
        pub error: Option<Error>,
        /// The service's id of the request.
        pub request_id: Option<String>,
        /// The result was cut at the limit.
        pub truncated: bool,
    }

    /// Something that happened.
    pub struct Moment {
        /// When.
        pub at: Timestamp,
        /// `run`, `graph`, `step`, `wait`, `question`, `answer` or `cause`.
        pub kind: String,
        /// The step.
        pub step: Option<String>,
        /// How it stands.
        pub tone: Tone,
        /// What, in a few words.
        pub text: String,
    }

    /// Where and with what a run ran.
    pub struct Environment {
        /// The account.
        pub account: Option<String>,
        /// The region.
        pub region: Option<String>,
        /// The partition: `aws`, `aws-cn`, `aws-us-gov`.
        pub partition: Option<String>,
        /// The principal, where a call on record says it.
        pub principal: Option<String>,
        /// The role that was assumed.
        pub role: Option<String>,
        /// The profile of the AWS configuration.
        pub profile: Option<String>,
        /// The URL that every AWS call was sent to.
        pub endpoint_url: Option<String>,
        /// The scenario instead of AWS.
        pub scenario: Option<String>,
        /// The version of the program that began the run.
        pub version: String,
        /// The playbook's file.
        pub file: Option<String>,
        /// The SHA-256 of the playbook's text.
        pub digest: String,
        /// The inputs, defaults included.
        pub inputs: Map<String, Json>,
        /// What was asked for: `until`, `only`, `skip` and the like.
        pub options: Json,
    }

    /// How much there was.
    pub struct Totals {
        /// The attempts of calls.
        pub calls: usize,
        /// Those that only read.
        pub reads: usize,
        /// Those that did more.
        pub writes: usize,
        /// Those that failed.
        pub failed_calls: usize,
        /// The steps that were done.
        pub steps_done: usize,
        /// The steps that failed or could not be decided.
        pub steps_failed: usize,
        /// The steps that were skipped.
        pub steps_skipped: usize,
        /// The seconds that were waited.
        pub seconds_waited: i64,
    }
}

/// The document of a report.
#[must_use]
pub fn document(report: &Report) -> Json {
    report.json()
}

/// The schema of that document (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let mut definitions = Map::new();
    let _ = Report::schema(&mut definitions);
    let mut root = definitions.remove("Report").unwrap_or_default();
    if let Json::Object(members) = &mut root {
        members.insert(
            "$schema".to_owned(),
            "https://json-schema.org/draft/2020-12/schema".into(),
        );
        members.insert("title".to_owned(), "runbook report".into());
        members.insert("$defs".to_owned(), Json::Object(definitions));
        if let Some(version) = members
            .get_mut("properties")
            .and_then(|properties| properties.get_mut("format_version"))
        {
            *version =
                json!({"const": FORMAT_VERSION, "description": "The version of this document."});
        }
    }
    root
}
