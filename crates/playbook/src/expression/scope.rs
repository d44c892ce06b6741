//! What an expression can see.

use crate::value::Value;
use jiff::{SignedDuration, Timestamp};

/// The names that an expression can see while it is evaluated.
///
/// A step is a mapping of its captures with `holds` (boolean or unknown; not there on a lookup), `status`, `error` (`code`
/// and `message`) and `truncated`; `cause` is a mapping of cause names to truth values; `symptom`, `diagnose` and `resolve`
/// are mappings of steps.
pub trait Scope {
    /// The value of a top-level name; `None` where nothing defines it.
    fn lookup(&self, name: &str) -> Option<Value>;

    /// The start of this attempt.
    fn now(&self) -> Timestamp;

    /// `now - length`, but never before the run's last write.
    fn since(&self, length: SignedDuration) -> Timestamp;

    /// The word that stands for what is unknown in a text; `None` where such a text is unknown as a whole.
    fn unknown_in_text(&self) -> Option<&'static str> {
        None
    }
}
