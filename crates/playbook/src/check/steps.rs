//! What the interpreter is told about each step.

use super::index::{Entry, Index, StepId};
use super::names::{Meaning, Offer};
use super::order::{Order, Resolved};
use super::reference::Written;
use super::types::Types;
use super::uses;
use crate::checked::{CheckedStep, StepPath};
use crate::jsonpath::Path;
use jsonpath_rust::parser::model::{Segment, Selector};
use std::collections::{BTreeSet, HashMap};

/// Every step with its signature, its order and what it reads.
pub(super) fn table(
    index: &Index<'_>,
    order: &Order,
    resolved: &[Resolved],
    types: &Types<'_>,
) -> HashMap<StepPath, CheckedStep> {
    let paths = |ids: &BTreeSet<StepId>| -> Vec<StepPath> {
        ids.iter().map(|id| index.entry(*id).path.clone()).collect()
    };
    (0..index.steps.len())
        .map(|id| {
            let entry = index.entry(id);
            let reads = resolved
                .iter()
                .filter(|name| name.from == id)
                .filter_map(|name| match name.meaning {
                    Meaning::Step(on, Offer::Value(_)) => Some(on),
                    _ => None,
                })
                .filter(|on| !index.chain(*on).iter().any(|(_, outer)| *outer == id))
                .collect();
            let truncated = resolved
                .iter()
                .any(|name| name.meaning == Meaning::Step(id, Offer::Truncated));
            let checked = CheckedStep {
                action: entry.action.clone(),
                before: entry.before.clone(),
                after: order.after.get(id).map(paths).unwrap_or_default(),
                reads: paths(&reads),
                reads_truncated: truncated || entry.step.limit.is_some(),
                reads_failures: reads_failures(entry),
                captures: types.kept(id),
                repeats: entry.step.each.is_some(),
            };
            (entry.path.clone(), checked)
        })
        .collect()
}

/// The members by which a success reports failures that the step looks at itself.
fn reads_failures(entry: &Entry<'_>) -> Vec<String> {
    let Some(action) = &entry.action else {
        return Vec::new();
    };
    let mut read: BTreeSet<String> = BTreeSet::new();
    for used in uses::of_step(entry.step) {
        if let Written::Path(path) = used.written {
            read.extend(first_names(path));
        }
        for reference in used.written.references() {
            if reference.name(0) == Some("result") {
                read.extend(reference.name(1).map(str::to_owned));
            }
        }
    }
    action
        .failure_members
        .iter()
        .filter(|member| {
            let first = member.split(['.', '[']).next().unwrap_or_default();
            read.contains(first)
        })
        .cloned()
        .collect()
}

/// The members of the result that a path begins with.
fn first_names(path: &Path) -> Vec<String> {
    let named = |selector: &Selector| match selector {
        Selector::Name(name) => Some(name.trim_matches(['\'', '"']).to_owned()),
        _ => None,
    };
    let mut segment = path.query.segments.first();
    while let Some(Segment::Descendant(inner)) = segment {
        segment = Some(inner);
    }
    match segment {
        Some(Segment::Selector(selector)) => named(selector).into_iter().collect(),
        Some(Segment::Selectors(selectors)) => selectors.iter().filter_map(named).collect(),
        _ => Vec::new(),
    }
}
