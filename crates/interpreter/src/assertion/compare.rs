//! `equals`, `not_equals`, `lt`, `lte`, `gt`, `gte`, `in`, `type`.

use crate::outcome::StepError;
use runbook_playbook::value::Value;
use std::cmp::Ordering;

/// The same value; numbers by what they are worth, a mapping whatever its order.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    runbook_playbook::expression::equal(left, right)
}

/// Which of two numbers, timestamps or durations is greater.
pub(super) fn order(left: &Value, right: &Value) -> Result<Ordering, StepError> {
    runbook_playbook::expression::ordering(left, right).ok_or_else(|| {
        StepError::new(
            "assertion",
            format!("{} and {} have no order", left.kind(), right.kind()),
        )
    })
}

pub(super) fn is_in(value: &Value, list: &Value) -> Result<bool, StepError> {
    match list {
        Value::List(items) => Ok(items.iter().any(|item| equal(value, item))),
        other => Err(StepError::new(
            "assertion",
            format!("`in` needs a list, not {}", other.kind()),
        )),
    }
}

pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Text(_) => name == "text",
        Value::Integer(_) => name == "integer" || name == "number",
        Value::Number(_) => name == "number",
        Value::Boolean(_) => name == "boolean",
        Value::List(_) => name == "list",
        Value::Map(_) => name == "map",
        Value::Timestamp(_) => name == "timestamp",
        Value::Duration(_) => name == "duration",
        Value::Absent | Value::Unknown => false,
    }
}
