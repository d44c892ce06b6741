//! What the scenarios of playbooks reach: steps, arms of `when`, causes, undo.

mod least;
mod observed;
mod shown;

pub use least::Least;
pub use observed::{Ledger, Observed};
pub use shown::{document, lines};

use runbook_playbook::span::Span;
use runbook_playbook::syntax::every_step::every_step;
use runbook_playbook::syntax::playbook::Playbook;
use std::collections::BTreeMap;
use std::fmt;

/// What can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A step that is no undo runs.
    Step,
    /// A `when` is true, or false.
    Arm(bool),
    /// A cause is found by a run of the playbook itself.
    Cause,
    /// A step of an `undo` runs.
    Undo,
}

/// The columns in which kinds are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Steps.
    Steps,
    /// Arms of `when`.
    Arms,
    /// Causes.
    Causes,
    /// Steps of `undo`.
    Undo,
}

impl Column {
    /// All, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Steps, Self::Arms, Self::Causes, Self::Undo];

    /// The word on the command line and in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Arms => "arms",
            Self::Causes => "causes",
            Self::Undo => "undo",
        }
    }
}

impl Kind {
    /// Where it is counted.
    #[must_use]
    pub fn column(self) -> Column {
        match self {
            Self::Step => Column::Steps,
            Self::Arm(_) => Column::Arms,
            Self::Cause => Column::Causes,
            Self::Undo => Column::Undo,
        }
    }
}

/// Something in a playbook that a scenario can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// The step's full name, or the cause's.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
    /// A scenario has reached it.
    pub reached: bool,
}

/// One playbook, or one file of escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// What can be reached in it, in written order.
    pub items: Vec<Item>,
}

/// How much of something was reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// So many were.
    pub reached: usize,
    /// Of so many.
    pub of: usize,
}

impl Count {
    /// The share in percent; all of nothing is 100.
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are not that many steps in the world"
    )]
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.of == 0 {
            100.0
        } else {
            self.reached as f64 * 100.0 / self.of as f64
        }
    }

    fn add(&mut self, other: Self) {
        self.reached += other.reached;
        self.of += other.of;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of == 0 {
            f.write_str("-")
        } else {
            write!(f, "{}/{}", self.reached, self.of)
        }
    }
}

impl Reached {
    /// Nothing of a playbook has been reached yet.
    #[must_use]
    pub fn nothing(playbook: &Playbook) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let line = |span: Span| playbook.source.position(span.start).line;
        for placed in every_step(playbook) {
            let step = placed.step;
            let mut add = |kind, name: &str, span| {
                items.push(Item {
                    kind,
                    name: name.to_owned(),
                    line: line(span),
                    reached: false,
                });
            };
            let kind = if placed.undoes {
                Kind::Undo
            } else {
                Kind::Step
            };
            add(kind, &placed.path, step.id.span);
            if let Some(when) = &step.when {
                add(Kind::Arm(true), &placed.path, when.span);
                add(Kind::Arm(false), &placed.path, when.span);
            }
            for finder in &step.causes {
                let known =
                    |item: &Item| item.kind == Kind::Cause && item.name == finder.name.value;
                if !items.iter().any(known) {
                    items.push(Item {
                        kind: Kind::Cause,
                        name: finder.name.value.clone(),
                        line: line(finder.name.span),
                        reached: false,
                    });
                }
            }
        }
        Self { items }
    }

    /// Notes that something was reached.
    pub fn reach(&mut self, kind: Kind, name: &str) {
        for item in &mut self.items {
            item.reached |= item.kind == kind && item.name == name;
        }
    }

    /// Adds what others have reached of the same file.
    fn merge(&mut self, other: &Self) {
        for (item, same) in self.items.iter_mut().zip(&other.items) {
            item.reached |= same.reached;
        }
    }

    /// How much of a column was reached.
    #[must_use]
    pub fn count(&self, column: Column) -> Count {
        let of_column = || {
            let items = self.items.iter();
            items.filter(move |item| item.kind.column() == column)
        };
        Count {
            reached: of_column().filter(|item| item.reached).count(),
            of: of_column().count(),
        }
    }
}

/// What was reached of all playbooks, by the names of their files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The files.
    pub files: BTreeMap<String, Reached>,
}

impl Coverage {
    /// Adds what others have reached.
    pub fn merge(&mut self, other: Self) {
        for (name, reached) in other.files {
            match self.files.get_mut(&name) {
                Some(known) => known.merge(&reached),
                None => {
                    self.files.insert(name, reached);
                }
            }
        }
    }

    /// How much of a column was reached in all files.
    #[must_use]
    pub fn count(&self, column: Column) -> Count {
        let mut total = Count::default();
        for reached in self.files.values() {
            total.add(reached.count(column));
        }
        total
    }
}
