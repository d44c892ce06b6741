//! Runs that a worker carries: made of what travels, in the world that it names.

mod guards;
mod package;
mod report;

pub use guards::CarriedGuards;
pub use package::{Carried, Place, StagedText, Written, version};
pub use report::RunReport;

use crate::approve::Answers;
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::environment::Environment;
use crate::fleet::refusal;
use crate::identity;
use crate::kept::Kept;
use crate::load::{self, Unusable, members};
use crate::locate::Located;
use crate::record::{self, private};
use crate::secrets::{self, Handling, Secrets};
use crate::shelf::Shelf;
use crate::staged::Staged;
use crate::world;
use jiff::Timestamp;
use runbook_fleet::engine::TargetRun;
use runbook_fleet::outcome::{Counting, NotRunCode, TargetOutcome};
use runbook_fleet::restate::{Carrier, Finished, Runs};
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::{Guards, Kind, Override};
use runbook_interpreter::plan::Options;
use runbook_interpreter::surroundings::Surroundings;
use runbook_playbook::calendar::Calendar;
use runbook_playbook::checked::Checked;
use runbook_playbook::guard::Freeze;
use runbook_playbook::inputs::Given;
use runbook_registry::Registry;
use runbook_registry::aws::AwsClient;
use runbook_registry::call::{Call, DEFAULT_LIMIT};
use runbook_registry::world::live::LiveWorld;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_registry::world::{Pending, World};
use runbook_report::json::Collector;
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// How many fleets' playbooks are kept checked.
const MOST_KEPT: usize = 64;

/// Makes runs of what travels.
pub struct CarriedRuns {
    environment: Environment,
    registry: Arc<Registry>,
    /// Where files that playbooks read are looked for.
    root: PathBuf,
    /// Where scenarios' worlds are kept.
    state: Option<PathBuf>,
    kept: Mutex<HashMap<String, Arc<Ready>>>,
}

/// How many places' connections a thread keeps.
const MOST_CLIENTS: usize = 1024;

/// A place that runs go to.
#[derive(Clone)]
struct Known {
    client: Arc<AwsClient>,
    /// The accounts whose targets are known to be reached by it.
    reached: Rc<RefCell<HashSet<Option<String>>>>,
}

/// A playbook that was read and checked.
struct Ready {
    carried: Carried,
    checked: Arc<Checked>,
    scenario: Option<Arc<Scenario>>,
    calendars: Vec<(String, Calendar)>,
    changes: Vec<Freeze>,
    overridden: BTreeMap<Kind, Override>,
}

impl Ready {
    /// What holds the writes of a run back.
    fn guards(&self) -> Guards {
        Guards {
            calendars: self.calendars.clone(),
            changes: self.changes.clone(),
            lock: RefCell::default(),
            overridden: self.overridden.clone(),
        }
    }
}

/// What keeps a target from being run.
struct Unrun {
    code: NotRunCode,
    why: String,
}

/// Notes two observers' worth.
struct Both<'o>(&'o dyn Observer, &'o dyn Observer);

impl Observer for Both<'_> {
    fn observe(&self, event: &Event) {
        self.0.observe(event);
        self.1.observe(event);
    }
}

thread_local! {
    /// Clients of the places that runs on this thread go to: connections are kept.
    static CLIENTS: RefCell<HashMap<String, Known>> = RefCell::default();
}

fn not_run(code: NotRunCode) -> impl Fn(String) -> Unrun {
    move |why| Unrun { code, why }
}

impl CarriedRuns {
    /// Makes runs whose files are looked for below `root`, and whose scenarios' worlds are kept in `state`.
    pub fn new(environment: Environment, root: PathBuf, state: Option<PathBuf>) -> Self {
        Self {
            environment,
            registry: Arc::new(Registry::new()),
            root,
            state,
            kept: Mutex::default(),
        }
    }

    fn located(&self, carried: &Carried) -> Located {
        Located {
            file: self.root.join(format!("{}.yaml", carried.playbook)),
            name: carried.name.clone(),
            root: self.root.clone(),
            id: carried.playbook.clone(),
        }
    }

    /// The client of a place, with its connections.
    fn client_of(&self, target: &TargetArguments) -> Known {
        CLIENTS.with_borrow_mut(|clients| {
            if clients.len() > MOST_CLIENTS {
                clients.clear();
            }
            let made = || Known {
                client: world::client(&self.environment, target, &self.root, None),
                reached: Rc::default(),
            };
            let client = clients.entry(format!("{target:?}")).or_insert_with(made);
            client.clone()
        })
    }

    fn library<'a>(&'a self, carried: &Carried, located: &'a Located) -> Kept<'a> {
        let places = &self.environment.places;
        let files = Shelf::new(places, &located.root, &*self.registry);
        Kept::new(files, carried.files.clone())
    }

    /// Reads and checks what travelled, once for a fleet.
    fn ready(&self, fleet: &str, package: &Json) -> Result<Arc<Ready>, String> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = kept().get(fleet) {
            return Ok(Arc::clone(ready));
        }
        let carried: Carried = serde_json::from_value(package.clone())
            .map_err(|error| format!("what the fleet was started with cannot be read: {error}"))?;
        let located = self.located(&carried);
        let library = self.library(&carried, &located);
        let (checked, _) =
            load::checked(&library, &located).map_err(|unusable| match unusable {
                Unusable::Unreadable(why) => why,
                Unusable::Wrong { name, diagnostics } => {
                    let first = diagnostics.first().map(|first| first.message.as_str());
                    format!("{name} does not run: {}", first.unwrap_or("no playbook"))
                }
            })?;
        let scenario = carried.scenario.as_ref().map(|staged| {
            let text = staged.text.clone();
            Staged::of_text(
                &staged.name,
                text,
                &located,
                &self.registry,
                &self.environment,
            )
        });
        let scenario = scenario.transpose().map_err(|failure| failure.message)?;
        let guards = carried.guards.read()?;
        let ready = Arc::new(Ready {
            carried,
            checked,
            scenario: scenario.map(|staged| staged.scenario),
            calendars: guards.calendars,
            changes: guards.changes,
            overridden: guards.overridden,
        });
        let mut kept = kept();
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(fleet.to_owned(), Arc::clone(&ready));
        Ok(ready)
    }

    #[expect(
        clippy::too_many_lines,
        reason = "a run is put together here, piece by piece"
    )]
    async fn run(
        &self,
        package: &Json,
        run: &TargetRun,
        carrier: &Carrier,
    ) -> Result<Finished, Unrun> {
        let ready = self
            .ready(&run.fleet, package)
            .map_err(not_run(NotRunCode::Engine))?;
        let Ready {
            carried,
            checked,
            scenario,
            ..
        } = &*ready;
        let located = self.located(carried);
        let library = self.library(carried, &located);
        let target = target_of(carried, run);
        let begun = scenario.as_ref().map(|scenario| scenario.clock);
        let given = given(carried, scenario.as_deref(), run);
        let handling = Handling {
            reads: true,
            scenario: scenario.is_some(),
        };
        let input = not_run(NotRunCode::Input);
        let Secrets { given, .. } =
            secrets::read(&checked.playbook, given, handling, &self.environment)
                .map_err(|failure| input(failure.message))?;
        let options = Options::from_json(&carried.options);
        let now = begun.unwrap_or_else(Timestamp::now);
        let plan =
            load::plan(checked, &given, options, now).map_err(|failure| input(failure.message))?;
        let context = world::playbook_context(
            &self.environment,
            &target,
            &self.registry,
            &located,
            &plan,
            now,
        )
        .map_err(&input)?;
        let written: Option<Rc<ScenarioWorld>> = match scenario {
            Some(scenario) => Some(Rc::new(self.staged(scenario, context.clone(), &run.run)?)),
            None => None,
        };
        let known = match &written {
            Some(_) => None,
            None => Some(self.client_of(&target)),
        };
        let live = known
            .as_ref()
            .map(|known| world::of_client(&known.client, context));
        let world: &dyn World = match (&written, &live) {
            (Some(written), _) => &**written,
            (None, Some(live)) => live,
            (None, None) => return Err(input("there is no world to run in".to_owned())),
        };
        let refused = match (&live, &known) {
            (Some(live), Some(known)) => {
                let named = identity::names_caller(checked, &plan.options);
                let reached = self.reached(run, &target, live, known, named);
                carrier.prepare(reached).await
            }
            _ => None,
        };
        let edge = written.clone();
        let refused = carrier
            .begin(world, refused, move |is_answered| {
                if let Some(world) = edge {
                    world.forget_reads(is_answered);
                }
            })
            .await;
        let carried_world = carrier.world(world);
        if let Some(why) = refused {
            let code = NotRunCode::Place;
            return Err(Unrun { code, why });
        }
        let (counting, collector) = (Counting::default(), Collector::default());
        let approver = Answers {
            consent: carried.consent(),
            prompt: None,
            cancel: carrier.cancel().clone(),
            again: String::new(),
            unanswered: String::new(),
            resumes: false,
            elsewhere: None,
            waits: false,
            stream: self.environment.console.err,
        };
        let guards = ready.guards();
        let surroundings = Surroundings {
            world: &carried_world,
            performer: &Calls(&self.registry),
            approver: &approver,
            observer: &Both(&counting, &collector),
            journal: carrier,
            library: &library,
            cancel: carrier.cancel(),
            guards: Some(&guards),
        };
        let outcome = runbook_interpreter::run(&plan, &surroundings).await;
        let mut told = TargetOutcome::of(run, &outcome, &counting, "");
        if let Some(person) = &mut told.person {
            // Its commands are those of this machine's journal, in which it is not.
            person.next = None;
        }
        let name = scenario.as_ref().map(|scenario| scenario.name.as_str());
        let rows = carrier.rows(record::context(&located, name, &target));
        let report = collector.document().zip(rows);
        let report = report.map(|(document, rows)| RunReport { document, rows });
        Ok(Finished {
            outcome: told,
            report: report.map_or(Json::Null, RunReport::into_json),
        })
    }

    /// Why calls do not get to a target's place; those that do are known from then on.
    async fn reached(
        &self,
        run: &TargetRun,
        target: &TargetArguments,
        live: &LiveWorld,
        known: &Known,
        named: bool,
    ) -> Option<String> {
        let account = &run.target.account;
        if !known.reached.borrow().contains(account) {
            if let Some(why) = refusal(&run.target, target, live, &self.registry).await {
                return Some(why);
            }
            known.reached.borrow_mut().insert(account.clone());
        }
        live.ready(account.is_some() || named).await;
        None
    }

    /// The world of a scenario, as it was left by whoever had the run before.
    fn staged(
        &self,
        scenario: &Arc<Scenario>,
        context: runbook_registry::local::LocalContext,
        run: &str,
    ) -> Result<ScenarioWorld, Unrun> {
        let facts = Arc::clone(&self.registry) as Arc<dyn ActionFacts>;
        let world = ScenarioWorld::new(Arc::clone(scenario), facts, context);
        let engine = not_run(NotRunCode::Engine);
        let Some(state) = &self.state else {
            return Err(engine(
                "there is no folder to keep the scenario's world in; start workers with --state-dir".to_owned(),
            ));
        };
        let folder = state.join("runs");
        let file = folder.join(format!("{run}.world.jsonl"));
        private(&folder)
            .and_then(|()| world.remembering(&file))
            .map_err(|error| {
                engine(format!(
                    "{} cannot be written: {error}; start the worker with another --state-dir",
                    file.display()
                ))
            })
    }

    async fn look_at_alarms(
        &self,
        package: &Json,
        alarms: &[String],
    ) -> Result<Option<String>, String> {
        let carried: Carried =
            serde_json::from_value(package.clone()).map_err(|error| error.to_string())?;
        let located = self.located(&carried);
        let folder = located.file.parent().unwrap_or(&located.root);
        let target = target_arguments(&carried.place);
        let context = world::context(
            &self.environment,
            &target,
            &self.registry,
            &self.root,
            folder,
        );
        let live = world::live(&self.environment, &target, context);
        live.ready(false).await;
        for names in alarms.chunks(100) {
            let names: Vec<&str> = names
                .iter()
                .map(|name| name.rsplit(":alarm:").next().unwrap_or(name))
                .collect();
            let arguments = json!({
                "AlarmNames": names,
                "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
            });
            let call = Call {
                limit: DEFAULT_LIMIT,
                ..Call::new("cloudwatch:DescribeAlarms", arguments)
            };
            let answer = self.registry.perform(&live, &call).await;
            let answer = answer.map_err(|error| error.to_string())?.result;
            let described: Vec<&Json> = ["MetricAlarms", "CompositeAlarms"]
                .iter()
                .filter_map(|kind| answer.get(*kind)?.as_array())
                .flatten()
                .collect();
            for name in names {
                let text = |alarm: &Json, member: &str| {
                    alarm.get(member).and_then(Json::as_str).map(str::to_owned)
                };
                let found = described
                    .iter()
                    .find(|alarm| text(alarm, "AlarmName").as_deref() == Some(name));
                let Some(alarm) = found else {
                    return Err(format!("there is no alarm `{name}`"));
                };
                if text(alarm, "StateValue").as_deref() == Some("ALARM") {
                    let why = text(alarm, "StateReason").unwrap_or_default();
                    return Ok(Some(format!("the alarm `{name}` is on: {why}")));
                }
            }
        }
        Ok(None)
    }
}

/// What a target is given: what all are given first, then its own.
fn given(carried: &Carried, scenario: Option<&Scenario>, run: &TargetRun) -> Vec<(String, Given)> {
    let mut given = Vec::new();
    if let Some(scenario) = scenario {
        given.extend(members(&scenario.inputs));
    }
    let all = carried.inputs.iter();
    given.extend(all.map(|(name, written)| (name.clone(), Given::from(written))));
    let own = run.target.inputs.iter();
    given.extend(own.map(|(name, value)| (name.clone(), Given::Json(value.clone()))));
    let mut last: BTreeMap<String, Given> = BTreeMap::new();
    for (name, value) in given {
        last.insert(name, value);
    }
    last.into_iter().collect()
}

fn target_arguments(place: &Place) -> TargetArguments {
    let place = place.clone();
    TargetArguments {
        region: place.region,
        profile: place.profile,
        endpoint_url: place.endpoint_url,
        role: place.role,
        external_id: place.external_id,
        role_session_name: place.role_session_name,
        mfa_serial: None,
    }
}

/// Where a target's calls go: its own place before that of all.
fn target_of(carried: &Carried, run: &TargetRun) -> TargetArguments {
    let common = target_arguments(&carried.place);
    let own = run.target.clone();
    TargetArguments {
        region: own.region.or(common.region),
        profile: own.profile.or(common.profile),
        role: own.role.or(common.role),
        external_id: own.external_id.or(common.external_id),
        ..common
    }
}

impl Runs for CarriedRuns {
    fn carry<'a>(
        &'a self,
        package: &'a Json,
        run: &'a TargetRun,
        carrier: &'a Carrier,
    ) -> Pending<'a, Finished> {
        Box::pin(async move {
            self.run(package, run, carrier)
                .await
                .unwrap_or_else(|kept| Finished {
                    outcome: TargetOutcome::not_run(&run.target, run.wave, kept.code, kept.why),
                    report: Json::Null,
                })
        })
    }

    fn alarmed<'a>(
        &'a self,
        package: &'a Json,
        alarms: &'a [String],
    ) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(self.look_at_alarms(package, alarms))
    }
}
