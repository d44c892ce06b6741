//! Runs a checked playbook.
//!
//! Events flow out to observers; questions flow out to an approver; calls flow out to a world. Nothing else leaves.

pub mod approval;
pub mod event;
pub mod outcome;
pub mod truth;
pub mod verdict;
