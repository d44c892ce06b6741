//! Signatures of operations and waiters.

use super::files::with_files;
use super::service::{EffectOf, Operation, Service, Waiter};
use super::shape::MemberTrait;
use super::types::type_of;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, ActionKind, Effect, Effects};

/// What a waiter's name begins with in playbooks: `ecs:WaitUntilServicesStable`.
pub const WAIT_UNTIL: &str = "WaitUntil";

/// The signature of an operation.
#[must_use]
pub fn operation_action(service: &'static Service, operation: &'static Operation) -> Action {
    let (by_member, always): (Vec<EffectOf>, Vec<EffectOf>) = operation
        .effects
        .iter()
        .copied()
        .partition(|effect| effect.member.is_some());
    let mut effects: Effects = always.iter().map(|effect| effect.effect()).collect();
    if effects.is_empty() {
        effects.insert(Effect::Write);
    }
    Action {
        name: format!("{}:{}", service.name, operation.name),
        kind: ActionKind::Operation,
        input: with_files(service, operation, type_of(service, operation.input)),
        output: type_of(service, operation.output),
        effects,
        effects_by_member: by_member
            .iter()
            .filter_map(|effect| Some((effect.member?.to_owned(), effect.effect())))
            .collect(),
        errors: errors(service, operation),
        failure_members: owned(&operation.failure_members),
        paginated: operation
            .paginator
            .as_ref()
            .is_some_and(|paginator| !paginator.result_keys.is_empty()),
        permissions: owned(&operation.permissions),
        idempotency_token: idempotency_token(service, operation).map(str::to_owned),
    }
}

/// The signature of a waiter: input and output are those of the operation that it polls.
#[must_use]
pub fn waiter_action(service: &'static Service, waiter: &'static Waiter) -> Option<Action> {
    let mut polled = operation_action(service, service.operation(waiter.operation)?);
    if !polled.errors.is_empty() {
        // What it fails with once it can no longer succeed.
        polled.errors.push("waiter".to_owned());
    }
    Some(Action {
        kind: ActionKind::Waiter {
            polls: polled.name,
            bound: bound(waiter),
        },
        name: format!("{}:{WAIT_UNTIL}{}", service.name, waiter.name),
        idempotency_token: None,
        paginated: false,
        ..polled
    })
}

/// The most time that a waiter takes by its model: delay times attempts.
#[must_use]
pub fn bound(waiter: &Waiter) -> SignedDuration {
    SignedDuration::from_secs(i64::from(waiter.delay) * i64::from(waiter.max_attempts))
}

/// The top-level member of the input that carries an idempotency token.
#[must_use]
pub fn idempotency_token(service: &Service, operation: &Operation) -> Option<&'static str> {
    service
        .structure(operation.input)?
        .members
        .iter()
        .find(|member| member.is(MemberTrait::IdempotencyToken))
        .map(|member| member.name)
}

fn errors(service: &Service, operation: &Operation) -> Vec<String> {
    let codes = operation.errors.iter().map(|id| {
        service
            .structure(*id)
            .and_then(|structure| structure.error.as_ref()?.code)
            .unwrap_or(service.shape(*id).name)
    });
    codes.map(str::to_owned).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
