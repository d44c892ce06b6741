//! `runbook policy`: the least IAM policy that a playbook needs.

use super::run::{find_scenario, given};
use crate::args::{GraphName, PolicyArguments, PolicyFormat};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load;
use crate::shelf::Shelf;
use jiff::Timestamp;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::forecast::{Forecast, GraphKind};
use runbook_interpreter::plan::policy::{Scope, least_policy};
use runbook_registry::Registry;
use runbook_registry::world::Place;
use runbook_report::policy;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Prints the policy.
pub fn execute(arguments: &PolicyArguments, environment: &Environment) -> Result<u8, Failure> {
    let located = environment
        .places
        .locate(&arguments.playbook)
        .map_err(|error| Failure::wrong(error.to_string()))?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let checked = load::playbook(&shelf, &located, environment.console.err)?;
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
    let plan = load::open_plan(&checked, &given, Options::default(), now)?;
    let forecast = Forecast::offline(&plan, &names, &*registry, &shelf);
    let scope = Scope {
        graphs: arguments.graph.iter().copied().map(kind).collect(),
        place: Place {
            account: arguments.account.clone(),
            region: arguments.region.clone(),
            partition: arguments.partition.clone(),
        },
    };
    let least = least_policy(&forecast, &*registry, &scope);
    let out = environment.console.out;
    match arguments.format {
        PolicyFormat::Text => out.lines(&policy::lines(&checked.id, &least)),
        PolicyFormat::Json => out.line(format!("{:#}", policy::document(&checked.id, &least))),
        PolicyFormat::Iam => {
            let documents: Vec<_> = least.principals.iter().flat_map(policy::parts).collect();
            match documents.as_slice() {
                [one] => out.line(format!("{:#}", one.to_json())),
                many => {
                    return Err(Failure::wrong(format!(
                        "{} needs {} policy documents, not one; take them from `--format json`",
                        checked.id,
                        many.len()
                    )));
                }
            }
        }
    }
    Ok(exit::WELL)
}

fn kind(name: GraphName) -> GraphKind {
    match name {
        GraphName::Check => GraphKind::Check,
        GraphName::Symptom => GraphKind::Symptom,
        GraphName::Diagnose => GraphKind::Diagnose,
        GraphName::Resolve => GraphKind::Resolve,
        GraphName::Verify => GraphKind::Verify,
        GraphName::Gather => GraphKind::Gather,
        GraphName::Notify => GraphKind::Notify,
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
