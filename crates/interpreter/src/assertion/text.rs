//! `contains`, `starts_with`, `ends_with`, `matches`.

use super::compare;
use crate::outcome::StepError;
use regex::Regex;
use runbook_playbook::value::Value;

fn needs_text(predicate: &str, value: &Value) -> StepError {
    StepError::new(
        "assertion",
        format!("`{predicate}` needs text, not {}", value.kind()),
    )
}

/// A text has the part, a list the element, a mapping the key.
pub(super) fn contains(value: &Value, part: &Value) -> Result<bool, StepError> {
    match (value, part) {
        (Value::Text(text), Value::Text(part)) => Ok(text.contains(part.as_ref())),
        (Value::List(items), part) => Ok(items.iter().any(|item| compare::equal(item, part))),
        (Value::Map(entries), Value::Text(key)) => Ok(entries.contains_key(key.as_ref())),
        (value, _) => Err(needs_text("contains", value)),
    }
}

pub(super) fn starts_with(value: &Value, part: &Value) -> Result<bool, StepError> {
    match (value, part) {
        (Value::Text(text), Value::Text(part)) => Ok(text.starts_with(part.as_ref())),
        (value, _) => Err(needs_text("starts_with", value)),
    }
}

pub(super) fn ends_with(value: &Value, part: &Value) -> Result<bool, StepError> {
    match (value, part) {
        (Value::Text(text), Value::Text(part)) => Ok(text.ends_with(part.as_ref())),
        (value, _) => Err(needs_text("ends_with", value)),
    }
}

/// The pattern is found somewhere in the text.
pub(super) fn matches(value: &Value, pattern: &str) -> Result<bool, StepError> {
    let Value::Text(text) = value else {
        return Err(needs_text("matches", value));
    };
    Regex::new(pattern)
        .map(|pattern| pattern.is_match(text))
        .map_err(|error| StepError::new("assertion", format!("`{pattern}`: {error}")))
}
