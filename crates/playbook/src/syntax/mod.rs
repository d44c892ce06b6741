//! The tree of a playbook: one file a construct, each with what it is and how it is read.

pub mod approve;
pub mod assertion;
pub mod capture;
pub mod cause;
pub mod each;
pub mod escalate;
pub mod input;
pub mod playbook;
pub mod retry;
pub mod step;
pub mod target;
pub mod verify;
