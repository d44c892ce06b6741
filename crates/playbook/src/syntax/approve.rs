//! `approve`: who must say yes before a write.

use super::fields::{Field, Fields};
use super::keys::{Shape, Table, key};
use super::reader::Reader;
use crate::span::Spanned;
use crate::template::Data;
use jiff::SignedDuration;

/// Who must approve a step. It can only strengthen what the effect asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Approve {
    /// By effect.
    #[default]
    Auto,
    /// Always, reads included.
    Always,
    /// So many people.
    People(Box<People>),
}

/// `approve: {people: 2, from: [names], within: 4h, prompt: …}`
#[derive(Debug, Clone, PartialEq)]
pub struct People {
    /// How many.
    pub people: Spanned<u32>,
    /// Who may; empty for anyone.
    pub from: Vec<Spanned<String>>,
    /// How long the answer may take.
    pub within: Option<Spanned<SignedDuration>>,
    /// What they are asked.
    pub prompt: Option<Spanned<Data>>,
}

/// The words of `approve`.
pub(super) const WORDS: &[&str] = &["auto", "always"];

/// The keys of `approve`.
pub static APPROVE: Table = Table {
    name: "`approve`",
    example: "{people: 2, from: [oncall, lead], within: 4h}",
    keys: &[
        key(
            "people",
            Shape::Integer(1),
            "How many people must say yes; 1 by default.",
        ),
        key(
            "from",
            Shape::OneOrMore(&Shape::Text),
            "Who may say yes; anyone by default.",
        ),
        key("within", Shape::Duration, "How long the answer may take."),
        key("prompt", Shape::Template, "What they are asked."),
    ],
    includes: None,
};

impl Approve {
    /// Reads `approve`.
    pub(super) fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Self {
        if field.node.text().is_some() {
            let always = reader.word(field, &[("auto", false), ("always", true)]);
            return match always {
                Some(word) if word.value => Self::Always,
                _ => Self::Auto,
            };
        }
        if field.node.entries().is_none() {
            reader.wrong_kind("`approve`", field.node, &field.shape);
            return Self::Auto;
        }
        let Some(fields) = Fields::read(reader, field.node, &APPROVE, "`approve`", None) else {
            return Self::Auto;
        };
        let people = fields
            .get("people")
            .and_then(|field| reader.integer(&field))
            .unwrap_or_else(|| Spanned::new(1, field.key.span));
        Self::People(Box::new(People {
            people,
            from: fields
                .get("from")
                .map(|field| reader.texts(&field))
                .unwrap_or_default(),
            within: fields
                .get("within")
                .and_then(|field| reader.duration(&field)),
            prompt: fields
                .get("prompt")
                .and_then(|field| reader.template(&field)),
        }))
    }
}
