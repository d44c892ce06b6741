//! A step: one typed action, a block of steps, or reasoning over what was read.

use super::approve::Approve;
use super::assertion::Assertion;
use super::capture::Capture;
use super::cause::CauseFinder;
use super::each::Each;
use super::retry::Retry;
use super::target::StepTarget;
use crate::catalog::Effect;
use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::{Span, Spanned};
use crate::template::Data;
use jiff::SignedDuration;

/// One step of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id, unique in its graph or block.
    pub id: Spanned<String>,
    /// For people.
    pub title: Option<Spanned<String>>,
    /// For people.
    pub description: Option<Spanned<String>>,
    /// What it does.
    pub work: Work,
    /// Causes that it mends: runs if one of them was found. Empty when not said.
    pub for_causes: Vec<Spanned<String>>,
    /// Skipped unless true.
    pub when: Option<Expression>,
    /// Replaces the order that the graph implies; `Some(vec![])` means no predecessor.
    pub needs: Option<Vec<Spanned<String>>>,
    /// What it keeps.
    pub capture: Vec<Capture>,
    /// Must be true for the step to mean anything.
    pub require: Vec<Assertion>,
    /// Its claim, or what must be true after it.
    pub assert: Vec<Assertion>,
    /// Causes that it may find.
    pub causes: Vec<CauseFinder>,
    /// Error codes that are an answer.
    pub expect_error: Vec<Spanned<String>>,
    /// Once for each element.
    pub each: Option<Each>,
    /// Polls a read until true.
    pub until: Option<Until>,
    /// Tries again.
    pub retry: Vec<Retry>,
    /// The most items of a paginated result.
    pub limit: Option<Spanned<u32>>,
    /// The most time over all attempts, waits included, approval not.
    pub timeout: Option<Spanned<SignedDuration>>,
    /// An effect that the author states.
    pub effect: Option<Spanned<Effect>>,
    /// What a failure means for the block. `None` is `stop`.
    pub on_error: Option<Spanned<OnError>>,
    /// A read whose result stays as `before`.
    pub before: Option<Box<Before>>,
    /// Takes this step back.
    pub undo: Vec<Step>,
    /// Who must say yes.
    pub approve: Approve,
    /// Where it acts.
    pub target: Option<StepTarget>,
    /// What is masked everywhere.
    pub sensitive: Option<Sensitive>,
    /// What is drawn.
    pub show: Option<Show>,
    /// The whole step.
    pub span: Span,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Calls an action.
    Action(Call),
    /// Runs steps, and some whatever happened.
    Block {
        /// The steps.
        steps: Vec<Step>,
        /// Run whatever happened, cancellation included.
        finally: Vec<Step>,
    },
    /// Only reasons over what was read.
    Reason,
}

/// An action and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `service:Operation`
    pub action: Spanned<String>,
    /// The arguments, in written order. Keys that begin with `$` are paths into `base`.
    pub with: Vec<(Spanned<String>, Spanned<Data>)>,
    /// The captured structure that the arguments begin from.
    pub base: Option<Expression>,
}

/// `before`: a read made just before the step.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The call.
    pub call: Call,
    /// A path into its result, when only a part stays as `before`.
    pub path: Option<Path>,
    /// The whole construct.
    pub span: Span,
}

/// `until`: polls until its assertions are true.
#[derive(Debug, Clone, PartialEq)]
pub struct Until {
    /// What must become true.
    pub assertions: Vec<Assertion>,
    /// The wait between two reads; 10 seconds by default. The keys `every` and `within` stand in the step beside `until`.
    pub every: SignedDuration,
    /// The longest wait; 5 minutes by default.
    pub within: SignedDuration,
}

/// What a failure means for the enclosing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// What follows does not run.
    #[default]
    Stop,
    /// What follows runs.
    Continue,
    /// What the enclosing block did is taken back.
    Undo,
}

/// What is masked everywhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Sensitive {
    /// The whole result.
    All,
    /// Parts of the result.
    Paths(Vec<Path>),
}

/// What is drawn in the terminal and the report.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// A series of points.
    Chart {
        /// The capture that has the points.
        series: Expression,
        /// A line across.
        threshold: Option<Spanned<Data>>,
    },
    /// Rows.
    Table {
        /// The capture that has the rows.
        rows: Expression,
        /// The members shown; empty for all.
        columns: Vec<Spanned<String>>,
    },
}
