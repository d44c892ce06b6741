//! `retry`: trying again beyond the client's own retries.

use crate::span::Spanned;
use jiff::SignedDuration;

/// One rule of a `retry` list.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// The error codes that it is for.
    pub errors: Vec<Spanned<String>>,
    /// How many further attempts.
    pub times: u32,
    /// The wait before the first further attempt.
    pub delay: SignedDuration,
    /// What the wait is multiplied with each time.
    pub backoff: f64,
    /// The longest wait.
    pub max_delay: Option<SignedDuration>,
}
