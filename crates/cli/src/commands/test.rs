//! `runbook test`: the scenarios of playbooks.

use super::check::usual;
use crate::args::{Format, TargetArguments, TestArguments};
use crate::calls::Calls;
use crate::coverage::{self, Coverage, Ledger, Observed};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load::{self, Unusable, members};
use crate::locate::{files_below, is_playbook, is_scenarios, scenarios_of};
use crate::parallel::side_by_side;
use crate::problems::counted;
use crate::shelf::{Shelf, text_of};
use crate::{document, world};
use indexmap::IndexMap;
use runbook_interpreter::approval::{Approver, Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::Guards;
use runbook_interpreter::journal::{JournalError, MemoryJournal, Mode, SqliteJournal};
use runbook_interpreter::outcome;
use runbook_interpreter::plan::forecast::Forecast;
use runbook_interpreter::plan::policy;
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::truth::Truth;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, Severity, render};
use runbook_playbook::source::Source;
use runbook_playbook::yaml::Node;
use runbook_registry::Registry;
use runbook_registry::policy::{Grants, Policy};
use runbook_registry::world::World;
use runbook_registry::world::scenario::{
    ActionFacts, Answers, CallRecord, Mismatch, Outcome, Scenario, ScenarioWorld,
};
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::collections::BTreeSet;
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
    /// The same for programs.
    scenarios: Vec<Json>,
    /// What was reached, where that is wanted.
    coverage: Coverage,
}

/// Runs the scenarios of files and folders.
pub fn execute(arguments: &TestArguments, environment: &Environment) -> Result<u8, Failure> {
    let files = files(&arguments.paths, environment)?;
    let registry = Arc::new(Registry::new());
    let enforced = enforced(arguments, environment)?;
    if arguments.update {
        super::test_update::update(&files, arguments, &enforced, &registry, environment)?;
    }
    if arguments.watch {
        return super::test_watch::watch(arguments, environment);
    }
    run_files(&files, arguments, &enforced, &registry, environment)
}

/// Runs the scenarios of files, and says what came out.
pub(super) fn run_files(
    files: &[PathBuf],
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<u8, Failure> {
    let tallies = side_by_side(files, |file| {
        test_file(file, arguments, enforced, registry, environment)
    });
    let (mut passed, mut failed, mut wrong) = (0, 0, 0);
    let mut covered = Coverage::default();
    let mut scenarios = Vec::new();
    let json = arguments.format == Format::Json;
    for tally in tallies {
        if !json {
            environment.console.out.lines(&tally.lines);
        }
        environment.console.err.lines(&tally.wrong);
        passed += tally.passed;
        failed += tally.failed;
        wrong += usize::from(!tally.wrong.is_empty());
        scenarios.extend(tally.scenarios);
        covered.merge(tally.coverage);
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
    let coverage = arguments
        .covers()
        .then(|| within(covered, arguments, registry, environment));
    let missed = match (&arguments.coverage_min, &coverage) {
        (Some(least), Some(coverage)) => least.missed(coverage),
        _ => Vec::new(),
    };
    let out = environment.console.out;
    if json {
        let mut document = json!({"passed": passed, "failed": failed, "scenarios": scenarios});
        if let Some(coverage) = &coverage {
            document["coverage"] = coverage::document(coverage);
        }
        out.line(format!("{document:#}"));
    } else {
        out.line(format!("{passed} passed, {failed} failed"));
        if let Some(coverage) = &coverage {
            out.line("");
            out.lines(&coverage::lines(coverage, out.look));
        }
    }
    if !missed.is_empty() {
        return Err(Failure::not_well(missed.join("\nerror: ")));
    }
    Ok(if failed == 0 {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

/// What was reached of the files that the command line names; those of which nothing was are there too.
fn within(
    mut covered: Coverage,
    arguments: &TestArguments,
    registry: &Registry,
    environment: &Environment,
) -> Coverage {
    let places = &environment.places;
    let mut wanted = BTreeSet::new();
    for path in usual(&arguments.paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            let below = files_below(&full, is_playbook);
            wanted.extend(below.iter().map(|file| places.place(file).name));
            let known: Vec<PathBuf> = below
                .into_iter()
                .filter(|file| !covered.files.contains_key(&places.place(file).name))
                .collect();
            for unreached in side_by_side(&known, |file| nothing_of(file, registry, environment)) {
                covered.merge(unreached);
            }
        } else if is_scenarios(&full) {
            let name = places.place(&full).name.replace(".scenarios.", ".");
            if covered.files.contains_key(&name) {
                wanted.insert(name);
            } else {
                // It names its playbook itself.
                wanted.extend(covered.files.keys().cloned());
            }
        } else if let Ok(located) = places.locate(&path.to_string_lossy()) {
            wanted.insert(located.name);
        }
    }
    covered.files.retain(|name, _| wanted.contains(name));
    covered
}

/// A playbook of which nothing was reached; nothing where the file is none.
fn nothing_of(file: &Path, registry: &Registry, environment: &Environment) -> Coverage {
    let located = environment.places.place(file);
    let shelf = Shelf::new(&environment.places, &located.root, registry);
    let mut ledger = Ledger::new(&shelf);
    if let Ok(read) = shelf.read(&located)
        && let Some(checked) = read.checked
    {
        ledger.know(&checked);
    }
    ledger.close()
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
pub(crate) enum Enforced {
    /// Anything.
    Nothing,
    /// What the least policy of the playbook with the scenario's inputs grants.
    Least,
    /// What these policies grant.
    Given(Arc<Grants>),
}

/// Reads `--policy`.
pub(super) fn enforced(
    arguments: &TestArguments,
    environment: &Environment,
) -> Result<Enforced, Failure> {
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
    /// The file.
    pub source: Source,
    /// What it says.
    pub node: Node,
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
    let mut ledger = Ledger::new(&shelf);
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
            let setting = Setting {
                shelf: &shelf,
                enforced,
                registry,
                environment,
            };
            let found = if arguments.covers() {
                let observed = Observed::default();
                let found = setting.run(&scenario, &checked, &observed);
                ledger.add(&checked, observed);
                found
            } else {
                setting.run(&scenario, &checked, &Nobody)
            };
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
    tally.coverage = ledger.close();
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
        self.scenarios.push(json!({
            "scenario": title,
            "passed": differences.is_empty(),
            "differences": differences,
        }));
        self.lines.push(format!("{word}  {title}"));
        let about = runbook_report::question::safe(description.trim());
        let about = about.lines().map(str::to_owned);
        for line in about.chain(differences) {
            self.lines.push(format!("      {line}"));
        }
    }
}

/// What scenarios are run with.
struct Setting<'a> {
    shelf: &'a Shelf<'a>,
    enforced: &'a Enforced,
    registry: &'a Arc<Registry>,
    environment: &'a Environment,
}

/// Runs a scenario; what is not as expected comes back.
pub(crate) fn run_scenario(
    scenario: &Arc<Scenario>,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<(), Vec<String>> {
    let setting = Setting {
        shelf,
        enforced,
        registry,
        environment,
    };
    setting.run(scenario, checked, &Nobody)
}

/// What is not as a scenario expects it, in lines; nothing where all is.
pub(super) fn mismatches(world: &ScenarioWorld, ended: &Endings) -> Vec<String> {
    let run = world.check_expectations(&compared(&ended.run));
    let undo = ended.undo.as_ref().map(|undo| {
        let found = world.check_undo(&compared(undo));
        (found, undo)
    });
    let mut lines: Vec<String> = Vec::new();
    for (found, outcome) in std::iter::once((run, &ended.run)).chain(undo) {
        if !found.is_empty() {
            lines.extend(found.iter().map(ToString::to_string));
            lines.push(format!("{}: {}", outcome.verdict, outcome.explanation));
        }
    }
    lines
        .iter()
        .map(|line| runbook_report::question::safe(line))
        .collect()
}

/// What came out of a scenario.
pub(super) struct Endings {
    /// Of the run.
    pub run: outcome::Outcome,
    /// Of taking it back, where the scenario wants that.
    pub undo: Option<outcome::Outcome>,
}

/// Runs a scenario: its world afterwards, and what came out.
pub(super) fn play_scenario(
    scenario: &Arc<Scenario>,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
    observer: &dyn Observer,
) -> Result<(ScenarioWorld, Endings), Vec<String>> {
    let plan = bound(scenario, checked)?;
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
            let (forecast, scope) = forecast(scenario, checked, shelf, registry)?;
            let grants = policy::least_policy(&forecast, &**registry, &scope).grants();
            world = world.with_grants(Arc::new(grants));
        }
        Enforced::Given(grants) => world = world.with_grants(Arc::clone(grants)),
    }
    let surroundings = Surroundings {
        world: &world,
        performer: &Calls(registry),
        approver: &ByScenario(&scenario.answers),
        observer,
        journal: &MemoryJournal::forgetting(),
        library: shelf,
        cancel: &Cancel::new(),
        guards: Some(&Guards::default()),
    };
    let runtime = super::runtime().map_err(|failure| vec![failure.message])?;
    let ended = if scenario.undo.is_some() {
        let undone = runtime.block_on(taken_back(&plan, &world, &surroundings));
        undone.map_err(|error| vec![error.to_string()])?
    } else {
        Endings {
            run: runtime.block_on(runbook_interpreter::run(&plan, &surroundings)),
            undo: None,
        }
    };
    Ok((world, ended))
}

/// Runs with a record, and takes back what was done by it, as `runbook undo` does.
async fn taken_back(
    plan: &Plan,
    world: &ScenarioWorld,
    surroundings: &Surroundings<'_>,
) -> Result<Endings, JournalError> {
    let file = SqliteJournal::in_memory()?;
    let run = file.start(world.fresh_id(), json!({}));
    let outcome = runbook_interpreter::run(
        plan,
        &Surroundings {
            journal: &run,
            ..*surroundings
        },
    )
    .await;
    world.end();
    let again = file.again(&outcome.run, Mode::Frozen)?;
    let observer = AfterThaw {
        inner: surroundings.observer,
        thawed: Cell::new(false),
    };
    let around = Surroundings {
        journal: &again,
        observer: &observer,
        ..*surroundings
    };
    let undone = runbook_interpreter::undo(plan, &around, || {
        observer.thawed.set(true);
        again.thaw()
    });
    Ok(Endings {
        run: outcome,
        undo: Some(undone.await?),
    })
}

/// Passes on what happens once a run that is gone through again is taken back.
struct AfterThaw<'o> {
    inner: &'o dyn Observer,
    thawed: Cell<bool>,
}

impl Observer for AfterThaw<'_> {
    fn observe(&self, event: &Event) {
        if self.thawed.get() {
            self.inner.observe(event);
        }
    }
}

/// How a scenario was played.
pub(super) struct Played {
    /// What is not as expected.
    pub found: Vec<Mismatch>,
    /// The calls that were made.
    pub calls: Vec<CallRecord>,
    /// What came out, as scenarios compare it.
    pub compared: Outcome,
}

/// Runs a scenario, and compares.
pub(super) fn played(
    scenario: &Arc<Scenario>,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<Played, Vec<String>> {
    let (world, ended) = play_scenario(
        scenario,
        checked,
        shelf,
        enforced,
        registry,
        environment,
        &Nobody,
    )?;
    let compared = compared(&ended.run);
    Ok(Played {
        found: world.check_expectations(&compared),
        calls: world.calls_of_run(),
        compared,
    })
}

impl Setting<'_> {
    /// Runs a scenario, watched; what is not as expected comes back.
    fn run(
        &self,
        scenario: &Arc<Scenario>,
        checked: &Arc<Checked>,
        observer: &dyn Observer,
    ) -> Result<(), Vec<String>> {
        let (world, ended) = play_scenario(
            scenario,
            checked,
            self.shelf,
            self.enforced,
            self.registry,
            self.environment,
            observer,
        )?;
        let lines = mismatches(&world, &ended);
        if lines.is_empty() { Ok(()) } else { Err(lines) }
    }
}

/// A playbook with a scenario's inputs.
fn bound(scenario: &Scenario, checked: &Arc<Checked>) -> Result<Plan, Vec<String>> {
    let given = members(&scenario.inputs);
    load::plan(checked, &given, Options::default(), scenario.clock)
        .map_err(|failure| failure.message.lines().map(str::to_owned).collect())
}

/// What a playbook would do with a scenario's inputs, and the scenario's place, for the policy that it needs there.
pub(super) fn forecast(
    scenario: &Scenario,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    registry: &Registry,
) -> Result<(Forecast, policy::Scope), Vec<String>> {
    let plan = bound(scenario, checked)?;
    let names = scenario.inputs.keys().cloned().collect();
    let forecast = Forecast::offline(&plan, &names, registry, shelf);
    let scope = policy::Scope {
        graphs: Vec::new(),
        place: scenario.place.clone(),
    };
    Ok((forecast, scope))
}

/// What scenarios compare.
pub(super) fn compared(outcome: &outcome::Outcome) -> Outcome {
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
    fn overriding(&self, _: runbook_interpreter::guard::Kind) -> String {
        String::new()
    }

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
pub(super) struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}
