//! Making a call: checks, waiters, composites.

use super::Registry;
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::model::action::{WAIT_UNTIL, bound};
use crate::model::catalogue::catalogue;
use crate::model::service::{Service, Waiter};
use crate::model::validate::validate;
use crate::model::waiter::{Judgement, judge};
use crate::world::World;
use jiff::SignedDuration;
use runbook_playbook::catalog::Action;
use serde_json::Value as Json;

pub(super) async fn perform(
    registry: &Registry,
    world: &dyn World,
    call: &Call,
) -> Result<Answer, CallError> {
    let action = registry.called(&call.action).map_err(|unknown| {
        let message = match unknown.suggestions.first() {
            Some(near) => format!("{}; did you mean `{near}`?", unknown.message),
            None => unknown.message,
        };
        CallError::new(FailureKind::NotSent, "action", message)
    })?;
    check(&action, &call.arguments)?;
    if world.answers(&call.action) {
        return world.send(call).await;
    }
    if let Some(composite) = registry.composites.get(&call.action) {
        return composite.action.run(world, call).await;
    }
    if let Some((service, waiter)) = waiter_of(&call.action) {
        return wait(world, call, service, waiter).await;
    }
    match with_token(world, &action, call) {
        Some(call) => world.send(&call).await,
        None => world.send(call).await,
    }
}

fn check(action: &Action, arguments: &Json) -> Result<(), CallError> {
    let problems = validate(&action.input, arguments);
    if problems.is_empty() {
        return Ok(());
    }
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(CallError::new(
        FailureKind::NotSent,
        "arguments",
        messages.join("; "),
    ))
}

/// The call with its idempotency token filled in, where it has one and none is given.
fn with_token(world: &dyn World, action: &Action, call: &Call) -> Option<Call> {
    let token = action.idempotency_token.as_ref()?;
    let given = call
        .arguments
        .get(token)
        .is_some_and(|value| !value.is_null());
    if given {
        return None;
    }
    let mut call = call.clone();
    call.arguments
        .as_object_mut()?
        .insert(token.clone(), world.fresh_id().into());
    Some(call)
}

fn waiter_of(action: &str) -> Option<(&'static Service, &'static Waiter)> {
    let (service, operation) = action.split_once(':')?;
    let service = catalogue().service(service)?;
    let waiter = service.waiter(operation.strip_prefix(WAIT_UNTIL)?)?;
    Some((service, waiter))
}

/// Polls until the waiter is judged, within the call's timeout or, without one, the model's bound.
async fn wait(
    world: &dyn World,
    call: &Call,
    service: &'static Service,
    waiter: &'static Waiter,
) -> Result<Answer, CallError> {
    let started = world.now();
    let within = call.timeout.unwrap_or_else(|| bound(waiter));
    let delay = SignedDuration::from_secs(i64::from(waiter.delay));
    loop {
        let left = within - world.now().duration_since(started);
        let poll = Call {
            action: format!("{}:{}", service.name, waiter.operation),
            timeout: Some(left.max(SignedDuration::from_secs(1))),
            ..call.clone()
        };
        let outcome = world.send(&poll).await;
        let judgement = match &outcome {
            Ok(answer) => judge(service, waiter, Ok(&answer.result)),
            Err(error) if error.kind == FailureKind::Answered => {
                judge(service, waiter, Err(&error.code))
            }
            Err(_) => Judgement::Error,
        };
        match (judgement, outcome) {
            (Judgement::Success, Ok(answer)) => return Ok(answer),
            (Judgement::Success, Err(_)) => {
                return Ok(Answer {
                    result: Json::Object(serde_json::Map::new()),
                    ..Answer::default()
                });
            }
            (Judgement::Failure(reason), outcome) => {
                let said = outcome
                    .err()
                    .map_or_else(String::new, |error| format!(" ({})", error.message));
                let message = format!("{} cannot be reached any more: {reason}{said}", waiter.name);
                return Err(CallError::new(FailureKind::Answered, "waiter", message));
            }
            (Judgement::Error, Err(error)) => return Err(error),
            (Judgement::Retry, _) | (Judgement::Error, Ok(_)) => {}
        }
        if world.now().duration_since(started) + delay > within {
            let message = format!(
                "{} was not reached within {}; give the step a longer `timeout`, or look at what holds it up",
                waiter.name,
                runbook_playbook::duration::format(within)
            );
            return Err(CallError::new(FailureKind::Answered, "timeout", message));
        }
        world.sleep(delay).await;
    }
}
