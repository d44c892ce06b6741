//! What happens when a run did not end well: evidence is gathered, and people are told.

use super::build::{Build, Place};
use super::graphs::Reach;
use super::longest::{in_turn, side_by_side};
use super::names::{Local, path_expr};
use super::nested;
use super::step::all;
use super::value::planned;
use super::{Count, GraphKind, PlannedGraph, PlannedValue};
use crate::plan::{Options, Plan};
use crate::run::state::Graph;
use indexmap::IndexMap;
use runbook_playbook::expression::partial::{self, Origin, Partial};
use runbook_playbook::syntax::escalate::Escalate;
use runbook_playbook::types::Type;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Plans what happens when a run did not end well: the evidence of the playbook and of the file that it shares, and the people
/// who are told.
pub(super) fn escalation(build: &Build<'_>) -> Vec<PlannedGraph> {
    let Some(escalate) = &build.plan.checked.playbook.escalate else {
        return Vec::new();
    };
    // Only the outermost run escalates.
    if build.chain.len() > 1 {
        return Vec::new();
    }
    let mut levels: BTreeSet<u32> =
        BTreeSet::from([escalate.level.as_ref().map_or(1, |level| level.value)]);
    let mut found = Vec::new();
    match &escalate.uses {
        None => {
            levels.extend(escalate.levels.iter().map(|level| level.level.value));
            found.extend(gather(build, escalate));
            found.extend(notify(build, escalate, &levels));
        }
        Some(file) => {
            found.extend(gather(build, escalate));
            match shared(build, escalate, &file.value, levels) {
                Ok(more) => found.extend(more),
                Err(why) => build.note(format!("escalation: {why}")),
            }
        }
    }
    found
}

/// Plans the file that playbooks share.
fn shared(
    build: &Build<'_>,
    escalate: &Escalate,
    file: &str,
    mut levels: BTreeSet<u32>,
) -> Result<Vec<PlannedGraph>, String> {
    let checked = build.library.load(&build.plan.checked, file)?;
    let place = Place::of(Graph::Notify, "notify");
    let names = build.names(&place);
    let mut given = IndexMap::new();
    for (name, data) in &escalate.with {
        let value = partial::read(data, &Type::Any, &names)
            .map_err(|error| format!("`{}`: {}", name.value, error.message))?;
        if let Some(value) = planned(&value, &Type::Any) {
            given.insert(name.value.clone(), value);
        }
    }
    let inputs = nested::bind(&checked, Some(&PlannedValue::Map(given)))?;
    let known = inputs
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.known()?.clone())))
        .collect();
    let plan = Plan::new(Arc::clone(&checked), known, Options::default())
        .map_err(|error| error.to_string())?;
    let inner = Build {
        plan: &plan,
        catalog: build.catalog,
        library: build.library,
        evidence: None,
        inputs,
        prefix: "escalation/".to_owned(),
        chain: build.chain.clone(),
        states: RefCell::default(),
        left_out: RefCell::default(),
        notes: RefCell::default(),
    };
    let Some(construct) = &checked.playbook.escalate else {
        return Ok(Vec::new());
    };
    levels.extend(construct.levels.iter().map(|level| level.level.value));
    let mut found: Vec<PlannedGraph> = gather(&inner, construct).into_iter().collect();
    found.extend(notify(&inner, construct, &levels));
    build
        .left_out
        .borrow_mut()
        .extend(inner.left_out.borrow().iter().cloned());
    for note in inner.notes.borrow().iter() {
        build.note(note.clone());
    }
    Ok(found)
}

fn gather(build: &Build<'_>, escalate: &Escalate) -> Option<PlannedGraph> {
    let place = Place {
        locals: escalating(build, escalate, None),
        ..Place::of(Graph::Gather, "gather")
    };
    if escalate.gather.is_empty() {
        return None;
    }
    let mut reach = Reach::default();
    reach.needs(
        "the run did not end well, or takes long",
        vec![Origin::RunTime],
    );
    let steps = all(build, &escalate.gather, &place);
    Some(PlannedGraph {
        kind: GraphKind::Gather,
        certainty: reach.certainty(),
        longest: side_by_side(&steps),
        steps,
        times: Count::one(),
        readings: None,
    })
}

fn notify(build: &Build<'_>, escalate: &Escalate, levels: &BTreeSet<u32>) -> Option<PlannedGraph> {
    if escalate.notify.is_empty() {
        return None;
    }
    let place = Place {
        locals: escalating(build, escalate, Some(levels)),
        ..Place::of(Graph::Notify, "notify")
    };
    let mut reach = Reach::default();
    let words: Vec<String> = levels.iter().map(ToString::to_string).collect();
    reach.needs(
        &format!(
            "people may be told (asked at the start, or --yes=notify), once for each level that is due of {}",
            words.join(", ")
        ),
        vec![Origin::RunTime],
    );
    let steps = all(build, &escalate.notify, &place);
    let times = u64::try_from(levels.len()).unwrap_or(u64::MAX);
    Some(PlannedGraph {
        kind: GraphKind::Notify,
        certainty: reach.certainty(),
        longest: in_turn(&steps).times(times),
        steps,
        times: Count {
            at_least: 0,
            at_most: Some(times),
        },
        readings: None,
    })
}

/// What the steps of escalation see beside what every step sees.
fn escalating(
    build: &Build<'_>,
    escalate: &Escalate,
    levels: Option<&BTreeSet<u32>>,
) -> IndexMap<String, Local> {
    let place = Place::of(Graph::Notify, "notify");
    let names = build.names(&place);
    let contacts = escalate
        .contacts
        .iter()
        .map(|(name, data)| {
            let value = partial::read(data, &Type::Any, &names)
                .unwrap_or(Partial::Known(runbook_playbook::value::Value::Absent));
            (name.value.clone(), value)
        })
        .collect();
    let mut locals = IndexMap::from([(
        "contacts".to_owned(),
        Local {
            value: Partial::map(contacts),
            ty: Type::map(Type::Any),
        },
    )]);
    if levels.is_some() {
        let value = Partial::unknown(
            Type::integer(),
            path_expr("level"),
            [Origin::Element("level".to_owned())],
        );
        locals.insert(
            "level".to_owned(),
            Local {
                value,
                ty: Type::integer(),
            },
        );
    }
    locals
}
