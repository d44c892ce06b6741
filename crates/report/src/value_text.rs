//! Values in a few characters.

use crate::line::shorten;
use runbook_playbook::value::Value;
use serde_json::Value as Json;

/// The most columns of one value.
const COLUMNS: usize = 48;

/// A captured value in a few characters: scalars as they are, lists and mappings by how many there are.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Absent => "none".to_owned(),
        Value::Unknown => "unknown".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => number(*value),
        Value::Text(text) => shorten(text, COLUMNS),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(length) => runbook_playbook::duration::format(*length),
        Value::List(items) => match items.as_slice() {
            [] => "none".to_owned(),
            [one] if !matches!(one, Value::List(_) | Value::Map(_)) => short(one),
            many => counted(many.len(), "item"),
        },
        Value::Map(members) => counted(members.len(), "member"),
    }
}

/// A JSON value in a few characters.
pub(crate) fn short_json(value: &Json) -> String {
    match value {
        Json::Null => "none".to_owned(),
        Json::String(text) => shorten(text, COLUMNS),
        other => shorten(&other.to_string(), COLUMNS),
    }
}

/// A number without needless digits.
pub(crate) fn number(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    if value.abs() >= 0.01 || value == 0.0 {
        rounded.to_string()
    } else {
        value.to_string()
    }
}

/// `1 item`, `3 items`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
