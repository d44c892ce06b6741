//! Fleets in one process, with their record on this machine.

pub mod drive;
pub mod store;
