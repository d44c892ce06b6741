//! What a fleet leaves behind: every target with what came of it, the waves, and why it stopped. Secrets are masked.
//!
//! The document is the same whatever engine ran the fleet, and while it runs: reports, `runbook fleet status` and the
//! record read it. Its schema is [`schema`].

mod of_run;
mod schema;
mod word;

pub use word::verdict;

pub use of_run::Counting;
pub use schema::schema;

use crate::rollout::RolloutPolicy;
use crate::target::Target;
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_interpreter::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// The version of the document; it rises when a member changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// A fleet, as it stands or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetOutcome {
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
    /// Where the fleet stands.
    pub status: FleetStatus,
    /// Why nothing started any more, where something stopped it.
    pub stopped: Option<Stop>,
    /// How it is rolled out.
    pub policy: RolloutPolicy,
    /// The waves, in order.
    pub waves: Vec<WaveOutcome>,
    /// All targets, in the order in which they are listed.
    pub targets: Vec<TargetOutcome>,
    /// The scenario whose world all of it happened in.
    pub scenario: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, was stopped, or was paused last; nothing while it runs.
    pub ended: Option<Timestamp>,
}

/// Where a fleet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FleetStatus {
    /// It is being rolled out.
    Running,
    /// It waits for people: targets that ask, or the question before a wave.
    Waiting,
    /// Somebody paused it.
    Paused,
    /// The process that rolled it out is gone; `runbook fleet resume` goes on.
    Interrupted,
    /// Something stopped it before all targets had their turn: `stopped` says what.
    Stopped,
    /// All targets have ended.
    Ended,
}

/// Why nothing starts any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What it was.
    pub code: StopCode,
    /// One sentence without a full stop.
    pub message: String,
}

/// What stops a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCode {
    /// More targets ended badly than may.
    MaxErrors,
    /// An alarm is on, or could not be read.
    Alarm,
    /// A person said no to a wave.
    Declined,
    /// A person cancelled it.
    Cancelled,
    /// The engine cannot go on: its record cannot be kept, its server is gone.
    Engine,
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveOutcome {
    /// Its number, from 1.
    pub wave: usize,
    /// How many targets it has.
    pub targets: usize,
    /// What a person said before it began, where one was asked.
    pub answer: Option<GateAnswer>,
}

/// What a person said about a wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateAnswer {
    /// Yes or no.
    pub yes: bool,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A target and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetOutcome {
    /// Its name.
    pub name: String,
    /// The account, where it is known.
    pub account: Option<String>,
    /// The region, where it is known.
    pub region: Option<String>,
    /// The role that is assumed for it.
    pub role: Option<String>,
    /// Words by which reports group targets.
    pub labels: IndexMap<String, String>,
    /// The number of its wave, from 1.
    pub wave: usize,
    /// Where it stands.
    pub status: TargetStatus,
    /// Why it was not run.
    pub not_run: Option<NotRun>,
    /// Its run's id, once it has one: `runbook show`, `report` and `logs` take it.
    pub run: Option<String>,
    /// What came out.
    #[serde(with = "word")]
    pub verdict: Option<Verdict>,
    /// Why nothing was done, or why it was aborted: `unexplained`, `no_remedy`, `declined`, `read_only`, `timeout`.
    pub reason: Option<String>,
    /// One sentence about the verdict.
    pub explanation: Option<String>,
    /// The causes that were found.
    pub causes: Vec<FoundCause>,
    /// What failed first.
    pub error: Option<TargetError>,
    /// What a person is to do about it, where it cannot go on or be left as it is without one.
    pub person: Option<NeedsPerson>,
    /// How many calls were answered or failed, repetitions included.
    pub calls: u64,
    /// How many of them were throttled.
    pub throttled: u64,
    /// How many of them repeated a call.
    pub retries: u64,
    /// The writes that were sent, in order.
    pub changes: Vec<TargetChange>,
    /// When its run began.
    pub started: Option<Timestamp>,
    /// When its run ended or paused.
    pub ended: Option<Timestamp>,
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// Its turn has not come.
    Waiting,
    /// It runs.
    Running,
    /// Its run has paused: it waits for a person.
    Paused,
    /// Its run has ended, with a verdict.
    Ended,
    /// It was not run: `not_run` says why. Nothing was called.
    NotRun,
}

/// Why a target was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// What it was.
    pub code: NotRunCode,
    /// One sentence without a full stop.
    pub message: String,
}

/// What keeps a target from being run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRunCode {
    /// The fleet stopped before its turn came.
    Stopped,
    /// Another run of the playbook has the target.
    Locked,
    /// The role cannot be assumed, the region is off, the credentials are of another account.
    Place,
    /// An input is wrong.
    Input,
    /// The engine could not begin its run.
    Engine,
}

/// A cause that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundCause {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetError {
    /// The step.
    pub step: Option<String>,
    /// The API's error code, or one of ours.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What a person is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeedsPerson {
    /// The step that asks, where one does.
    pub step: Option<String>,
    /// What is asked: the call and its arguments, rendered.
    pub question: Option<String>,
    /// Why a person is needed.
    pub why: String,
    /// A command that goes on.
    pub next: Option<String>,
}

/// A write that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetChange {
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The effect: `write`, `destroy`, `permission`, `execute`.
    pub effect: String,
    /// It was answered with success.
    pub confirmed: bool,
    /// It was taken back.
    pub undone: bool,
}

impl TargetOutcome {
    /// A target whose turn has not come.
    #[must_use]
    pub fn waiting(target: &Target, wave: usize) -> Self {
        Self {
            name: target.name.clone(),
            account: target.account.clone(),
            region: target.region.clone(),
            role: target.role.clone(),
            labels: target.labels.clone(),
            wave,
            status: TargetStatus::Waiting,
            not_run: None,
            run: None,
            verdict: None,
            reason: None,
            explanation: None,
            causes: Vec::new(),
            error: None,
            person: None,
            calls: 0,
            throttled: 0,
            retries: 0,
            changes: Vec::new(),
            started: None,
            ended: None,
        }
    }

    /// A target that was not run.
    #[must_use]
    pub fn not_run(target: &Target, wave: usize, code: NotRunCode, message: String) -> Self {
        Self {
            status: TargetStatus::NotRun,
            not_run: Some(NotRun { code, message }),
            ..Self::waiting(target, wave)
        }
    }

    /// Whether it counts as an error: its run ended badly, or it could not be run although the fleet went on. A health check
    /// that says `unhealthy` has done what it is for.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match self.status {
            TargetStatus::Ended => self
                .verdict
                .is_none_or(|verdict| !verdict.is_well() && verdict != Verdict::Unhealthy),
            TargetStatus::NotRun => {
                let stopped = |not_run: &NotRun| not_run.code == NotRunCode::Stopped;
                !self.not_run.as_ref().is_some_and(stopped)
            }
            TargetStatus::Waiting | TargetStatus::Running | TargetStatus::Paused => false,
        }
    }

    /// How its end counts for the rollout; nothing where it has not come to one.
    #[must_use]
    pub fn ending(&self) -> Option<crate::rollout::Ending> {
        use crate::rollout::Ending;
        match self.status {
            TargetStatus::Waiting | TargetStatus::Running => None,
            TargetStatus::Paused => Some(Ending::Waits),
            TargetStatus::Ended | TargetStatus::NotRun if self.is_error() => Some(Ending::Badly),
            TargetStatus::Ended | TargetStatus::NotRun => Some(Ending::Well),
        }
    }
}

impl FleetOutcome {
    /// Whether all targets have ended, and none of them badly or with a finding.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.status == FleetStatus::Ended
            && self.targets.iter().all(|target| {
                target.status == TargetStatus::Ended && target.verdict.is_some_and(Verdict::is_well)
            })
    }

    /// Whether somebody must answer before it goes on.
    #[must_use]
    pub fn needs_people(&self) -> bool {
        self.status == FleetStatus::Waiting
            || self
                .targets
                .iter()
                .any(|target| target.status == TargetStatus::Paused)
    }
}

#[cfg(test)]
mod tests;
