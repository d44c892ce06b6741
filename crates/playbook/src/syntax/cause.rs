//! `causes`: what a step of `diagnose` may find.

use super::assertion::Assertion;
use crate::span::Spanned;

/// One step's finder of one cause: all its assertions must be true.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseFinder {
    /// The cause.
    pub name: Spanned<String>,
    /// What it is called for people.
    pub title: Option<Spanned<String>>,
    /// `remedy: none` was said: nothing in the playbook mends it.
    pub no_remedy: bool,
    /// What must be true.
    pub assertions: Vec<Assertion>,
}
