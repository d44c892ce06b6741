//! Runs one target of a fleet in this process: in the real world, or in that of a scenario.

use super::reach::refusal;
use super::restored;
use crate::approve::Answers;
use crate::args::{Consent, TargetArguments};
use crate::calls::Calls;
use crate::commands::as_far_as_it_goes;
use crate::environment::Environment;
use crate::identity;
use crate::kept::Kept;
use crate::load;
use crate::locate::Located;
use crate::lock::{self, Claim, Lock, Taken};
use crate::record::{Record, context, note};
use crate::secrets::{self, Handling};
use crate::world;
use jiff::Timestamp;
use runbook_fleet::engine::{Engine, TargetRun};
use runbook_fleet::outcome::{Counting, NotRunCode, TargetOutcome};
use runbook_fleet::target::Target;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::{Guards, Kind};
use runbook_interpreter::journal::{JournalError, Mode, RunJournal, RunRow};
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::Surroundings;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::Given;
use runbook_registry::Registry;
use runbook_registry::aws::AwsClient;
use runbook_registry::local::NoPerson;
use runbook_registry::world::live::LiveWorld;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Account, region, role, external id and profile.
type Place = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Where calls of a place go, and why they cannot.
#[derive(Clone)]
struct Reached {
    client: Arc<AwsClient>,
    refused: Option<String>,
}

/// Runs targets in this process.
pub struct LocalEngine<'a> {
    pub environment: &'a Environment,
    pub registry: &'a Arc<Registry>,
    pub located: &'a Located,
    pub library: &'a Kept<'a>,
    pub checked: &'a Arc<Checked>,
    pub options: &'a Options,
    pub scenario: Option<Arc<Scenario>>,
    /// The texts that runs go by, by id.
    pub texts: Vec<(String, String)>,
    /// Where calls go of targets that do not say it.
    pub base: TargetArguments,
    /// What every target is given.
    pub given: Vec<(String, Given)>,
    pub consent: Consent,
    pub guards: Guards,
    /// The calendars of the command line, for whoever resumes a run.
    pub freeze: Json,
    pub record: &'a Record,
    /// Asks the runs to end in order.
    pub cancel: Cancel,
    scenarios: RefCell<HashMap<Place, Arc<Scenario>>>,
    reached: RefCell<HashMap<Place, Reached>>,
}

impl<'a> LocalEngine<'a> {
    /// An engine for a playbook.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is another thing that a run is given"
    )]
    #[must_use]
    pub fn new(
        environment: &'a Environment,
        registry: &'a Arc<Registry>,
        located: &'a Located,
        library: &'a Kept<'a>,
        checked: &'a Arc<Checked>,
        options: &'a Options,
        record: &'a Record,
        guards: Guards,
    ) -> Self {
        Self {
            environment,
            registry,
            located,
            library,
            checked,
            options,
            scenario: None,
            texts: Vec::new(),
            base: TargetArguments::default(),
            given: Vec::new(),
            consent: Consent::default(),
            guards,
            freeze: Json::Null,
            record,
            cancel: Cancel::new(),
            scenarios: RefCell::default(),
            reached: RefCell::default(),
        }
    }

    /// The inputs of a target, and where its secrets were read from.
    fn plan(
        &self,
        target: &Target,
        now: Timestamp,
    ) -> Result<(Plan, BTreeMap<String, String>), String> {
        let mut given = Vec::new();
        if let Some(scenario) = &self.scenario {
            given.extend(load::members(&scenario.inputs));
        }
        let own = target.inputs.iter();
        given.extend(own.map(|(name, value)| (name.clone(), Given::Json(value.clone()))));
        given.extend(self.given.iter().cloned());
        let handling = Handling {
            reads: true,
            scenario: self.scenario.is_some(),
        };
        let read = secrets::read(&self.checked.playbook, given, handling, self.environment)
            .map_err(|failure| failure.message)?;
        let plan = load::plan(self.checked, &read.given, self.options.clone(), now)
            .map_err(|failure| failure.message)?;
        Ok((plan, read.sources))
    }

    /// The scenario at a target's place.
    fn staged(&self, target: &Target) -> Option<Arc<Scenario>> {
        let scenario = self.scenario.as_ref()?;
        if target.account.is_none() && target.region.is_none() {
            return Some(Arc::clone(scenario));
        }
        let mut known = self.scenarios.borrow_mut();
        let staged = known.entry(place(target)).or_insert_with(|| {
            let mut here = (**scenario).clone();
            here.place.account = target.account.clone().or(here.place.account);
            here.place.region = target.region.clone().or(here.place.region);
            Arc::new(here)
        });
        Some(Arc::clone(staged))
    }

    /// The client of a target's place, once it is known that calls get there as the target wants.
    async fn reach(
        &self,
        target: &Target,
        arguments: &TargetArguments,
    ) -> Result<Arc<AwsClient>, String> {
        let known = self.reached.borrow().get(&place(target)).cloned();
        let reached = if let Some(known) = known {
            known
        } else {
            let client = world::client(self.environment, arguments, &self.located.root, None);
            let (root, folder) = (&self.located.root, &self.located.root);
            let context = world::context(self.environment, arguments, self.registry, root, folder);
            let live = world::of_client(&client, context);
            let refused = refusal(target, arguments, &live, self.registry).await;
            let reached = Reached { client, refused };
            self.reached
                .borrow_mut()
                .insert(place(target), reached.clone());
            reached
        };
        match reached.refused {
            Some(why) => Err(why),
            None => Ok(reached.client),
        }
    }

    /// Takes the target, where its run may change something.
    fn lock(&self, run: &TargetRun, world: &dyn World) -> Result<Option<Lock>, String> {
        *self.guards.lock.borrow_mut() = None;
        if !identity::acts(self.checked, self.options) {
            return Ok(None);
        }
        let scenario = self.scenario.as_ref();
        let scenario = scenario.map(|scenario| scenario.name.as_str());
        let arguments = at(&self.base, &run.target);
        let place = lock::place(scenario, &world.place(), &arguments, self.environment);
        let claim = Claim {
            playbook: &self.checked.id,
            place: &place,
            target: Some(&run.target.name),
            run: &run.run,
            user: &self.environment.user,
        };
        match Lock::take(self.record, &claim) {
            Ok(lock) => Ok(Some(lock)),
            Err(Taken::By(why)) if self.guards.overridden.contains_key(&Kind::Lock) => {
                let what = why.lines().next().unwrap_or_default().to_owned();
                *self.guards.lock.borrow_mut() = Some(what);
                Ok(None)
            }
            Err(Taken::By(why) | Taken::Unusable(why)) => Err(why),
        }
    }

    /// What whoever resumes the run by itself needs to know.
    fn context(&self, run: &TargetRun, sources: &BTreeMap<String, String>) -> Json {
        let scenario = self
            .scenario
            .as_ref()
            .map(|scenario| scenario.name.as_str());
        let arguments = at(&self.base, &run.target);
        let mut context = context(self.located, scenario, &arguments);
        context["freeze"] = self.freeze.clone();
        context["fleet"] = serde_json::json!({"id": run.fleet, "target": run.target.name});
        note(&mut context, sources);
        context
    }

    fn answers(&self, run: &TargetRun) -> Answers {
        let onward = self.record.resume(&run.run, &[]);
        Answers {
            consent: self.consent.clone(),
            prompt: None,
            cancel: self.cancel.clone(),
            again: onward.clone(),
            unanswered: onward,
            resumes: true,
            elsewhere: Some(self.record.approve(&run.run)),
            waits: false,
            stream: self.environment.console.err,
        }
    }

    async fn run(&self, run: &TargetRun) -> Result<TargetOutcome, (NotRunCode, String)> {
        let failed = |code: NotRunCode| move |why: String| (code, why);
        let unkept = |error: JournalError| (NotRunCode::Engine, error.to_string());
        let _hold = self
            .record
            .hold(&run.run)
            .map_err(|failure| (NotRunCode::Locked, failure.message))?;
        let row = match self.record.file.run(&run.run) {
            Ok(row) => Some(row),
            Err(JournalError::NoRun(_)) => None,
            Err(error) => return Err(unkept(error)),
        };
        if let Some(row) = &row
            && goes_on_no_more(row)
        {
            return Ok(restored(run, row, self.record));
        }
        let now = match (&row, &self.scenario) {
            (Some(row), _) => row.started,
            (None, Some(scenario)) => scenario.clock,
            (None, None) => Timestamp::now(),
        };
        let (plan, sources) = self
            .plan(&run.target, now)
            .map_err(failed(NotRunCode::Input))?;
        let arguments = at(&self.base, &run.target);
        let mut context = world::playbook_context(
            self.environment,
            &arguments,
            self.registry,
            self.located,
            &plan,
            now,
        )
        .map_err(failed(NotRunCode::Input))?;
        context.person = Arc::new(NoPerson);
        let (live, mut written): (Option<LiveWorld>, Option<ScenarioWorld>);
        if let Some(scenario) = self.staged(&run.target) {
            let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
            let memory = self.record.memory(&run.run);
            let world = ScenarioWorld::new(scenario, facts, context)
                .with_person(Arc::new(NoPerson))
                .remembering(&memory)
                .map_err(|error| {
                    let why = format!("{} cannot be written: {error}", memory.display());
                    (NotRunCode::Engine, why)
                })?;
            (live, written) = (None, Some(world));
        } else {
            let client = self
                .reach(&run.target, &arguments)
                .await
                .map_err(failed(NotRunCode::Place))?;
            let world = world::of_client(&client, context);
            // What it is asked about first is where it acts.
            let named = identity::names_caller(self.checked, self.options);
            world.ready(run.target.account.is_some() || named).await;
            (live, written) = (Some(world), None);
        }
        let file = &self.record.file;
        let journal = if let Some(row) = &row {
            file.again(&row.id, Mode::Live).map_err(unkept)?
        } else {
            let context = self.context(run, &sources);
            file.start(run.run.clone(), context)
                .with_files(self.texts.clone())
        };
        if let Some(written) = &mut written {
            written.forget_reads(&|key| journal.has_answer(key));
        }
        let world: &dyn World = match (&live, &written) {
            (Some(live), _) => live,
            (None, Some(written)) => written,
            (None, None) => return Err((NotRunCode::Engine, "there is no world".to_owned())),
        };
        if row.is_some() {
            self.rehearse(run, &plan, world)?;
        }
        let _lock = self.lock(run, world).map_err(failed(NotRunCode::Locked))?;
        Ok(self.play(run, &plan, world, &journal).await)
    }

    /// Goes through what is on record, without anything being done, and says whether it is what the playbook does.
    fn rehearse(
        &self,
        run: &TargetRun,
        plan: &Plan,
        world: &dyn World,
    ) -> Result<(), (NotRunCode, String)> {
        let rehearsal = self.record.file.again(&run.run, Mode::Rehearsal);
        let rehearsal = rehearsal.map_err(|error| (NotRunCode::Engine, error.to_string()))?;
        let cancel = Cancel::new();
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &self.answers(run),
            observer: &Nobody,
            journal: &rehearsal,
            library: self.library,
            cancel: &cancel,
            guards: Some(&self.guards),
        };
        as_far_as_it_goes(runbook_interpreter::run(plan, &surroundings));
        match rehearsal.difference() {
            None => Ok(()),
            Some(error) => Err((NotRunCode::Engine, format!("its run cannot go on: {error}"))),
        }
    }

    async fn play(
        &self,
        run: &TargetRun,
        plan: &Plan,
        world: &dyn World,
        journal: &RunJournal<'_>,
    ) -> TargetOutcome {
        let counting = Counting::default();
        let surroundings = Surroundings {
            world,
            performer: &Calls(self.registry),
            approver: &self.answers(run),
            observer: &counting,
            journal,
            library: self.library,
            cancel: &self.cancel,
            guards: Some(&self.guards),
        };
        let outcome = runbook_interpreter::run(plan, &surroundings).await;
        TargetOutcome::of(run, &outcome, &counting, &self.record.options())
    }
}

impl Engine for LocalEngine<'_> {
    fn run_target<'a>(&'a self, run: &'a TargetRun) -> Pending<'a, TargetOutcome> {
        Box::pin(async move {
            match self.run(run).await {
                Ok(outcome) => outcome,
                Err((code, why)) => {
                    TargetOutcome::not_run(&run.target, run.wave, code, why.replace('\n', " "))
                }
            }
        })
    }
}

/// Whether a run on record has come to its end.
fn goes_on_no_more(row: &RunRow) -> bool {
    let goes_on = matches!(row.verdict.as_deref(), None | Some("paused" | "aborted"));
    !goes_on || row.reason.as_deref() == Some("timeout")
}

fn place(target: &Target) -> Place {
    (
        target.account.clone(),
        target.region.clone(),
        target.role.clone(),
        target.external_id.clone(),
        target.profile.clone(),
    )
}

/// Where a target's calls go: where it says, else where the command line does.
#[must_use]
pub fn at(base: &TargetArguments, target: &Target) -> TargetArguments {
    let or = |own: &Option<String>, base: &Option<String>| own.clone().or_else(|| base.clone());
    TargetArguments {
        region: or(&target.region, &base.region),
        profile: or(&target.profile, &base.profile),
        role: or(&target.role, &base.role),
        external_id: or(&target.external_id, &base.external_id),
        ..base.clone()
    }
}

/// Watches nothing.
struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}
