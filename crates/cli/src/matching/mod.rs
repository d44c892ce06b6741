//! Playbooks for a text: an error message, log lines, an alarm. Nothing is called; the same text gives the same answer.

mod alarm;
mod corpus;
mod score;
mod words;

pub use alarm::Heard;
pub use corpus::{Known, known};
pub use score::Corpus;

#[cfg(test)]
mod guide_tests;
