//! Writes that nothing takes back and nothing verifies.

use super::effects;
use super::index::{Group, Index, Part, Stage, StepId};
use super::problems::Problems;
use crate::catalog::{ActionKind, Effect};
use crate::diagnostic::Code;
use crate::syntax::step::Work;

/// Says which writes of a procedure end without anybody knowing whether they worked. Where there is a symptom, it is read
/// again after the resolve.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    if index.graph(Stage::Symptom).is_some() || index.graph(Stage::Verify).is_some() {
        return;
    }
    for (id, entry) in index.steps.iter().enumerate() {
        let group = index.group_of(id);
        if group.stage != Stage::Resolve || cleans_up(index, id) {
            continue;
        }
        let (Work::Action(call), Some(action)) = (&entry.step.work, &entry.action) else {
            continue;
        };
        let effects = effects::of_call(action, call);
        let writes = effects
            .iter()
            .any(|effect| !matches!(effect, Effect::Read | Effect::Execute));
        let answers = !entry.step.undo.is_empty()
            || !entry.step.assert.is_empty()
            || entry.step.until.is_some();
        if action.kind != ActionKind::Operation || !writes || answers || verified(index, id) {
            continue;
        }
        problems.push(
            problems
                .error(
                    Code::UnverifiedWrite,
                    call.action.span,
                    format!(
                        "nothing takes `{}` back, and nothing verifies that it worked",
                        action.name
                    ),
                )
                .help("add `undo`, or after it a waiter or a read with `assert`; a `symptom` or `verify` does for the whole playbook"),
        );
    }
}

/// What stands in `finally` or `undo` puts right what others did.
fn cleans_up(index: &Index<'_>, id: StepId) -> bool {
    let part = |group: &Group| matches!(group.part, Part::Finally | Part::Undo);
    index
        .chain(id)
        .iter()
        .any(|(group, _)| part(index.group(*group)))
}

/// A step after it, beside it or beside what it stands in, waits or asserts.
fn verified(index: &Index<'_>, id: StepId) -> bool {
    index.chain(id).into_iter().any(|(group, step)| {
        let members = &index.group(group).members;
        members
            .iter()
            .filter(|other| **other > step)
            .any(|other| judges(index, *other))
    })
}

fn judges(index: &Index<'_>, id: StepId) -> bool {
    let entry = index.entry(id);
    let waits = entry.action.as_ref().is_some_and(|action| {
        matches!(action.kind, ActionKind::Waiter { .. }) || action.name.starts_with("human:")
    });
    let inside = entry.steps.is_some_and(|inner| {
        index
            .group(inner)
            .members
            .iter()
            .any(|id| judges(index, *id))
    });
    waits || !entry.step.assert.is_empty() || entry.step.until.is_some() || inside
}
