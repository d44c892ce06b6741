//! Completion in shells. A shell's script runs the program with a variable set and the words so far; the program answers with
//! what may come next: commands and options, and playbooks, scenarios, steps, inputs, runs, actions and regions as they are.

mod bash;
mod candidates;
mod line;

use crate::args::{self, Shell};
use crate::environment::Environment;
use bash::Bash;
use candidates::{Candidates, Kind};
use clap::builder::ValueHint;
use clap::{Arg, Command};
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::{CompleteEnv, EnvCompleter, Fish, Powershell, Shells, Zsh};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

/// The variable that scripts set: the name of the shell.
const VARIABLE: &str = "RUNBOOK_COMPLETE";
const PROGRAM: &str = "runbook";

/// Answers a shell that asks what may come next, where one does: whether it did.
pub fn answer(words: impl IntoIterator<Item = OsString>, environment: &Environment) -> bool {
    let asked = environment
        .variable(VARIABLE)
        .is_some_and(|shell| !shell.is_empty() && shell != "0");
    if !asked {
        return false;
    }
    let environment = Arc::new(environment.clone());
    let shells: [&dyn EnvCompleter; 4] = [&Bash, &Zsh, &Fish, &Powershell];
    let answered = CompleteEnv::with_factory(|| completed(&environment))
        .var(VARIABLE)
        .bin(PROGRAM)
        .completer(PROGRAM)
        .shells(Shells(&shells))
        .try_complete(words, Some(&environment.places.current));
    // A shell that is unknown, or that has stopped reading, shows nothing.
    answered.unwrap_or(true)
}

/// The script of a shell.
///
/// # Errors
/// It is not text.
pub fn script(shell: Shell) -> std::io::Result<String> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Powershell => &Powershell,
    };
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    String::from_utf8(script).map_err(std::io::Error::other)
}

/// The commands, with what completes their values.
fn completed(environment: &Arc<Environment>) -> Command {
    with_candidates(args::command(), environment)
}

fn with_candidates(mut command: Command, environment: &Arc<Environment>) -> Command {
    let known: Vec<(String, Kind)> = command
        .get_arguments()
        .filter_map(|argument| Some((argument.get_id().to_string(), kind_of(argument)?)))
        .collect();
    for (id, kind) in known {
        let environment = Arc::clone(environment);
        let candidates = move |current: &OsStr| {
            let current = current.to_str().unwrap_or_default();
            Candidates::new(&environment).of(kind, current)
        };
        command = command.mut_arg(id, |argument| {
            argument.add(ArgValueCompleter::new(candidates))
        });
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |command| with_candidates(command, environment));
    }
    command
}

/// What an argument stands for, by its name: the same in all commands.
fn kind_of(argument: &Arg) -> Option<Kind> {
    Some(match argument.get_id().as_str() {
        // A path of its own is completed as all paths are.
        "playbook" if argument.get_value_hint() == ValueHint::AnyPath => return None,
        "playbook" => Kind::Playbook,
        "scenario" => Kind::Scenario,
        "only" | "skip" => Kind::StepOfPlaybook,
        "input" => Kind::Input,
        "run" => Kind::Run,
        "fleet" => Kind::Fleet,
        "step" => Kind::StepOfRun,
        "action" => Kind::Action,
        "service" => Kind::Service,
        "code" | "deny" | "warn" | "allow" => Kind::Code,
        "region" => Kind::Region,
        "profile" => Kind::Profile,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
