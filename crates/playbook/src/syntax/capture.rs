//! `capture`: what a step keeps of its result.

use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::Spanned;
use crate::template::Data;

/// One captured name.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The name.
    pub name: Spanned<String>,
    /// Where the value comes from.
    pub from: CaptureFrom,
    /// The value where nothing is found.
    pub default: Option<Spanned<Data>>,
    /// What the value is converted to; fails loudly.
    pub convert: Option<Spanned<Convert>>,
    /// One value of many nodes.
    pub take: Option<Spanned<Take>>,
}

/// Where a captured value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum CaptureFrom {
    /// A path into the result: a singular one gives the value, any other a list.
    Path(Path),
    /// An expression.
    Expression(Expression),
}

/// `as: …`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the conversions' own names")]
pub enum Convert {
    Integer,
    Number,
    Timestamp,
    Duration,
    Json,
    Text,
}

/// `take: …`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// There must be exactly one.
    One,
    /// The first of at least one.
    First,
}
