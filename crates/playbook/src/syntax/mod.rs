//! The tree of a playbook: one file a construct, each with what it is and how it is read.

pub mod approve;
pub mod assertion;
pub mod capture;
pub mod cause;
pub mod each;
pub mod escalate;
pub mod escalation;
pub mod every_step;
mod fields;
mod given;
pub mod input;
pub mod keys;
pub mod name;
pub mod playbook;
mod reader;
pub mod retry;
pub mod step;
pub mod step_keys;
pub mod target;
pub mod targets;
pub mod verify;

pub use playbook::parse;
