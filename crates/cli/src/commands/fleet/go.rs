//! `runbook fleet run` and `resume`: rolls a playbook out from this process.

use super::load::loaded;
use super::shown;
use crate::args::{
    Consent, FleetResumeArguments, FleetRunArguments, Format, GuardArguments, TargetArguments,
};
use crate::commands::{SCENARIOS, interrupted, runtime};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{
    Alarms, Around, Begun, LocalEngine, Steps, Wanted, held_as, kept as unkept, outcome, rebuilt,
    store,
};
use crate::guards;
use crate::kept::Kept;
use crate::load;
use crate::locate::Located;
use crate::record::Record;
use crate::shelf::Shelf;
use crate::staged::Staged;
use crate::world;
use runbook_fleet::embedded::drive::{Drive, End, Surroundings as _};
use runbook_fleet::embedded::store::{FleetRow, FleetStore, Spec, Wish};
use runbook_fleet::outcome::{FleetOutcome, FleetStatus, TargetStatus};
use runbook_fleet::rollout::{Rollout, Standing};
use runbook_fleet::target::Target;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::plan::Options;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::Given;
use runbook_registry::Registry;
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Begins a fleet and rolls it out.
pub fn run(arguments: &FleetRunArguments, environment: &Environment) -> Result<u8, Failure> {
    let located = load::locate(&arguments.playbook, environment)?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let kept = Kept::new(shelf, BTreeMap::new());
    let scenario = arguments.scenario.as_deref();
    let loaded = loaded(
        &located,
        &arguments.targets,
        &arguments.given,
        scenario,
        &kept,
        &registry,
        environment,
    )?;
    let targets = loaded.all(&arguments.target, &located, &registry, environment)?;
    let playbook = &loaded.checked.playbook;
    let wanted = Wanted {
        target: arguments.target.clone(),
        options: Options {
            read_only: arguments.read_only,
            ..arguments.part.options()
        },
        given: loaded.given.clone(),
        freeze: guards::on_record(&arguments.guards, environment),
    };
    let mut files: BTreeMap<String, String> = kept.texts().into_iter().collect();
    if let Some(staged) = &loaded.staged {
        files.insert(SCENARIOS.to_owned(), staged.text.clone());
    }
    let spec = Spec {
        title: playbook.title.value.clone(),
        severity: playbook
            .severity
            .as_ref()
            .map(|severity| severity.value.clone()),
        policy: arguments.rollout.over(loaded.targets.policy()),
        scenario: scenario.map(str::to_owned),
        context: wanted.to_json(&located, scenario, playbook),
        files,
    };
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.on.on {
        let starting = super::remote::Starting {
            located: &located,
            playbook,
            spec,
            wanted: &wanted,
            consent: arguments.consent.given(),
            guards: guards::travelling(&arguments.guards, &located.root, environment)?,
            targets,
        };
        return super::remote::start(starting, on, environment);
    }
    let record = Record::open(arguments.state_dir.as_deref(), environment)?;
    let store = store(&record)?;
    let id = uuid::Uuid::new_v4().to_string();
    let _hold = record.hold(&held_as(&id))?;
    let fleet = store
        .begin(&id, &loaded.checked.id, &spec, &targets, loaded.now)
        .map_err(unkept)?;
    let rollout = Rollout::new(spec.policy.clone(), &targets);
    let fleeting = Fleeting {
        environment,
        registry: &registry,
        located: &located,
        kept: &kept,
        checked: &loaded.checked,
        scenario: loaded
            .staged
            .as_ref()
            .map(|staged| Arc::clone(&staged.scenario)),
        record: &record,
        store: &store,
        fleet: &fleet,
        spec: &spec,
        targets: &targets,
        wanted: &wanted,
    };
    let how = How {
        consent: arguments.consent.given(),
        guards: &arguments.guards,
        begun_with: Vec::new(),
        format: arguments.format,
        quiet: arguments.quiet,
    };
    fleeting.roll_out(rollout, how)
}

/// Goes on with a fleet.
pub fn resume(arguments: &FleetResumeArguments, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.of.on.on {
        return super::remote::resume(&arguments.of.fleet, on, environment);
    }
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let store = store(&record)?;
    let fleet = store.find(&arguments.of.fleet).map_err(unkept)?;
    if record.is_held(&held_as(&fleet.id)) && paused(&fleet) {
        store.control(&fleet, None).map_err(unkept)?;
        environment
            .console
            .out
            .line(format!("fleet {} goes on where its process is", fleet.id));
        return Ok(exit::WELL);
    }
    let _hold = record.hold(&held_as(&fleet.id))?;
    let fleet = store.again(&fleet).map_err(unkept)?;
    let mut spec = store.spec(&fleet).map_err(unkept)?;
    let rows = store.targets(&fleet).map_err(unkept)?;
    let before = outcome(&fleet, &spec, &rows, &store, &record)?;
    refuse(&fleet, &before)?;
    spec.policy = arguments.rollout.over(spec.policy);
    store.change(&fleet, &spec).map_err(unkept)?;
    store.control(&fleet, None).map_err(unkept)?;
    let begun = Begun::of(&fleet, &spec);
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &begun.located.root, &*registry);
    let mut files = spec.files.clone();
    let scenarios = files.remove(SCENARIOS);
    let kept = Kept::new(shelf, files);
    let checked = load::playbook(&kept, &begun.located, environment.console.err)?;
    let scenario = match &spec.scenario {
        Some(name) => {
            let text = scenarios.unwrap_or_default();
            let staged = Staged::of_text(name, text, &begun.located, &registry, environment)?;
            Some(staged.scenario)
        }
        None => None,
    };
    let mut wanted = begun.wanted.clone();
    let typed = arguments.input.iter();
    wanted
        .given
        .extend(typed.map(|(name, value)| (name.clone(), Given::Text(value.clone()))));
    let (mut rollout, news) = rebuilt(&fleet, &spec, &rows, &store, &record)?;
    for (index, outcome) in &news {
        store.keep(&fleet, *index, outcome).map_err(unkept)?;
    }
    let targets: Vec<Target> = rows.into_iter().map(|row| row.target).collect();
    // Whatever a target waits for may have been answered since, or may be by `--yes`.
    for index in 0..targets.len() {
        if rollout.standing(index) == Standing::Waits {
            rollout.woken(index);
        }
    }
    let fleeting = Fleeting {
        environment,
        registry: &registry,
        located: &begun.located,
        kept: &kept,
        checked: &checked,
        scenario,
        record: &record,
        store: &store,
        fleet: &fleet,
        spec: &spec,
        targets: &targets,
        wanted: &wanted,
    };
    let how = How {
        consent: arguments.consent.given(),
        guards: &arguments.guards,
        begun_with: begun.calendars(),
        format: arguments.format,
        quiet: arguments.quiet,
    };
    fleeting.roll_out(rollout, how)
}

fn paused(fleet: &FleetRow) -> bool {
    let control = fleet.control.as_ref();
    control.is_some_and(|control| control.wish == Wish::Pause)
}

/// Refuses to go on with what is over.
fn refuse(fleet: &FleetRow, before: &FleetOutcome) -> Result<(), Failure> {
    let open = [TargetStatus::Paused, TargetStatus::NotRun];
    let waits = before
        .targets
        .iter()
        .any(|target| open.contains(&target.status));
    match &fleet.control {
        Some(control) if control.wish == Wish::Cancel => Err(Failure::wrong(format!(
            "fleet {} was cancelled by {}; begin another one with `runbook fleet run`",
            fleet.id, control.by
        ))),
        _ if before.status == FleetStatus::Ended && !waits => Err(Failure::wrong(format!(
            "fleet {} has ended; `runbook fleet report {0}` tells what came of it",
            fleet.id
        ))),
        _ => Ok(()),
    }
}

/// How it is gone about.
struct How<'a> {
    consent: Consent,
    guards: &'a GuardArguments,
    begun_with: Vec<String>,
    format: Format,
    quiet: bool,
}

/// A fleet that this process has.
struct Fleeting<'a> {
    environment: &'a Environment,
    registry: &'a Arc<Registry>,
    located: &'a Located,
    kept: &'a Kept<'a>,
    checked: &'a Arc<Checked>,
    scenario: Option<Arc<Scenario>>,
    record: &'a Record,
    store: &'a FleetStore,
    fleet: &'a FleetRow,
    spec: &'a Spec,
    targets: &'a [Target],
    wanted: &'a Wanted,
}

impl Fleeting<'_> {
    fn roll_out(&self, rollout: Rollout, how: How<'_>) -> Result<u8, Failure> {
        let environment = self.environment;
        let mut guards = guards::read(how.guards, &how.begun_with, environment)?;
        guards::add_common(&mut guards, &self.located.root, environment)?;
        let (options, record) = (&self.wanted.options, self.record);
        let mut engine = LocalEngine::new(
            environment,
            self.registry,
            self.located,
            self.kept,
            self.checked,
            options,
            record,
            guards,
        );
        engine.scenario.clone_from(&self.scenario);
        let files = self.spec.files.iter();
        engine.texts = files.map(|(id, text)| (id.clone(), text.clone())).collect();
        engine.base = self.wanted.target.clone();
        engine.given.clone_from(&self.wanted.given);
        engine.consent = how.consent;
        engine.freeze = self.wanted.freeze.clone();
        let runs = engine.cancel.clone();
        let world = self.world();
        let alarms = Alarms::new(&self.spec.policy.alarms, &*world, self.registry)
            .map_err(Failure::wrong)?;
        let text = how.format == Format::Text;
        let progress = (text && !how.quiet).then_some(environment.console.out);
        let over = rollout.counts().ended;
        let waits = how.guards.wait_for_approval;
        let around = Around {
            environment,
            store: self.store,
            fleet: self.fleet,
            record,
            steps: Steps::new(progress, self.targets.len(), over),
            alarms,
            runs: runs.clone(),
            staged: self
                .scenario
                .as_ref()
                .map(|_| Cell::new(self.fleet.started)),
            waits,
        };
        around.steps.say(&self.head(rollout.waves().len()));
        self.store
            .stand(self.fleet, None, None, None)
            .map_err(unkept)?;
        let cancel = Cancel::new();
        let mut drive = Drive {
            fleet: &self.fleet.id,
            targets: self.targets,
            rollout,
            engine: &engine,
            around: &around,
            cancel: &cancel,
        };
        let runtime = runtime()?;
        let end = runtime.block_on(async {
            tokio::select! {
                biased;
                () = interruptions(&cancel, &runs, environment) => End::Interrupted,
                end = async {
                    // The handler is in place before anything is sent.
                    tokio::task::yield_now().await;
                    drive.on().await
                } => end,
            }
        });
        runtime.shutdown_background();
        let rollout = drive.rollout;
        let status = match (end, rollout.stopped()) {
            (_, Some(_)) => "stopped",
            (End::Finished, None) => "ended",
            (End::NeedsPeople, None) => "waiting",
            (End::Paused, None) => "paused",
            (End::Interrupted, None) => "interrupted",
        };
        let stopped = rollout
            .stopped()
            .and_then(|stop| serde_json::to_string(stop).ok());
        self.store
            .stand(
                self.fleet,
                Some(status),
                stopped.as_deref(),
                Some(around.now()),
            )
            .map_err(unkept)?;
        self.tell(end, how.format)
    }

    /// What is begun, in a line.
    fn head(&self, waves: usize) -> String {
        let waves = match waves {
            1 => "1 wave".to_owned(),
            many => format!("{many} waves"),
        };
        format!(
            "fleet {}: {} on {} targets in {waves}",
            self.fleet.id,
            self.fleet.playbook,
            self.targets.len()
        )
    }

    /// Tells what came of it; the exit code.
    fn tell(&self, end: End, format: Format) -> Result<u8, Failure> {
        let fleet = self.store.again(self.fleet).map_err(unkept)?;
        let rows = self.store.targets(&fleet).map_err(unkept)?;
        let told = outcome(&fleet, self.spec, &rows, self.store, self.record)?;
        let out = self.environment.console.out;
        match format {
            Format::Json => out.line(shown::document(&told)),
            Format::Text => out.lines(&shown::end(&told, self.record)),
        }
        Ok(code(&told, end))
    }

    /// Where the fleet's own reads go: those of alarms.
    fn world(&self) -> Box<dyn World> {
        let target: &TargetArguments = &self.wanted.target;
        let (root, folder) = (&self.located.root, &self.located.root);
        let context = world::context(self.environment, target, self.registry, root, folder);
        match &self.scenario {
            Some(scenario) => {
                let facts = Arc::clone(self.registry) as Arc<dyn ActionFacts>;
                Box::new(ScenarioWorld::new(Arc::clone(scenario), facts, context))
            }
            None => Box::new(world::live(self.environment, target, context)),
        }
    }
}

/// The exit code of a fleet.
fn code(told: &FleetOutcome, end: End) -> u8 {
    if told.needs_people() && matches!(end, End::NeedsPeople | End::Finished) {
        return exit::PAUSED;
    }
    match end {
        End::Paused | End::NeedsPeople => exit::PAUSED,
        _ if told.is_well() => exit::WELL,
        _ => exit::NOT_WELL,
    }
}

/// The first ctrl-C, or SIGTERM, ends the runs in order and starts nothing more, the second ends at once.
async fn interruptions(cancel: &Cancel, runs: &Cancel, environment: &Environment) {
    let err = environment.console.err;
    if interrupted().await {
        cancel.cancel();
        runs.cancel();
        err.line("stopping: nothing more starts, and what was sent is waited for; press ctrl-C again to end at once");
    }
    if interrupted().await {
        crate::leave(exit::INTERRUPTED);
    }
    std::future::pending::<()>().await;
}
