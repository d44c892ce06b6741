//! `inputs`: what a run is given.

use crate::span::Spanned;
use crate::template::Data;

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: InputKind,
    /// The values it may have; empty for any.
    pub values: Vec<Spanned<Data>>,
    /// The value when none is given; may use earlier inputs. Without it the input is required.
    pub default: Option<Spanned<Data>>,
    /// The least number, length or duration.
    pub min: Option<Spanned<Data>>,
    /// The greatest number, length or duration.
    pub max: Option<Spanned<Data>>,
    /// A regular expression that the whole text must match.
    pub pattern: Option<Spanned<String>>,
    /// For people.
    pub description: Option<Spanned<String>>,
}

/// Types of inputs.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the types' own names")]
pub enum InputKind {
    String,
    Integer,
    Number,
    Boolean,
    Duration,
    Timestamp,
    Secret,
    /// Untyped JSON.
    Json,
    /// `type: list`, with `items: TYPE` (text by default).
    List(Box<InputKind>),
}
