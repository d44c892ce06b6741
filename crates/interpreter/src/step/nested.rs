//! `playbook:Run`: another playbook as a step.

use super::call::{Prepared, Sent};
use super::{Bounds, Context, Halt};
use crate::event::{Event, EventKind, Observer};
use crate::outcome::{Change, Outcome, StepError};
use crate::plan::{Options, Plan, Until};
use crate::run::Inside;
use crate::run::state::{Left, Nested, Stop, UndoEntry, Undone};
use crate::surroundings::Surroundings;
use crate::verdict::{Reason, Verdict};
use runbook_playbook::inputs;
use serde_json::{Map, Value as Json, json};
use std::rc::Rc;

/// How deep playbooks may run each other.
const DEEPEST: usize = 8;

/// Passes on what a nested run's steps do: its beginning and end, its graphs and causes are not those of the whole, and the
/// names of its steps say where they belong.
pub(crate) struct Inner<'o>(pub(crate) &'o dyn Observer);

impl Observer for Inner<'_> {
    fn observe(&self, event: &Event) {
        if !matches!(
            event.kind,
            EventKind::RunStarted { .. }
                | EventKind::RunEnded(_)
                | EventKind::GraphStarted { .. }
                | EventKind::GraphEnded { .. }
                | EventKind::CauseJudged(_)
        ) {
            self.0.observe(event);
        }
    }
}

/// Runs the playbook that the arguments name. Its writes ask as usual, its changes are this run's.
///
/// # Errors
/// The playbook cannot be loaded or its inputs do not fit, or it did not end well.
pub(super) async fn run(context: &Context<'_, '_>, prepared: &Prepared) -> Result<Sent, Halt> {
    let run = context.run;
    let arguments = &prepared.call.arguments;
    let path = arguments
        .get("path")
        .and_then(Json::as_str)
        .unwrap_or_default();
    if run.depth >= DEEPEST {
        return Err(StepError::new(
            "depth",
            format!("playbooks run each other more than {DEEPEST} deep"),
        )
        .into());
    }
    let checked = run
        .around
        .library
        .load(&run.plan.checked, path)
        .map_err(|why| StepError::new("not_found", why))?;
    let only = arguments.get("only").and_then(Json::as_str);
    let given: Vec<(String, inputs::Given)> = arguments
        .get("inputs")
        .and_then(Json::as_object)
        .map(|members| {
            members
                .iter()
                .map(|(name, value)| (name.clone(), inputs::Given::Json(value.clone())))
                .collect()
        })
        .unwrap_or_default();
    let inputs =
        inputs::bind(&checked.playbook, &given, context.clock.now()).map_err(|problems| {
            let problems: Vec<String> = problems
                .into_iter()
                .map(|problem| problem.to_string())
                .collect();
            StepError::new("arguments", format!("{path}: {}", problems.join("; ")))
        })?;
    let options = Options {
        until: match only {
            Some("symptom") => Some(Until::Symptom),
            Some("diagnose") => Some(Until::Diagnose),
            _ => run
                .plan
                .options
                .until
                .filter(|until| *until == Until::Resolve),
        },
        verify: run.plan.options.verify,
        read_only: run.plan.options.read_only,
        ..Options::default()
    };
    let plan = Plan::new(checked, inputs, options)
        .map_err(|error| StepError::new("not_found", error.to_string()))?;
    let inner = Inner(run.around.observer);
    let around = Surroundings {
        observer: &inner,
        ..run.around
    };
    let source = &plan.checked.playbook.source;
    if let Err(error) = run.around.journal.file(&plan.checked.id, source.text()) {
        run.unkept(error);
    }
    let scope = context.scope(indexmap::IndexMap::new());
    let own = Rc::new(Bounds::of(run, &scope)?);
    let inside = Inside {
        id: run.id.clone(),
        depth: run.depth + 1,
        prefix: format!("{}/", context.public()),
        key_prefix: format!("{}/", prepared.key),
        redactor: Rc::clone(&run.redactor),
        seed: run.seed.clone(),
        started: context.clock.now(),
        last_write: run.state.borrow().last_write,
        deadline: run.deadline.filter(|_| !context.container.shielded),
        budget: Some(Rc::clone(&run.budget)),
        guards: run.guards(),
        targets: run.outer_targets.iter().cloned().chain([own]).collect(),
    };
    let key = inside.key_prefix.clone();
    let left = Left::default();
    let work = Box::pin(crate::run::run_inside(&plan, around, inside.clone(), &left));
    let outcome = run.around.journal.child(&key, work).await;
    context.clock.advance(outcome.ended);
    take_over(context, prepared, &outcome, Nested { plan, inside, left });
    if let Some(waiting) = &outcome.waiting {
        run.stop(Stop::Paused(Box::new(waiting.clone())));
        return Err(Halt::Stopped);
    }
    judged(context, path, &outcome, only.is_some())
}

/// What the end of the nested run means for the step.
///
/// # Errors
/// It did not end well, was declined, taken back or aborted.
fn judged(
    context: &Context<'_, '_>,
    path: &str,
    outcome: &Outcome,
    only: bool,
) -> Result<Sent, Halt> {
    let run = context.run;
    // What a playbook says is an answer where it was only asked; where it had to mend, an end that is not well fails.
    let asked = only && outcome.verdict != Verdict::Failed;
    if outcome.verdict == Verdict::Aborted {
        let over = run.is_late(context.container, context.clock.now());
        if outcome.reason == Some(Reason::Timeout) && !over {
            return Err(
                StepError::new("timeout", format!("{path}: {}", outcome.explanation)).into(),
            );
        }
        run.stop(if over {
            Stop::TimedOut
        } else if run.around.cancel.is_cancelled() {
            Stop::Aborted
        } else {
            Stop::Inner(format!("{path}: {}", outcome.explanation))
        });
        return Err(Halt::Stopped);
    }
    if !asked && matches!(outcome.reason, Some(Reason::Declined | Reason::ReadOnly)) {
        run.state.borrow_mut().declined = true;
        return Err(Halt::Declined);
    }
    if !asked && outcome.verdict == Verdict::Undone && nothing_stands(context) {
        let mut state = run.state.borrow_mut();
        let path = context.path.clone();
        state.first_failure.get_or_insert(path);
        state.undone.get_or_insert(Undone::Completely);
        return Err(Halt::Undone);
    }
    if !asked && !outcome.verdict.is_well() && outcome.verdict != Verdict::Unhealthy {
        let message = format!("{path} ended {}: {}", outcome.verdict, outcome.explanation);
        return Err(StepError::new("verdict", message).into());
    }
    Ok(Sent {
        result: Some(Rc::new(result(outcome))),
        ..Sent::default()
    })
}

/// All that the run has done so far was taken back.
fn nothing_stands(context: &Context<'_, '_>) -> bool {
    let state = context.run.state.borrow();
    let stands = |change: &Change| change.undoes.is_none() && !change.undone;
    !state.changes.iter().any(stands)
}

/// Counts the nested run's changes as this run's, and remembers how to take them back.
fn take_over(context: &Context<'_, '_>, prepared: &Prepared, outcome: &Outcome, nested: Nested) {
    let mut state = context.run.state.borrow_mut();
    state.answered |= !outcome.environment;
    if outcome.environment {
        state.environment.get_or_insert(true);
    }
    let path = &context.path;
    let first = state.changes.len();
    let changes = outcome.changes.iter().map(|change| change.below(path));
    state.changes.extend(changes);
    let (sent, open) = {
        let inner = nested.left.state.borrow();
        state.last_write = state.last_write.max(inner.last_write);
        let unanswered = |index: &usize| inner.unanswered.contains(index);
        let sent = inner.sent();
        let open: Vec<usize> = (0..sent.len())
            .filter(|at| sent.get(*at).is_some_and(unanswered))
            .collect();
        (sent, open)
    };
    let unanswered = open.into_iter().map(|at| first + at);
    state.unanswered.extend(unanswered);
    if nested.left.state.borrow().undo.is_empty() {
        return;
    }
    state.undo.push(UndoEntry {
        step: path.clone(),
        checked: context.checked_path(),
        keyed: prepared.key.clone(),
        undo: Rc::default(),
        locals: Rc::default(),
        shown: Rc::default(),
        rendered: Rc::default(),
        changes: (first..first + sent.len()).collect(),
        inside: Some(Rc::new(nested)),
    });
}

/// The verdict, the names of the causes that were found, and the outputs.
fn result(outcome: &Outcome) -> Json {
    let causes: Vec<&str> = outcome
        .causes
        .iter()
        .filter(|cause| cause.found == crate::truth::Truth::True)
        .map(|cause| cause.name.as_str())
        .collect();
    let outputs: Map<String, Json> = outcome
        .outputs
        .iter()
        .map(|(name, value)| (name.clone(), value.to_json()))
        .collect();
    json!({"verdict": outcome.verdict.as_str(), "causes": causes, "outputs": outputs})
}
