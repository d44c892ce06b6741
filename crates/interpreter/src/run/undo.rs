//! Taking back what was done, newest first.

use super::state::{Container, Graph, Run, Undone};
use crate::outcome::StepStatus;
use crate::step::{self, StepEnd};
use std::rc::Rc;

/// How far a run had come: how many undo entries and changes there were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    undo: usize,
    changes: usize,
}

/// Where the run is now.
pub(crate) fn mark(run: &Run<'_>) -> Mark {
    let state = run.state.borrow();
    Mark {
        undo: state.undo.len(),
        changes: state.changes.len(),
    }
}

/// The beginning of the run.
pub(crate) const BEGINNING: Mark = Mark {
    undo: 0,
    changes: 0,
};

/// Takes back what was done since the mark. A failing undo stops; what is left is noted for the verdict.
pub(crate) async fn back_to(run: &Run<'_>, mark: Mark) -> StepEnd {
    let last = run.state.borrow().changes.len();
    let mut failed = None;
    loop {
        let entry = {
            let mut state = run.state.borrow_mut();
            if state.undo.len() <= mark.undo {
                break;
            }
            state.undo.pop()
        };
        let Some(entry) = entry else { break };
        let container = Container {
            shown: format!("{}.undo", entry.step),
            checked: format!("{}.undo", entry.checked),
            locals: entry.locals.clone(),
            graph: Graph::Resolve,
            shielded: true,
            undoing: Some(Rc::new(entry.clone())),
            keyed: format!("{}{}.undo", run.undo_prefix.get(), entry.keyed),
            clock: run.clock.clone(),
        };
        let mut all_done = true;
        for step in entry.undo.iter() {
            match step::run_step(run, step, &container).await {
                StepEnd::Done | StepEnd::Skipped => {}
                StepEnd::Stopped => return StepEnd::Stopped,
                _ => {
                    all_done = false;
                    break;
                }
            }
        }
        if !all_done {
            failed = Some(entry.step.clone());
            // It stays on the stack: what is left can still be taken back later.
            run.state.borrow_mut().undo.push(entry);
            break;
        }
        let mut state = run.state.borrow_mut();
        for index in &entry.changes {
            if let Some(change) = state.changes.get_mut(*index) {
                change.undone = true;
            }
        }
        if let Some(ended) = state.steps.get_mut(&entry.step) {
            ended.outcome.status = StepStatus::Undone;
        }
    }
    let left = left(run, mark, last);
    let undone = match (failed, left.is_empty()) {
        (None, true) => Undone::Completely,
        (None, false) => Undone::Partly(left),
        (Some(step), true) => Undone::Partly(format!("the undo of {step} failed")),
        (Some(step), false) => Undone::Partly(format!("the undo of {step} failed; left: {left}")),
    };
    let end = match &undone {
        Undone::Completely => StepEnd::Undone,
        Undone::Partly(_) => StepEnd::Failed,
    };
    let mut state = run.state.borrow_mut();
    if !matches!(state.undone, Some(Undone::Partly(_))) {
        state.undone = Some(undone);
    }
    end
}

/// The changes between the mark and the beginning of the undo that still stand, in words.
fn left(run: &Run<'_>, mark: Mark, last: usize) -> String {
    let state = run.state.borrow();
    let mut left = Vec::new();
    for (index, change) in state
        .changes
        .iter()
        .enumerate()
        .take(last)
        .skip(mark.changes)
    {
        if change.undone || change.undoes.is_some() {
            continue;
        }
        if change.confirmed {
            left.push(format!("{} of {}", change.action, change.step));
        } else if state.unanswered.contains(&index) {
            left.push(format!(
                "{} of {}, which was not answered",
                change.action, change.step
            ));
        }
    }
    left.join(", ")
}
