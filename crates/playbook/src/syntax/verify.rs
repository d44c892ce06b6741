//! `verify`: whether the symptom is gone.

use super::fields::{Field, Fields};
use super::keys::{Place, Shape, Table, key};
use super::reader::Reader;
use super::step::Step;
use crate::span::Span;
use jiff::SignedDuration;

/// How the symptom is read again after a resolve that did something.
#[derive(Debug, Clone, PartialEq)]
pub struct Verify {
    /// The wait before the first reading; zero by default.
    pub after: SignedDuration,
    /// The wait between two readings; 30 seconds by default.
    pub every: SignedDuration,
    /// The longest time, from the end of resolve; 5 minutes by default.
    pub within: SignedDuration,
    /// How many clear readings in a row are needed; 2 by default.
    pub times: u32,
    /// What happens when it is not gone.
    pub otherwise: Otherwise,
    /// Own steps instead of the symptom graph; they assert the problem.
    pub steps: Vec<Step>,
    /// The whole construct; empty where the defaults hold.
    pub span: Span,
}

/// What happens when the symptom is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Otherwise {
    /// What was done stays.
    #[default]
    Keep,
    /// What was done is taken back.
    Undo,
}

impl Default for Verify {
    fn default() -> Self {
        Self {
            after: SignedDuration::ZERO,
            every: SignedDuration::from_secs(30),
            within: SignedDuration::from_mins(5),
            times: 2,
            otherwise: Otherwise::Keep,
            steps: Vec::new(),
            span: Span::default(),
        }
    }
}

/// The keys of `verify`.
pub static VERIFY: Table = Table {
    name: "`verify`",
    example: "{after: 5m, every: 30s, within: 30m}",
    keys: &[
        key(
            "after",
            Shape::Duration,
            "The wait before the first reading; none by default.",
        ),
        key(
            "every",
            Shape::Duration,
            "The wait between two readings; 30 seconds by default.",
        ),
        key(
            "within",
            Shape::Duration,
            "The longest time, from the end of resolve; 5 minutes by default.",
        ),
        key(
            "times",
            Shape::Integer(1),
            "How many clear readings in a row are needed; 2 by default.",
        ),
        key(
            "otherwise",
            Shape::Word(&["keep", "undo"]),
            "What happens when the symptom is still there; `keep` by default.",
        ),
        key(
            "steps",
            Shape::Steps(Place::Verify),
            "Own steps instead of the symptom's; they assert the problem.",
        ),
    ],
    includes: None,
};

impl Verify {
    /// Reads `verify`.
    pub(super) fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &VERIFY, "`verify`", None)?;
        let defaults = Self::default();
        let mut duration = |key, default| {
            fields
                .get(key)
                .and_then(|field| reader.duration(&field))
                .map_or(default, |length| length.value)
        };
        Some(Self {
            after: duration("after", defaults.after),
            every: duration("every", defaults.every),
            within: duration("within", defaults.within),
            times: fields
                .get("times")
                .and_then(|field| reader.integer(&field))
                .map_or(defaults.times, |times| times.value),
            otherwise: fields
                .get("otherwise")
                .and_then(|field| {
                    reader.word(
                        &field,
                        &[("keep", Otherwise::Keep), ("undo", Otherwise::Undo)],
                    )
                })
                .map_or(Otherwise::Keep, |word| word.value),
            steps: fields
                .get("steps")
                .map(|field| Step::read_all(reader, &field, Place::Verify))
                .unwrap_or_default(),
            span: fields.span,
        })
    }
}
