//! Every step of a playbook with its full name, in written order.

use super::playbook::Playbook;
use super::step::{Step, Work};
use crate::checked::StepPath;

/// A step where it stands.
#[derive(Debug, Clone)]
pub struct PlacedStep<'a> {
    /// Its full name: `resolve.more_memory.register.undo.register`.
    pub path: StepPath,
    /// What was written.
    pub step: &'a Step,
    /// It takes another step back.
    pub undoes: bool,
}

/// The steps of all graphs, of `verify` and of `escalate`, those of blocks and of `undo` among them.
#[must_use]
pub fn every_step(playbook: &Playbook) -> Vec<PlacedStep<'_>> {
    let mut found = Vec::new();
    let graphs = [
        ("check", &playbook.check),
        ("symptom", &playbook.symptom),
        ("diagnose", &playbook.diagnose),
        ("resolve", &playbook.resolve),
    ];
    for (name, graph) in graphs {
        if let Some(graph) = graph {
            add(&mut found, name, &graph.steps, false);
        }
    }
    if let Some(verify) = &playbook.verify {
        add(&mut found, "verify", &verify.steps, false);
    }
    if let Some(escalate) = &playbook.escalate {
        add(&mut found, "gather", &escalate.gather, false);
        add(&mut found, "notify", &escalate.notify, false);
    }
    found
}

fn add<'a>(found: &mut Vec<PlacedStep<'a>>, prefix: &str, steps: &'a [Step], undoes: bool) {
    for step in steps {
        let path = format!("{prefix}.{}", step.id.value);
        found.push(PlacedStep {
            path: path.clone(),
            step,
            undoes,
        });
        if let Work::Block { steps, finally } = &step.work {
            add(found, &path, steps, undoes);
            add(found, &format!("{path}.finally"), finally, undoes);
        }
        add(found, &format!("{path}.undo"), &step.undo, true);
    }
}
