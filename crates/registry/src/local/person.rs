//! The person that a run can turn to.

use crate::call::{CallError, FailureKind};
use crate::world::Pending;
use serde_json::Value as Json;

/// Somebody who carries out instructions and answers questions. The embedding program decides how they are reached.
pub trait Person: Send + Sync {
    /// Shows an instruction and waits until the person says that it is done.
    ///
    /// # Errors
    /// `declined` when they will not, `failed` when they tried and it did not work, `unattended` where nobody can be asked, `timeout` when nobody answered.
    fn carry_out<'a>(
        &'a self,
        instruction: &'a Instruction,
    ) -> Pending<'a, Result<Carried, CallError>>;

    /// Asks a question; the answer is checked against its type by the caller.
    ///
    /// # Errors
    /// `declined`, `unattended` or `timeout`.
    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, CallError>>;
}

/// Something that a person is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// The step that asks, where it is known.
    pub step: Option<String>,
    /// What to do.
    pub text: String,
    /// Where: the address of a console or a page.
    pub link: Option<String>,
}

/// That an instruction was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// What the person wants to be remembered.
    pub note: Option<String>,
    /// Who did it.
    pub by: Option<String>,
}

/// A question for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The step that asks, where it is known.
    pub step: Option<String>,
    /// What is asked.
    pub text: String,
    /// What kind of answer is due.
    pub ty: QuestionType,
    /// The answers to choose from; empty for any.
    pub options: Vec<Json>,
    /// The answer that is proposed.
    pub default: Option<Json>,
}

/// Kinds of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionType {
    /// Any text.
    Text,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A length of time.
    Duration,
    /// An instant.
    Timestamp,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reply {
    /// The answer as JSON: timestamps as RFC 3339, durations as `1h30m`.
    pub answer: Json,
    /// Who answered.
    pub by: Option<String>,
}

/// Nobody: every question fails with `unattended`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPerson;

impl Person for NoPerson {
    fn carry_out<'a>(
        &'a self,
        instruction: &'a Instruction,
    ) -> Pending<'a, Result<Carried, CallError>> {
        Box::pin(async move { Err(unattended(&instruction.text)) })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Pending<'a, Result<Reply, CallError>> {
        Box::pin(async move { Err(unattended(&question.text)) })
    }
}

fn unattended(what: &str) -> CallError {
    CallError::new(
        FailureKind::NotSent,
        "unattended",
        format!("nobody is there to answer “{what}”; run it from a terminal"),
    )
}
