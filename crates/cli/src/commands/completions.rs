//! `runbook completions`: what a shell runs so that it can ask the program what may come next.

use crate::args::CompletionsArguments;
use crate::completion;
use crate::environment::Environment;
use crate::exit::{self, Failure};

/// Prints the script of a shell.
pub fn execute(arguments: &CompletionsArguments, environment: &Environment) -> Result<u8, Failure> {
    let script = completion::script(arguments.shell).map_err(|error| {
        Failure::environment(format!(
            "the script cannot be made: {error}; please report it with the name of the shell"
        ))
    })?;
    environment.console.out.line(script.trim_end());
    Ok(exit::WELL)
}
