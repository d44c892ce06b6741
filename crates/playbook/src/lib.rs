//! The playbook language: text → spanned syntax → checked playbook.
//!
//! Pure: no AWS, no async, no printing. What an action is, the checker asks through [`catalog::Catalog`].

pub mod catalog;
pub mod duration;
pub mod source;
pub mod span;
pub mod types;
pub mod value;
