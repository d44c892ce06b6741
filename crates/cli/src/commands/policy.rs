//! `runbook policy`: the least IAM policy that a playbook needs.

use crate::args::{GraphName, PolicyArguments, PolicyFormat};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::offline::Offline;
use runbook_interpreter::plan::forecast::GraphKind;
use runbook_interpreter::plan::policy::{Scope, least_policy};
use runbook_registry::world::Place;
use runbook_report::policy;

/// Prints the policy.
pub fn execute(arguments: &PolicyArguments, environment: &Environment) -> Result<u8, Failure> {
    let scenario = arguments.scenario.as_deref();
    let Offline {
        registry,
        ready,
        forecast,
        ..
    } = Offline::read(&arguments.playbook, &arguments.given, scenario, environment)?;
    let scope = Scope {
        graphs: arguments.graph.iter().copied().map(kind).collect(),
        place: Place {
            account: arguments.account.clone(),
            region: arguments.region.clone(),
            partition: arguments.partition.clone(),
            principal: None,
        },
    };
    let least = least_policy(&forecast, &*registry, &scope);
    let out = environment.console.out;
    match arguments.format {
        PolicyFormat::Text => out.lines(&policy::lines(&ready.checked.id, &least)),
        PolicyFormat::Json => {
            out.line(format!("{:#}", policy::document(&ready.checked.id, &least)));
        }
        PolicyFormat::Iam => {
            let documents: Vec<_> = least.principals.iter().flat_map(policy::parts).collect();
            match documents.as_slice() {
                [one] => out.line(format!("{:#}", one.to_json())),
                many => {
                    return Err(Failure::wrong(format!(
                        "{} needs {} policy documents, not one; take them from `--format json`",
                        ready.checked.id,
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
