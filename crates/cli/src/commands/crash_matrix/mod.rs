//! `crash-matrix`: kills every scenario at every point around its journal, resumes it, and compares. Not in releases.
//!
//! A life of a run is a process of its own, which dies by SIGKILL: what it has written is what the next life finds. The
//! scenario's world outlives it in a file, as the real one does, and is the witness of what was done. Tests, which have
//! threads, drop the run instead.

#[cfg(feature = "faults")]
mod process;

use super::test::play::ByScenario;
use super::test::suite::files;
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::document;
use crate::environment::Environment;
#[cfg(feature = "faults")]
use crate::exit;
use crate::exit::Failure;
use crate::load;
use crate::shelf::{Shelf, text_of};
use crate::world;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::Guards;
use runbook_interpreter::journal::fault::{Fault, dump};
use runbook_interpreter::journal::{JournalError, Mode, RunJournal, SqliteJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::{Library, Surroundings};
use runbook_interpreter::truth::Truth;
use runbook_playbook::catalog::Effect;
use runbook_playbook::checked::Checked;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// The id of the runs that are killed: such as stands in nothing else.
const RUN: &str = "7d1c2b3a-4e5f-4a6b-8c9d-0e1f2a3b4c5d";

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
}

/// What was counted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Count {
    /// Scenarios.
    pub scenarios: usize,
    /// Runs that were killed, each at a point of its own.
    pub killed: usize,
    /// How often they were killed in all.
    pub kills: usize,
    /// Writes that came again with their token.
    pub repeated: usize,
    /// What was not as without a death.
    pub wrong: Vec<String>,
}

/// Which of the points are taken, and how their processes die.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Every point with this remainder.
    worker: u64,
    /// Of the division by this number.
    of: u64,
    /// How a life ends.
    death: Death,
}

impl Part {
    /// Every point, in this process.
    #[cfg(test)]
    const WHOLE: Self = Self {
        worker: 0,
        of: 1,
        death: Death::Dropped,
    };
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
        count.scenarios = counted.scenarios;
        count.killed += counted.killed;
        count.kills += counted.kills;
        count.repeated += counted.repeated;
        count.wrong.extend(counted.wrong);
    }
    let out = environment.console.out;
    out.lines(&count.wrong);
    out.line(format!(
        "{} scenarios, {} runs killed {} times, {} writes repeated with their token, {} wrong",
        count.scenarios,
        count.killed,
        count.kills,
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
            let plan = load::plan(
                &checked,
                &load::members(&scenario.inputs),
                Options::default(),
                scenario.clock,
            )?;
            count.scenarios += 1;
            let subject = Subject {
                title,
                plan,
                scenario: Arc::new(scenario),
                library: Read {
                    shelf: shelf.clone(),
                    read: RefCell::default(),
                },
                registry: &registry,
                environment,
            };
            let before = (count.killed, count.kills, count.wrong.len());
            subject.kill_everywhere(arguments.sample, part, &mut count)?;
            environment.console.err.line(format!(
                "{}: {} runs killed {} times, {} wrong",
                subject.title,
                count.killed - before.0,
                count.kills - before.1,
                count.wrong.len() - before.2,
            ));
        }
    }
    Ok(count)
}

/// A scenario that is killed.
struct Subject<'a> {
    title: String,
    plan: Plan,
    scenario: Arc<Scenario>,
    library: Read<'a>,
    registry: &'a Arc<Registry>,
    environment: &'a Environment,
}

/// Playbooks that others run, each read once: reading them would take most of the time of a life.
struct Read<'a> {
    shelf: Shelf<'a>,
    read: RefCell<HashMap<(String, String), Arc<Checked>>>,
}

impl Library for Read<'_> {
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        let name = (from.id.clone(), path.to_owned());
        if let Some(checked) = self.read.borrow().get(&name) {
            return Ok(Arc::clone(checked));
        }
        let checked = self.shelf.load(from, path)?;
        self.read.borrow_mut().insert(name, Arc::clone(&checked));
        Ok(checked)
    }

    fn text(&self, from: &Checked, path: &str) -> Result<String, String> {
        self.shelf.text(from, path)
    }
}

/// What must be the same.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Seen {
    verdict: String,
    reason: Option<String>,
    causes: Vec<String>,
    writes: Vec<(String, Json)>,
}

/// What became of a life that was not cut short.
#[derive(Debug, Serialize, Deserialize)]
struct Whole {
    seen: Seen,
    /// Writes that the world has seen again with their token.
    repeated: usize,
    points: u64,
}

impl Subject<'_> {
    fn world(&self) -> Result<ScenarioWorld, Failure> {
        let playbooks = &self.library.shelf;
        let file = format!("{}.yaml", self.plan.checked.id);
        let located = playbooks.places.place(&playbooks.root.join(file));
        let context = world::playbook_context(
            self.environment,
            &TargetArguments::default(),
            self.registry,
            &located,
            &self.plan,
            self.scenario.clock,
        )
        .map_err(Failure::wrong)?;
        let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
        Ok(ScenarioWorld::new(
            Arc::clone(&self.scenario),
            facts,
            context,
        ))
    }

    /// Runs until the process dies at the point; the outcome where it does not, and how many points there were.
    fn run(
        &self,
        world: &ScenarioWorld,
        journal: &RunJournal<'_>,
        point: u64,
        dies: fn(),
    ) -> Result<(Option<Outcome>, u64), Failure> {
        let fault = Fault::at(journal, point, dies);
        let cancel = Cancel::new();
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &ByScenario(&self.scenario.answers),
            observer: &Nobody,
            journal: &fault,
            library: &self.library,
            cancel: &cancel,
            guards: Some(&Guards::default()),
        };
        let run = runbook_interpreter::run(&self.plan, &surroundings);
        let mut run = pin!(run);
        let outcome = super::runtime()?.block_on(std::future::poll_fn(|context| {
            match run.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if fault.is_dead() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        }));
        Ok((outcome.filter(|_| !fault.is_dead()), fault.points()))
    }

    /// One life: from what the lives before it have left in the folder to the point, or to the end.
    fn live(&self, folder: &Path, point: u64, dies: fn()) -> Result<Option<Whole>, Failure> {
        let file = journal(folder)?;
        let world = self
            .world()?
            .remembering(&folder.join("world.jsonl"))
            .map_err(|why| Failure::environment(format!("the world is not kept: {why}")))?;
        let journal = match file.again(RUN, Mode::Live) {
            Ok(journal) => journal,
            Err(JournalError::NoRun(_)) => file.start(RUN.to_owned(), json!({})),
            Err(error) => return Err(crate::record::kept(error)),
        };
        world.forget_reads(&|key| journal.has_answer(key));
        let (outcome, points) = self.run(&world, &journal, point, dies)?;
        Ok(outcome.map(|outcome| Whole {
            seen: seen(&outcome, &world),
            repeated: world.calls().iter().filter(|call| call.repeat).count(),
            points,
        }))
    }

    /// One life that is due to be cut short.
    fn cut_short(&self, folder: &Path, point: u64, death: Death) -> Result<Option<Whole>, Failure> {
        match death {
            Death::Dropped => self.live(folder, point, || {}),
            #[cfg(feature = "faults")]
            Death::Killed => {
                let said = folder.join("said.json");
                let process = process::Process::start(|| {
                    let lived = self.live(folder, point, process::die);
                    let lived = lived.map_err(|failure| failure.message);
                    let text = serde_json::to_string(&lived).unwrap_or_default();
                    u8::from(std::fs::write(&said, text).is_err())
                })?;
                match process.end()? {
                    process::Ended::Killed => Ok(None),
                    process::Ended::Left(_) => {
                        read::<Result<_, String>>(&said)?.map_err(Failure::wrong)
                    }
                }
            }
        }
    }

    /// A run that dies at the point, and again, later each time, and then is left alone.
    fn lives(
        &self,
        folder: &Path,
        point: u64,
        death: Death,
        count: &mut Count,
    ) -> Result<Option<Whole>, Failure> {
        for next in [point, 3 + point % 5, 11 + point % 7] {
            let lived = self.cut_short(folder, next, death)?;
            if lived.is_some() {
                return Ok(lived);
            }
            count.kills += 1;
        }
        self.live(folder, u64::MAX, || {})
    }

    /// The same scenario twice, under the same id, gives the same journal; says where it does not.
    fn differs_when_run_again(
        &self,
        first: &Path,
        second: &Path,
    ) -> Result<Option<String>, Failure> {
        self.live(second, u64::MAX, || {})?;
        let one = dump(&journal(first)?).map_err(crate::record::kept)?;
        let other = dump(&journal(second)?).map_err(crate::record::kept)?;
        let different = one.iter().zip(&other).find(|(one, other)| one != other);
        Ok(match different {
            Some((one, other)) => Some(format!("is recorded otherwise:\n  {one}\n  {other}")),
            None if one.len() != other.len() => Some(format!(
                "is recorded in {} and in {} rows",
                one.len(),
                other.len()
            )),
            None => None,
        })
    }

    fn kill_everywhere(&self, sample: u64, part: Part, count: &mut Count) -> Result<(), Failure> {
        let first = folder()?;
        let Some(whole) = self.live(first.path(), u64::MAX, || {})? else {
            return Ok(());
        };
        let second = folder()?;
        if part.worker == 0
            && let Some(different) = self.differs_when_run_again(first.path(), second.path())?
        {
            count.wrong.push(format!("{} {different}", self.title));
        }
        let points = (0..whole.points)
            .filter(|point| point % sample == 0 && (point / sample) % part.of == part.worker);
        for point in points {
            let folder = folder()?;
            count.killed += 1;
            let found = self.lives(folder.path(), point, part.death, count);
            if let Ok(Some(found)) = &found {
                count.repeated += found.repeated;
                if found.seen == whole.seen {
                    continue;
                }
            }
            count.wrong.push(format!(
                "{} killed at {point}: {:?}\n  expected {:?}",
                self.title,
                found.map_err(|failure| failure.message),
                whole.seen
            ));
        }
        Ok(())
    }
}

fn journal(folder: &Path) -> Result<SqliteJournal, Failure> {
    let file = SqliteJournal::open(&folder.join("journal.sqlite")).map_err(crate::record::kept)?;
    file.unsynced().map_err(crate::record::kept)?;
    Ok(file)
}

fn seen(outcome: &Outcome, world: &ScenarioWorld) -> Seen {
    let calls = world.calls();
    Seen {
        verdict: outcome.verdict.as_str().to_owned(),
        reason: outcome.reason.map(|reason| reason.as_str().to_owned()),
        causes: outcome
            .causes
            .iter()
            .filter(|cause| cause.found == Truth::True)
            .map(|cause| cause.name.clone())
            .collect(),
        // A person who is asked again is no second write, nor is code that its author says only reads.
        writes: calls
            .iter()
            .enumerate()
            .filter(|(at, call)| {
                let reading = call.effects.contains(&Effect::Execute)
                    && call
                        .step
                        .as_ref()
                        .is_some_and(|step| !step.starts_with("resolve"));
                let again = reading && calls.iter().take(*at).any(|other| other.key == call.key);
                call.is_write() && !call.repeat && !again && !call.action.starts_with("human:")
            })
            .map(|(_, call)| call)
            .map(|call| (call.action.clone(), call.arguments.clone()))
            .collect(),
    }
}

/// Watches nothing.
struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Console, Stream};
    use crate::locate::Places;
    use runbook_report::terminal::Look;

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
            sample: 29,
            jobs: 1,
            ..CrashMatrixArguments::default()
        };
        let count = matrix(&arguments, Part::WHOLE, &environment).expect("a matrix");
        assert!(count.killed > 20, "{count:?}");
        assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n"));
    }
}
