//! What is told of runs to other systems, as the command line and the environment ask for it.

use crate::args::{Command, LogArguments, LogFormat};
use crate::commands::Play;
use crate::console::Stream;
use crate::environment::Environment;
use crate::exit::Failure;
use runbook_registry::world::World;
use runbook_telemetry::log::{Filter, Format, Log, Sink, install};
use runbook_telemetry::notes::Notes;
use runbook_telemetry::parent::Parent;
use runbook_telemetry::settings::{self, Settings};
use runbook_telemetry::trace::Deed;
use runbook_telemetry::{Telemetry, Wanted};
use serde_json::{Value as Json, json};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

/// What a run is told by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// Where its counts go.
    pub metrics: Option<&'a Path>,
    /// What it was begun with, where it was begun by another process.
    pub context: Option<&'a Json>,
}

/// What this process listens to: `tracing` has one listener a process.
#[derive(Debug, Default)]
struct Listening {
    notes: Notes,
    settings: Option<Settings>,
    logs: bool,
}

static LISTENING: OnceLock<Listening> = OnceLock::new();

/// Listens from now on to what is said, where anything asks for that.
///
/// # Errors
/// What is wrong with the arguments or the log's file.
pub fn listen(
    arguments: &LogArguments,
    command: &Command,
    environment: &Environment,
) -> Result<(), Failure> {
    let log = log(arguments, environment)?;
    let metrics = match command {
        Command::Run(run) => Some(run.metrics.is_some()),
        Command::Resume(resume) => Some(resume.replay.metrics.is_some()),
        Command::Undo(undo) => Some(undo.replay.metrics.is_some()),
        _ => None,
    };
    let settings = metrics.and_then(|_| {
        let read = settings::read(|name| environment.variable(name));
        for warning in read.warnings {
            warn(environment.console.err, &warning);
        }
        read.settings
    });
    let listening = Listening {
        notes: Notes::default(),
        logs: log.is_some(),
        settings,
    };
    let notes =
        (metrics == Some(true) || listening.settings.is_some()).then(|| listening.notes.clone());
    if log.is_some() || notes.is_some() {
        install(log, notes).map_err(Failure::environment)?;
    }
    let _ = LISTENING.set(listening);
    Ok(())
}

fn log(arguments: &LogArguments, environment: &Environment) -> Result<Option<Log>, Failure> {
    let level = arguments
        .log_level
        .as_deref()
        .filter(|level| !level.trim().is_empty());
    let asked = level.is_some() || arguments.log_format.is_some() || arguments.log_file.is_some();
    if !asked {
        return Ok(None);
    }
    let filter = Filter::read(level.unwrap_or("info"))
        .map_err(|why| Failure::wrong(format!("--log-level (RUNBOOK_LOG): {why}")))?;
    let sink = match &arguments.log_file {
        None => Sink::Stream(environment.console.err.open),
        Some(file) => {
            let opened = OpenOptions::new().create(true).append(true).open(file);
            Sink::File(opened.map_err(|error| {
                Failure::environment(format!(
                    "the log {} cannot be written: {error}",
                    file.display()
                ))
            })?)
        }
    };
    let format = match arguments.log_format {
        Some(LogFormat::Json) => Format::Json,
        Some(LogFormat::Text) | None => Format::Text,
    };
    Ok(Some(Log {
        format,
        filter,
        sink,
    }))
}

/// What is told of what a process does with a run; nothing where nothing is asked for.
pub fn of_run(play: &Play<'_>, world: &dyn World, undoes: bool) -> Option<Telemetry> {
    let listening = LISTENING.get()?;
    let told = play.told;
    let here = parent(play.environment);
    let (deed, parent) = match told.context {
        None => (Deed::Run, here.clone()),
        Some(_) if undoes => (Deed::Undo, of_context(told.context)),
        Some(_) => (Deed::Resume, of_context(told.context)),
    };
    let wanted = Wanted {
        deed,
        run: play.resumes.clone().filter(|_| deed != Deed::Run),
        playbook: play.plan.checked.id.clone(),
        scenario: play.scenario.as_ref().map(|scenario| scenario.name.clone()),
        since: world.now(),
        parent,
        also: here,
        settings: listening.settings.clone(),
        metrics: told.metrics.is_some(),
        logs: listening.logs,
    };
    Telemetry::new(wanted, play.registry.clone(), listening.notes.clone())
}

/// Sends and writes what is left to be told. What goes wrong with it changes nothing about the run.
pub fn end(telemetry: &Telemetry, play: &Play<'_>, world: &dyn World) {
    let err = play.environment.console.err;
    if let Some(problem) = telemetry.finish(world.now()) {
        warn(err, &format!("{problem}; the run is not affected"));
    }
    let documents = telemetry.documents();
    let Some(file) = play.told.metrics.filter(|_| !documents.is_empty()) else {
        return;
    };
    let lines: Vec<String> = documents.iter().map(Json::to_string).collect();
    if file == Path::new("-") {
        play.environment.console.out.lines(&lines);
        return;
    }
    let opened = OpenOptions::new().create(true).append(true).open(file);
    let written = opened.and_then(|mut file| file.write_all((lines.join("\n") + "\n").as_bytes()));
    if let Err(error) = written {
        warn(
            err,
            &format!("metrics cannot be written to {}: {error}", file.display()),
        );
    }
}

/// What whoever goes on with a run needs to know of the span that it was begun in.
pub fn on_record(environment: &Environment) -> Json {
    parent(environment).map_or(Json::Null, |_| {
        json!({
            "parent": environment.variable("TRACEPARENT"),
            "state": environment.variable("TRACESTATE"),
        })
    })
}

fn of_context(context: Option<&Json>) -> Option<Parent> {
    let trace = context?.get("trace")?;
    let text = |name: &str| trace.get(name).and_then(Json::as_str);
    Parent::read(text("parent")?, text("state"))
}

fn parent(environment: &Environment) -> Option<Parent> {
    let state = environment.variable("TRACESTATE");
    Parent::read(environment.variable("TRACEPARENT")?, state)
}

fn warn(err: Stream, text: &str) {
    err.line(format!("warning: {}", runbook_report::question::safe(text)));
}
