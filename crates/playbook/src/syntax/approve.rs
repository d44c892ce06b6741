//! `approve`: who must say yes before a write.

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
