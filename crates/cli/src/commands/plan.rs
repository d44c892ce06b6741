//! `runbook plan`: what a run would do, before it does it.

use super::run::{find_scenario, given};
use crate::args::{PlanArguments, PlanFormat, UntilGraph};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load;
use crate::shelf::Shelf;
use jiff::Timestamp;
use runbook_interpreter::plan::forecast::Forecast;
use runbook_interpreter::plan::{Options, Until};
use runbook_registry::Registry;
use runbook_report::plan_text;
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
    let forecast = Forecast::offline(&plan, &names, &*registry, &shelf);
    let out = environment.console.out;
    match arguments.format {
        PlanFormat::Text => out.lines(&plan_text::lines(&forecast, out.look)),
        PlanFormat::Markdown | PlanFormat::Json | PlanFormat::Html => {}
    }
    Ok(exit::WELL)
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
