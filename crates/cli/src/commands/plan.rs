//! `runbook plan`: what a run would do, before it does it.

use super::run::{find_scenario, given};
use crate::args::{PlanArguments, PlanFormat, UntilGraph};
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::locate::Located;
use crate::shelf::Shelf;
use crate::{load, world};
use jiff::Timestamp;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::plan::forecast::{Forecast, Readers};
use runbook_interpreter::plan::{Options, Plan, Until};
use runbook_registry::Registry;
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_report::{plan_html, plan_json, plan_markdown, plan_text};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Plans a playbook.
pub fn execute(arguments: &PlanArguments, environment: &Environment) -> Result<u8, Failure> {
    let err = environment.console.err;
    let located = environment
        .places
        .locate(&arguments.playbook)
        .map_err(|error| Failure::wrong(error.to_string()))?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf {
        places: &environment.places,
        root: &located.root,
        catalog: &*registry,
    };
    let checked = load::playbook(&shelf, &located, err)?;
    let scenario = match &arguments.scenario {
        Some(name) => Some(find_scenario(name, &located, &registry, environment)?),
        None => None,
    };
    let now = scenario
        .as_ref()
        .map_or_else(Timestamp::now, |scenario| scenario.clock);
    let given = given(
        arguments.inputs.as_deref(),
        &arguments.input,
        scenario.as_ref(),
        environment,
    )?;
    let names: BTreeSet<String> = given.iter().map(|(name, _)| name.clone()).collect();
    let plan = load::plan(&checked, &given, options(arguments), now)?;
    let forecast = if arguments.live {
        live(
            arguments,
            environment,
            &plan,
            &names,
            &registry,
            &shelf,
            &located,
            scenario,
            now,
        )?
    } else {
        Forecast::offline(&plan, &names, &*registry, &shelf)
    };
    let out = environment.console.out;
    match arguments.format {
        PlanFormat::Text => out.lines(&plan_text::lines(&forecast, out.look)),
        PlanFormat::Json => out.line(plan_json::text(&forecast)),
        PlanFormat::Markdown => out.line(plan_markdown::page(&forecast)),
        PlanFormat::Html => out.line(plan_html::page(&forecast)),
    }
    Ok(exit::WELL)
}

/// Makes the reads, in the account or in a scenario's world.
#[expect(
    clippy::too_many_arguments,
    reason = "everything that a world is made of"
)]
fn live(
    arguments: &PlanArguments,
    environment: &Environment,
    plan: &Plan,
    given: &BTreeSet<String>,
    registry: &Arc<Registry>,
    shelf: &Shelf<'_>,
    located: &Located,
    scenario: Option<Scenario>,
    now: Timestamp,
) -> Result<Forecast, Failure> {
    let context =
        world::playbook_context(environment, &arguments.target, registry, located, plan, now)
            .map_err(Failure::wrong)?;
    let cancel = Cancel::new();
    let (scenario_world, live_world);
    let world: &dyn World = match scenario {
        Some(scenario) => {
            let facts: Arc<dyn ActionFacts> = Arc::clone(registry) as Arc<dyn ActionFacts>;
            scenario_world = ScenarioWorld::new(Arc::new(scenario), facts, context);
            &scenario_world
        }
        None => {
            live_world = world::live(&arguments.target, context);
            &live_world
        }
    };
    let readers = Readers {
        world,
        performer: &Calls(registry),
        library: shelf,
        cancel: &cancel,
        scenario: arguments.scenario.as_deref(),
    };
    let runtime = super::runtime()?;
    Ok(runtime.block_on(Forecast::live(plan, given, &**registry, readers)))
}

fn options(arguments: &PlanArguments) -> Options {
    Options {
        until: arguments.until.map(|until| match until {
            UntilGraph::Symptom => Until::Symptom,
            UntilGraph::Diagnose => Until::Diagnose,
            UntilGraph::Resolve => Until::Resolve,
        }),
        verify: !arguments.no_verify,
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        force: arguments.force,
    }
}
