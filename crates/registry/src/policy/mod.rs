//! The least IAM policy: which permissions a call needs, on which resources, and whether a policy grants them.
//!
//! [`requirements`] tells from the arguments of a call, as far as they are known, what it needs; [`Policy`] is the document
//! that IAM takes, and judges.

mod document;
mod given;
mod narrow;
mod pattern;
mod session;
mod table;

pub use document::{Condition, Denied, Grants, Policy, PolicyProblem, Statement};
pub use given::Given;
pub use narrow::{Requirement, assume_role, requirements};
pub use pattern::Pattern;
pub use session::{MOST_OF_A_SESSION, SessionPolicies, SessionPolicy};
