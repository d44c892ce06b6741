//! Graphs that act: in written order, blocks within blocks, `finally` whatever happened.

use super::state::{Container, Run};
use super::undo;
use crate::outcome::{StepError, StepStatus};
use crate::step::{self, StepEnd};
use runbook_playbook::syntax::step::{OnError, Step};

/// Runs the top of `resolve`: each step is a remedy of its own, so that one that was declined or cannot be decided keeps the
/// others from nothing.
pub(crate) async fn top(run: &Run<'_>, steps: &[Step], container: &Container) -> StepEnd {
    sequence(run, steps, container, true).await
}

/// Runs a block.
pub(crate) async fn block(
    run: &Run<'_>,
    steps: &[Step],
    finally: &[Step],
    container: &Container,
) -> StepEnd {
    let mut end = sequence(run, steps, container, false).await;
    let mut last = container.inside("finally", container.locals.clone());
    last.shielded = true;
    for step in finally {
        if run.is_stopped(&last) {
            let error = StepError::new("stopped", "the run waits for a person");
            step::leave_out(run, step, &last, StepStatus::Skipped, error);
            continue;
        }
        let last_end = step::run_step(run, step, &last).await;
        let tolerated = on_error(step) == OnError::Continue;
        if matches!(last_end, StepEnd::Failed | StepEnd::Blocked) && !tolerated {
            note_failure(run, &last, step);
            if end == StepEnd::Done {
                end = StepEnd::Failed;
            }
        }
        if last_end == StepEnd::Stopped {
            end = StepEnd::Stopped;
        }
    }
    end
}

fn on_error(step: &Step) -> OnError {
    step.on_error
        .as_ref()
        .map_or(OnError::Stop, |on_error| on_error.value)
}

fn note_failure(run: &Run<'_>, container: &Container, step: &Step) {
    run.state
        .borrow_mut()
        .first_failure
        .get_or_insert_with(|| container.shown(&step.id.value));
}

async fn sequence(run: &Run<'_>, steps: &[Step], container: &Container, is_top: bool) -> StepEnd {
    let mark = undo::mark(run);
    let mut end = StepEnd::Done;
    let mut left = steps.iter();
    for step in left.by_ref() {
        if run.is_stopped(container) {
            end = StepEnd::Stopped;
            skip(run, step, container, "the run ended before its turn");
            break;
        }
        match step::run_step(run, step, container).await {
            StepEnd::Done | StepEnd::Skipped => {}
            StepEnd::Declined if is_top => {}
            StepEnd::Blocked if is_top => {
                let path = container.shown(&step.id.value);
                run.state.borrow_mut().blocked.get_or_insert(path);
            }
            StepEnd::Failed | StepEnd::Blocked => match on_error(step) {
                OnError::Continue => {}
                OnError::Stop => {
                    note_failure(run, container, step);
                    end = StepEnd::Failed;
                    break;
                }
                OnError::Undo => {
                    note_failure(run, container, step);
                    end = undo::back_to(run, mark).await;
                    break;
                }
            },
            other => {
                end = other;
                break;
            }
        }
    }
    let why = match end {
        StepEnd::Declined if run.plan.options.read_only => {
            "what comes before it writes, and the run only reads"
        }
        StepEnd::Declined => "a person declined what comes before it",
        StepEnd::Failed | StepEnd::Undone => "a step before it failed",
        _ => "the run ended before its turn",
    };
    for step in left {
        skip(run, step, container, why);
    }
    end
}

fn skip(run: &Run<'_>, step: &Step, container: &Container, why: &str) {
    let error = StepError::new("stopped", why);
    step::leave_out(run, step, container, StepStatus::Skipped, error);
}
