//! What a report says of a fleet. All formats draw this.

use crate::run_report::document::{Documented, documents};
use crate::run_report::model::Tone;
use crate::schema_parts;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// The version of the document; it rises when a member changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

documents! {
    /// What came of one playbook on many targets. Secrets are masked.
    pub struct FleetReport {
        /// The version of this document.
        pub format_version: u32,
        /// The fleet's id.
        pub fleet: String,
        /// The playbook's id.
        pub playbook: String,
        /// The playbook's title.
        pub title: String,
        /// How bad the problem is, as the playbook has it.
        pub severity: Option<String>,
        /// Where the fleet stands: `running`, `waiting`, `paused`, `interrupted`, `stopped` or `ended`.
        pub status: String,
        /// How it stands.
        pub tone: Tone,
        /// One sentence about that.
        pub explanation: String,
        /// Why nothing started any more, where something stopped it.
        pub stopped: Option<Stopped>,
        /// When it began.
        pub started: Timestamp,
        /// When it ended, was stopped, or was paused last.
        pub ended: Option<Timestamp>,
        /// How many seconds lie between.
        pub seconds: Option<i64>,
        /// The scenario instead of AWS.
        pub scenario: Option<String>,
        /// How many targets came to which end, the worst first.
        pub counts: Vec<Count>,
        /// The causes that were found, the most frequent first.
        pub causes: Vec<RankedCause>,
        /// What failed, the most frequent first.
        pub failures: Vec<RankedFailure>,
        /// The targets that need a person.
        pub people: Vec<PersonNeeded>,
        /// What to do next about the fleet itself.
        pub next: Vec<Next>,
        /// The waves, in order.
        pub waves: Vec<WaveTold>,
        /// The targets by account, region and labels, where these part them.
        pub groups: Vec<Group>,
        /// The targets whose runs took longest.
        pub slowest: Vec<Slow>,
        /// The targets whose calls were throttled most.
        pub throttled: Vec<Throttled>,
        /// How much there was.
        pub totals: FleetTotals,
        /// All targets, in the order in which they are listed.
        pub targets: Vec<TargetTold>,
    }

    /// What stopped a fleet.
    pub struct Stopped {
        /// `max_errors`, `alarm`, `declined`, `cancelled` or `engine`.
        pub code: String,
        /// One sentence.
        pub message: String,
    }

    /// How many targets came to an end.
    pub struct Count {
        /// The verdict; `waiting`, `running`, `paused` or `not_run` where there is none.
        pub end: String,
        /// How that is.
        pub tone: Tone,
        /// So many targets.
        pub targets: usize,
    }

    /// A cause and where it was found.
    pub struct RankedCause {
        /// Its name.
        pub name: String,
        /// What it is called for people.
        pub title: String,
        /// At so many targets.
        pub targets: usize,
        /// Their names.
        pub names: Vec<String>,
    }

    /// What failed, and where.
    pub struct RankedFailure {
        /// The API's error code, or one of ours.
        pub code: String,
        /// What was said at the first of the targets.
        pub message: String,
        /// The step, where it is the same at all of them.
        pub step: Option<String>,
        /// At so many targets.
        pub targets: usize,
        /// Their names.
        pub names: Vec<String>,
    }

    /// A target that needs a person.
    pub struct PersonNeeded {
        /// The target.
        pub target: String,
        /// Why.
        pub why: String,
        /// The step that asks.
        pub step: Option<String>,
        /// What is asked.
        pub question: Option<String>,
        /// A command that goes on.
        pub next: Option<String>,
    }

    /// Something to do.
    pub struct Next {
        /// What.
        pub text: String,
        /// A command that does it.
        pub command: String,
    }

    /// A wave and what came of it.
    pub struct WaveTold {
        /// Its number, from 1.
        pub wave: usize,
        /// How many targets it has.
        pub targets: usize,
        /// What came of them, the worst first.
        pub counts: Vec<Count>,
        /// When the first of its runs began.
        pub started: Option<Timestamp>,
        /// When the last of its runs ended.
        pub ended: Option<Timestamp>,
        /// What a person said before it began, where one was asked.
        pub answer: Option<WaveAnswer>,
    }

    /// What a person said about a wave.
    pub struct WaveAnswer {
        /// Yes or no.
        pub yes: bool,
        /// Who.
        pub by: String,
        /// Why.
        pub reason: Option<String>,
        /// When.
        pub at: Timestamp,
    }

    /// The targets that have something in common.
    pub struct Group {
        /// What: `account`, `region`, or the name of a label.
        pub by: String,
        /// Which one.
        pub value: String,
        /// How many targets that is.
        pub targets: usize,
        /// How many of them did not end well.
        pub errors: usize,
        /// What came of them, the worst first.
        pub counts: Vec<Count>,
    }

    /// A target whose run took long.
    pub struct Slow {
        /// The target.
        pub target: String,
        /// From the beginning of its run to its end.
        pub seconds: f64,
    }

    /// A target whose calls were throttled.
    pub struct Throttled {
        /// The target.
        pub target: String,
        /// How many calls were.
        pub throttled: u64,
        /// Of how many.
        pub calls: u64,
        /// How many repeated a call.
        pub retries: u64,
    }

    /// How much there was.
    pub struct FleetTotals {
        /// The targets.
        pub targets: usize,
        /// Those whose runs have ended.
        pub ended: usize,
        /// Those that ended well.
        pub well: usize,
        /// Those that count as errors.
        pub errors: usize,
        /// The calls, repetitions included.
        pub calls: u64,
        /// Those that were throttled.
        pub throttled: u64,
        /// Those that repeated a call.
        pub retries: u64,
        /// The writes that were sent.
        pub writes: usize,
        /// Those that no answer confirmed.
        pub unconfirmed: usize,
        /// Those that were taken back.
        pub undone: usize,
    }

    /// A target and what came of it.
    pub struct TargetTold {
        /// Its name.
        pub name: String,
        /// The account.
        pub account: Option<String>,
        /// The region.
        pub region: Option<String>,
        /// The number of its wave.
        pub wave: usize,
        /// The verdict; `waiting`, `running`, `paused` or `not_run` where there is none.
        pub end: String,
        /// How that is.
        pub tone: Tone,
        /// Why it was not run: `stopped`, `locked`, `place`, `input` or `engine`.
        pub not_run: Option<String>,
        /// What came of it, in a sentence.
        pub said: String,
        /// The titles of the causes that were found.
        pub causes: Vec<String>,
        /// The writes that were sent: the step, the action, and how that stands.
        pub changes: Vec<ChangeTold>,
        /// How long its run took, in seconds.
        pub seconds: Option<f64>,
        /// Its run's id: `runbook show`, `report` and `logs` take it.
        pub run: Option<String>,
        /// The page of its own report, from the folder of this one.
        pub page: Option<String>,
    }

    /// A write that was sent.
    pub struct ChangeTold {
        /// The step.
        pub step: String,
        /// The action.
        pub action: String,
        /// The effect.
        pub effect: String,
        /// `done`, `not confirmed` or `taken back`.
        pub state: String,
    }
}

/// The document of a report.
#[must_use]
pub fn document(report: &FleetReport) -> Json {
    report.json()
}

/// The schema of that document (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let mut definitions = Map::new();
    let _ = FleetReport::schema(&mut definitions);
    let mut root = definitions.remove("FleetReport").unwrap_or_default();
    if let Some(version) = root.pointer_mut("/properties/format_version") {
        *version = json!({"const": FORMAT_VERSION, "description": "The version of this document."});
    }
    schema_parts::whole("runbook fleet report", root, Json::Object(definitions))
}
