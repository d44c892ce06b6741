//! What `escalate` takes from a file that playbooks share, planned in its place.

use super::PlannedGraph;
use super::PlannedValue;
use super::build::{Build, Place};
use super::graphs::escalation_of;
use super::nested::bind;
use super::value::planned;
use crate::plan::{Options, Plan};
use crate::run::state::Graph;
use indexmap::IndexMap;
use runbook_playbook::expression::partial;
use runbook_playbook::types::Type;
use std::cell::RefCell;
use std::sync::Arc;

/// What stands before the names of a shared file's steps, as in a run.
const SHARED: &str = "escalation/";

/// Plans the graphs of the file that `use` names.
///
/// # Errors
/// Why they cannot be told.
pub(super) fn graphs(build: &Build<'_>, file: &str) -> Result<Vec<PlannedGraph>, String> {
    let checked = build.library.load(&build.plan.checked, file)?;
    let place = Place::of(Graph::Notify, "notify");
    let names = build.names(&place);
    let written = build.plan.checked.playbook.escalate.iter();
    let mut given: IndexMap<String, PlannedValue> = IndexMap::new();
    for (name, data) in written.flat_map(|escalate| &escalate.with) {
        let value = partial::read(data, &Type::Any, &names)
            .map_err(|error| format!("escalate: `{}`: {}", name.value, error.message))?;
        if let Some(value) = planned(&value, &Type::Any) {
            given.insert(name.value.clone(), value);
        }
    }
    let inputs = bind(&checked, Some(&PlannedValue::Map(given)))?;
    let known = inputs
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.known()?.clone())))
        .collect();
    let plan = Plan::new(Arc::clone(&checked), known, Options::default())
        .map_err(|error| error.to_string())?;
    let mut chain = build.chain.clone();
    chain.push(checked.id.clone());
    let inner = Build {
        plan: &plan,
        catalog: build.catalog,
        library: build.library,
        evidence: build.evidence,
        inputs,
        prefix: format!("{}{SHARED}", build.prefix),
        chain,
        states: RefCell::default(),
        left_out: RefCell::default(),
        notes: RefCell::default(),
    };
    let graphs = escalation_of(&inner);
    for note in inner.notes.borrow().iter() {
        build.note(note.clone());
    }
    Ok(graphs)
}
