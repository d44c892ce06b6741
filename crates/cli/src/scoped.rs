//! `--scoped`: the session of the role may do what the playbook needs, and nothing else.

use crate::args::TargetArguments;
use crate::exit::Failure;
use runbook_interpreter::guard::Guards;
use runbook_interpreter::plan::Plan;
use runbook_interpreter::plan::forecast::{Forecast, PlannedValue};
use runbook_interpreter::plan::policy::{self, Scope, least_policy};
use runbook_interpreter::surroundings::Library;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::guard::Freeze;
use runbook_registry::policy::{MOST_OF_A_SESSION, SessionPolicies};
use runbook_registry::world::Place;
use serde_json::json;
use std::collections::BTreeSet;

/// The session policies of a run: of its own role, and of each that steps name.
///
/// # Errors
/// One is longer than STS takes.
pub fn policies(
    plan: &Plan,
    given: &BTreeSet<String>,
    catalog: &dyn Catalog,
    library: &dyn Library,
    target: &TargetArguments,
    guards: &Guards,
) -> Result<SessionPolicies, Failure> {
    let mut forecast = Forecast::offline(plan, given, catalog, library);
    let changes: Vec<&str> = guards
        .changes
        .iter()
        .filter_map(|change| match change {
            Freeze::Change { arn, .. } => Some(arn.as_str()),
            Freeze::File(_) => None,
        })
        .collect();
    if !changes.is_empty() {
        let arguments = PlannedValue::Known(json!({"CalendarNames": changes}));
        forecast.guards.push(("ssm:GetCalendarState", arguments));
    }
    let role = target.role.as_deref().unwrap_or_default();
    let part = |at: usize| {
        let part = role.split(':').nth(at).filter(|part| !part.is_empty());
        part.map(str::to_owned)
    };
    let place = Place {
        partition: part(1),
        account: part(4),
        region: target.region.clone(),
        principal: None,
    };
    let narrow = |place: Place| {
        let scope = Scope {
            graphs: Vec::new(),
            place,
        };
        let policies = policy::sessions(&least_policy(&forecast, catalog, &scope));
        policies.check().map(|()| policies)
    };
    // A session lies in its role's account whatever its policy says: naming the account costs characters only.
    let anywhere = Place {
        account: None,
        ..place.clone()
    };
    narrow(place).or_else(|_| narrow(anywhere)).map_err(|count| {
        Failure::wrong(format!(
            "the least policy of {} has {count} characters, and STS takes {MOST_OF_A_SESSION} for a session: --scoped cannot be used\n  run a part of it (--until, --only), or give the role the policy that `runbook policy {0} --format iam` prints",
            plan.checked.id
        ))
    })
}
