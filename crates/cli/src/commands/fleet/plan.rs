//! `runbook fleet plan`: what would run where, before it does.

use crate::args::FleetPlanArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};

/// Plans a fleet.
pub fn execute(_: &FleetPlanArguments, _: &Environment) -> Result<u8, Failure> {
    Ok(exit::WELL)
}
