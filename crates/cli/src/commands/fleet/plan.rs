//! `runbook fleet plan`: what would run where, before it does.

use super::load::{Loaded, loaded};
use crate::args::{FleetPlanArguments, FleetPlanFormat};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{at, found_by};
use crate::kept::Kept;
use crate::load;
use crate::locate::Located;
use crate::shelf::Shelf;
use runbook_fleet::plan::{Discovery, FleetPlan};
use runbook_fleet::rollout::RolloutPolicy;
use runbook_fleet::target::Target;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::forecast::{Count, Forecast};
use runbook_interpreter::plan::policy::{LeastPolicy, Scope, least_policy};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::inputs::Given;
use runbook_registry::Registry;
use runbook_registry::world::Place;
use runbook_report::fleet_plan;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// From so many different targets on, what they need is said without naming each resource.
const MANY: usize = 200;

/// Plans a fleet.
pub fn execute(arguments: &FleetPlanArguments, environment: &Environment) -> Result<u8, Failure> {
    let located = load::locate(&arguments.playbook, environment)?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let kept = Kept::new(shelf, BTreeMap::new());
    let loaded = loaded(
        &located,
        &arguments.targets,
        &arguments.given,
        arguments.scenario.as_deref(),
        &kept,
        &registry,
        environment,
    )?;
    let planner = Planner {
        arguments,
        environment,
        registry: &registry,
        located: &located,
        kept: &kept,
        loaded: &loaded,
    };
    let plan = planner.plan()?;
    let out = environment.console.out;
    match arguments.format {
        FleetPlanFormat::Text => out.lines(&fleet_plan::lines(&plan)),
        FleetPlanFormat::Markdown => out.line(fleet_plan::markdown(&plan)),
        FleetPlanFormat::Json => out.line(format!("{:#}", fleet_plan::document(&plan))),
    }
    Ok(exit::WELL)
}

struct Planner<'a> {
    arguments: &'a FleetPlanArguments,
    environment: &'a Environment,
    registry: &'a Arc<Registry>,
    located: &'a Located,
    kept: &'a Kept<'a>,
    loaded: &'a Loaded,
}

impl Planner<'_> {
    fn plan(&self) -> Result<FleetPlan, Failure> {
        let (targets, discoveries) = self.targets()?;
        let policy = self.arguments.rollout.over(self.loaded.targets.policy());
        let playbook = &self.loaded.checked.playbook;
        let mut plan = FleetPlan {
            playbook: self.loaded.checked.id.clone(),
            title: playbook.title.value.clone(),
            waves: waves(&policy, &targets),
            policy,
            discoveries,
            calls: BTreeMap::new(),
            questions: Count {
                at_least: 0,
                at_most: Some(0),
            },
            roles: Vec::new(),
            permissions: LeastPolicy::default(),
            notes: Vec::new(),
        };
        let reads = self.loaded.targets.reads(&**self.registry);
        let reads = reads.map_err(Failure::wrong)?;
        let roles = targets
            .iter()
            .chain(reads.iter().map(|reading| &reading.place))
            .filter_map(|target| at(&self.arguments.target, target).role);
        plan.roles = roles.collect::<BTreeSet<_>>().into_iter().collect();
        self.forecasts(&targets, &mut plan)?;
        let needed: BTreeSet<String> = reads
            .iter()
            .filter_map(|reading| self.registry.action(&reading.action).ok())
            .flat_map(|action| action.permissions.clone())
            .collect();
        if !needed.is_empty() {
            let needed: Vec<String> = needed.into_iter().collect();
            plan.notes.push(format!(
                "to find targets, {} is needed too",
                needed.join(", ")
            ));
        }
        if !plan.roles.is_empty() {
            plan.notes.push(
                "whoever runs it must be allowed to assume the roles (sts:AssumeRole)".to_owned(),
            );
        }
        Ok(plan)
    }

    /// The targets that are known, and what is to be read for others.
    fn targets(&self) -> Result<(Vec<Target>, Vec<Discovery>), Failure> {
        let base = &self.arguments.target;
        let targets = &self.loaded.targets;
        let reads = targets.reads(&**self.registry).map_err(Failure::wrong)?;
        let mut discoveries = Vec::new();
        let mut found = Vec::new();
        let staged = self.loaded.staged.as_ref();
        let scenario = staged.map(|staged| &staged.scenario);
        for reading in &reads {
            let made = if self.arguments.live {
                let made = found_by(
                    targets,
                    reading,
                    base,
                    scenario,
                    self.located,
                    self.registry,
                    self.environment,
                )?;
                let count = made.len();
                found.extend(made);
                Some(count)
            } else {
                None
            };
            discoveries.push(Discovery {
                action: reading.action.clone(),
                place: reading.place.name.clone(),
                found: made,
            });
        }
        let all = self.loaded.checked_all(found)?;
        Ok((all, discoveries))
    }

    /// Adds up what the runs of all targets would do and need; targets that are given the same are looked at once.
    fn forecasts(&self, targets: &[Target], plan: &mut FleetPlan) -> Result<(), Failure> {
        let mut known: HashMap<String, Forecast> = HashMap::new();
        let mut needs: HashMap<String, LeastPolicy> = HashMap::new();
        let mut open = false;
        for target in targets {
            let inputs = serde_json::to_string(&target.inputs).unwrap_or_default();
            let made;
            let forecast = match known.get(&inputs) {
                Some(forecast) => forecast,
                None if known.len() < MANY => {
                    let forecast = self.forecast(target)?;
                    known.entry(inputs.clone()).or_insert(forecast)
                }
                None => {
                    made = self.forecast(target)?;
                    &made
                }
            };
            plan.add(forecast);
            let place = place(at(&self.arguments.target, target).region, target);
            let key = format!("{inputs} {place:?}");
            if needs.contains_key(&key) {
                continue;
            }
            if needs.len() >= MANY {
                open = true;
            } else {
                let scope = Scope {
                    graphs: Vec::new(),
                    place,
                };
                needs.insert(key, least_policy(forecast, &**self.registry, &scope));
            }
        }
        if open || targets.is_empty() {
            let anywhere = self.anywhere()?;
            plan.permissions = least_policy(&anywhere, &**self.registry, &Scope::default());
            plan.notes.push(
                "permissions are those of the playbook with any inputs, in any account and region"
                    .to_owned(),
            );
        } else {
            let mut sorted: Vec<_> = needs.into_iter().collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            plan.permissions = LeastPolicy::union(sorted.iter().map(|(_, least)| least));
        }
        Ok(())
    }

    fn options(&self) -> Options {
        self.arguments.part.options()
    }

    /// What the run of a target would do.
    fn forecast(&self, target: &Target) -> Result<Forecast, Failure> {
        let mut given = self.loaded.everywhere_before();
        let own = target.inputs.iter();
        given.extend(own.map(|(name, value)| (name.clone(), Given::Json(value.clone()))));
        given.extend(self.loaded.given.iter().cloned());
        let names = given.iter().map(|(name, _)| name.clone()).collect();
        let plan = load::plan(
            &self.loaded.checked,
            &given,
            self.options(),
            self.loaded.now,
        )?;
        Ok(Forecast::offline(
            &plan,
            &names,
            &**self.registry,
            self.kept,
        ))
    }

    /// What a run would do whose inputs are not known.
    fn anywhere(&self) -> Result<Forecast, Failure> {
        let given = &self.loaded.given;
        let names = given.iter().map(|(name, _)| name.clone()).collect();
        let plan = load::open_plan(&self.loaded.checked, given, self.options(), self.loaded.now)?;
        Ok(Forecast::offline(
            &plan,
            &names,
            &**self.registry,
            self.kept,
        ))
    }
}

fn place(region: Option<String>, target: &Target) -> Place {
    Place {
        account: target.account.clone(),
        region,
        ..Place::default()
    }
}

fn waves(policy: &RolloutPolicy, targets: &[Target]) -> Vec<Vec<Target>> {
    let waves = policy.waves_of(targets.len());
    waves
        .into_iter()
        .map(|wave| targets.get(wave).unwrap_or_default().to_vec())
        .collect()
}
