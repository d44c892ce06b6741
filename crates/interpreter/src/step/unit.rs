//! One time through a step: for its only element, or for one of `each`.

use super::call::{Prepared, Sent};
use super::{
    Context, Failure, Found, Halt, approval, arguments, call, capture, judge, nested, target,
};
use crate::approval::QuestionCall;
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use crate::run::state::{Graph, UndoEntry, Wait};
use crate::run::{acting, reading};
use crate::truth::Truth;
use indexmap::IndexMap;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::syntax::step::{Call, OnError, Until, Work};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::call as world_call;
use serde_json::Value as Json;
use std::rc::Rc;

/// The element of `each`, by its name, and its number.
#[derive(Debug, Clone, Default)]
pub(super) struct Element {
    pub locals: IndexMap<String, Value>,
    pub number: Option<usize>,
    /// How often the step has looked, where it polls.
    pub round: u32,
}

impl Element {
    /// Its name on record.
    pub fn key(&self, context: &Context<'_, '_>) -> String {
        let number = self
            .number
            .map_or_else(String::new, |number| format!("#{number}"));
        let round = match self.round {
            0 => String::new(),
            round => format!("/{round}"),
        };
        format!("{}{number}{round}", context.keyed)
    }
}

/// A call that has been rendered, with what else was settled then.
pub(super) struct Ready {
    pub prepared: Prepared,
    pub locals: IndexMap<String, Value>,
    pub undo: Vec<QuestionCall>,
    /// When `before` was read.
    before_at: Option<jiff::Timestamp>,
}

/// How often leave is asked again because `before` has changed meanwhile.
const ASKED_AGAIN: usize = 3;

/// How long an answer may take before `before` is read again.
const FRESH: SignedDuration = SignedDuration::from_secs(1);

fn action<'c>(context: &'c Context<'_, '_>, call: &Call) -> Result<&'c Action, StepError> {
    context.action().ok_or_else(|| {
        StepError::new(
            "action",
            format!("nothing is known of {}", call.action.value),
        )
    })
}

/// Reads `before` and renders the arguments.
///
/// # Errors
/// Either failed.
pub(super) async fn prepare(
    context: &Context<'_, '_>,
    call: &Call,
    element: &Element,
) -> Result<Ready, Halt> {
    let action = action(context, call)?;
    let mut locals = element.locals.clone();
    let before = read_before(context, element).await?;
    if let Some((_, value)) = &before {
        locals.insert("before".to_owned(), value.clone());
    }
    let scope = context.scope(locals.clone());
    let rendered = context
        .container
        .undoing
        .as_ref()
        .and_then(|entry| entry.rendered.get(&context.step.id.value))
        .filter(|_| element.number.is_none());
    let arguments = match rendered {
        Some(arguments) => arguments.clone(),
        None => arguments::render(context, call, action, &scope, Some(&element.key(context)))?,
    };
    let undo = approval::undo_calls(context, &scope);
    let mut request = world_call::Call::new(call.action.value.clone(), arguments);
    request.target = target::of(context, action, &scope)?;
    request.step = Some(context.path.clone());
    if let Some(limit) = &context.step.limit {
        request.limit = usize::try_from(limit.value).unwrap_or(usize::MAX);
    }
    let before_at = before.as_ref().map(|_| context.clock.now());
    Ok(Ready {
        prepared: Prepared {
            effects: action_effects(context, call, &request.arguments),
            call: request,
            before: before.map(|(json, _)| json),
            element: element.number,
            key: element.key(context),
        },
        locals,
        undo,
        before_at,
    })
}

/// What the call does. A playbook that is only asked for its symptom or diagnosis reads.
fn action_effects(context: &Context<'_, '_>, call: &Call, arguments: &Json) -> Effects {
    if call.action.value == "playbook:Run" && arguments.get("only").is_some_and(Json::is_string) {
        return Effects::from([Effect::Read]);
    }
    context.effects(Some(call))
}

async fn read_before(
    context: &Context<'_, '_>,
    element: &Element,
) -> Result<Option<(Json, Value)>, Halt> {
    let Some(before) = &context.step.before else {
        return Ok(None);
    };
    let Some(action) = context.checked.before.clone() else {
        return Err(StepError::new("before", "nothing is known of its action").into());
    };
    let scope = context.scope(element.locals.clone());
    let arguments = arguments::render(context, &before.call, &action, &scope, None)?;
    let mut request = world_call::Call::new(before.call.action.value.clone(), arguments);
    request.target = target::of(context, &action, &scope)?;
    let prepared = Prepared {
        call: request,
        effects: Effects::from([Effect::Read]),
        before: None,
        element: element.number,
        key: format!("{}/before", element.key(context)),
    };
    let answer = call::attempt_once(context, &action, &prepared, 1)
        .await
        .result
        .map_err(|error| {
            if error.code == "cancelled" {
                Halt::Stopped
            } else {
                StepError::new(error.code, format!("before: {}", error.message)).into()
            }
        })?;
    context.run.state.borrow_mut().answered = true;
    let Some(path) = &before.path else {
        let value = Value::typed(&answer.result, &action.output);
        return Ok(Some((answer.result, value)));
    };
    let nodes = path
        .select(&answer.result, &scope)
        .map_err(StepError::from)?;
    let json = if path.singular {
        nodes.first().map_or(Json::Null, |node| (*node).clone())
    } else {
        nodes.into_iter().cloned().collect()
    };
    let ty = path.infer(&action.output).unwrap_or(Type::Any);
    let ty = if path.singular { ty } else { Type::list(ty) };
    let value = Value::typed(&json, &ty);
    Ok(Some((json, value)))
}

/// Reads `before` again just before sending where time has passed since it was read, and asks again where what it found, or
/// the call, is no longer what was shown.
///
/// # Errors
/// The read failed, or leave was not given.
pub(super) async fn refresh(
    context: &Context<'_, '_>,
    call: &Call,
    ready: &mut Ready,
    element: &Element,
) -> Result<(), Halt> {
    for _ in 0..ASKED_AGAIN {
        let Some(read_at) = ready.before_at else {
            return Ok(());
        };
        let key = context
            .run
            .unique(format!("{}/sending", element.key(context)));
        context.run.instant(&context.clock, &key).await;
        if context.clock.now().duration_since(read_at) <= FRESH {
            return Ok(());
        }
        let again = prepare(context, call, element).await?;
        let changed = again.prepared.before != ready.prepared.before
            || again.prepared.call.arguments != ready.prepared.call.arguments;
        *ready = again;
        if !changed {
            return Ok(());
        }
        let scope = context.scope(ready.locals.clone());
        let one = [&ready.prepared];
        approval::ask(context, &one, ready.undo.clone(), &scope).await?;
        context.start_clock();
    }
    Err(StepError::new(
        "before",
        "what it starts from keeps changing while leave is asked",
    )
    .into())
}

/// Sends what was prepared and judges the result.
///
/// # Errors
/// The call failed, or what had to be true is not.
pub(super) async fn finish(
    context: &Context<'_, '_>,
    call: &Call,
    ready: &Ready,
) -> Result<Found, Halt> {
    let action = action(context, call)?;
    let sent = if action.name == "playbook:Run" {
        nested::run(context, &ready.prepared).await?
    } else {
        call::send(context, action, &ready.prepared).await?
    };
    let mut scope = scope_of(context, ready, action, &sent);
    let captured = if sent.lost {
        capture::take_lost(context, &mut scope);
        Ok(())
    } else {
        capture::take_all(context, &mut scope)
    };
    if let Some(change) = sent.change {
        push_undo(context, ready, &scope, change);
    }
    refuse_cut(context, &sent)?;
    captured?;
    judge::result(context, &scope, sent.truncated, sent.error, Vec::new())
}

fn scope_of<'s, 'a>(
    context: &'s Context<'_, 'a>,
    ready: &Ready,
    action: &Action,
    sent: &Sent,
) -> StepScope<'s, 'a> {
    let result = sent
        .result
        .as_ref()
        .map(|result| (result.clone(), action.output.clone()));
    context
        .scope(ready.locals.clone())
        .with_result(result)
        .with_error(sent.error.as_ref())
}

/// A cut result fails a step that does not know of it.
fn refuse_cut(context: &Context<'_, '_>, sent: &Sent) -> Result<(), Halt> {
    if !sent.truncated || context.checked.reads_truncated || context.step.limit.is_some() {
        return Ok(());
    }
    Err(Halt::Failed(Box::new(Failure {
        error: StepError::new(
            "truncated",
            "the result is longer than the limit of items; set `limit`, or read `.truncated`",
        ),
        assertions: Vec::new(),
        truncated: true,
    })))
}

/// Remembers how to take a write back, with everything that its undo sees now.
fn push_undo(context: &Context<'_, '_>, ready: &Ready, scope: &StepScope<'_, '_>, change: usize) {
    let step = context.step;
    if step.undo.is_empty() {
        return;
    }
    let checked = context.checked_path();
    let rendered = step
        .undo
        .iter()
        .filter_map(|undo| {
            let Work::Action(call) = &undo.work else {
                return None;
            };
            let path = format!("{checked}.undo.{}", undo.id.value);
            let action = context.run.checked(&path).action?;
            // What needs an earlier undo step is rendered when it runs.
            let arguments = arguments::render(context, call, &action, scope, None).ok()?;
            Some((undo.id.value.clone(), arguments))
        })
        .collect();
    context.run.state.borrow_mut().undo.push(UndoEntry {
        step: context.path.clone(),
        checked,
        keyed: ready.prepared.key.clone(),
        undo: Rc::new(step.undo.clone()),
        locals: Rc::new(scope.snapshot()),
        shown: Rc::new(ready.undo.clone()),
        rendered: Rc::new(rendered),
        changes: vec![change],
        inside: None,
    });
}

/// Polls a read until its `until` is true.
///
/// # Errors
/// The call failed, or it did not become true in time.
pub(super) async fn poll(
    context: &Context<'_, '_>,
    call: &Call,
    until: &Until,
    element: &Element,
) -> Result<Found, Halt> {
    let run = context.run;
    let action = action(context, call)?;
    let start = context.clock.now();
    let mut first = true;
    let mut element = element.clone();
    loop {
        element.round += 1;
        let ready = prepare(context, call, &element).await?;
        if first {
            let scope = context.scope(ready.locals.clone());
            let one = [&ready.prepared];
            approval::ask(context, &one, ready.undo.clone(), &scope).await?;
            first = false;
        }
        let sent = call::send(context, action, &ready.prepared).await?;
        let mut scope = scope_of(context, &ready, action, &sent);
        refuse_cut(context, &sent)?;
        let captured = capture::take_all(context, &mut scope);
        // What is captured may not be there yet.
        let (truth, outcomes, why) = if let Err(error) = captured {
            (Truth::Unknown, Vec::new(), error.message)
        } else {
            let (truth, outcomes) =
                judge::until(context, &until.assertions, &scope, sent.truncated)?;
            let why = outcomes
                .iter()
                .find(|one| one.truth != Truth::True)
                .map(|one| format!("`{}`, found {}", one.asked, one.found))
                .unwrap_or_default();
            (truth, outcomes, why)
        };
        if truth == Truth::True {
            return judge::result(context, &scope, sent.truncated, sent.error, outcomes);
        }
        let waited = context.clock.now().duration_since(start);
        // Where the whole run ends first, the wait ends with it.
        let late = !context.run_ends_first()
            && context.time_left().is_some_and(|left| left <= until.every);
        if late || waited.saturating_add(until.every) > until.within {
            return Err(Halt::Failed(Box::new(Failure {
                error: StepError::new("timeout", format!("not true in time: {why}")),
                assertions: outcomes,
                truncated: sent.truncated,
            })));
        }
        if !run
            .sleep(
                context.container,
                &context.path,
                Wait {
                    why: &why,
                    length: until.every,
                    within: Some(until.within),
                },
                &context.clock,
                format!("{}/every", element.key(context)),
            )
            .await
        {
            return Err(Halt::Stopped);
        }
    }
}

/// Reasons over what was read.
///
/// # Errors
/// What had to be true is not.
pub(super) fn reason(context: &Context<'_, '_>, element: &Element) -> Result<Found, Halt> {
    let mut scope = context.scope(element.locals.clone());
    capture::take_all(context, &mut scope)?;
    judge::result(context, &scope, false, None, Vec::new())
}

/// Runs a block.
///
/// # Errors
/// A step of it failed, was declined or the run ends.
pub(super) async fn block(context: &Context<'_, '_>, element: &Element) -> Result<Found, Halt> {
    let Work::Block { steps, finally } = &context.step.work else {
        return reason(context, element);
    };
    let mut locals = (*context.container.locals).clone();
    locals.extend(element.locals.clone());
    let mut inside = context
        .container
        .inside(&context.step.id.value, Rc::new(locals));
    inside.clock = context.clock.clone();
    if let Some(number) = element.number {
        inside.keyed = format!("{}#{number}", inside.keyed);
    }
    let end = if inside.graph == Graph::Resolve {
        acting::block(context.run, steps, finally, &inside).await
    } else {
        reading::block(context.run, steps, finally, &inside).await
    };
    match end {
        super::StepEnd::Done | super::StepEnd::Skipped => {
            let mut scope = StepScope::new(
                context.run,
                &inside,
                element.locals.clone(),
                context.clock.now(),
            );
            scope.container = &inside;
            capture::take_all(context, &mut scope)?;
            judge::result(context, &scope, false, None, Vec::new())
        }
        super::StepEnd::Declined => Err(Halt::Declined),
        super::StepEnd::Undone => Err(Halt::Undone),
        super::StepEnd::Stopped => Err(Halt::Stopped),
        super::StepEnd::Failed | super::StepEnd::Blocked => {
            Err(block_failure(context, steps, finally).into())
        }
    }
}

/// Which of a block's steps is to blame.
fn block_failure(
    context: &Context<'_, '_>,
    steps: &[runbook_playbook::syntax::step::Step],
    finally: &[runbook_playbook::syntax::step::Step],
) -> StepError {
    use crate::outcome::StepStatus;
    let state = context.run.state.borrow();
    let blamed = steps
        .iter()
        .map(|step| (step, format!("{}.{}", context.path, step.id.value)))
        .chain(
            finally
                .iter()
                .map(|step| (step, format!("{}.finally.{}", context.path, step.id.value))),
        )
        .find_map(|(step, path)| {
            let ended = state.steps.get(&path)?;
            let bad = matches!(
                ended.outcome.status,
                StepStatus::Failed | StepStatus::Blocked
            );
            let tolerated = step
                .on_error
                .as_ref()
                .is_some_and(|on_error| on_error.value == OnError::Continue);
            (bad && !tolerated).then(|| (path, ended.outcome.error.clone()))
        });
    match blamed {
        Some((path, Some(error))) => {
            StepError::new(error.code, format!("{path}: {}", error.message))
        }
        _ => StepError::new("block", "a step in it did not end well"),
    }
}
