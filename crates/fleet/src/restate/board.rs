//! What a fleet is, where it stands, and what people tell it: what commands and workflows exchange.

use super::target::Package;
use crate::outcome::{FleetStatus, GateAnswer, Stop};
use crate::rollout::{Gate, RolloutPolicy};
use crate::target::Target;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fleet that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FleetStart {
    /// What its runs go by.
    pub package: Package,
    /// What it is.
    pub head: Head,
}

/// What a fleet is, said once when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// How bad the problem is.
    pub severity: Option<String>,
    /// The scenario whose world all of it happens in.
    pub scenario: Option<String>,
    /// How it is rolled out.
    pub policy: RolloutPolicy,
    /// Where.
    pub targets: Vec<Target>,
}

impl Head {
    /// The name by which a target's runs are kept apart: one run of a playbook on a target at a time.
    #[must_use]
    pub fn place(&self, target: &Target) -> String {
        match &self.scenario {
            Some(scenario) => format!("{} in {scenario}: {}", self.playbook, target.name),
            None => format!("{}: {}", self.playbook, target.name),
        }
    }
}

/// Where a fleet stands, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Where it stands.
    pub status: FleetStatus,
    /// Why nothing starts any more.
    pub stopped: Option<Stop>,
    /// The wave that is open, from 1.
    pub wave: usize,
    /// The wave that a person is asked about.
    pub asks: Option<Gate>,
    /// What people said about waves.
    pub answers: BTreeMap<usize, GateAnswer>,
    /// The targets that run, by number.
    pub running: Vec<usize>,
    /// Those that wait for a person's answer.
    pub waits: Vec<usize>,
    /// Those whose runs have paused before they wrote anything: they begin anew when the fleet is resumed.
    #[serde(default)]
    pub paused: Vec<usize>,
    /// How many have ended, and how many of them badly.
    pub ended: (usize, usize),
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub over: Option<Timestamp>,
}

impl Board {
    /// Whether it says something that the last one does not: what targets do is only said every hundredth of them.
    pub(super) fn is_news(&self, last: &Self, total: usize) -> bool {
        let same = Self {
            running: last.running.clone(),
            ended: last.ended,
            ..self.clone()
        };
        same != *last || self.ended.0 >= last.ended.0 + (total / 100).max(1)
    }
}

impl Board {
    /// Whether nothing goes on until somebody resumes it.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let open = !self.running.is_empty() || !self.waits.is_empty() || self.asks.is_some();
        self.status == FleetStatus::Waiting && !open
    }
}

/// What a person tells a fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its own id, so that telling it again does nothing.
    pub id: String,
    /// What.
    pub command: Command,
    /// Who.
    pub by: String,
    /// When, by that person's clock.
    pub at: Timestamp,
}

/// What can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Nothing starts any more until it is resumed.
    Pause,
    /// It goes on.
    Resume,
    /// Nothing starts any more; runs that wait for people end, and with `now` those under way too.
    Cancel {
        /// Runs under way are ended in order.
        now: bool,
    },
    /// An answer to the question before a wave.
    Wave {
        /// The wave.
        gate: Gate,
        /// Yes.
        yes: bool,
        /// Why.
        reason: Option<String>,
    },
}
