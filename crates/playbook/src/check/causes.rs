//! Causes are found and mended, and a graph that answers something claims something.

use super::index::{Index, Stage, StepId};
use super::names::{Meaning, Offer};
use super::order::Resolved;
use super::problems::{Problems, helped, suggestion};
use crate::checked::CheckedCause;
use crate::diagnostic::Code;
use indexmap::IndexMap;

/// Every cause with its finders and remedies.
pub(super) fn table(index: &Index<'_>) -> IndexMap<String, CheckedCause> {
    let mut causes: IndexMap<String, CheckedCause> = IndexMap::new();
    for entry in &index.steps {
        for finder in &entry.step.causes {
            let name = &finder.name;
            let cause = causes
                .entry(name.value.clone())
                .or_insert_with(|| CheckedCause {
                    title: name.value.clone(),
                    name: name.clone(),
                    finders: Vec::new(),
                    remedies: Vec::new(),
                });
            if let Some(title) = &finder.title
                && cause.title == name.value
            {
                cause.title.clone_from(&title.value);
            }
            if !cause.finders.contains(&entry.path) {
                cause.finders.push(entry.path.clone());
            }
        }
    }
    for entry in &index.steps {
        for name in &entry.step.for_causes {
            if let Some(cause) = causes.get_mut(&name.value) {
                cause.remedies.push(entry.path.clone());
            }
        }
    }
    causes
}

/// Every cause has a remedy or says that it has none; every remedy is for a cause that something finds.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    let causes = table(index);
    for entry in &index.steps {
        for name in &entry.step.for_causes {
            if !causes.contains_key(&name.value) {
                let mut problem = problems.error(
                    Code::UnknownCause,
                    name.span,
                    format!("no step finds the cause `{}`", name.value),
                );
                problem = helped(
                    problem,
                    suggestion(&name.value, causes.keys().map(String::as_str)),
                );
                problems.push(problem);
            }
        }
    }
    if index.playbook.resolve.is_none() {
        return;
    }
    for (name, cause) in &causes {
        let without = index
            .steps
            .iter()
            .flat_map(|entry| &entry.step.causes)
            .any(|finder| finder.name.value == *name && finder.no_remedy);
        if cause.remedies.is_empty() && !without {
            problems.push(
                problems
                    .error(
                        Code::CauseWithoutRemedy,
                        cause.name.span,
                        format!("no step of `resolve` is for the cause `{name}`"),
                    )
                    .help(format!(
                        "add `for: {name}` to the step that mends it, or `remedy: none` to the cause"
                    )),
            );
        }
    }
}

/// Graphs that answer a question have a step that claims something.
pub(super) fn claims(index: &Index<'_>, problems: &mut Problems, resolved: &[Resolved]) {
    for stage in [Stage::Symptom, Stage::Verify] {
        let Some(graph) = index.graph(stage) else {
            continue;
        };
        let claims = (0..index.steps.len())
            .filter(|id| index.group_of(*id).stage == stage)
            .any(|id| index.entry(id).claims());
        let first = index.group(graph).members.first();
        if let (false, Some(first)) = (claims, first) {
            let span = match stage {
                Stage::Symptom => index.playbook.symptom.as_ref().map(|graph| graph.span),
                _ => None,
            };
            problems.push(
                problems
                    .error(
                        Code::NoClaim,
                        span.unwrap_or(index.entry(*first).step.id.span),
                        format!(
                            "no step of `{}` says when the problem is there",
                            stage.as_str()
                        ),
                    )
                    .help(
                        "give one of its steps an `assert` that is true when the problem is there",
                    ),
            );
        }
    }
    for (id, entry) in index.steps.iter().enumerate() {
        let plain = index.group_of(id).stage == Stage::Check && entry.steps.is_none();
        if plain && !entry.claims() && !is_read(resolved, id) {
            problems.push(
                problems
                    .error(
                        Code::NoClaim,
                        entry.step.id.span,
                        format!("the step `{}` checks nothing", entry.step.id.value),
                    )
                    .help("add `assert`, or use what it captures in another step"),
            );
        }
    }
}

/// Another step uses what the step found.
fn is_read(resolved: &[Resolved], step: StepId) -> bool {
    resolved.iter().any(
        |name| matches!(name.meaning, Meaning::Step(on, Offer::Value(_) | Offer::State) if on == step),
    )
}
