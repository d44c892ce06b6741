//! `each`: one step over a list.

use crate::expression::Expression;
use crate::span::Spanned;

/// `each: name in list`, or the mapping form with bounds (`{in: …, as: …, concurrency, max_errors, max}`), whose keys may
/// also stand in the step beside `each`.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// The element's name.
    pub name: Spanned<String>,
    /// The list.
    pub list: Expression,
    /// How many at once; by default 1 for writes, 8 for reads.
    pub concurrency: Option<Spanned<u32>>,
    /// How many may fail.
    pub max_errors: Option<Spanned<MaxErrors>>,
    /// How many elements the list may have; 100 by default.
    pub max: Option<Spanned<u32>>,
}

/// A number or a share of elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxErrors {
    /// So many.
    Number(u32),
    /// Such a share, in percent.
    Percent(f64),
}
