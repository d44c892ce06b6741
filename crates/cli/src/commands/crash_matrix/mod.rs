//! `crash-matrix`: kills every scenario at every point around its journal, resumes it, and compares. Not in releases.
//!
//! A life of a run is a process of its own, which dies by SIGKILL: what it has written is what the next life finds. The
//! scenario's world outlives it in a file, as the real one does, and is the witness of what was done. Tests, which have
//! threads, drop the run instead.

#[cfg(feature = "faults")]
mod leader;
#[cfg(feature = "faults")]
mod process;
mod results;
mod subject;

use super::test::suite::files;
use crate::document;
use crate::environment::Environment;
#[cfg(feature = "faults")]
use crate::exit;
use crate::exit::Failure;
use crate::load;
use crate::shelf::{Shelf, text_of};
use results::Results;
use runbook_interpreter::plan::Options;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
#[cfg(feature = "faults")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use subject::{Read, Subject};

/// What is killed.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CrashMatrixArguments {
    /// Playbooks, scenario files or folders [default: playbooks examples]
    pub paths: Vec<PathBuf>,
    /// Only scenarios whose playbook and name contain this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Kill at every so-manieth point only
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub sample: u64,
    /// So many processes kill side by side
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub jobs: u64,
    /// A file to which the counts of each scenario are added; those that are in it, of this build and as many jobs, are not
    /// killed again
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
}

/// What was counted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Count {
    /// Scenarios.
    pub scenarios: usize,
    /// Runs that were killed, each at a point of its own.
    pub killed: usize,
    /// How many processes were killed in all.
    pub kills: usize,
    /// Of them such as left what had been copied from one that only waited there.
    pub compared: usize,
    /// Writes that came again with their token.
    pub repeated: usize,
    /// What was not as without a death.
    pub wrong: Vec<String>,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.scenarios += other.scenarios;
        self.killed += other.killed;
        self.kills += other.kills;
        self.compared += other.compared;
        self.repeated += other.repeated;
        self.wrong.extend(other.wrong);
    }
}

/// Which of the points are taken, and how their processes die.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Every point with this remainder.
    worker: u64,
    /// Of the division by this number.
    of: u64,
    /// Of every so-manieth.
    sample: u64,
    /// How a life ends.
    death: Death,
}

impl Part {
    /// Whether a point is among them.
    fn has(self, point: u64) -> bool {
        point.is_multiple_of(self.sample) && (point / self.sample) % self.of == self.worker
    }

    /// The how-manieth a point of them is.
    #[cfg(feature = "faults")]
    fn turn(self, point: u64) -> u64 {
        point / self.sample / self.of
    }
}

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// The run is dropped, and what was not committed is lost.
    #[cfg_attr(not(test), expect(dead_code, reason = "where there are threads"))]
    Dropped,
    /// Its process is killed.
    #[cfg(feature = "faults")]
    Killed,
}

/// Kills and counts.
#[cfg(feature = "faults")]
pub fn execute(arguments: &CrashMatrixArguments, environment: &Environment) -> Result<u8, Failure> {
    let folder = folder()?;
    let of = arguments.jobs;
    let said = |worker: u64| folder.path().join(format!("{worker}.json"));
    let start = |worker| {
        process::Process::start(|| {
            let part = Part {
                worker,
                of,
                sample: arguments.sample,
                death: Death::Killed,
            };
            let counted = matrix(arguments, part, environment);
            let counted = counted.map_err(|failure| failure.message);
            let text = serde_json::to_string(&counted).unwrap_or_default();
            u8::from(std::fs::write(said(worker), text).is_err())
        })
    };
    let workers: Vec<_> = (0..of).map(start).collect::<Result<_, _>>()?;
    let mut count = Count::default();
    for (worker, process) in (0..of).zip(workers) {
        process.end()?;
        let counted: Result<Count, String> = read(&said(worker))?;
        let counted = counted.map_err(Failure::wrong)?;
        // Each has a part of the points of all.
        count.scenarios = 0;
        count.add(counted);
    }
    let out = environment.console.out;
    out.lines(&count.wrong);
    out.line(format!(
        "{} scenarios, {} points, {} processes killed ({} left what had been copied), {} writes repeated with their token, {} wrong",
        count.scenarios,
        count.killed,
        count.kills,
        count.compared,
        count.repeated,
        count.wrong.len()
    ));
    Ok(if count.wrong.is_empty() {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

fn folder() -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir()
        .map_err(|error| Failure::environment(format!("no folder for journals: {error}")))
}

fn failure(why: &dyn std::fmt::Display) -> Failure {
    Failure::environment(format!("the matrix cannot go on: {why}"))
}

/// What another process said in a file.
#[cfg(feature = "faults")]
fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(file);
    let why = match text.map(|text| serde_json::from_str(&text)) {
        Ok(Ok(said)) => return Ok(said),
        Ok(Err(why)) => why.to_string(),
        Err(why) => why.to_string(),
    };
    Err(Failure::wrong(format!("a process said nothing: {why}")))
}

/// Kills every scenario.
///
/// # Errors
/// A file that cannot be read.
pub fn matrix(
    arguments: &CrashMatrixArguments,
    part: Part,
    environment: &Environment,
) -> Result<Count, Failure> {
    let registry = Arc::new(Registry::new());
    let mut count = Count::default();
    let mut results = Results::read(arguments.results.as_deref(), part)?;
    for file in files(&arguments.paths, environment)? {
        let places = &environment.places;
        let shown = places.shown(&file);
        let text = text_of(&file, &shown).map_err(Failure::wrong)?;
        let (scenarios, _) = document::scenarios(&Source::new(&shown, text))
            .map_err(|_| Failure::wrong(format!("{shown} is wrong; `runbook test` says where")))?;
        let located = places.place(&document::playbook_of(&scenarios, &file));
        let shelf = Shelf::new(places, &located.root, &*registry);
        let Some(checked) = shelf
            .read(&located)
            .map_err(Failure::wrong)?
            .checked
            .map(Arc::new)
        else {
            return Err(Failure::wrong(format!("{} is wrong", located.name)));
        };
        for (name, scenario) in scenarios.scenarios {
            let title = format!("{} {name}", checked.id);
            if !title.contains(arguments.filter.as_deref().unwrap_or_default()) {
                continue;
            }
            if let Some(known) = results.take(&title) {
                count.add(known);
                continue;
            }
            let plan = load::plan(
                &checked,
                &load::members(&scenario.inputs),
                Options::default(),
                scenario.clock,
            )?;
            let subject = Subject {
                title,
                plan,
                scenario: Arc::new(scenario),
                library: Read::new(shelf.clone()),
                registry: &registry,
                environment,
                reads: RefCell::default(),
            };
            let since = Instant::now();
            let found = results.add(&subject.title, part, subject.kill_everywhere(part)?)?;
            environment.console.err.line(format!(
                "{}: {} points, {} processes killed, {} wrong, {} s",
                subject.title,
                found.killed,
                found.kills,
                found.wrong.len(),
                since.elapsed().as_secs(),
            ));
            count.add(found);
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Console, Stream};
    use crate::locate::Places;
    use runbook_report::terminal::Look;
    use std::path::Path;

    #[test]
    fn what_is_killed_ends_as_if_it_had_not_been() {
        let stream = Stream {
            open: || Box::new(std::io::sink()),
            terminal: false,
            look: Look::default(),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let environment = Environment {
            places: Places {
                current: root.canonicalize().expect("the workspace"),
                path: Vec::new(),
            },
            state: None,
            user: "tester".to_owned(),
            variables: Vec::new(),
            console: Console {
                out: stream,
                err: stream,
                input: false,
            },
            line: Vec::new(),
        };
        let arguments = CrashMatrixArguments {
            paths: vec!["examples".into(), "playbooks/acso/memory-leak.yaml".into()],
            ..CrashMatrixArguments::default()
        };
        let part = Part {
            worker: 0,
            of: 1,
            sample: 29,
            death: Death::Dropped,
        };
        let count = matrix(&arguments, part, &environment).expect("a matrix");
        assert!(count.killed > 20, "{count:?}");
        assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n"));
    }
}
