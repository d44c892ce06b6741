//! One playbook on many targets.
//!
//! What is to be done where ([`target`]), in which order and how fast ([`rollout`]), what came of it ([`outcome`]), and what
//! carries one target's run out ([`engine`]). Nothing here has a clock, a network or a terminal of its own: the engine of this
//! machine and that of a cluster drive the same state machine and leave the same document behind.

pub mod embedded;
pub mod engine;
pub mod outcome;
pub mod plan;
#[cfg(feature = "restate")]
pub mod restate;
pub mod rollout;
pub mod target;
pub mod targets;
