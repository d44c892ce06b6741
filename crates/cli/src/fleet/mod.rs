//! Fleets on this machine: what runs a target, what is around a fleet, and what is on record of it.

mod alarms;
mod around;
mod begun;
mod check;
mod discovery;
mod engine;
mod reach;
mod restored;
mod told;

pub use alarms::Alarms;
pub use around::{Around, Steps};
pub use begun::{Begun, Wanted, no_secrets};
pub use check::check_targets;
pub use discovery::{found, found_by};
pub use engine::{LocalEngine, at};
#[cfg(feature = "restate")]
pub use reach::refusal;
pub use restored::restored;
pub use told::{outcome, rebuilt};

use crate::exit::Failure;
use crate::record::Record;
use runbook_fleet::embedded::store::{FleetStore, StoreError};

/// The record of fleets beside the journal of runs.
///
/// # Errors
/// It cannot be opened.
pub fn store(record: &Record) -> Result<FleetStore, Failure> {
    FleetStore::open(&record.fleets()).map_err(kept)
}

/// A record that cannot be used is a matter of the environment.
pub fn kept(error: StoreError) -> Failure {
    match error {
        StoreError::NoFleet(_) => Failure::wrong(error.to_string()),
        error => Failure::environment(error.to_string()),
    }
}

/// The name by which a process has a fleet.
#[must_use]
pub fn held_as(fleet: &str) -> String {
    format!("fleet-{fleet}")
}
