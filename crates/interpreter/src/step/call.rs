//! Sending a call: journal, world, journal; again where `retry` says so.

use super::changes::changes;
use super::watched::Watched;
use super::{Context, Halt, in_flight};
use crate::event::{EventKind, Shown};
use crate::guard::{self, Held};
use crate::journal::{CallRecord, JournalError, Repeat, Step, Worked};
use crate::outcome::{Change, StepError, Waiting};
use crate::run::state::{Graph, Run, Stop, Wait};
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::duration;
use runbook_playbook::syntax::retry::Retry;
use runbook_playbook::syntax::step::Sensitive;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::Pending;
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// How it is said that an alarm dropped a call; what the alarm says follows.
const BY_ALARM: &str = "an alarm stopped the run: ";

/// A call that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub call: Call,
    pub effects: Effects,
    /// What `before` read.
    pub before: Option<Json>,
    /// The element's number in `each`.
    pub element: Option<usize>,
    /// Its name on record, without the attempt.
    pub key: String,
}

/// What came of one attempt.
pub(super) struct Attempted {
    pub result: Result<Answer, CallError>,
    /// The result is not, or not wholly, known: secrets in it are masked on record, or only that it was made is known.
    pub lost: bool,
    /// The result as it may be shown, where that has been found out.
    shown: Option<Arc<Json>>,
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
    /// The result is not, or not wholly, known.
    pub lost: bool,
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
        let Attempted { result, lost, .. } = attempt_once(context, action, prepared, attempt).await;
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
                    lost,
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
                    .sleep(
                        context.container,
                        &context.path,
                        Wait {
                            why: &why,
                            length: delay,
                            within: None,
                        },
                        &context.clock,
                        format!("{}/retry", prepared.key),
                    )
                    .await;
                if !done {
                    give_back(context, change);
                    return Err(Halt::Stopped);
                }
                attempt += 1;
            }
        }
    };
    give_back(context, change);
    Err(give_up(context, action, prepared, failure))
}

/// A write that was never sent does not count for `limits`.
fn give_back(context: &Context<'_, '_>, change: Option<usize>) {
    let unsent = change.is_some_and(|index| context.run.state.borrow().unsent.contains(&index));
    if unsent && context.container.undoing.is_none() {
        context.run.budget.give_back();
    }
}

/// Looks at the guards before a write is sent under a key, unless that is on record.
///
/// # Errors
/// The run pauses or stops there.
pub(super) async fn guarded(context: &Context<'_, '_>, key: &str) -> Result<(), CallError> {
    let run = context.run;
    if run.around.journal.is_settled(key) {
        return Ok(());
    }
    let looked = guard::before_a_write(run, context.container, &context.clock, &context.path);
    let Some(held) = looked.await else {
        return Ok(());
    };
    hold(context, held);
    Err(CallError::new(
        FailureKind::NotSent,
        "cancelled",
        "a guard holds it back",
    ))
}

/// Pauses or stops the run for a guard.
pub(super) fn hold(context: &Context<'_, '_>, held: Held) {
    let run = context.run;
    let redactor = run.redactor.borrow();
    match held {
        Held::Off(why) => run.stop(Stop::Alarm(redactor.text(&why))),
        Held::Back(kind, why) => run.stop(Stop::Held(Box::new(Waiting {
            step: context.public(),
            question: context
                .action()
                .map_or_else(String::new, |action| action.name.clone()),
            why: redactor.text(&why),
            next: run.around.approver.overriding(kind),
        }))),
    }
}

/// Notes a write that is about to be sent.
fn note_change(context: &Context<'_, '_>, prepared: &Prepared) -> Result<usize, StepError> {
    let run = context.run;
    if run.plan.options.read_only {
        return Err(StepError::new(
            "read_only",
            "it writes, and the run only reads (--read-only)",
        ));
    }
    // What takes back is kept from nothing.
    if context.container.undoing.is_none() {
        run.budget.take().map_err(|most| {
            StepError::new(
                "limit",
                format!("the run has made the {most} writes that `limits` allows"),
            )
        })?;
    }
    context.learn(
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
    let now = context.clock.now();
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
    // What was seen of the guards is of the time before.
    context.run.guards_seen.set(None);
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
    if error.code == "timeout" && context.run.is_late(context.container, context.clock.now()) {
        context.run.stop(Stop::TimedOut);
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

/// Whether a call changes something that guards look after.
fn changes_something(context: &Context<'_, '_>, prepared: &Prepared) -> bool {
    gravest(&prepared.effects) != Effect::Read
        && !context.states_read()
        && !prepared.call.action.starts_with("human:")
        && prepared.call.action != "playbook:Run"
}

/// Makes one attempt, with its records before and after.
pub(super) async fn attempt_once(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    attempt: u32,
) -> Attempted {
    let run = context.run;
    let mut call = prepared.call.clone();
    call.timeout = context.time_left();
    if call.timeout.is_some_and(|left| !left.is_positive()) {
        return Attempted::failed(CallError::new(
            FailureKind::NotSent,
            "timeout",
            "the time of the step is over",
        ));
    }
    context.calls.set(context.calls.get() + 1);
    context.learn(&call.arguments, Some(&action.input));
    let shown = run.redactor.borrow().json(&call.arguments);
    let key = run.unique(format!("{}@{attempt}", prepared.key));
    call.key = Some(key.clone());
    if changes_something(context, prepared)
        && let Err(error) = guarded(context, &key).await
    {
        return Attempted::failed(error);
    }
    let started = EventKind::CallStarted {
        step: context.public(),
        action: call.action.clone(),
        arguments: shown.clone(),
        effects: prepared.effects.clone(),
        attempt,
    };
    run.emit(&context.clock, &key, started);
    let token = action
        .idempotency_token
        .as_ref()
        .and_then(|member| Some(call.arguments.get(member)?.as_str()?.to_owned()));
    let record = CallRecord {
        key: key.clone(),
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
        repeat: repeat(context, prepared, token.is_some()),
        token,
        attempt,
    };
    let attempted = make(context, action, prepared, &call, record).await;
    let ended = EventKind::CallEnded {
        step: context.public(),
        action: call.action.clone(),
        answer: match attempted.shown.clone() {
            Some(shown) => Ok(shown),
            None => shown_answer(context, action, &attempted.result),
        },
        request_id: match &attempted.result {
            Ok(answer) => answer.request_id.clone(),
            Err(error) => error.request_id.clone(),
        },
        attempt,
    };
    run.emit(&context.clock, &key, ended);
    attempted
}

impl Attempted {
    /// It failed.
    pub fn failed(error: CallError) -> Self {
        Self {
            result: Err(error),
            lost: false,
            shown: None,
        }
    }

    /// It was answered.
    pub fn done(answer: Answer, lost: bool) -> Self {
        Self {
            result: Ok(answer),
            lost,
            shown: None,
        }
    }
}

/// What may be done where it is not known whether a call was made.
fn repeat(context: &Context<'_, '_>, prepared: &Prepared, token: bool) -> Repeat {
    let reads = gravest(&prepared.effects) == Effect::Read || context.states_read();
    if reads || prepared.call.action.starts_with("human:") {
        Repeat::Free
    } else if token {
        Repeat::Token
    } else {
        Repeat::Never
    }
}

/// Makes the call, unless what came of it is on record.
pub(super) async fn make(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    call: &Call,
    record: CallRecord,
) -> Attempted {
    let run = context.run;
    if let Some(length) = pause(context, call) {
        return sleep(context, call, length, &record).await;
    }
    let key = record.key.clone();
    // Of no other call is it asked whether it was made.
    let doubted = (record.repeat == Repeat::Never).then(|| record.clone());
    let seen = RefCell::new(None);
    let answered_before = run.around.journal.is_settled(&key);
    let work: Pending<'_, Worked> = Box::pin(async {
        let answer = if holds_mask(&call.arguments) {
            Err(CallError::new(
                FailureKind::NotSent,
                "secret_lost",
                secret_lost(run),
            ))
        } else {
            perform(context, call, &prepared.effects, &key).await
        };
        let shown = shown_answer(context, action, &answer);
        seen.replace(shown.as_ref().ok().cloned());
        let hides = run.redactor.borrow().hides() || context.step.sensitive.is_some();
        Worked {
            masked: hides
                && matches!((&answer, &shown), (Ok(answer), Ok(shown)) if answer.result != **shown),
            keep: !matches!(&answer, Err(error) if error.code == "cancelled"),
            answer,
            shown,
        }
    });
    match run
        .around
        .journal
        .step(run.around.world, record, work)
        .await
    {
        Ok(Step::Done {
            answer,
            at,
            lost,
            unkept,
        }) => {
            context.clock.advance(at);
            if let Some(error) = unkept {
                run.unkept(error);
            }
            // Where the record also holds what was dropped, the run stops there again.
            if let Err(error) = &answer
                && error.code == "cancelled"
                && let Some(why) = error.message.strip_prefix(BY_ALARM)
            {
                run.stop(Stop::Alarm(why.to_owned()));
            }
            // What the record holds may be another answer than the one that came.
            let shown = seen.take().filter(|_| !answered_before);
            Attempted {
                result: answer,
                lost,
                shown,
            }
        }
        Ok(Step::InFlight { since }) => match doubted {
            Some(doubted) => {
                in_flight::settle(context, action, prepared, call, doubted, since).await
            }
            None => Attempted::failed(CallError::new(
                FailureKind::NotSent,
                "journal",
                "its record says that it may have been sent, and it may be repeated",
            )),
        },
        Err(error) => Attempted::failed(unsent(context, error)),
    }
}

/// Why a secret is not there, and what to do about it.
fn secret_lost(run: &Run<'_>) -> String {
    let inputs = run.plan.checked.playbook.inputs.iter();
    let lost = inputs.map(|input| input.name.value.as_str()).find(|name| {
        let value = run.plan.inputs.get(*name);
        value.is_some_and(|value| holds_mask(&value.to_json()))
    });
    match lost {
        Some(name) => format!(
            "it needs the secret input `{name}`, which is not on record and could not be read again; give it with `-i {name}=env:VARIABLE`"
        ),
        None => "it needs a secret of a result that was read before the run was interrupted, which is not on record and could not be read again; run the playbook again".to_owned(),
    }
}

/// Arguments hold a secret only as it is masked on record.
fn holds_mask(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains(crate::redact::MASK),
        Json::Array(items) => items.iter().any(holds_mask),
        Json::Object(members) => members.values().any(holds_mask),
        _ => false,
    }
}

/// Without its record a call is not sent.
pub(super) fn unsent(context: &Context<'_, '_>, error: JournalError) -> CallError {
    if matches!(
        error,
        JournalError::Unrecorded | JournalError::Diverged { .. }
    ) {
        context.run.unkept(error);
        return CallError::new(FailureKind::NotSent, "cancelled", "it is not on record");
    }
    let told = CallError::new(FailureKind::NotSent, "journal", error.to_string());
    context.run.unkept(error);
    told
}

/// How long a call only waits; `None` where it does something else.
fn pause(context: &Context<'_, '_>, call: &Call) -> Option<SignedDuration> {
    if call.action != "time:Sleep" || context.run.around.world.answers(&call.action) {
        return None;
    }
    let length = duration::parse(call.arguments.get("for")?.as_str()?).ok()?;
    // A wait that outlasts the whole run ends with it.
    let fits = call.timeout.is_none_or(|left| left > length);
    (fits || context.run_ends_first()).then_some(length)
}

/// Waits; the end of the wait is on record, so that a run which goes on does not wait again.
async fn sleep(
    context: &Context<'_, '_>,
    call: &Call,
    length: SignedDuration,
    record: &CallRecord,
) -> Attempted {
    let why = "the playbook asks for a pause";
    let key = record.key.clone();
    let run = context.run;
    let whole = run
        .sleep(
            context.container,
            &context.path,
            Wait {
                why,
                length,
                within: None,
            },
            &context.clock,
            key,
        )
        .await;
    if !whole {
        let error = CallError::new(
            FailureKind::NotSent,
            "cancelled",
            format!("{} did not come to its end", call.action),
        );
        return Attempted::failed(error);
    }
    let answer = Answer {
        result: json!({"until": context.clock.now()}),
        ..Answer::default()
    };
    Attempted::done(answer, false)
}

/// Makes the call; a cancelled run drops a read, and finishes a write.
async fn perform(
    context: &Context<'_, '_>,
    call: &Call,
    effects: &Effects,
    key: &str,
) -> Result<Answer, CallError> {
    let around = &context.run.around;
    let watched = Watched {
        context,
        call,
        key,
        bound: Cell::new(None),
    };
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
        why = alarm(context, call, key) => {
            context.run.stop(Stop::Alarm(why.clone()));
            Err(CallError::new(FailureKind::NotSent, "cancelled", format!("{BY_ALARM}{why}")))
        }
    }
}

/// Comes when an alarm goes off while a waiter waits.
async fn alarm(context: &Context<'_, '_>, call: &Call, key: &str) -> String {
    if !call.action.contains(":WaitUntil") {
        return std::future::pending().await;
    }
    let run = context.run;
    run.alarm(context.container, &context.clock, &context.path, key)
        .await
}

/// The answer as it may be shown.
fn shown_answer(
    context: &Context<'_, '_>,
    action: &Action,
    result: &Result<Answer, CallError>,
) -> Shown {
    let run = context.run;
    match result {
        Ok(answer) => {
            context.learn(&answer.result, Some(&action.output));
            match &context.step.sensitive {
                Some(Sensitive::All) => {
                    run.redactor.borrow_mut().learn(&answer.result);
                    return Ok(json!(crate::redact::MASK).into());
                }
                Some(Sensitive::Paths(paths)) => {
                    let scope = context.scope(indexmap::IndexMap::new());
                    for path in paths {
                        for node in path.select(&answer.result, &scope).unwrap_or_default() {
                            run.redactor.borrow_mut().learn(node);
                        }
                    }
                }
                None | Some(Sensitive::Nothing) => {}
            }
            Ok(run.redactor.borrow().json(&answer.result).into())
        }
        Err(error) => {
            let redactor = run.redactor.borrow();
            Err((error.code.clone(), redactor.text(&error.message)))
        }
    }
}
