//! Test references: AWS's own per-service crates, which the registry must agree with.
//!
//! The comparisons are this crate's tests; it has no code of its own.
