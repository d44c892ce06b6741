//! `runbook fleet`: one playbook on many targets.

mod answer;
mod control;
mod go;
mod load;
mod plan;
#[cfg(feature = "restate")]
mod remote;
mod report;
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
        #[cfg(feature = "restate")]
        FleetCommand::Watch(arguments) => match &arguments.of.on.on {
            Some(on) => remote::watch(&arguments.of.fleet, on, arguments.format, environment),
            None => Err(Failure::wrong(
                "say where the fleet is: --on restate=URL; one of this machine shows itself where it runs",
            )),
        },
        FleetCommand::Report(arguments) => report::execute(arguments, environment),
        FleetCommand::Approve(arguments) => answer::execute(arguments, environment),
        FleetCommand::Pause(of) => control::pause(of, environment),
        FleetCommand::Cancel(of) => control::cancel(of, environment),
    }
}
