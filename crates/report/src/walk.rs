//! Every step of a playbook by its path.

use runbook_playbook::syntax::playbook::{Graph, Playbook};
use runbook_playbook::syntax::step::{Step, Work};

/// Visits the steps of a playbook's graphs, those of blocks after their block.
pub(crate) fn steps_of(playbook: &Playbook, visit: &mut impl FnMut(&str, &Step)) {
    let graphs: [(&str, Option<&Graph>); 4] = [
        ("symptom", playbook.symptom.as_ref()),
        ("diagnose", playbook.diagnose.as_ref()),
        ("resolve", playbook.resolve.as_ref()),
        ("check", playbook.check.as_ref()),
    ];
    for (name, graph) in graphs {
        if let Some(graph) = graph {
            below(name, &graph.steps, visit);
        }
    }
    if let Some(verify) = &playbook.verify {
        below("verify", &verify.steps, visit);
    }
    if let Some(escalate) = &playbook.escalate {
        below("gather", &escalate.gather, visit);
        below("notify", &escalate.notify, visit);
    }
}

fn below(prefix: &str, steps: &[Step], visit: &mut impl FnMut(&str, &Step)) {
    for step in steps {
        let path = format!("{prefix}.{}", step.id.value);
        visit(&path, step);
        if let Work::Block { steps, finally } = &step.work {
            below(&path, steps, visit);
            below(&format!("{path}.finally"), finally, visit);
        }
    }
}
