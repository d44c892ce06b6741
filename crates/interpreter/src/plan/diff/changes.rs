//! One difference, and how grave it is.

use std::fmt::Display;

/// How grave a difference is; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Something that keeps a run safe is gone or less: an approval, a condition, a check, an undo.
    Weakened,
    /// It does or may do more: a call, a permission, a host, a program.
    Widened,
    /// It does something else.
    Changed,
    /// It does or may do less, or is safer.
    Tightened,
}

impl Weight {
    /// All of them, the gravest first.
    pub const ALL: [Self; 4] = [
        Self::Weakened,
        Self::Widened,
        Self::Changed,
        Self::Tightened,
    ];

    /// The word for programs and people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weakened => "weakened",
            Self::Widened => "widened",
            Self::Changed => "changed",
            Self::Tightened => "tightened",
        }
    }
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A whole playbook.
    Playbook,
    /// A scenario.
    Scenario,
    /// Who is asked.
    Approval,
    /// `verify`
    Verification,
    /// What takes a step back.
    Undo,
    /// `guards`
    Guard,
    /// Accounts, regions and roles.
    Target,
    /// What a call does.
    Effect,
    /// When a step runs.
    Condition,
    /// What must be true, is claimed, or finds a cause.
    Assertion,
    /// How often and how long.
    Bound,
    /// What an error means.
    Error,
    /// IAM.
    Permission,
    /// Hosts.
    Reaches,
    /// Programs.
    Runs,
    /// A call that is new, gone or another.
    Call,
    /// What a call is given.
    Argument,
    /// Where a step stands.
    Moved,
    /// `escalate`
    Escalation,
    /// A cause and what mends it.
    Cause,
    /// An input.
    Input,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Playbook,
        Self::Scenario,
        Self::Approval,
        Self::Verification,
        Self::Undo,
        Self::Guard,
        Self::Target,
        Self::Effect,
        Self::Condition,
        Self::Assertion,
        Self::Bound,
        Self::Error,
        Self::Permission,
        Self::Reaches,
        Self::Runs,
        Self::Call,
        Self::Argument,
        Self::Moved,
        Self::Escalation,
        Self::Cause,
        Self::Input,
    ];

    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Playbook => "playbook",
            Self::Scenario => "scenario",
            Self::Approval => "approval",
            Self::Verification => "verification",
            Self::Undo => "undo",
            Self::Guard => "guard",
            Self::Target => "target",
            Self::Effect => "effect",
            Self::Condition => "condition",
            Self::Assertion => "assertion",
            Self::Bound => "bound",
            Self::Error => "error",
            Self::Permission => "permission",
            Self::Reaches => "reaches",
            Self::Runs => "runs",
            Self::Call => "call",
            Self::Argument => "argument",
            Self::Moved => "moved",
            Self::Escalation => "escalation",
            Self::Cause => "cause",
            Self::Input => "input",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How grave it is.
    pub weight: Weight,
    /// What it is about.
    pub kind: Kind,
    /// The step or graph; empty for the playbook as a whole.
    pub place: String,
    /// What is different.
    pub text: String,
    /// What it was, where something was replaced.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

/// Differences that are being found.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<Change>);

impl Changes {
    pub fn add(&mut self, weight: Weight, kind: Kind, place: &str, text: impl Into<String>) {
        self.0.push(Change {
            weight,
            kind,
            place: place.to_owned(),
            text: text.into(),
            from: None,
            to: None,
        });
    }

    pub fn between(
        &mut self,
        weight: Weight,
        kind: Kind,
        place: &str,
        text: impl Into<String>,
        from: String,
        to: String,
    ) {
        self.0.push(Change {
            weight,
            kind,
            place: place.to_owned(),
            text: text.into(),
            from: Some(from),
            to: Some(to),
        });
    }

    /// A bound that holds a run back: weaker where it is gone or greater.
    pub fn bound<T: PartialOrd>(
        &mut self,
        place: &str,
        what: &str,
        old: Option<T>,
        new: Option<T>,
        show: &dyn Fn(&T) -> String,
    ) {
        if old == new {
            return;
        }
        let weaker = match (&old, &new) {
            (Some(old), Some(new)) => new > old,
            (old, _) => old.is_some(),
        };
        let weight = if weaker {
            Weight::Weakened
        } else {
            Weight::Tightened
        };
        let text = |bound: Option<T>| bound.as_ref().map_or_else(|| "none".to_owned(), show);
        self.between(weight, Kind::Bound, place, what, text(old), text(new));
    }

    pub fn differs(
        &mut self,
        kind: Kind,
        place: &str,
        what: &str,
        old: &impl Display,
        new: &impl Display,
    ) {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            self.between(Weight::Changed, kind, place, what, old, new);
        }
    }

    /// The gravest first, otherwise as they were found.
    pub fn sorted(mut self) -> Vec<Change> {
        self.0.sort_by_key(|change| change.weight);
        self.0
    }
}
