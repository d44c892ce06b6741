//! Signatures of actions that are written in code.

use runbook_playbook::catalog::{Action, ActionKind, Effect};
use runbook_playbook::types::{ListType, Range, TextRule, Type};
use std::sync::Arc;

/// Makes the signature of a local action; every one can fail with `arguments`.
pub(super) fn local(
    name: &str,
    input: Type,
    output: Type,
    effect: Effect,
    errors: &[&str],
) -> Action {
    Action {
        name: name.to_owned(),
        kind: ActionKind::Local,
        input,
        output,
        effects: [effect].into(),
        effects_by_member: Vec::new(),
        errors: errors
            .iter()
            .chain(&["arguments"])
            .map(|code| (*code).to_owned())
            .collect(),
        failure_members: Vec::new(),
        paginated: false,
        permissions: Vec::new(),
        idempotency_token: None,
    }
}

/// A whole number within bounds, both inclusive.
pub(super) fn integer_between(min: u32, max: u32) -> Type {
    Type::Integer(
        Range {
            min: Some(f64::from(min)),
            max: Some(f64::from(max)),
        },
        None,
    )
}

/// Text that is not empty.
pub(crate) fn some_text() -> Type {
    Type::Text(Arc::new(TextRule {
        min: Some(1),
        ..TextRule::default()
    }))
}

/// A list with at least one element.
pub(super) fn some_of(element: Type) -> Type {
    Type::List(Arc::new(ListType {
        element,
        min: Some(1),
        max: None,
    }))
}
