//! Runs a checked playbook.
//!
//! Events flow out to observers; questions flow out to an approver; calls flow out to a world. Nothing else leaves.

pub mod approval;
pub mod assertion;
pub mod cancel;
pub mod event;
mod failure;
pub mod guard;
pub mod journal;
pub mod outcome;
pub mod plan;
mod redact;
mod run;
mod step;
pub mod surroundings;
pub mod truth;
pub mod verdict;
pub mod voter;

#[cfg(test)]
mod tests;

pub use redact::{MASK, Redactor};
pub use run::{run, undo};
