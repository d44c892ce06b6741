//! Assertions and their predicates.

use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::{Span, Spanned};
use crate::template::Data;

/// One thing that is to be true.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// What is looked at.
    pub subject: Subject,
    /// What is to hold of it; empty for [`Subject::That`]. All must be true.
    pub predicates: Vec<Spanned<Predicate>>,
    /// Shown either way, with what was found.
    pub message: Option<Spanned<Data>>,
    /// It never counts.
    pub warn: bool,
    /// The whole assertion.
    pub span: Span,
}

/// What an assertion looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Nodes of the step's result.
    Path(Path),
    /// The value of an expression.
    Value(Expression),
    /// A condition; there are no predicates.
    That(Expression),
}

/// One predicate. Operands are read by the type of the subject.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the predicates' own names, explained in the language reference"
)]
pub enum Predicate {
    Equals(Spanned<Data>),
    NotEquals(Spanned<Data>),
    Lt(Spanned<Data>),
    Lte(Spanned<Data>),
    Gt(Spanned<Data>),
    Gte(Spanned<Data>),
    In(Spanned<Data>),
    Contains(Spanned<Data>),
    StartsWith(Spanned<Data>),
    EndsWith(Spanned<Data>),
    /// Searches; Rust regex syntax.
    Matches(Spanned<String>),
    /// `text`, `number`, `integer`, `boolean`, `list`, `map`, `timestamp`, `duration`.
    Type(Spanned<String>),
    Exists(bool),
    Empty(bool),
    Count(Vec<Spanned<Predicate>>),
    Any(Vec<Spanned<Predicate>>),
    All(Vec<Spanned<Predicate>>),
    None(Vec<Spanned<Predicate>>),
}
