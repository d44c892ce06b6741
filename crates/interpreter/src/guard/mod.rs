//! Guards: what must hold for a run to go on with a write. Freezes hold it back, alarms stop it.

mod check;
mod own;

pub(crate) use check::{Held, before_a_write, until_an_alarm};
pub(crate) use own::Own;

use runbook_playbook::calendar::Calendar;
use runbook_playbook::guard::Freeze;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// What can be overridden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A calendar is closed, or cannot be asked.
    Freeze,
    /// An alarm is on, or cannot be read.
    Alarms,
    /// Another run of the playbook has the target.
    Lock,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Freeze, Self::Alarms, Self::Lock];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Freeze => "freeze",
            Self::Alarms => "alarms",
            Self::Lock => "lock",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a guard does not count in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The reason that was given.
    pub reason: String,
    /// Who gave it.
    pub by: String,
}

/// What whoever starts a run adds to the guards of its playbook, and takes from them.
#[derive(Debug, Clone, Default)]
pub struct Guards {
    /// Calendars that were read, with their names.
    pub calendars: Vec<(String, Calendar)>,
    /// SSM change calendars.
    pub changes: Vec<Freeze>,
    /// What the lock of the playbook and its target says, where that does not count.
    pub lock: RefCell<Option<String>>,
    /// Guards that do not count.
    pub overridden: BTreeMap<Kind, Override>,
}
