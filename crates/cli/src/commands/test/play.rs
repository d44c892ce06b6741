//! A scenario is run, and what came out is compared.

use crate::args::{TargetArguments, TestArguments};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::load::{self, members};
use crate::shelf::Shelf;
use crate::{document, world};
use runbook_interpreter::Redactor;
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
use runbook_registry::Registry;
use runbook_registry::policy::{Grants, Policy};
use runbook_registry::world::World;
use runbook_registry::world::scenario::{
    ActionFacts, Answers, CallRecord, Mismatch, Outcome, Scenario, ScenarioWorld,
};
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

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
pub(in crate::commands) fn enforced(
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
pub(in crate::commands) fn mismatches(world: &ScenarioWorld, ended: &Endings) -> Vec<String> {
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
pub(in crate::commands) struct Endings {
    /// Of the run.
    pub run: outcome::Outcome,
    /// Of taking it back, where the scenario wants that.
    pub undo: Option<outcome::Outcome>,
}

/// Runs a scenario: its world afterwards, and what came out.
pub(in crate::commands) fn play_scenario(
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
    let runtime = crate::commands::runtime().map_err(|failure| vec![failure.message])?;
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
pub(in crate::commands) struct Played {
    /// What is not as expected.
    pub found: Vec<Mismatch>,
    /// The calls that were made, without the arguments that have secrets in them.
    pub calls: Vec<CallRecord>,
    /// What came out, as scenarios compare it.
    pub compared: Outcome,
}

/// Runs a scenario, and compares.
pub(in crate::commands) fn played(
    scenario: &Arc<Scenario>,
    checked: &Arc<Checked>,
    shelf: &Shelf<'_>,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<Played, Vec<String>> {
    let masking = Masking::new(&Nobody);
    let (world, ended) = play_scenario(
        scenario,
        checked,
        shelf,
        enforced,
        registry,
        environment,
        &masking,
    )?;
    let compared = compared(&ended.run);
    let mut found = world.check_expectations(&compared);
    for one in &mut found {
        one.expected = masking.text(&one.expected);
        one.actual = masking.text(&one.actual);
    }
    let mut calls = world.calls_of_run();
    for call in &mut calls {
        if let Json::Object(arguments) = &mut call.arguments {
            arguments.retain(|_, value| !masking.hides(value));
        }
    }
    Ok(Played {
        found,
        calls,
        compared,
    })
}

/// What scenarios are run with.
pub(super) struct Setting<'a> {
    pub shelf: &'a Shelf<'a>,
    pub enforced: &'a Enforced,
    pub registry: &'a Arc<Registry>,
    pub environment: &'a Environment,
}

impl Setting<'_> {
    /// Runs a scenario, watched; what is not as expected comes back.
    pub(super) fn run(
        &self,
        scenario: &Arc<Scenario>,
        checked: &Arc<Checked>,
        observer: &dyn Observer,
    ) -> Result<(), Vec<String>> {
        let masking = Masking::new(observer);
        let (world, ended) = play_scenario(
            scenario,
            checked,
            self.shelf,
            self.enforced,
            self.registry,
            self.environment,
            &masking,
        )?;
        let lines = mismatches(&world, &ended);
        if lines.is_empty() {
            return Ok(());
        }
        Err(lines.iter().map(|line| masking.text(line)).collect())
    }
}

/// A playbook with a scenario's inputs.
fn bound(scenario: &Scenario, checked: &Arc<Checked>) -> Result<Plan, Vec<String>> {
    let given = members(&scenario.inputs);
    load::plan(checked, &given, Options::default(), scenario.clock)
        .map_err(|failure| failure.message.lines().map(str::to_owned).collect())
}

/// What a playbook would do with a scenario's inputs, and the scenario's place, for the policy that it needs there.
pub(in crate::commands) fn forecast(
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
pub(in crate::commands) fn compared(outcome: &outcome::Outcome) -> Outcome {
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
pub(in crate::commands) struct ByScenario<'a>(pub &'a Answers);

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
pub(in crate::commands) struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}

/// Watches, and knows the secrets that came up.
struct Masking<'o> {
    inner: &'o dyn Observer,
    redactor: RefCell<Redactor>,
}

impl<'o> Masking<'o> {
    fn new(inner: &'o dyn Observer) -> Self {
        Self {
            inner,
            redactor: RefCell::default(),
        }
    }

    /// A text without the secrets.
    fn text(&self, text: &str) -> String {
        self.redactor.borrow().text(text)
    }

    /// Whether a document has a secret in it.
    fn hides(&self, json: &Json) -> bool {
        self.redactor.borrow().json(json) != *json
    }
}

impl Observer for Masking<'_> {
    fn observe(&self, event: &Event) {
        self.inner.observe(event);
    }

    fn secrets(&self, redactor: &Redactor) {
        self.inner.secrets(redactor);
        *self.redactor.borrow_mut() = redactor.clone();
    }
}
