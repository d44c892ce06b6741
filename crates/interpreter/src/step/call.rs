//! Sending a call: journal, world, journal; again where `retry` says so.

use super::changes::changes;
use super::watched::Watched;
use super::{Context, Halt};
use crate::event::EventKind;
use crate::journal::{CallEnd, CallRecord};
use crate::outcome::{Change, StepError, Waiting};
use crate::run::state::{Graph, Stop};
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::syntax::retry::Retry;
use runbook_playbook::syntax::step::Sensitive;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use serde_json::{Value as Json, json};
use std::rc::Rc;

/// A call that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub call: Call,
    pub effects: Effects,
    /// What `before` read.
    pub before: Option<Json>,
    /// The element's number in `each`.
    pub element: Option<usize>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The result; `None` when the answer was an expected error.
    pub result: Option<Rc<Json>>,
    pub truncated: bool,
    /// The expected error.
    pub error: Option<StepError>,
    /// The change that it made, by index.
    pub change: Option<usize>,
}

/// The gravest of some effects.
pub(super) fn gravest(effects: &Effects) -> Effect {
    effects.last().copied().unwrap_or(Effect::Read)
}

/// Sends a step's call until it is answered, fails for good or runs out of time.
///
/// # Errors
/// The call failed, or its answer says that it failed.
pub(super) async fn send(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
) -> Result<Sent, Halt> {
    let run = context.run;
    let person = action.name.starts_with("human:");
    let writes = gravest(&prepared.effects) != Effect::Read && !context.states_read() && !person;
    // Telling people changes nothing that the run is about.
    let writes = writes && context.container.graph != Graph::Notify;
    let change = if writes {
        Some(note_change(context, prepared)?)
    } else {
        None
    };
    let mut used: Vec<u32> = vec![0; context.step.retry.len()];
    let mut attempt: u32 = 1;
    let failure = loop {
        let result = attempt_once(context, action, prepared, attempt).await;
        settle(context, change, &result);
        match result {
            Ok(answer) => {
                if person {
                    run.state.borrow_mut().acted = true;
                }
                refuse_failures(context, action, &answer)?;
                return Ok(Sent {
                    result: Some(Rc::new(answer.result)),
                    truncated: answer.truncated,
                    error: None,
                    change,
                });
            }
            Err(error) => {
                if context
                    .step
                    .expect_error
                    .iter()
                    .any(|code| code.value == error.code)
                {
                    return Ok(Sent {
                        error: Some(StepError::new(error.code, error.message)),
                        change: None,
                        ..Sent::default()
                    });
                }
                let Some(delay) = next_delay(context, action, prepared, &error, &mut used) else {
                    break error;
                };
                let why = format!("{} after attempt {attempt}; trying again", error.code);
                let done = run
                    .sleep(context.container, &context.path, &why, delay)
                    .await;
                if !done {
                    return Err(Halt::Stopped);
                }
                attempt += 1;
            }
        }
    };
    Err(give_up(context, action, prepared, failure))
}

/// Notes a write that is about to be sent.
fn note_change(context: &Context<'_, '_>, prepared: &Prepared) -> Result<usize, StepError> {
    let run = context.run;
    let sent = run.sent_writes();
    if let Some(most) = &run.plan.checked.playbook.max_writes
        && sent >= usize::try_from(most.value).unwrap_or(usize::MAX)
    {
        return Err(StepError::new(
            "limit",
            format!(
                "the run has made the {} writes that `limits` allows",
                most.value
            ),
        ));
    }
    run.learn(
        &prepared.call.arguments,
        context.action().map(|action| &action.input),
    );
    let arguments = run.redactor.borrow().json(&prepared.call.arguments);
    let values = changes(prepared.before.as_ref(), &prepared.call.arguments)
        .iter()
        .map(|change| run.masked_change(change))
        .collect();
    let mut state = run.state.borrow_mut();
    state.changes.push(Change {
        values,
        step: context.path.clone(),
        action: prepared.call.action.clone(),
        arguments,
        effect: gravest(&prepared.effects),
        confirmed: false,
        undoes: context
            .container
            .undoing
            .as_ref()
            .map(|entry| entry.step.clone()),
        undone: false,
    });
    let index = state.changes.len() - 1;
    state.unsent.insert(index);
    Ok(index)
}

/// Brings the note of a write up to date with what came of an attempt.
fn settle(context: &Context<'_, '_>, change: Option<usize>, result: &Result<Answer, CallError>) {
    let now = context.run.now();
    let mut state = context.run.state.borrow_mut();
    match result {
        Ok(_) => state.answered = true,
        Err(error) => {
            if matches!(error.kind, FailureKind::Answered | FailureKind::Garbled) {
                state.answered = true;
            }
            let environment = error.kind == FailureKind::Environment;
            state.environment.get_or_insert(environment);
        }
    }
    let Some(index) = change else { return };
    let kind = result.as_ref().err().map(|error| error.kind);
    if matches!(kind, Some(FailureKind::NotSent | FailureKind::Environment)) {
        return;
    }
    state.last_write = Some(now);
    state.unsent.remove(&index);
    state.unanswered.remove(&index);
    if matches!(kind, Some(FailureKind::Unanswered | FailureKind::Garbled)) {
        state.unanswered.insert(index);
    }
    if kind.is_none()
        && let Some(change) = state.changes.get_mut(index)
    {
        change.confirmed = true;
    }
}

/// A success that carries failures of its own fails the step, unless the step reads them.
fn refuse_failures(
    context: &Context<'_, '_>,
    action: &Action,
    answer: &Answer,
) -> Result<(), StepError> {
    for member in &action.failure_members {
        if context.checked.reads_failures.contains(member) {
            continue;
        }
        let Some(value) = answer.result.get(member) else {
            continue;
        };
        let says_nothing = match value {
            Json::Null | Json::Bool(false) => true,
            Json::Array(items) => items.is_empty(),
            Json::Object(members) => members.is_empty(),
            Json::String(text) => text.is_empty(),
            Json::Number(number) => number.as_f64() == Some(0.0),
            Json::Bool(true) => false,
        };
        if !says_nothing {
            let mut text = value.to_string();
            if text.chars().count() > 200 {
                text = text.chars().take(200).chain("…".chars()).collect();
            }
            return Err(StepError::new(
                member.clone(),
                format!("{} succeeded but reports {member}: {text}", action.name),
            ));
        }
    }
    Ok(())
}

/// The wait before the next attempt; `None` where there is none.
fn next_delay(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    error: &CallError,
    used: &mut [u32],
) -> Option<SignedDuration> {
    let unsure = matches!(error.kind, FailureKind::Unanswered | FailureKind::Garbled);
    let writes = gravest(&prepared.effects) != Effect::Read && !context.states_read();
    // A write that may have happened is repeated only when its token makes that harmless.
    if unsure && writes && action.idempotency_token.is_none() {
        return None;
    }
    let (rule, used) = context
        .step
        .retry
        .iter()
        .zip(used)
        .find(|(rule, _)| rule.errors.iter().any(|code| code.value == error.code))?;
    if *used >= rule.times {
        return None;
    }
    let delay = delay(rule, *used);
    *used += 1;
    match context.time_left() {
        Some(left) if left <= delay => None,
        _ => Some(delay),
    }
}

fn delay(rule: &Retry, used: u32) -> SignedDuration {
    let factor = rule
        .backoff
        .max(1.0)
        .powi(i32::try_from(used).unwrap_or(i32::MAX));
    let seconds = rule.delay.as_secs_f64() * factor;
    let longest = rule.max_delay.unwrap_or(SignedDuration::from_hours(1));
    SignedDuration::try_from_secs_f64(seconds).map_or(longest, |delay| delay.min(longest))
}

/// What a failure for good means.
fn give_up(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    error: CallError,
) -> Halt {
    if error.code == "cancelled" {
        return Halt::Stopped;
    }
    if action.name.starts_with("human:") && error.code == "declined" {
        context.run.state.borrow_mut().declined = true;
        return Halt::Declined;
    }
    if action.name.starts_with("human:") && error.code == "unattended" {
        let arguments = context.run.redactor.borrow().json(&prepared.call.arguments);
        let onward = context.run.around.approver.onward(None);
        context.run.stop(Stop::Paused(Box::new(Waiting {
            step: context.public(),
            question: format!("{} {arguments}", action.name),
            why: onward.why,
            next: onward.command,
        })));
        return Halt::Stopped;
    }
    let message = format!("{}: {}", action.name, error.message);
    StepError::new(error.code, message).into()
}

/// Makes one attempt, with its records before and after.
pub(super) async fn attempt_once(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    attempt: u32,
) -> Result<Answer, CallError> {
    let run = context.run;
    let mut call = prepared.call.clone();
    call.timeout = context.time_left();
    if call.timeout.is_some_and(|left| !left.is_positive()) {
        return Err(CallError::new(
            FailureKind::NotSent,
            "timeout",
            "the time of the step is over",
        ));
    }
    context.calls.set(context.calls.get() + 1);
    run.learn(&call.arguments, Some(&action.input));
    let shown = run.redactor.borrow().json(&call.arguments);
    run.emit(EventKind::CallStarted {
        step: context.public(),
        action: call.action.clone(),
        arguments: shown.clone(),
        effects: prepared.effects.clone(),
        attempt,
    });
    let record = CallRecord {
        run: run.id.clone(),
        step: context.public(),
        element: prepared.element,
        action: call.action.clone(),
        arguments: shown,
        target: call.target.clone(),
        effect: gravest(&prepared.effects),
        before: prepared
            .before
            .as_ref()
            .map(|before| run.redactor.borrow().json(before)),
        token: action
            .idempotency_token
            .as_ref()
            .and_then(|member| Some(call.arguments.get(member)?.as_str()?.to_owned())),
        attempt,
        at: run.now(),
    };
    let result = match run.around.journal.sending(&record) {
        // Without its record a write is not sent; a read may be.
        Err(error) if record.guards() => Err(CallError::new(
            FailureKind::NotSent,
            "journal",
            error.to_string(),
        )),
        id => {
            let result = perform(context, &call, &prepared.effects).await;
            let shown = shown_answer(context, action, &result);
            let ended = CallEnd {
                answer: shown,
                request_id: match &result {
                    Ok(answer) => answer.request_id.clone(),
                    Err(error) => error.request_id.clone(),
                },
                at: run.now(),
            };
            let kept = id.and_then(|id| run.around.journal.answered(id, &ended));
            if let Err(error) = kept {
                run.state.borrow_mut().journal_error.get_or_insert(error);
            }
            result
        }
    };
    run.emit(EventKind::CallEnded {
        step: context.public(),
        action: call.action.clone(),
        answer: shown_answer(context, action, &result),
        request_id: match &result {
            Ok(answer) => answer.request_id.clone(),
            Err(error) => error.request_id.clone(),
        },
        attempt,
    });
    result
}

/// Makes the call; a cancelled run drops a read, and finishes a write.
async fn perform(
    context: &Context<'_, '_>,
    call: &Call,
    effects: &Effects,
) -> Result<Answer, CallError> {
    let around = &context.run.around;
    let watched = Watched { context, call };
    watched.announce();
    let answer = around.performer.perform(&watched, call);
    if gravest(effects) != Effect::Read || context.container.shielded {
        return answer.await;
    }
    tokio::select! {
        biased;
        answer = answer => answer,
        () = around.cancel.cancelled() => {
            context.run.stop(Stop::Aborted);
            Err(CallError::new(FailureKind::NotSent, "cancelled", "the run was asked to end"))
        }
    }
}

/// The answer as it may be shown.
fn shown_answer(
    context: &Context<'_, '_>,
    action: &Action,
    result: &Result<Answer, CallError>,
) -> Result<Json, (String, String)> {
    let run = context.run;
    match result {
        Ok(answer) => {
            run.learn(&answer.result, Some(&action.output));
            match &context.step.sensitive {
                Some(Sensitive::All) => {
                    run.redactor.borrow_mut().learn(&answer.result);
                    return Ok(json!(crate::redact::MASK));
                }
                Some(Sensitive::Paths(paths)) => {
                    let scope = crate::run::scope::StepScope::new(
                        run,
                        context.container,
                        indexmap::IndexMap::new(),
                    );
                    for path in paths {
                        for node in path.select(&answer.result, &scope).unwrap_or_default() {
                            run.redactor.borrow_mut().learn(node);
                        }
                    }
                }
                None => {}
            }
            Ok(run.redactor.borrow().json(&answer.result))
        }
        Err(error) => {
            let redactor = run.redactor.borrow();
            Err((error.code.clone(), redactor.text(&error.message)))
        }
    }
}
