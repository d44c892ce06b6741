//! Values in a few characters.

use crate::line::shorten;
use runbook_playbook::value::Value;
use serde_json::Value as Json;

/// What there is where there is nothing.
pub(crate) const NOTHING: &str = "none";

/// The most columns of one value.
const COLUMNS: usize = 48;

/// A captured value in a few characters: scalars as they are, lists and mappings by how many there are.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Absent => NOTHING.to_owned(),
        Value::Unknown => "unknown".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => number(*value),
        Value::Text(text) => shorten(text, COLUMNS),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(length) => runbook_playbook::duration::format(*length),
        Value::List(items) => match items.as_slice() {
            [] => NOTHING.to_owned(),
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

/// Two JSON values in a few characters each, such that what differs is seen: of long texts that begin alike the end is shown.
pub(crate) fn differing(from: &Json, to: &Json) -> (String, String) {
    if let (Json::String(from), Json::String(to)) = (from, to) {
        let long = from.chars().count().max(to.chars().count()) > COLUMNS;
        let alike = from
            .char_indices()
            .zip(to.chars())
            .take_while(|((_, a), b)| a == b)
            .filter(|((_, a), _)| matches!(a, '/' | ':' | ' '))
            .map(|((at, a), _)| at + a.len_utf8())
            .last();
        if let (true, Some(at)) = (long, alike) {
            // The last word that is the same says what it is that differs.
            let word = from.get(..at - 1).map_or(0, |same| {
                same.rfind(['/', ' ']).map_or(0, |before| before + 1)
            });
            let end =
                |text: &str| format!("…{}", shorten(text.get(word..).unwrap_or(text), COLUMNS));
            return (end(from), end(to));
        }
    }
    (short_json(from), short_json(to))
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

#[cfg(test)]
mod tests {
    use super::differing;
    use serde_json::json;

    #[test]
    fn long_texts_that_begin_alike_show_where_they_differ() {
        let arn = |revision: &str| {
            json!(format!(
                "arn:aws:ecs:us-east-1:123456789012:task-definition/aar-axon:{revision}"
            ))
        };
        let shown = differing(&arn("8"), &arn("7"));
        assert_eq!(shown, ("…aar-axon:8".to_owned(), "…aar-axon:7".to_owned()));
        assert_eq!(
            differing(&json!("a/b"), &json!("a/c")),
            ("a/b".to_owned(), "a/c".to_owned())
        );
        assert_eq!(
            differing(&json!(null), &json!(3)),
            ("none".to_owned(), "3".to_owned())
        );
    }
}
