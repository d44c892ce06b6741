//! Taking back what was done, newest first.

use super::state::{Container, Graph, Nested, Run, UndoEntry, Undone};
use crate::outcome::StepStatus;
use crate::step::{self, Inner, StepEnd};
use crate::surroundings::Surroundings;
use runbook_registry::world::Pending;
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
        let Some(mut entry) = entry else { break };
        let end = match entry.inside.clone() {
            Some(nested) => of_nested(run, &nested, &mut entry).await,
            None => by_steps(run, &entry).await,
        };
        if end == StepEnd::Stopped {
            return StepEnd::Stopped;
        }
        if end != StepEnd::Undone {
            failed = Some(entry.step.clone());
            // It stays on the stack: what is left can still be taken back later.
            run.state.borrow_mut().undo.push(entry);
            break;
        }
        let mut state = run.state.borrow_mut();
        if entry.inside.is_none() {
            for index in &entry.changes {
                if let Some(change) = state.changes.get_mut(*index) {
                    change.undone = true;
                }
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

/// Runs the steps that take a write back.
async fn by_steps(run: &Run<'_>, entry: &UndoEntry) -> StepEnd {
    let own = entry.keyed.strip_prefix(run.key_prefix.as_str());
    let container = Container {
        shown: format!("{}.undo", entry.step),
        checked: format!("{}.undo", entry.checked),
        locals: entry.locals.clone(),
        graph: Graph::Resolve,
        shielded: true,
        undoing: Some(Rc::new(entry.clone())),
        keyed: format!(
            "{}{}.undo",
            run.undo_prefix.get(),
            own.unwrap_or(&entry.keyed)
        ),
        clock: run.clock.clone(),
    };
    for step in entry.undo.iter() {
        match step::run_step(run, step, &container).await {
            StepEnd::Done | StepEnd::Skipped => {}
            StepEnd::Stopped => return StepEnd::Stopped,
            _ => return StepEnd::Failed,
        }
    }
    StepEnd::Undone
}

/// Takes back what a run inside of this one did. Its writes are this run's.
fn of_nested<'r>(
    run: &'r Run<'_>,
    nested: &'r Nested,
    entry: &'r mut UndoEntry,
) -> Pending<'r, StepEnd> {
    Box::pin(async move {
        let observer = Inner(run.around.observer);
        let around = Surroundings {
            observer: &observer,
            ..run.around
        };
        let mut again = Run::new(&nested.plan, around, nested.inside.clone());
        nested.left.give(&again);
        again.clock = run.clock.clone();
        again.undo_prefix.set(run.undo_prefix.get());
        {
            // What ended it then does not end it now.
            let mut state = again.state.borrow_mut();
            state.stop = None;
            state.undone = None;
            state.journal_error = None;
        }
        let end = back_to(&again, BEGINNING).await;
        {
            let mut state = run.state.borrow_mut();
            let inner = again.state.borrow();
            let sent = inner.sent();
            for (at, index) in sent.iter().enumerate() {
                let Some(change) = inner.changes.get(*index) else {
                    continue;
                };
                if let Some(own) = entry.changes.get(at) {
                    if let Some(own) = state.changes.get_mut(*own) {
                        own.undone = change.undone;
                    }
                } else {
                    entry.changes.push(state.changes.len());
                    state.changes.push(change.below(&entry.step));
                }
            }
            state.last_write = state.last_write.max(inner.last_write);
            state.answered |= inner.answered;
            if let Some(stop) = &inner.stop {
                state.stop.get_or_insert_with(|| stop.clone());
            }
            if let Some(error) = &inner.journal_error {
                state.journal_error.get_or_insert_with(|| error.clone());
            }
        }
        nested.left.keep(&again);
        end
    })
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
