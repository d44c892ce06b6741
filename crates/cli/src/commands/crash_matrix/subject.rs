//! A scenario that is killed, and its lives.

use super::{Count, Death, Part, failure, folder};
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::commands::test::play::{ByScenario, compared};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::shelf::Shelf;
use crate::world;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::Guards;
use runbook_interpreter::journal::fault::{Fault, dump};
use runbook_interpreter::journal::{JournalError, Mode, RunJournal, SqliteJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::Plan;
use runbook_interpreter::surroundings::{Library, Surroundings};
use runbook_playbook::checked::Checked;
use runbook_registry::Registry;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

#[cfg(feature = "faults")]
use super::leader::{Leader, copy};
#[cfg(feature = "faults")]
use super::process::{self, Ended};

/// The id of the runs that are killed: such as stands in nothing else.
const RUN: &str = "7d1c2b3a-4e5f-4a6b-8c9d-0e1f2a3b4c5d";

/// Every so-manieth process really dies at its first point, to be compared with what was copied there.
#[cfg(feature = "faults")]
const COMPARED: u64 = 32;

/// A scenario that is killed.
pub struct Subject<'a> {
    /// Its playbook's id, and its name.
    pub title: String,
    /// What runs.
    pub plan: Plan,
    /// The world that it runs in.
    pub scenario: Arc<Scenario>,
    /// The playbooks that it runs.
    pub library: Read<'a>,
    /// The operations.
    pub registry: &'a Arc<Registry>,
    /// The surroundings of the program.
    pub environment: &'a Environment,
    /// The names of the calls that read, or of which the author says so; known once the run was left alone.
    pub reads: RefCell<HashSet<String>>,
}

/// Playbooks that others run, each read once: reading them would take most of the time of a life.
pub struct Read<'a> {
    shelf: Shelf<'a>,
    read: RefCell<HashMap<(String, String), Arc<Checked>>>,
}

impl<'a> Read<'a> {
    /// Those of a shelf.
    pub fn new(shelf: Shelf<'a>) -> Self {
        Self {
            shelf,
            read: RefCell::default(),
        }
    }
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
pub struct Seen {
    verdict: String,
    reason: Option<String>,
    causes: Vec<String>,
    writes: Vec<(String, Json)>,
}

/// What became of a life that was not cut short.
#[derive(Debug, Serialize, Deserialize)]
pub struct Whole {
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

    /// Runs until the process dies; the outcome where it does not.
    fn run(
        &self,
        world: &ScenarioWorld,
        journal: &RunJournal<'_>,
        fault: &Fault<'_>,
    ) -> Result<Option<Whole>, Failure> {
        let is_read = |key: &str| self.reads.borrow().contains(key);
        world.forget_lost(&|key| journal.has_answer(key), &is_read);
        let cancel = Cancel::new();
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &ByScenario(&self.scenario.answers),
            observer: &Nobody,
            journal: fault,
            library: &self.library,
            cancel: &cancel,
            guards: Some(&Guards::default()),
        };
        let run = runbook_interpreter::run(&self.plan, &surroundings);
        let mut run = pin!(run);
        let outcome =
            crate::commands::runtime()?.block_on(std::future::poll_fn(|context| {
                match run.as_mut().poll(context) {
                    Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                    Poll::Pending if fault.is_dead() => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            }));
        let outcome = outcome.filter(|_| !fault.is_dead());
        if outcome.is_some() {
            let keys = world.calls().into_iter().filter_map(|call| call.key);
            let reads = keys.filter(|key| fault.is_free(key));
            self.reads.borrow_mut().extend(reads);
        }
        Ok(outcome.map(|outcome| Whole {
            seen: seen(&outcome, world, fault),
            repeated: world.calls().iter().filter(|call| call.repeat).count(),
            points: fault.points(),
        }))
    }

    /// One life: from what the lives before it have left in the folder to where it comes.
    ///
    /// # Errors
    /// Its files cannot be kept.
    pub fn live(&self, folder: &Path, until: Until<'_>) -> Result<Option<Whole>, Failure> {
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
        let fault = match until {
            Until::Point(point, dies) => Fault::at(&journal, point, dies),
            Until::New(point, dies) => Fault::at(&journal, point, dies).beyond_the_record(),
            Until::End => Fault::at(&journal, u64::MAX, || {}),
            Until::Watched(watch) => Fault::watched(&journal, watch),
        };
        self.run(&world, &journal, &fault)
    }

    /// A life in a process of its own, which is killed; what became of it where it ends before.
    #[cfg(feature = "faults")]
    fn killed(&self, folder: &Path, until: Until<'_>) -> Result<Option<Whole>, Failure> {
        let process = Leader::process(folder, || self.live(folder, until))?;
        match process.end()? {
            Ended::Killed => Ok(None),
            Ended::Left(_) => Leader::said(folder),
        }
    }

    /// A run that died at the point: it dies again while it goes through what is on record, and again soon after, and then is
    /// left alone.
    fn lives(
        &self,
        folder: &Path,
        point: u64,
        death: Death,
        count: &mut Count,
    ) -> Result<Option<Whole>, Failure> {
        let dies: fn() = match death {
            Death::Dropped => || {},
            #[cfg(feature = "faults")]
            Death::Killed => process::die,
        };
        let (early, late) = (
            Until::Point(3 + point % 5, dies),
            Until::New(point % 7, dies),
        );
        for until in [early, late] {
            let lived = match death {
                Death::Dropped => self.live(folder, until)?,
                #[cfg(feature = "faults")]
                Death::Killed => self.killed(folder, until)?,
            };
            if lived.is_some() {
                return Ok(lived);
            }
            count.kills += 1;
        }
        self.live(folder, Until::End)
    }

    /// The same scenario twice, under the same id, gives the same journal; says where it does not.
    fn differs_when_run_again(
        &self,
        first: &Path,
        second: &Path,
    ) -> Result<Option<String>, Failure> {
        self.live(second, Until::End)?;
        differ(first, second)
    }

    /// Kills the run at each point of a part, and counts.
    ///
    /// # Errors
    /// Something else than the run is wrong.
    pub fn kill_everywhere(&self, part: Part) -> Result<Count, Failure> {
        let mut count = Count {
            scenarios: 1,
            ..Count::default()
        };
        let first = folder()?;
        let Some(whole) = self.live(first.path(), Until::End)? else {
            return Ok(count);
        };
        let second = folder()?;
        if part.worker == 0
            && let Some(different) = self.differs_when_run_again(first.path(), second.path())?
        {
            let different = format!("{} is recorded otherwise:\n{different}", self.title);
            count.wrong.push(different);
        }
        match part.death {
            Death::Dropped => {
                for point in (0..whole.points).filter(|point| part.has(*point)) {
                    let folder = folder()?;
                    self.live(folder.path(), Until::Point(point, || {}))?;
                    self.dies_at(point, folder.path(), part.death, &whole, &mut count);
                }
            }
            #[cfg(feature = "faults")]
            Death::Killed => self.kill_where_it_waits(part, &whole, &mut count)?,
        }
        Ok(count)
    }

    /// Kills the run at each point of a part: once it has come there it waits, and what it has written is copied.
    #[cfg(feature = "faults")]
    fn kill_where_it_waits(
        &self,
        part: Part,
        whole: &Whole,
        count: &mut Count,
    ) -> Result<(), Failure> {
        let led = folder()?;
        let mut leader = Leader::start(self, led.path(), &|point| part.has(point))?;
        let mut points = 0;
        while let Some(point) = leader.next()? {
            let folder = folder()?;
            if part.turn(point) % COMPARED == part.worker % COMPARED {
                let (copied, died) = (super::folder()?, super::folder()?);
                leader.copy(copied.path())?;
                if self
                    .killed(died.path(), Until::Point(point, process::die))?
                    .is_some()
                {
                    let what = format!("{} lives on at {point}", self.title);
                    count.wrong.push(what);
                }
                copy(died.path(), folder.path())?;
                count.kills += 1;
                count.compared += 1;
                if let Some(different) = differ(died.path(), copied.path())? {
                    let what = format!("{} leaves else at {point}:\n{different}", self.title);
                    count.wrong.push(what);
                }
            } else {
                leader.copy(folder.path())?;
            }
            self.dies_at(point, folder.path(), part.death, whole, count);
            points += 1;
            leader.go_on()?;
        }
        let due = (0..whole.points).filter(|point| part.has(*point)).count();
        let led = leader.end()?;
        if led.is_none_or(|led| led.seen != whole.seen) || points != due {
            let what = format!("{} came by {points} of {due} points", self.title);
            count.wrong.push(what);
        }
        Ok(())
    }

    /// What becomes of a run that died at the point must be what becomes of it without.
    fn dies_at(&self, point: u64, folder: &Path, death: Death, whole: &Whole, count: &mut Count) {
        count.killed += 1;
        let found = self.lives(folder, point, death, count);
        if let Ok(Some(found)) = &found {
            count.repeated += found.repeated;
            if found.seen == whole.seen {
                return;
            }
        }
        count.wrong.push(format!(
            "{} killed at {point}: {:?}\n  expected {:?}",
            self.title,
            found.map_err(|failure| failure.message),
            whole.seen
        ));
    }
}

/// How far a life comes.
#[derive(Clone, Copy)]
pub enum Until<'w> {
    /// To its end.
    End,
    /// To a point, where it dies so.
    Point(u64, fn()),
    /// To a point after all that is on record, where it dies so.
    New(u64, fn()),
    /// To its end, and it waits for this at each point.
    #[cfg_attr(
        not(feature = "faults"),
        expect(dead_code, reason = "only processes wait")
    )]
    Watched(&'w dyn Fn(u64)),
}

/// Where two folders tell of different runs.
fn differ(first: &Path, second: &Path) -> Result<Option<String>, Failure> {
    let rows = |folder: &Path| dump(&journal(folder)?).map_err(crate::record::kept);
    if let Some(different) = first_of(&rows(first)?, &rows(second)?) {
        return Ok(Some(different));
    }
    let world = |folder: &Path| -> Result<Vec<Json>, Failure> {
        let text = std::fs::read_to_string(folder.join("world.jsonl"));
        let text = text.map_err(|error| failure(&error))?;
        let lines = text.lines().map(serde_json::from_str);
        // The line that a death cut, and the empty one with which the next life begins.
        Ok(lines.filter_map(Result::ok).collect())
    };
    Ok(first_of(&world(first)?, &world(second)?))
}

/// The first place where two lists differ.
fn first_of<T: PartialEq + std::fmt::Debug>(one: &[T], other: &[T]) -> Option<String> {
    if let Some((one, other)) = one.iter().zip(other).find(|(one, other)| one != other) {
        return Some(format!("  {one:?}\n  {other:?}"));
    }
    (one.len() != other.len()).then(|| format!("  {} and {} lines", one.len(), other.len()))
}

fn journal(folder: &Path) -> Result<SqliteJournal, Failure> {
    let file = SqliteJournal::open(&folder.join("journal.sqlite")).map_err(crate::record::kept)?;
    file.unsynced().map_err(crate::record::kept)?;
    Ok(file)
}

fn seen(outcome: &Outcome, world: &ScenarioWorld, fault: &Fault<'_>) -> Seen {
    let calls = world.calls();
    let came_out = compared(outcome);
    Seen {
        verdict: came_out.verdict,
        reason: came_out.reason,
        causes: came_out.causes,
        // A person who is asked again is no second write, nor is code that its author says only reads.
        writes: calls
            .iter()
            .enumerate()
            .filter(|(at, call)| {
                let free = call.key.as_ref().is_some_and(|key| fault.is_free(key));
                let again = free && calls.iter().take(*at).any(|other| other.key == call.key);
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
