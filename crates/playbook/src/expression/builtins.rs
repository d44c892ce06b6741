//! What functions, filters and tests do.

use super::functions::{Builtin, BuiltinKind};
use super::{Scope, arithmetic, compare, lists, number, series, texts};
use crate::value::Value;
use jiff::Timestamp;

/// Applies a function, filter or test to its arguments, in the order of its parameters.
///
/// What is unknown makes the result unknown; what is absent is refused by everything that does not ask for it.
pub(crate) fn apply(
    builtin: &Builtin,
    input: Option<&Value>,
    arguments: &[Option<Value>],
    scope: &dyn Scope,
) -> Result<Value, String> {
    let argument = |place: usize| arguments.get(place).and_then(Option::as_ref);
    if let (BuiltinKind::Test, Some(input)) = (builtin.kind, input) {
        return test(builtin.name, input, argument(0));
    }
    if let (BuiltinKind::Filter, "default", Some(input)) = (builtin.kind, builtin.name, input) {
        return Ok(match input {
            Value::Absent => argument(0).cloned().unwrap_or(Value::Absent),
            other if argument(1) == Some(&Value::Boolean(true)) && is_empty(other) => {
                argument(0).cloned().unwrap_or(Value::Absent)
            }
            other => other.clone(),
        });
    }
    if let (BuiltinKind::Filter, "required", Some(input)) = (builtin.kind, builtin.name, input) {
        return match input {
            Value::Absent => Err("the value is absent, and it is required".to_owned()),
            other => Ok(other.clone()),
        };
    }
    if input
        .into_iter()
        .chain(arguments.iter().flatten())
        .any(|value| *value == Value::Unknown)
    {
        return Ok(Value::Unknown);
    }
    let asks_for_equality = matches!(builtin.name, "select" | "reject");
    if input == Some(&Value::Absent) && builtin.name != "tojson" {
        return Err(format!(
            "`{}` of a value that is absent; give it a `default(…)` before",
            builtin.name
        ));
    }
    if !asks_for_equality
        && arguments
            .iter()
            .flatten()
            .any(|value| *value == Value::Absent)
    {
        return Err(format!(
            "an argument of `{}` is absent; give it a `default(…)`",
            builtin.name
        ));
    }
    match input {
        Some(input) => filter(builtin.name, input, &argument),
        None => function(builtin.name, arguments, scope),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

fn function(name: &str, arguments: &[Option<Value>], scope: &dyn Scope) -> Result<Value, String> {
    let first = arguments
        .first()
        .and_then(Option::as_ref)
        .unwrap_or(&Value::Absent);
    let second = arguments
        .get(1)
        .and_then(Option::as_ref)
        .unwrap_or(&Value::Absent);
    match (name, first) {
        ("since", Value::Duration(length)) => Ok(Value::Timestamp(scope.since(*length))),
        ("since", other) => Err(format!("`since` takes a duration, not {}", other.kind())),
        ("duration", Value::Duration(_)) | ("timestamp", Value::Timestamp(_)) => Ok(first.clone()),
        ("duration", Value::Text(text)) => crate::duration::parse(text)
            .map(Value::Duration)
            .map_err(|error| error.to_string()),
        ("duration", other) => Err(format!("`duration` takes text, not {}", other.kind())),
        ("timestamp", other) => timestamp(other),
        ("trend", points) => series::trend(points),
        ("forecast", points) => series::forecast(points, second),
        ("min" | "max", Value::List(items)) if arguments.len() == 1 => lists::extreme(items, name),
        ("min" | "max", _) => {
            let items: Vec<Value> = arguments.iter().flatten().cloned().collect();
            lists::extreme(&items, name)
        }
        ("abs", value) => absolute(value),
        ("quantile" | "percentile", values) => {
            let part = series::as_number(second)
                .ok_or_else(|| format!("`{name}` needs a number, not {}", second.kind()))?;
            series::quantile(
                values,
                if name == "percentile" {
                    part / 100.0
                } else {
                    part
                },
            )
        }
        _ => Err(format!("there is no function `{name}`")),
    }
}

fn filter<'a>(
    name: &str,
    input: &Value,
    argument: &dyn Fn(usize) -> Option<&'a Value>,
) -> Result<Value, String> {
    match (name, input) {
        ("abs", value) => absolute(value),
        ("text", value) => text(value).map(Value::text),
        ("tojson", value) => Ok(Value::text(value.to_json().to_string())),
        ("fromjson", Value::Text(text)) => serde_json::from_str(text)
            .map(|json| Value::from_json(&json))
            .map_err(|error| format!("the text is not JSON: {error}")),
        ("round", value) => round(value, argument(0)),
        ("int", value) => integer(value),
        ("float", value) => float(value),
        ("length", Value::Text(text)) => Ok(lists::count(text.chars().count())),
        ("length", Value::Map(entries)) => Ok(lists::count(entries.len())),
        ("reverse", Value::Text(text)) => Ok(Value::text(text.chars().rev().collect::<String>())),
        ("wrap", value) => match argument(0) {
            Some(Value::Text(key)) => Ok(Value::map(
                [(key.as_ref().to_owned(), value.clone())]
                    .into_iter()
                    .collect(),
            )),
            _ => Err("`wrap` takes the key as text: `wrap('name')`".to_owned()),
        },
        ("merge", Value::Map(entries)) => match argument(0) {
            Some(Value::Map(others)) => {
                let mut merged = entries.as_ref().clone();
                merged.extend(
                    others
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
                Ok(Value::map(merged))
            }
            other => Err(format!(
                "`merge` takes a mapping, not {}",
                other.unwrap_or(&Value::Absent).kind()
            )),
        },
        ("keys", Value::Map(entries)) => Ok(Value::list(entries.keys().map(Value::text).collect())),
        ("values", Value::Map(entries)) => Ok(Value::list(entries.values().cloned().collect())),
        (_, Value::Text(text)) if texts::FILTERS.contains(&name) => {
            texts::filter(name, text, argument)
        }
        (_, Value::List(items)) if lists::FILTERS.contains(&name) => {
            lists::filter(name, items, argument)
        }
        (name, other) => Err(format!("`{name}` does not work on {}", other.kind())),
    }
}

fn test(name: &str, input: &Value, argument: Option<&Value>) -> Result<Value, String> {
    match (name, input) {
        ("unknown", input) => return Ok(Value::Boolean(*input == Value::Unknown)),
        (_, Value::Unknown) => return Ok(Value::Unknown),
        ("defined", input) => return Ok(Value::Boolean(*input != Value::Absent)),
        ("undefined" | "empty", Value::Absent) => return Ok(Value::Boolean(true)),
        ("undefined", _) | (_, Value::Absent) => return Ok(Value::Boolean(false)),
        _ => {}
    }
    if argument == Some(&Value::Unknown) {
        return Ok(Value::Unknown);
    }
    let held = match (name, input, argument) {
        ("empty", Value::Text(text), _) => text.is_empty(),
        ("empty", Value::List(items), _) => items.is_empty(),
        ("empty", Value::Map(entries), _) => entries.is_empty(),
        ("done" | "skipped" | "blocked" | "failed" | "undone", Value::Map(step), _) => {
            match step.get("status") {
                Some(Value::Text(status)) => status.as_ref() == name,
                Some(Value::Unknown) => return Ok(Value::Unknown),
                _ => return Err(format!("`is {name}` asks about a step")),
            }
        }
        ("done" | "skipped" | "blocked" | "failed" | "undone", _, _) => {
            return Err(format!(
                "`is {name}` asks about a step, not {}",
                input.kind()
            ));
        }
        ("in", input, Some(values)) => return compare::contains(values, input),
        ("matches", Value::Text(text), Some(Value::Text(pattern))) => {
            texts::regex(pattern)?.is_match(text)
        }
        ("starting_with", Value::Text(text), Some(Value::Text(prefix))) => {
            text.starts_with(prefix.as_ref())
        }
        ("ending_with", Value::Text(text), Some(Value::Text(suffix))) => {
            text.ends_with(suffix.as_ref())
        }
        (name, input, _) => return Err(format!("`is {name}` does not work on {}", input.kind())),
    };
    Ok(Value::Boolean(held))
}

/// A value as it stands in a text: only text, numbers, timestamps and durations do.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.as_ref().to_owned()),
        Value::Integer(value) => Ok(value.to_string()),
        Value::Number(value) => Ok(number::format(*value)),
        Value::Timestamp(at) => Ok(at.to_string()),
        Value::Duration(length) => Ok(crate::duration::format(*length)),
        Value::Absent => {
            Err("a value that is absent cannot stand in a text; give it a `default(…)`".to_owned())
        }
        other => Err(format!(
            "{} cannot stand in a text; only text, numbers, timestamps and durations can",
            other.kind()
        )),
    }
}

fn absolute(value: &Value) -> Result<Value, String> {
    match value {
        Value::Integer(integer) if *integer < 0 => arithmetic::negate(value),
        Value::Duration(length) if length.is_negative() => arithmetic::negate(value),
        Value::Integer(_) | Value::Duration(_) => Ok(value.clone()),
        Value::Number(number) => Ok(Value::Number(number.abs())),
        other => Err(format!("`abs` does not work on {}", other.kind())),
    }
}

/// Reads a timestamp from ISO-8601 text or from seconds since 1970; from 10^11 on they are milliseconds.
pub(crate) fn timestamp(value: &Value) -> Result<Value, String> {
    match value {
        Value::Timestamp(_) => Ok(value.clone()),
        Value::Text(text) => text
            .trim()
            .parse::<Timestamp>()
            .map(Value::Timestamp)
            .map_err(|_| format!("`{text}` is not a timestamp; write `2026-01-15T12:00:00Z`")),
        // Seconds reach this bound in the year 5138, milliseconds did in 1973.
        Value::Integer(count) if count.unsigned_abs() >= 100_000_000_000 => {
            Timestamp::from_millisecond(*count)
                .map(Value::Timestamp)
                .map_err(|_| format!("{count} milliseconds since 1970 is out of range"))
        }
        Value::Integer(count) => Timestamp::from_second(*count)
            .map(Value::Timestamp)
            .map_err(|_| format!("{count} seconds since 1970 is out of range")),
        Value::Number(seconds) => number::to_duration(*seconds)
            .and_then(|length| Timestamp::UNIX_EPOCH.checked_add(length).ok())
            .map(Value::Timestamp)
            .ok_or_else(|| "the number is not a timestamp".to_owned()),
        other => Err(format!("{} is not a timestamp", other.kind())),
    }
}

fn round(value: &Value, digits: Option<&Value>) -> Result<Value, String> {
    let number = match value {
        Value::Integer(_) => return Ok(value.clone()),
        Value::Number(number) => *number,
        other => return Err(format!("`round` does not work on {}", other.kind())),
    };
    match digits {
        None | Some(Value::Integer(0)) => number::to_integer(number.round())
            .map(Value::Integer)
            .ok_or_else(|| "the number is too large to round".to_owned()),
        Some(Value::Integer(digits @ 1..=15)) => {
            let scale = 10f64.powi(i32::try_from(*digits).unwrap_or(0));
            let rounded = (number * scale).round() / scale;
            Ok(Value::Number(if rounded.is_finite() {
                rounded
            } else {
                number
            }))
        }
        Some(_) => Err("`round` takes 0 to 15 digits".to_owned()),
    }
}

/// Reads an integer from a number without fraction or from text.
pub(crate) fn integer(value: &Value) -> Result<Value, String> {
    match value {
        Value::Integer(_) => Ok(value.clone()),
        Value::Number(number) => number::to_integer(*number)
            .map(Value::Integer)
            .ok_or_else(|| {
                format!(
                    "{} is not an integer; `round` makes one",
                    number::format(*number)
                )
            }),
        Value::Text(text) => text
            .trim()
            .parse()
            .map(Value::Integer)
            .map_err(|_| format!("`{text}` is not an integer")),
        other => Err(format!("{} is not an integer", other.kind())),
    }
}

/// Reads a number from an integer or from text.
pub(crate) fn float(value: &Value) -> Result<Value, String> {
    match value {
        Value::Integer(integer) => Ok(Value::Number(number::from_integer(*integer))),
        Value::Number(_) => Ok(value.clone()),
        Value::Text(text) => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::Number)
            .ok_or_else(|| format!("`{text}` is not a number")),
        other => Err(format!("{} is not a number", other.kind())),
    }
}
