//! Inputs and captures that nothing uses.

use super::index::{Index, Part, Stage, StepId};
use super::problems::Problems;
use crate::diagnostic::Code;
use crate::syntax::step::Work;
use std::collections::HashSet;

/// What is named somewhere.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Inputs, by position.
    pub(super) inputs: HashSet<usize>,
    /// Captures, by step and position.
    pub(super) captures: HashSet<(StepId, usize)>,
}

impl Used {
    /// Adds a name of the step itself: its own capture, or one of the step that it takes back.
    pub(super) fn local(&mut self, index: &Index<'_>, step: StepId, name: &str) {
        let position = |step: StepId| {
            let captures = &index.entry(step).step.capture;
            captures.iter().position(|kept| kept.name.value == name)
        };
        let owners = index.chain(step).into_iter().filter_map(|(group, _)| {
            let group = index.group(group);
            group.owner.filter(|_| group.part == Part::Undo)
        });
        let found = std::iter::once(step)
            .chain(owners)
            .find_map(|step| Some((step, position(step)?)));
        self.captures.extend(found);
    }
}

/// Says which inputs and captures nothing uses. What `gather` and look-ups keep is evidence, whoever reads it.
pub(super) fn check(index: &Index<'_>, used: &Used, problems: &mut Problems) {
    for (at, input) in index.playbook.inputs.iter().enumerate() {
        if used.inputs.contains(&at) {
            continue;
        }
        let name = &input.name;
        problems.push(
            problems
                .error(
                    Code::UnusedInput,
                    name.span,
                    format!("nothing uses the input `{}`", name.value),
                )
                .help(format!("use `inputs.{}`, or delete it", name.value)),
        );
    }
    for (id, entry) in index.steps.iter().enumerate() {
        if is_evidence(index, id) {
            continue;
        }
        for (at, capture) in entry.step.capture.iter().enumerate() {
            if used.captures.contains(&(id, at)) {
                continue;
            }
            let name = &capture.name;
            problems.push(
                problems
                    .error(
                        Code::UnusedCapture,
                        name.span,
                        format!("nothing uses the capture `{}`", name.value),
                    )
                    .help("use it in a condition, an argument, a message, `show` or `outputs`, or delete it"),
            );
        }
    }
}

/// A step that is read for people: in `gather`, or one of a reading graph that claims nothing.
fn is_evidence(index: &Index<'_>, id: StepId) -> bool {
    match index.group_of(id).stage {
        Stage::Gather => true,
        Stage::Check | Stage::Symptom | Stage::Diagnose | Stage::Verify => {
            let entry = index.entry(id);
            matches!(entry.step.work, Work::Action(_)) && !entry.claims()
        }
        _ => false,
    }
}
