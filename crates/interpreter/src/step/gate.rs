//! Whether a step runs: what it was told to, `for`, the steps that it reads, `when`.

use crate::assertion::condition;
use crate::outcome::{StepError, StepStatus};
use crate::run::scope::StepScope;
use crate::run::state::{Container, Graph, Run};
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::checked::CheckedStep;
use runbook_playbook::expression::evaluate;
use runbook_playbook::syntax::step::Step;

/// Says why the step does not run; `None` where it does.
pub(super) fn shut(
    run: &Run<'_>,
    step: &Step,
    container: &Container,
    checked: &CheckedStep,
) -> Option<(StepStatus, StepError)> {
    left_out(run, step, container)
        .or_else(|| for_causes(run, step))
        .or_else(|| reads(run, container, checked))
        .or_else(|| when(run, step, container))
}

fn left_out(run: &Run<'_>, step: &Step, container: &Container) -> Option<(StepStatus, StepError)> {
    run.plan
        .leaves_out(&container.checked(&step.id.value))
        .then(|| {
            let message = "left out by --only or --skip";
            (StepStatus::Skipped, StepError::new("left_out", message))
        })
}

fn for_causes(run: &Run<'_>, step: &Step) -> Option<(StepStatus, StepError)> {
    if step.for_causes.is_empty() {
        return None;
    }
    let truth = step
        .for_causes
        .iter()
        .map(|cause| run.cause_truth(&cause.value))
        .fold(Truth::False, Truth::or);
    let names: Vec<&str> = step
        .for_causes
        .iter()
        .map(|cause| cause.value.as_str())
        .collect();
    let names = names.join(", ");
    match truth {
        Truth::True => None,
        Truth::False => Some((
            StepStatus::Skipped,
            StepError::new("for", format!("none of its causes was found: {names}")),
        )),
        Truth::Unknown => Some((
            StepStatus::Blocked,
            StepError::new(
                "for",
                format!("whether one of its causes is there is unknown: {names}"),
            ),
        )),
    }
}

/// A step needs the values of the steps that it reads. A failed one weighs more than a skipped one.
fn reads(
    run: &Run<'_>,
    container: &Container,
    checked: &CheckedStep,
) -> Option<(StepStatus, StepError)> {
    // People are told although something could not be read.
    if container.graph == Graph::Notify {
        return None;
    }
    let state = run.state.borrow();
    let mut verdict = None;
    for path in &checked.reads {
        let shown = container.shown_name(path);
        let Some(ended) = state.steps.get(&shown).or_else(|| state.steps.get(path)) else {
            continue;
        };
        match ended.outcome.status {
            StepStatus::Done | StepStatus::Undone => {}
            StepStatus::Skipped => {
                verdict.get_or_insert_with(|| {
                    (
                        StepStatus::Skipped,
                        StepError::new(
                            "needs",
                            format!("it needs a value of {shown}, which was skipped"),
                        ),
                    )
                });
            }
            status @ (StepStatus::Blocked | StepStatus::Failed) => {
                return Some((
                    StepStatus::Blocked,
                    StepError::new(
                        "needs",
                        format!(
                            "it needs a value of {shown}, which {}",
                            match status {
                                StepStatus::Failed => "failed",
                                _ => "is blocked",
                            }
                        ),
                    ),
                ));
            }
        }
    }
    verdict
}

fn when(run: &Run<'_>, step: &Step, container: &Container) -> Option<(StepStatus, StepError)> {
    let when = step.when.as_ref()?;
    let scope = StepScope::new(run, container, IndexMap::new(), container.clock.now());
    let truth = evaluate(when, &scope)
        .map_err(StepError::from)
        .and_then(|value| condition(&value, &when.text));
    match truth {
        Ok(Truth::True) => None,
        Ok(Truth::False) => Some((
            StepStatus::Skipped,
            StepError::new("when", format!("`{}` is false", when.text)),
        )),
        Ok(Truth::Unknown) => Some((
            StepStatus::Blocked,
            StepError::new("when", format!("`{}` is unknown", when.text)),
        )),
        Err(error) => Some((
            StepStatus::Blocked,
            StepError::new("when", format!("`{}`: {}", when.text, error.message)),
        )),
    }
}
