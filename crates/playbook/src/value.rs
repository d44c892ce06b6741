//! Values as expressions see them.

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
