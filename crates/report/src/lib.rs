//! Readers of runs: what people see on a terminal, and the one JSON document that programs read; and of what the checker
//! found.
//!
//! None of them prints: they give text back, or write it to a writer that the caller gives.

pub mod chart;
mod ending;
mod escape;
pub mod findings;
pub mod json;
mod line;
mod live;
pub mod question;
mod step_line;
pub mod terminal;
mod value_text;
