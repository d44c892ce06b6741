//! The log of a process: what happens, a line each, as text or JSON.
//!
//! Only what this program says itself is written. What the libraries below it say is not masked: signatures, headers and
//! bodies may stand in it.

use crate::notes::{CLIENT, Notes};
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What is said of runs.
pub const RUN: &str = "runbook::run";

/// What is said of telemetry itself.
pub const TELEMETRY: &str = "runbook::telemetry";

/// Everything that can be said comes from one of these.
const TARGETS: [&str; 3] = [RUN, CLIENT, TELEMETRY];

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one document.
    Json,
}

/// Where lines go.
#[derive(Debug)]
pub enum Sink {
    /// A stream that is opened for each.
    Stream(fn() -> Box<dyn Write + Send>),
    /// A file.
    File(File),
}

/// Which lines are written.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Targets);

impl Filter {
    /// Reads a level, or a list of targets with levels: `debug`, `runbook::run=info,runbook::aws=debug`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let levels = "off, error, warn, info, debug or trace";
        let mut targets = Targets::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (target, level) = part.rsplit_once('=').unwrap_or(("runbook", part));
            let known = target == "runbook" || TARGETS.contains(&target);
            if !known {
                return Err(format!(
                    "`{target}` says nothing; write runbook, {} or {}",
                    TARGETS[..TARGETS.len() - 1].join(", "),
                    TARGETS[TARGETS.len() - 1]
                ));
            }
            let level: LevelFilter = level
                .parse()
                .map_err(|_| format!("`{level}` is no level; write {levels}"))?;
            targets = targets.with_target(target, level);
        }
        Ok(Self(targets))
    }
}

/// A log.
#[derive(Debug)]
pub struct Log {
    /// The form of its lines.
    pub format: Format,
    /// Which are written.
    pub filter: Filter,
    /// Where they go.
    pub sink: Sink,
}

/// Takes what is said in this process from now on: for the log, and for the spans of calls.
///
/// # Errors
/// Something takes it already.
pub fn install(log: Option<Log>, notes: Option<Notes>) -> Result<(), String> {
    let log = log.map(|log| {
        let writer = match log.sink {
            Sink::Stream(open) => BoxMakeWriter::new(open),
            Sink::File(file) => BoxMakeWriter::new(Arc::new(file)),
        };
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(writer)
            .with_ansi(false);
        let layer = match log.format {
            Format::Text => layer.boxed(),
            Format::Json => layer
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .boxed(),
        };
        layer.with_filter(log.filter.0)
    });
    let notes = notes.map(|notes| {
        // Spans too, by which the calls are known.
        let targets = Targets::new()
            .with_target(CLIENT, Level::DEBUG)
            .with_target(RUN, Level::ERROR);
        notes.with_filter(targets)
    });
    let subscriber = tracing_subscriber::registry().with(log).with(notes);
    tracing::subscriber::set_global_default(subscriber).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn only_what_this_program_says_can_be_asked_for() {
        for right in [
            "debug",
            "runbook::aws=trace",
            "info, runbook::aws=debug",
            "off",
        ] {
            assert!(Filter::read(right).is_ok(), "{right}");
        }
        for (wrong, word) in [
            ("loud", "error, warn"),
            ("aws_sigv4=trace", "says nothing"),
            ("runbook::run=loud", "no level"),
        ] {
            let said = Filter::read(wrong).expect_err(wrong);
            assert!(said.contains(word), "{said}");
        }
    }
}
