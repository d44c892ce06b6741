//! The catalogue of AWS operations: what a service is, how its block is loaded, and what its shapes mean as types.

pub mod catalogue;
pub mod format;
pub mod service;
pub mod shape;
