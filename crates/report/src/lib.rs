//! Readers of runs: what people see on a terminal, and the one JSON document that programs read; and of what the checker
//! found.
//!
//! None of them prints: they give text back, or write it to a writer that the caller gives.

pub mod chart;
pub mod diff;
pub mod diff_schema;
mod ending;
mod escape;
pub mod findings;
pub mod fleet_plan;
pub mod fleet_report;
mod forecast;
pub mod json;
mod line;
pub mod live;
mod plan_facts;
pub mod plan_html;
pub mod plan_json;
mod plan_left_out;
pub mod plan_markdown;
mod plan_mermaid;
pub mod plan_schema;
mod plan_svg;
pub mod plan_text;
mod plan_value;
pub mod playbook_list;
pub mod policy;
pub mod policy_schema;
pub mod question;
pub mod run_report;
mod running;
pub mod saved_schema;
mod schema_parts;
mod screen;
mod step_line;
pub mod table;
pub mod terminal;
pub mod text_match;
pub mod triage;
mod value_text;
mod walk;
