//! The playbook language: text → spanned syntax → checked playbook.
//!
//! Pure: no AWS, no async, no printing. What an action is, the checker asks through [`catalog::Catalog`].

pub mod calendar;
pub mod catalog;
pub mod check;
pub mod checked;
pub mod diagnostic;
pub mod duration;
pub mod expression;
pub mod guard;
pub mod inputs;
pub mod jsonpath;
pub mod layout;
pub mod pattern;
mod place;
pub mod review;
pub mod schema;
pub mod secret;
pub mod source;
pub mod span;
pub mod syntax;
pub mod template;
pub mod types;
pub mod value;
pub mod yaml;
