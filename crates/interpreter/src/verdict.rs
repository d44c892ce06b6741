//! What came out of a run.

use std::fmt;

/// The end of a run, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Someone must answer.
    Paused,
    /// What was done was taken back.
    Undone,
    /// It could not be told, or a step failed.
    Failed,
    /// Ended by ctrl-C or because an approval expired.
    Aborted,
    /// The symptom does not show.
    Absent,
    /// The cause is known, and that was all that was asked for.
    Diagnosed,
    /// The symptom is gone.
    Resolved,
    /// The symptom is still there, or nothing was done about it.
    Unresolved,
    /// A procedure, or a resolve that was not verified, has been done.
    Done,
    /// All checks are true.
    Healthy,
    /// A check is false.
    Unhealthy,
}

impl Verdict {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Undone => "undone",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Absent => "absent",
            Self::Diagnosed => "diagnosed",
            Self::Resolved => "resolved",
            Self::Unresolved => "unresolved",
            Self::Done => "done",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// The run ended well.
    #[must_use]
    pub fn is_well(self) -> bool {
        matches!(
            self,
            Self::Absent | Self::Diagnosed | Self::Resolved | Self::Done | Self::Healthy
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a run is `unresolved` without anything having been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No cause was found.
    Unexplained,
    /// A cause was found that nothing mends here.
    NoRemedy,
    /// A person declined the remedy.
    Declined,
}

impl Reason {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unexplained => "unexplained",
            Self::NoRemedy => "no_remedy",
            Self::Declined => "declined",
        }
    }
}
