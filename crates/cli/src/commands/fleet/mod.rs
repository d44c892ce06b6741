//! `runbook fleet`: one playbook on many targets.

mod answer;
mod control;
mod go;
mod load;
mod plan;
mod shown;
mod status;

use crate::args::FleetCommand;
use crate::environment::Environment;
use crate::exit::Failure;

/// Carries a command about fleets out.
pub fn execute(command: &FleetCommand, environment: &Environment) -> Result<u8, Failure> {
    match command {
        FleetCommand::Plan(arguments) => plan::execute(arguments, environment),
        FleetCommand::Run(arguments) => go::run(arguments, environment),
        FleetCommand::Resume(arguments) => go::resume(arguments, environment),
        FleetCommand::Status(arguments) => status::execute(arguments, environment),
        FleetCommand::Report(arguments) => status::report(arguments, environment),
        FleetCommand::Approve(arguments) => answer::execute(arguments, environment),
        FleetCommand::Pause(of) => control::pause(of, environment),
        FleetCommand::Cancel(of) => control::cancel(of, environment),
    }
}
