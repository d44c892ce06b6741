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

/// Why a run is `unresolved` without anything having been done, or why it was `aborted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No cause was found.
    Unexplained,
    /// A cause was found that nothing mends here.
    NoRemedy,
    /// A person declined the remedy.
    Declined,
    /// The remedy writes, and the run was to read only.
    ReadOnly,
    /// The time of the run was over; of `aborted`.
    Timeout,
}

impl Reason {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unexplained => "unexplained",
            Self::NoRemedy => "no_remedy",
            Self::Declined => "declined",
            Self::ReadOnly => "read_only",
            Self::Timeout => "timeout",
        }
    }
}

/// What a verdict is made of: a column of the table each.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column of the table that is independent of the others"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// It ended early.
    pub stop: Option<StopFacts>,
    /// Something was taken back.
    pub undone: Option<UndoFacts>,
    /// What the symptom graph said.
    pub symptom: Symptom,
    /// It ended after `symptom`, as asked, or because the playbook has nothing else.
    pub until_symptom: bool,
    /// What `diagnose` found.
    pub diagnosis: Diagnosis,
    /// There is no `resolve`, or it was not to run.
    pub no_resolve: bool,
    /// What `resolve` did.
    pub resolution: Resolution,
    /// A person declined a write.
    pub declined: bool,
    /// No write was to be made.
    pub read_only: bool,
    /// `verify` has steps of its own.
    pub own_verify: bool,
    /// What verification found.
    pub verification: Verification,
    /// What the single graph of a health check said.
    pub check: Option<CheckFacts>,
}

/// Why a run ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopFacts {
    /// It waits for a person.
    Paused,
    /// It was stopped.
    Aborted,
    /// Its time was over.
    TimedOut,
}

/// How an undo went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoFacts {
    /// Nothing is left.
    Completely,
    /// Something is left.
    Partly,
}

/// What the symptom graph said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symptom {
    /// There is none.
    #[default]
    NoGraph,
    /// None holds.
    None,
    /// Some hold.
    Some,
    /// It could not be told.
    Unknown,
}

/// What `diagnose` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Diagnosis {
    /// It did not run.
    #[default]
    NotRun,
    /// At least one cause, and no remedy is in doubt.
    Found,
    /// No cause, and that is known.
    NoneFound,
    /// It could not be told.
    Unknown,
}

/// What `resolve` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolution {
    /// It did not run.
    #[default]
    NotRun,
    /// It changed nothing.
    Nothing,
    /// It changed something, and nothing failed.
    Done,
    /// A step failed.
    Failed,
}

/// What verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// It did not run.
    #[default]
    NotRun,
    /// The symptom is gone.
    Clear,
    /// It is still there.
    Still,
    /// It could not be read at the end.
    Unreadable,
}

/// What a health check said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFacts {
    /// All checks are true.
    AllTrue,
    /// One is false.
    OneFalse,
    /// None is false, and one could not be read.
    Unknown,
}

/// The table of verdicts: the first row that fits, from the top.
#[must_use]
pub fn judge(facts: &Facts) -> (Verdict, Option<Reason>) {
    use Verdict::{
        Aborted, Absent, Diagnosed, Done, Failed, Healthy, Paused, Resolved, Undone, Unhealthy,
        Unresolved,
    };
    let some_or_no_graph = matches!(facts.symptom, Symptom::Some | Symptom::NoGraph);
    let nothing_done = matches!(facts.resolution, Resolution::Nothing | Resolution::NotRun);
    let declined = if facts.read_only {
        Reason::ReadOnly
    } else {
        Reason::Declined
    };
    let verdict = match facts {
        Facts {
            stop: Some(StopFacts::Paused),
            ..
        } => Paused,
        Facts {
            undone: Some(UndoFacts::Completely),
            ..
        } => Undone,
        Facts {
            undone: Some(UndoFacts::Partly),
            ..
        } => Failed,
        Facts {
            stop: Some(StopFacts::Aborted),
            ..
        } => Aborted,
        Facts {
            stop: Some(StopFacts::TimedOut),
            ..
        } => return (Aborted, Some(Reason::Timeout)),
        Facts {
            symptom: Symptom::None,
            ..
        } => Absent,
        Facts {
            symptom: Symptom::Some,
            until_symptom: true,
            ..
        } => Diagnosed,
        Facts {
            symptom: Symptom::Unknown,
            ..
        } => Failed,
        Facts {
            resolution: Resolution::Failed,
            ..
        } if some_or_no_graph => Failed,
        Facts {
            resolution: Resolution::Done,
            verification,
            ..
        } if (facts.symptom == Symptom::Some || facts.own_verify)
            && *verification != Verification::NotRun =>
        {
            match verification {
                Verification::Clear => Resolved,
                Verification::Still => Unresolved,
                Verification::Unreadable | Verification::NotRun => Failed,
            }
        }
        Facts {
            diagnosis: Diagnosis::Found,
            no_resolve: true,
            ..
        } => Diagnosed,
        Facts {
            diagnosis: Diagnosis::Unknown,
            ..
        } if nothing_done => Failed,
        Facts {
            symptom: Symptom::Some,
            ..
        } if nothing_done => {
            let reason = if facts.declined {
                declined
            } else if facts.diagnosis == Diagnosis::NoneFound {
                Reason::Unexplained
            } else {
                Reason::NoRemedy
            };
            return (Unresolved, Some(reason));
        }
        Facts {
            check: Some(check), ..
        } => match check {
            CheckFacts::AllTrue => Healthy,
            CheckFacts::OneFalse => Unhealthy,
            CheckFacts::Unknown => Failed,
        },
        Facts { declined: true, .. } if nothing_done => {
            return (Unresolved, Some(declined));
        }
        _ => Done,
    };
    (verdict, None)
}

#[cfg(test)]
mod tests;
