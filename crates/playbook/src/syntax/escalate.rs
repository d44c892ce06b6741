//! `escalate`: what happens when a run did not end well. Its acting is not part of a run yet; its shape is.

use super::step::Step;
use crate::expression::Expression;
use crate::span::{Span, Spanned};
use crate::template::Data;
use jiff::SignedDuration;

/// The whole construct.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Escalate {
    /// A shared file.
    pub uses: Option<Spanned<String>>,
    /// Its inputs.
    pub with: Vec<(Spanned<String>, Spanned<Data>)>,
    /// The level to begin with.
    pub level: Option<Spanned<u32>>,
    /// Names and how to reach them.
    pub contacts: Vec<(Spanned<String>, Spanned<Data>)>,
    /// When which level is told.
    pub levels: Vec<Level>,
    /// Reads that complete the evidence.
    pub gather: Vec<Step>,
    /// Steps that tell people.
    pub notify: Vec<Step>,
    /// The whole construct.
    pub span: Span,
}

/// One entry of `levels`.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The level.
    pub level: Spanned<u32>,
    /// `at: start`
    pub at_start: bool,
    /// `after: 30m`
    pub after: Option<Spanned<SignedDuration>>,
    /// `when: …`
    pub when: Option<Expression>,
}
