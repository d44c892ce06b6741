//! `crash-matrix`: kills every scenario at every point around its journal, resumes it, and compares. Not in releases.
//!
//! The process dies in that its run is dropped and everything that was not committed is lost; the scenario's world lives on,
//! as the real one does, and is the witness of what was done.

use super::test::play::ByScenario;
use super::test::suite::files;
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::document;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load;
use crate::shelf::{Shelf, text_of};
use crate::world;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::Guards;
use runbook_interpreter::journal::fault::{Fault, dump};
use runbook_interpreter::journal::{Mode, RunJournal, SqliteJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::truth::Truth;
use runbook_playbook::catalog::Effect;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use serde_json::{Value as Json, json};
use std::path::PathBuf;
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
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub sample: u64,
}

/// What was counted.
#[derive(Debug, Default)]
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

/// Kills and counts.
#[cfg_attr(
    not(feature = "faults"),
    expect(dead_code, reason = "tests look at the count")
)]
pub fn execute(arguments: &CrashMatrixArguments, environment: &Environment) -> Result<u8, Failure> {
    let count = matrix(arguments, environment)?;
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

/// Kills every scenario.
///
/// # Errors
/// A file that cannot be read.
pub fn matrix(
    arguments: &CrashMatrixArguments,
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
                shelf,
                registry: &registry,
                environment,
            };
            subject.kill_everywhere(arguments.sample.max(1), &mut count)?;
        }
    }
    Ok(count)
}

/// A scenario that is killed.
struct Subject<'a> {
    title: String,
    plan: Plan,
    scenario: Arc<Scenario>,
    shelf: Shelf<'a>,
    registry: &'a Arc<Registry>,
    environment: &'a Environment,
}

/// What must be the same.
#[derive(Debug, PartialEq)]
struct Seen {
    verdict: String,
    reason: Option<&'static str>,
    causes: Vec<String>,
    writes: Vec<(String, Json)>,
}

impl Subject<'_> {
    fn world(&self) -> Result<ScenarioWorld, Failure> {
        let located = self.shelf.places.place(
            &self
                .shelf
                .root
                .join(format!("{}.yaml", self.plan.checked.id)),
        );
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
    ) -> Result<(Option<Outcome>, u64), Failure> {
        let fault = Fault::at(journal, point, || {});
        let cancel = Cancel::new();
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &ByScenario(&self.scenario.answers),
            observer: &Nobody,
            journal: &fault,
            library: &self.shelf,
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

    /// The same scenario twice, under the same id, gives the same journal; says where it does not.
    fn differs_when_run_again(
        &self,
        first: &SqliteJournal,
        second: &SqliteJournal,
    ) -> Result<Option<String>, Failure> {
        let journal = second.start(RUN.to_owned(), json!({}));
        self.run(&self.world()?, &journal, u64::MAX)?;
        drop(journal);
        let one = dump(first).map_err(crate::record::kept)?;
        let other = dump(second).map_err(crate::record::kept)?;
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

    fn kill_everywhere(&self, sample: u64, count: &mut Count) -> Result<(), Failure> {
        let folder = tempfile::tempdir()
            .map_err(|error| Failure::environment(format!("no folder for journals: {error}")))?;
        let open = |name: &str| {
            let file =
                SqliteJournal::open(&folder.path().join(name)).map_err(crate::record::kept)?;
            file.unsynced().map_err(crate::record::kept)?;
            Ok::<_, Failure>(file)
        };
        let whole = self.world()?;
        let file = open("whole")?;
        let journal = file.start(RUN.to_owned(), json!({}));
        let (outcome, points) = self.run(&whole, &journal, u64::MAX)?;
        let Some(outcome) = outcome else {
            return Ok(());
        };
        let expected = seen(&outcome, &whole);
        drop(journal);
        if let Some(different) = self.differs_when_run_again(&file, &open("again")?)? {
            count.wrong.push(format!("{} {different}", self.title));
        }
        for point in (0..points).step_by(usize::try_from(sample).unwrap_or(1)) {
            let world = self.world()?;
            let name = format!("{point}");
            count.killed += 1;
            let file = open(&name)?;
            let journal = file.start(RUN.to_owned(), json!({}));
            let (mut outcome, _) = self.run(&world, &journal, point)?;
            drop(journal);
            drop(file);
            count.kills += 1;
            // It dies again, later each time, and then is left alone.
            for next in [3 + point % 5, 11 + point % 7, u64::MAX] {
                if outcome.is_some() {
                    break;
                }
                let file = open(&name)?;
                let journal = file.again(RUN, Mode::Live).map_err(crate::record::kept)?;
                world.forget_reads(&|key| journal.has_answer(key));
                outcome = self.run(&world, &journal, next)?.0;
                count.kills += usize::from(outcome.is_none());
            }
            count.repeated += world.calls().iter().filter(|call| call.repeat).count();
            let found = outcome.map(|outcome| seen(&outcome, &world));
            if found.as_ref() != Some(&expected) {
                count.wrong.push(format!(
                    "{} killed at {point}: {found:?}\n  expected {expected:?}",
                    self.title
                ));
            }
            // Journals are many.
            let _ = std::fs::remove_file(folder.path().join(&name));
        }
        Ok(())
    }
}

fn seen(outcome: &Outcome, world: &ScenarioWorld) -> Seen {
    let calls = world.calls();
    Seen {
        verdict: outcome.verdict.as_str().to_owned(),
        reason: outcome
            .reason
            .map(runbook_interpreter::verdict::Reason::as_str),
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
            sample: 29,
            ..CrashMatrixArguments::default()
        };
        let count = matrix(&arguments, &environment).expect("a matrix");
        assert!(count.killed > 20, "{count:?}");
        assert!(count.wrong.is_empty(), "{}", count.wrong.join("\n"));
    }
}
