//! `runbook test`: the scenarios of playbooks.

use super::check::usual;
use crate::args::{TargetArguments, TestArguments};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load::{self, Unusable, members};
use crate::locate::{files_below, is_scenarios, scenarios_of};
use crate::parallel::side_by_side;
use crate::problems::counted;
use crate::shelf::{Shelf, text_of};
use crate::{document, world};
use indexmap::IndexMap;
use runbook_interpreter::approval::{Approver, Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::journal::MemoryJournal;
use runbook_interpreter::outcome;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::forecast::Forecast;
use runbook_interpreter::plan::policy::{self, LeastPolicy};
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::truth::Truth;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, Severity, render};
use runbook_playbook::source::Source;
use runbook_playbook::yaml::Node;
use runbook_registry::Registry;
use runbook_registry::policy::{Grants, Policy};
use runbook_registry::world::scenario::{ActionFacts, Answers, Outcome, Scenario, ScenarioWorld};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

/// What came of one file.
#[derive(Debug, Default)]
struct Tally {
    /// Lines for standard output.
    lines: Vec<String>,
    /// What is wrong with the file or its playbook.
    wrong: Vec<String>,
    passed: usize,
    failed: usize,
}

/// Runs the scenarios of files and folders.
pub fn execute(arguments: &TestArguments, environment: &Environment) -> Result<u8, Failure> {
    let files = files(&arguments.paths, environment)?;
    let registry = Arc::new(Registry::new());
    let enforced = enforced(arguments, environment)?;
    let tallies = side_by_side(&files, |file| {
        test_file(file, arguments, &enforced, &registry, environment)
    });
    let (mut passed, mut failed, mut wrong) = (0, 0, 0);
    for tally in tallies {
        environment.console.out.lines(&tally.lines);
        environment.console.err.lines(&tally.wrong);
        passed += tally.passed;
        failed += tally.failed;
        wrong += usize::from(!tally.wrong.is_empty());
    }
    if wrong > 0 {
        let files = counted(wrong, "file");
        return Err(Failure::wrong(format!(
            "{passed} passed, {failed} failed, {files} could not be run"
        )));
    }
    if passed + failed == 0 {
        return Err(Failure::wrong(
            "no scenario was run; name files or folders with *.scenarios.yaml, or widen --filter",
        ));
    }
    environment
        .console
        .out
        .line(format!("{passed} passed, {failed} failed"));
    Ok(if failed == 0 {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

/// The files of scenarios that paths name; a playbook stands for its own.
pub(super) fn files(paths: &[PathBuf], environment: &Environment) -> Result<Vec<PathBuf>, Failure> {
    let places = &environment.places;
    let mut found = Vec::new();
    for path in usual(paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            found.extend(files_below(&full, is_scenarios));
            continue;
        }
        let file = if is_scenarios(&full) && full.is_file() {
            full
        } else {
            let located = places
                .locate(&path.to_string_lossy())
                .map_err(|error| Failure::wrong(error.to_string()))?;
            scenarios_of(&located.file)
        };
        if !file.is_file() {
            let shown = places.shown(&file);
            return Err(Failure::wrong(format!(
                "{} has no scenarios: there is no {shown}",
                path.display()
            )));
        }
        found.push(file);
    }
    Ok(found)
}

/// What calls of a scenario may do.
#[derive(Debug, Clone)]
pub(super) enum Enforced {
    /// Anything.
    Nothing,
    /// What the least policy of the playbook with the scenario's inputs grants.
    Least,
    /// What these policies grant.
    Given(Arc<Grants>),
}

/// Reads `--policy`.
fn enforced(arguments: &TestArguments, environment: &Environment) -> Result<Enforced, Failure> {
    let name = match arguments.policy.as_deref() {
        None => return Ok(Enforced::Nothing),
        Some("least") => return Ok(Enforced::Least),
        Some(name) => name,
    };
    let file = environment.places.current.join(name);
    let document = document::read(&file, name, environment.console.err)?;
    let own = Policy::from_json(&document)
        .map_err(|problem| Failure::wrong(format!("{name}: {problem}")))?;
    Ok(Enforced::Given(Arc::new(Grants {
        own,
        roles: Vec::new(),
    })))
}

fn test_file(
    file: &Path,
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Tally {
    let mut tally = Tally::default();
    match run_file(file, arguments, enforced, registry, environment, &mut tally) {
        Ok(()) => {}
        Err(lines) => tally.wrong = lines,
    }
    tally
}

/// A file of scenarios with its playbook.
pub(super) struct Suite {
    source: Source,
    node: Node,
    /// The playbook.
    pub checked: Arc<Checked>,
    /// The playbook root.
    pub root: PathBuf,
    /// The scenarios, by name.
    pub scenarios: IndexMap<String, Scenario>,
}

/// Reads a file of scenarios and its playbook.
pub(super) fn suite(
    file: &Path,
    registry: &Registry,
    environment: &Environment,
) -> Result<Suite, Vec<String>> {
    let places = &environment.places;
    let shown = places.shown(file);
    let text = text_of(file, &shown).map_err(|wrong| vec![wrong])?;
    let source = Source::new(&shown, text);
    let (scenarios, node) =
        document::scenarios(&source).map_err(|found| drawn(environment, &found))?;
    let playbook = document::playbook_of(&scenarios, file);
    let located = places.place(&playbook);
    let shelf = Shelf::new(places, &located.root, registry);
    let (checked, _) = load::checked(&shelf, &located).map_err(|unusable| match unusable {
        Unusable::Unreadable(why) => vec![why],
        Unusable::Wrong { diagnostics, .. } => drawn(environment, &diagnostics),
    })?;
    Ok(Suite {
        source,
        node,
        checked,
        root: located.root,
        scenarios: scenarios.scenarios,
    })
}

/// Errors with their source lines.
fn drawn(environment: &Environment, diagnostics: &[Diagnostic]) -> Vec<String> {
    let style = environment.console.err.style();
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| render(diagnostic, style).trim_end().to_owned())
        .collect()
}

fn run_file(
    file: &Path,
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
    tally: &mut Tally,
) -> Result<(), Vec<String>> {
    let Suite {
        source,
        node,
        checked,
        root,
        scenarios,
    } = suite(file, registry, environment)?;
    let shelf = Shelf::new(&environment.places, &root, &**registry);
    let mut wrong = Vec::new();
    for (name, scenario) in scenarios {
        let title = format!("{} {name}", checked.id);
        if !title.contains(arguments.filter.as_deref().unwrap_or_default()) {
            continue;
        }
        let mut problems = scenario.check(&**registry);
        problems.extend(scenario.check_against(&checked, &**registry));
        problems.retain(|problem| problem.code.severity() == Severity::Error);
        if problems.is_empty() {
            let description = scenario.description.clone().unwrap_or_default();
            let scenario = Arc::new(scenario);
            let found = run_scenario(&scenario, &checked, &shelf, enforced, registry, environment);
            let description = Some(description).filter(|_| arguments.verbose || found.is_err());
            tally.add(&title, description.as_deref().unwrap_or_default(), found);
        } else {
            let route = ["scenarios", name.as_str()];
            let placed: Vec<Diagnostic> = problems
                .iter()
                .map(|problem| document::placed(&source, &node, &route, problem))
                .collect();
            wrong.extend(drawn(environment, &placed));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

impl Tally {
    fn add(&mut self, title: &str, description: &str, found: Result<(), Vec<String>>) {
        let (word, differences) = match found {
            Ok(()) => {
                self.passed += 1;
                ("ok  ", Vec::new())
            }
            Err(differences) => {
                self.failed += 1;
                ("FAIL", differences)
            }
        };
        self.lines.push(format!("{word}  {title}"));
        let about = runbook_report::question::safe(description.trim());
        let about = about.lines().map(str::to_owned);
        for line in about.chain(differences) {
            self.lines.push(format!("      {line}"));
        }
    }
}

/// Runs a scenario; what is not as expected comes back.
pub(super) fn run_scenario(
    scenario: &Arc<Scenario>,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<(), Vec<String>> {
    let given = members(&scenario.inputs);
    let plan =
        load::plan(checked, &given, Options::default(), scenario.clock).map_err(|failure| {
            failure
                .message
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })?;
    let located = shelf
        .places
        .place(&shelf.root.join(format!("{}.yaml", checked.id)));
    let context = world::playbook_context(
        environment,
        &TargetArguments::default(),
        registry,
        &located,
        &plan,
        scenario.clock,
    )
    .map_err(|wrong| vec![wrong])?;
    let facts: Arc<dyn ActionFacts> = Arc::clone(registry) as Arc<dyn ActionFacts>;
    let mut world = ScenarioWorld::new(Arc::clone(scenario), facts, context);
    match enforced {
        Enforced::Nothing => {}
        Enforced::Least => {
            let grants = least(scenario, checked, shelf, registry)?.grants();
            world = world.with_grants(Arc::new(grants));
        }
        Enforced::Given(grants) => world = world.with_grants(Arc::clone(grants)),
    }
    let surroundings = Surroundings {
        world: &world,
        performer: &Calls(registry),
        approver: &ByScenario(&scenario.answers),
        observer: &Nobody,
        journal: &MemoryJournal::forgetting(),
        library: shelf,
        cancel: &Cancel::new(),
    };
    let runtime = super::runtime().map_err(|failure| vec![failure.message])?;
    let outcome = runtime.block_on(runbook_interpreter::run(&plan, &surroundings));
    let found = world.check_expectations(&compared(&outcome));
    if found.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.push(format!("{}: {}", outcome.verdict, outcome.explanation));
    Err(lines
        .iter()
        .map(|line| runbook_report::question::safe(line))
        .collect())
}

/// The least policy of a playbook with a scenario's inputs, in a scenario's place.
pub(super) fn least(
    scenario: &Scenario,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    registry: &Registry,
) -> Result<LeastPolicy, Vec<String>> {
    let given = members(&scenario.inputs);
    let names = given.iter().map(|(name, _)| name.clone()).collect();
    let plan = load::plan(checked, &given, Options::default(), scenario.clock)
        .map_err(|failure| vec![failure.message])?;
    let forecast = Forecast::offline(&plan, &names, registry, shelf);
    let scope = policy::Scope {
        graphs: Vec::new(),
        place: scenario.place.clone(),
    };
    Ok(policy::least_policy(&forecast, registry, &scope))
}

/// What scenarios compare.
fn compared(outcome: &outcome::Outcome) -> Outcome {
    Outcome {
        verdict: outcome.verdict.as_str().to_owned(),
        reason: outcome.reason.map(|reason| reason.as_str().to_owned()),
        causes: outcome
            .causes
            .iter()
            .filter(|cause| cause.found == Truth::True)
            .map(|cause| cause.name.clone())
            .collect(),
        steps: outcome
            .steps
            .iter()
            .map(|(path, step)| (path.clone(), step.status.as_str().to_owned()))
            .collect(),
        holds: outcome
            .steps
            .iter()
            .filter_map(|(path, step)| Some((path.clone(), word(step.holds?).to_owned())))
            .collect(),
        outputs: outcome
            .outputs
            .iter()
            .map(|(name, value)| (name.clone(), value.to_json()))
            .collect(),
        escalated: outcome
            .escalated
            .as_ref()
            .map(|escalated| escalated.levels.clone())
            .unwrap_or_default(),
    }
}

/// The word of a truth in scenarios.
fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

/// Answers as the scenario says.
pub(super) struct ByScenario<'a>(pub &'a Answers);

impl Approver for ByScenario<'_> {
    fn allow_telling<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        self.decide(question)
    }

    fn decide<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        let by = "scenario".to_owned();
        let decision = match self.0.approval(&question.step) {
            Some(true) => Decision::Approved { by },
            Some(false) => Decision::Declined { by },
            None => Decision::Nobody,
        };
        Box::pin(std::future::ready(decision))
    }
}

/// Watches nothing.
struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}
