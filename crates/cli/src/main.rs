//! The `runbook` command.
//!
//! This file is the only place that reads the environment, opens the standard streams and exits.

mod account;
mod ahead;
mod approve;
mod archive;
mod args;
mod calls;
#[cfg(feature = "restate")]
mod carried;
mod commands;
mod completion;
mod console;
mod coverage;
mod device;
mod doctor;
mod document;
mod environment;
mod escalation_file;
mod exit;
mod explanation;
mod fleet;
mod gathered;
mod git;
mod guards;
mod identity;
mod kept;
mod levels;
mod load;
mod locate;
mod lock;
#[cfg(test)]
mod manual;
mod matching;
mod offline;
mod onward;
mod parallel;
mod person;
mod problems;
mod prompt;
mod record;
mod recorder;
mod recording;
mod scoped;
mod secrets;
mod shelf;
mod stage;
mod staged;
mod telemetry;
mod triage;
mod world;

use args::{Arguments, Color};
use clap::{FromArgMatches, Parser};
use console::{Console, Stream};
use environment::Environment;
use exit::Failure;
use locate::Places;
use runbook_report::question::safe;
use runbook_report::terminal::Look;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Reading and checking playbooks makes millions of small texts and trees: a quarter of a command's time with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    quiet_panics();
    let found = environment(console(Color::Never));
    if completion::answer(std::env::args_os(), &found) {
        return ExitCode::from(exit::WELL);
    }
    let arguments = arguments();
    let environment = Environment {
        console: console(arguments.color),
        ..found
    };
    let done = telemetry::listen(&arguments.log, &arguments.command, &environment)
        .and_then(|()| commands::execute(&arguments.command, &environment));
    let code = match done {
        Ok(code) => code,
        Err(Failure { code, message }) => {
            if !message.is_empty() {
                let lines: Vec<String> = message.lines().map(safe).collect();
                environment
                    .console
                    .err
                    .line(format!("error: {}", lines.join("\n")));
            }
            code
        }
    };
    ExitCode::from(code)
}

/// The command line; where it is wrong, or asks for help, that is said and the program ends.
fn arguments() -> Arguments {
    // The examples are put in place only for whoever is to see them.
    Arguments::try_parse().unwrap_or_else(|_| {
        let mut matches = args::command().get_matches();
        Arguments::from_arg_matches_mut(&mut matches)
            .unwrap_or_else(|error| error.format(&mut args::command()).exit())
    })
}

/// Ends the program from anywhere.
pub(crate) fn leave(code: u8) -> ! {
    std::process::exit(code.into())
}

fn console(color: Color) -> Console {
    let allowed = match color {
        Color::Always => Some(true),
        Color::Never => Some(false),
        // https://no-color.org: any value but the empty one.
        Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => {
            Some(false)
        }
        Color::Auto if std::env::var_os("TERM").is_some_and(|term| term == "dumb") => Some(false),
        Color::Auto => None,
    };
    let look = |terminal: bool, width: Option<usize>| Look {
        width: width.filter(|_| terminal),
        colour: allowed.unwrap_or(terminal),
    };
    let width = |size: Option<(terminal_size::Width, terminal_size::Height)>| {
        Some(size.map_or(80, |(width, _)| usize::from(width.0).max(20)))
    };
    let (out, err) = (std::io::stdout(), std::io::stderr());
    Console {
        out: Stream {
            open: || Box::new(std::io::stdout()),
            terminal: out.is_terminal(),
            look: look(
                out.is_terminal(),
                width(terminal_size::terminal_size_of(&out)),
            ),
        },
        err: Stream {
            open: || Box::new(std::io::stderr()),
            terminal: err.is_terminal(),
            look: look(
                err.is_terminal(),
                width(terminal_size::terminal_size_of(&err)),
            ),
        },
        input: std::io::stdin().is_terminal(),
    }
}

fn environment(console: Console) -> Environment {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = folder("XDG_STATE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("runbook"));
    let path = std::env::var_os("RUNBOOK_PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Environment {
        places: Places {
            current: std::env::current_dir().unwrap_or_default(),
            path,
        },
        state,
        user: account::user(text("USER").or_else(|| text("LOGNAME"))),
        variables: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        console,
        line: std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
    }
}

/// A panic is a mistake of this program; people are told so in a line instead of a backtrace, and the program ends: what it
/// had sent is in the journal. Released binaries do not unwind.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(|place| format!(" at {}:{}", place.file(), place.line()))
            .unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "error: a mistake in this program{place}; please report it with the command line and the playbook"
        );
        leave(exit::NOT_WELL);
    }));
}
