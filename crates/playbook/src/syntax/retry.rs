//! `retry`: trying again beyond the client's own retries.

use super::fields::{Field, Fields};
use super::keys::{Shape, Table, key};
use super::reader::Reader;
use crate::span::Spanned;
use jiff::SignedDuration;

/// One rule of a `retry` list.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// The error codes that it is for.
    pub errors: Vec<Spanned<String>>,
    /// How many further attempts.
    pub times: u32,
    /// The wait before the first further attempt.
    pub delay: SignedDuration,
    /// What the wait is multiplied with each time.
    pub backoff: f64,
    /// The longest wait.
    pub max_delay: Option<SignedDuration>,
}

/// The keys of a rule of `retry`.
pub static RETRY: Table = Table {
    name: "a rule of `retry`",
    example: "{errors: [ThrottlingException], times: 3, delay: 5s}",
    keys: &[
        key(
            "errors",
            Shape::OneOrMore(&Shape::Text),
            "The error codes that it is for.",
        )
        .required(),
        key(
            "times",
            Shape::Integer(1),
            "How many further attempts; 3 by default.",
        ),
        key(
            "delay",
            Shape::Duration,
            "The wait before the first further attempt; 5 seconds by default.",
        ),
        key(
            "backoff",
            Shape::Number,
            "What the wait is multiplied with each time; 2 by default.",
        ),
        key("max_delay", Shape::Duration, "The longest wait."),
    ],
    includes: None,
};

impl Retry {
    /// Reads one rule.
    pub(super) fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &RETRY, "a rule of `retry`", None)?;
        let mut duration = |key| {
            fields
                .get(key)
                .and_then(|field| reader.duration(&field))
                .map(|length| length.value)
        };
        let delay = duration("delay").unwrap_or(SignedDuration::from_secs(5));
        let max_delay = duration("max_delay");
        Some(Self {
            errors: fields
                .get("errors")
                .map(|field| reader.texts(&field))
                .unwrap_or_default(),
            times: fields
                .get("times")
                .and_then(|field| reader.integer(&field))
                .map_or(3, |times| times.value),
            delay,
            backoff: fields
                .get("backoff")
                .and_then(|field| reader.number(&field))
                .map_or(2.0, |factor| factor.value),
            max_delay,
        })
    }
}
