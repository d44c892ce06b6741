//! Values as expressions see them.

use crate::syntax::capture::Convert;
use crate::types::Type;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A value of an expression, an input or a capture. Cloning is cheap.
///
/// JSON null is [`Value::Absent`]: the language has one kind of nothing. [`Value::Unknown`] is what a read that
/// failed leaves behind; boolean operators treat it as Kleene's third truth value, everything else passes it on.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: a member that is not there, JSON null, `absent`.
    Absent,
    /// Not known, because what would tell could not be read.
    Unknown,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or too large for [`Value::Integer`].
    Number(f64),
    /// Text.
    Text(Arc<str>),
    /// An instant.
    Timestamp(Timestamp),
    /// A length of time.
    Duration(SignedDuration),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A mapping, in order.
    Map(Arc<IndexMap<String, Value>>),
}

impl Value {
    /// Makes text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// Makes a list.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// Makes a mapping.
    #[must_use]
    pub fn map(entries: IndexMap<String, Self>) -> Self {
        Self::Map(Arc::new(entries))
    }

    /// Reads JSON without knowing its type: text stays text, null is nothing.
    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Absent,
            serde_json::Value::Bool(value) => Self::Boolean(*value),
            serde_json::Value::Number(number) => number.as_i64().map_or_else(
                || Self::Number(number.as_f64().unwrap_or(f64::NAN)),
                Self::Integer,
            ),
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(items) => {
                Self::list(items.iter().map(Self::from_json).collect())
            }
            serde_json::Value::Object(members) => Self::map(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// Reads JSON of a known type: ISO-8601 text becomes a timestamp, the text of a JSON document what it holds. An
    /// integer that counts seconds or milliseconds stays one, unless it is captured `as: timestamp`. What does not fit the
    /// type is read as untyped JSON.
    #[must_use]
    pub fn typed(json: &serde_json::Value, ty: &Type) -> Self {
        match (json, ty.present()) {
            (serde_json::Value::String(text), Type::Timestamp(_)) => text
                .parse()
                .map_or_else(|_| Self::text(text), Self::Timestamp),
            (serde_json::Value::String(text), Type::Duration) => {
                crate::duration::parse(text).map_or_else(|_| Self::text(text), Self::Duration)
            }
            (serde_json::Value::String(text), Type::JsonText) => serde_json::from_str(text)
                .map_or_else(|_| Self::text(text), |json| Self::from_json(&json)),
            (serde_json::Value::Array(items), Type::List(list)) => Self::list(
                items
                    .iter()
                    .map(|item| Self::typed(item, &list.element))
                    .collect(),
            ),
            (serde_json::Value::Object(members), Type::Map(inner)) => Self::map(
                members
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::typed(value, inner)))
                    .collect(),
            ),
            (serde_json::Value::Object(members), Type::Structure(structure)) => Self::map(
                members
                    .iter()
                    .map(|(name, value)| {
                        let ty = structure.member(name).map_or(Type::Any, |member| member.ty);
                        (name.clone(), Self::typed(value, &ty))
                    })
                    .collect(),
            ),
            (json, _) => Self::from_json(json),
        }
    }

    /// Converts as `as:` asks; a list by its elements. Absent and unknown stay what they are.
    ///
    /// # Errors
    /// What cannot be converted, in a lower-case fragment.
    pub fn convert(&self, to: Convert) -> Result<Self, String> {
        match (self, to) {
            (Self::Text(text), Convert::Json) => serde_json::from_str(text)
                .map(|json| Self::from_json(&json))
                .map_err(|error| format!("the text is not JSON: {error}")),
            (Self::Absent | Self::Unknown, _)
            | (_, Convert::Json)
            | (Self::Duration(_), Convert::Duration) => Ok(self.clone()),
            (Self::List(items), to) => Ok(Self::list(
                items
                    .iter()
                    .map(|item| item.convert(to))
                    .collect::<Result<_, _>>()?,
            )),
            (value, Convert::Integer) => crate::expression::integer(value),
            (value, Convert::Number) => crate::expression::float(value),
            (value, Convert::Timestamp) => crate::expression::timestamp(value),
            (Self::Text(text), Convert::Duration) => crate::duration::parse(text)
                .map(Self::Duration)
                .map_err(|error| error.to_string()),
            (other, Convert::Duration) => Err(format!("{} is not a duration", other.kind())),
            (Self::Boolean(value), Convert::Text) => Ok(Self::text(value.to_string())),
            (value @ Self::Map(_), Convert::Text) => Ok(Self::text(value.to_json().to_string())),
            (value, Convert::Text) => crate::expression::text(value).map(Self::text),
        }
    }

    /// Writes the value as JSON: timestamps as RFC 3339, durations as the language writes them (`1h30m`), nothing and
    /// unknown as null.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Absent | Self::Unknown => serde_json::Value::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Number(value) => (*value).into(),
            Self::Text(text) => text.as_ref().into(),
            Self::Timestamp(at) => at.to_string().into(),
            Self::Duration(length) => crate::duration::format(*length).into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_json()))
                    .collect(),
            ),
        }
    }

    /// The kind of value, as messages name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Unknown => "unknown",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Timestamp(_) => "a timestamp",
            Self::Duration(_) => "a duration",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Record, TimeUnit};
    use serde_json::json;

    #[test]
    fn reads_results_by_their_types() {
        let task = Record::new("Task")
            .optional("startedAt", Type::timestamp())
            .optional("policy", Type::JsonText)
            .optional("timeout", Type::Duration)
            .optional(
                "at",
                Type::Integer(crate::types::Range::default(), Some(TimeUnit::Seconds)),
            )
            .build();
        let result = json!({
            "startedAt": "2026-01-15T13:00:00+01:00",
            "policy": "{\"a\": null}",
            "timeout": "90s",
            "at": 1_768_478_400,
            "new": {"startedAt": "2026-01-15T12:00:00Z"},
            "none": null,
        });
        let Value::List(tasks) = Value::typed(&json!([result]), &Type::list(task.optional()))
        else {
            panic!("a list")
        };
        let Some(Value::Map(task)) = tasks.first() else {
            panic!("a mapping")
        };
        let at = "2026-01-15T12:00:00Z".parse().expect("a timestamp");
        let policy = Value::from_json(&json!({"a": null}));
        for (name, expected) in [
            ("startedAt", Value::Timestamp(at)),
            ("policy", policy),
            ("timeout", Value::Duration(SignedDuration::from_secs(90))),
            ("at", Value::Integer(1_768_478_400)),
            (
                "new",
                Value::from_json(&json!({"startedAt": "2026-01-15T12:00:00Z"})),
            ),
            ("none", Value::Absent),
        ] {
            assert_eq!(task.get(name), Some(&expected), "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_its_type_is_read_as_it_is() {
        for (json, ty) in [
            (json!("soon"), Type::timestamp()),
            (json!("{"), Type::JsonText),
            (json!("long"), Type::Duration),
            (json!([1]), Type::map(Type::integer())),
        ] {
            assert_eq!(Value::typed(&json, &ty), Value::from_json(&json), "{json}");
        }
    }

    #[test]
    fn converts_or_says_why_not() {
        for (json, to, expected) in [
            (json!("512"), Convert::Integer, Ok(json!(512))),
            (json!(512.0), Convert::Integer, Ok(json!(512))),
            (json!(["1", 2]), Convert::Integer, Ok(json!([1, 2]))),
            (json!("x"), Convert::Integer, Err("`x` is not an integer")),
            (
                json!(1.5),
                Convert::Integer,
                Err("1.5 is not an integer; `round` makes one"),
            ),
            (
                json!(true),
                Convert::Integer,
                Err("a boolean is not an integer"),
            ),
            (json!("1.5"), Convert::Number, Ok(json!(1.5))),
            (json!("inf"), Convert::Number, Err("`inf` is not a number")),
            (
                json!("2026-01-15T13:00:00+01:00"),
                Convert::Timestamp,
                Ok(json!("2026-01-15T12:00:00Z")),
            ),
            (
                json!(1_768_478_400),
                Convert::Timestamp,
                Ok(json!("2026-01-15T12:00:00Z")),
            ),
            (
                json!(1_768_478_400_500_i64),
                Convert::Timestamp,
                Ok(json!("2026-01-15T12:00:00.5Z")),
            ),
            (
                json!("today"),
                Convert::Timestamp,
                Err("`today` is not a timestamp; write `2026-01-15T12:00:00Z`"),
            ),
            (json!("90s"), Convert::Duration, Ok(json!("1m30s"))),
            (
                json!(90),
                Convert::Duration,
                Err("an integer is not a duration"),
            ),
            (json!("{\"a\": 1}"), Convert::Json, Ok(json!({"a": 1}))),
            (
                json!("{"),
                Convert::Json,
                Err("the text is not JSON: EOF while parsing an object at line 1 column 1"),
            ),
            (json!({"a": 1}), Convert::Text, Ok(json!("{\"a\":1}"))),
            (json!(0.1), Convert::Text, Ok(json!("0.1"))),
            (json!(true), Convert::Text, Ok(json!("true"))),
            (json!(null), Convert::Integer, Ok(json!(null))),
        ] {
            let found = Value::from_json(&json)
                .convert(to)
                .map(|value| value.to_json());
            assert_eq!(found, expected.map_err(str::to_owned), "{json} as {to:?}");
        }
    }
}
