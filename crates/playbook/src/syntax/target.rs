//! `target`: where calls go, and where they may go.

use crate::span::Spanned;
use crate::template::Data;

/// A step's own region, account or role.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepTarget {
    /// The region.
    pub region: Option<Spanned<Data>>,
    /// The account that must be the one acted on.
    pub account: Option<Spanned<Data>>,
    /// The role to assume.
    pub role: Option<Spanned<Data>>,
}

/// The playbook's list of allowed targets; an empty list allows any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AllowedTargets {
    /// Account ids.
    pub accounts: Vec<Spanned<Data>>,
    /// Regions.
    pub regions: Vec<Spanned<Data>>,
    /// Roles.
    pub roles: Vec<Spanned<Data>>,
}
