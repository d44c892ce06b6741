//! Project tasks: `cargo xtask catalogue --write|--check [--packages DIR]`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to who ran it"
)]

mod catalogue;

use std::process::ExitCode;

/// What a task ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

const USAGE: &str = "usage: cargo xtask catalogue --write|--check [--packages DIR]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((task, rest)) if task == "catalogue" => catalogue::run(rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
