//! One file a command.

mod actions;
mod approve;
mod call;
mod check;
mod completions;
#[cfg(any(test, feature = "faults"))]
pub mod crash_matrix;
mod diff;
mod doctor;
mod explain;
mod fleet;
mod fmt;
mod guarded;
mod history;
mod import;
mod list;
mod logs;
mod lsp;
mod new;
mod offer;
mod plan;
#[cfg(test)]
mod plan_honesty;
mod play;
mod policy;
mod preflight;
mod prune;
mod report;
mod resume;
mod review;
mod run;
mod runs;
mod saved;
mod show;
mod test;
mod triage;
mod triage_text;
mod undo;
#[cfg(feature = "restate")]
mod worker;

pub(crate) use call::hosts;
pub(crate) use fmt::replace;
pub(crate) use play::{Play, as_far_as_it_goes, interrupted};
pub(crate) use run::SCENARIOS;
pub(crate) use test::play::{Enforced, run_scenario};

use crate::args::Command;
use crate::environment::Environment;
use crate::exit::Failure;
use runbook_playbook::catalog::UnknownAction;

/// Carries a command out.
///
/// # Errors
/// [`Failure`] with what is to be said and the exit code.
pub fn execute(command: &Command, environment: &Environment) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::execute(arguments, environment),
        Command::Resume(arguments) => resume::execute(arguments, environment),
        Command::Approve(arguments) => approve::execute(arguments, environment),
        Command::Undo(arguments) => undo::execute(arguments, environment),
        Command::Runs(arguments) => runs::execute(arguments, environment),
        Command::Show(arguments) => show::execute(arguments, environment),
        Command::Logs(arguments) => logs::execute(arguments, environment),
        Command::Report(arguments) => report::execute(arguments, environment),
        Command::Prune(arguments) => prune::execute(arguments, environment),
        #[cfg(feature = "faults")]
        Command::CrashMatrix(arguments) => crash_matrix::execute(arguments, environment),
        Command::Plan(arguments) => plan::execute(arguments, environment),
        Command::Policy(arguments) => policy::execute(arguments, environment),
        Command::Diff(arguments) => diff::execute(arguments, environment),
        Command::Preflight(arguments) => preflight::execute(arguments, environment),
        Command::Fleet(command) => fleet::execute(command, environment),
        Command::List(arguments) => list::execute(arguments, environment),
        Command::Triage(arguments) => triage::execute(arguments, environment),
        Command::Test(arguments) => test::execute(arguments, environment),
        Command::Check(arguments) => check::execute(arguments, environment),
        Command::Fmt(arguments) => fmt::execute(arguments, environment),
        Command::New(arguments) => new::execute(arguments, environment),
        Command::Import(arguments) => import::execute(arguments, environment),
        Command::Explain(arguments) => explain::execute(arguments, environment),
        Command::Lsp => Ok(lsp::execute(environment)),
        #[cfg(feature = "restate")]
        Command::Worker(arguments) => worker::execute(arguments, environment),
        Command::Call(arguments) => call::execute(arguments, environment),
        Command::Actions(command) => actions::execute(command, environment),
        Command::Doctor(arguments) => doctor::execute(arguments, environment),
        Command::Completions(arguments) => completions::execute(arguments, environment),
    }
}

/// The runtime of a run: one thread, made when it is needed.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment(format!("the program cannot start: {error}; see the limits of processes and files (`ulimit -a`)")))
}

/// An action that does not exist, and what may have been meant.
fn unknown(unknown: &UnknownAction) -> Failure {
    let meant = match unknown.suggestions.as_slice() {
        [] => "; `runbook actions search WORDS` finds actions".to_owned(),
        [one] => format!("; did you mean `{one}`?"),
        many => format!("; did you mean one of `{}`?", many.join("`, `")),
    };
    Failure::wrong(format!("{}{meant}", unknown.message))
}
