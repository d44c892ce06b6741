//! Readers of runs: what people see on a terminal, and the one JSON document that programs read; and of what the checker
//! found.
//!
//! None of them prints: they give text back, or write it to a writer that the caller gives.

pub mod chart;
pub mod diff;
mod ending;
mod escape;
pub mod findings;
pub mod json;
mod line;
mod live;
mod plan_facts;
pub mod plan_html;
pub mod plan_json;
pub mod plan_markdown;
mod plan_mermaid;
pub mod plan_schema;
mod plan_svg;
pub mod plan_text;
mod plan_value;
pub mod policy;
pub mod question;
pub mod run_report;
mod step_line;
pub mod terminal;
mod value_text;
