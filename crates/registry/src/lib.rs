//! Typed actions: every AWS operation by its model, local actions, waiters and composites; and the worlds in which they
//! are called.

pub mod aws;
pub mod call;
pub mod composite;
pub mod local;
pub mod model;
pub mod policy;
pub mod registry;
pub mod world;

pub use registry::Registry;
