//! What carries the run of one target out.

use crate::outcome::TargetOutcome;
use crate::target::Target;
use runbook_registry::world::Pending;

/// The run of one target, as an engine is asked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetRun {
    /// The fleet.
    pub fleet: String,
    /// The target's number in its fleet, from 0.
    pub index: usize,
    /// The wave that it is in, from 1.
    pub wave: usize,
    /// The run's id, by [`run_id`](crate::target::run_id).
    pub run: String,
    /// The target.
    pub target: Target,
}

/// Runs a playbook on targets: in the real world, in that of a scenario, here or on another machine.
///
/// Whoever drives a fleet decides what starts, by the [`Rollout`](crate::rollout::Rollout); an engine only carries one run out, or
/// goes on with it where it is on record.
pub trait Engine {
    /// Runs one target until its run ends or pauses. Several are polled side by side.
    ///
    /// What keeps it from running at all is in the outcome: it was [not run](crate::outcome::TargetStatus::NotRun), with the reason.
    fn run_target<'a>(&'a self, run: &'a TargetRun) -> Pending<'a, TargetOutcome>;
}
