//! A verdict as its word.

use runbook_interpreter::verdict::Verdict;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// All verdicts.
pub(super) const ALL: [Verdict; 11] = [
    Verdict::Paused,
    Verdict::Undone,
    Verdict::Failed,
    Verdict::Aborted,
    Verdict::Absent,
    Verdict::Diagnosed,
    Verdict::Resolved,
    Verdict::Unresolved,
    Verdict::Done,
    Verdict::Healthy,
    Verdict::Unhealthy,
];

/// The verdict of a word.
#[must_use]
pub fn verdict(word: &str) -> Option<Verdict> {
    ALL.into_iter().find(|verdict| verdict.as_str() == word)
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls"
)]
pub(super) fn serialize<S: Serializer>(
    verdict: &Option<Verdict>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match verdict {
        Some(verdict) => serializer.serialize_some(verdict.as_str()),
        None => serializer.serialize_none(),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Verdict>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    let read = word.map(|word| {
        verdict(&word).ok_or_else(|| D::Error::custom(format!("`{word}` is no verdict")))
    });
    read.transpose()
}
