//! The catalogue of AWS operations: what a service is, how its block is loaded, and what its shapes mean as types.

pub mod action;
pub mod blocks;
pub mod catalogue;
pub mod files;
pub mod format;
pub mod permission;
pub mod rows;
pub mod service;
pub mod shape;
pub mod types;
pub mod validate;
pub mod waiter;

#[cfg(test)]
mod tests;
