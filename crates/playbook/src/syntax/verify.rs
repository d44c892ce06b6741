//! `verify`: whether the symptom is gone.

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
