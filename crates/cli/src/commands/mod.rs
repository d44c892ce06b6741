//! One file a command.

mod actions;
mod call;
mod check;
mod run;
mod test;

use crate::args::Command;
use crate::environment::Environment;
use crate::exit::Failure;

/// Carries a command out.
///
/// # Errors
/// [`Failure`] with what is to be said and the exit code.
pub fn execute(command: &Command, environment: &Environment) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::execute(arguments, environment),
        Command::Test(arguments) => test::execute(arguments, environment),
        Command::Check(arguments) => check::execute(arguments, environment),
        Command::Call(arguments) => call::execute(arguments, environment),
        Command::Actions(command) => actions::execute(command, environment),
    }
}
