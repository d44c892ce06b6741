//! A playbook that checks: what an interpreter needs to know beyond what is written.

use crate::catalog::Action;
use crate::span::Spanned;
use crate::syntax::playbook::Playbook;
use crate::types::Type;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Arc;

/// The full name of a step: `diagnose.stopped`, `resolve.more_memory.register`, `resolve.restart.finally.report`,
/// `resolve.more_memory.register.undo.register`, `verify.gone`.
pub type StepPath = String;

/// A playbook without errors.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its id: the path below the playbook root without the ending, `acso/memory-leak`.
    pub id: String,
    /// What was written.
    pub playbook: Playbook,
    /// Every step, blocks and undo steps included.
    pub steps: HashMap<StepPath, CheckedStep>,
    /// Every cause, in the order in which finders name them.
    pub causes: IndexMap<String, CheckedCause>,
}

/// What was found out about a step.
#[derive(Debug, Clone, Default)]
pub struct CheckedStep {
    /// The signature of its action.
    pub action: Option<Arc<Action>>,
    /// The signature of its `before`.
    pub before: Option<Arc<Action>>,
    /// Steps of the same graph or block that must have ended before it starts, in written order: where only reads stand
    /// those that it (or a step inside it) names, elsewhere those written before it; or `needs`. Earlier graphs have
    /// ended anyway and are not listed.
    pub after: Vec<StepPath>,
    /// Steps of this graph, of enclosing ones and of earlier ones whose captures it uses: it is skipped or blocked when
    /// they have none.
    pub reads: Vec<StepPath>,
    /// It handles truncation itself: something reads its `.truncated`, or it sets `limit`.
    pub reads_truncated: bool,
    /// Failure members of its action that it reads itself.
    pub reads_failures: Vec<String>,
    /// What it keeps, by name: the types of its captures inside the step.
    pub captures: IndexMap<String, Type>,
    /// It is a loop: others see each capture as a list.
    pub repeats: bool,
}

/// A cause and who finds and mends it.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedCause {
    /// What it is called for people; its name where no title is given.
    pub title: String,
    /// Where it is first named.
    pub name: Spanned<String>,
    /// The steps that may find it.
    pub finders: Vec<StepPath>,
    /// The steps of `resolve` that are for it.
    pub remedies: Vec<StepPath>,
}
