//! What the checker asks about other playbooks.

use crate::syntax::input::Input;
use crate::syntax::playbook::{Kind, Playbook};

/// What a caller needs to know of a playbook.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    /// What the file is.
    pub kind: Kind,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// The names of what it gives back.
    pub outputs: Vec<String>,
    /// The levels that it tells, when it is one of escalation; empty where it makes no difference between them.
    pub levels: Vec<u32>,
}

impl From<Playbook> for Signature {
    fn from(playbook: Playbook) -> Self {
        let levels = playbook.escalate.iter().flat_map(|own| &own.levels);
        Self {
            kind: playbook.kind,
            levels: levels.map(|level| level.level.value).collect(),
            outputs: playbook
                .outputs
                .into_iter()
                .map(|(name, _)| name.value)
                .collect(),
            inputs: playbook.inputs,
        }
    }
}

/// The playbooks that a playbook can name: with `playbook:Run` and `escalate.use`.
pub trait Library {
    /// The playbook that `path` names when it stands in the playbook with the id `from`: relative to that playbook's
    /// file, and not outside the root. `None` where there is none, or where it cannot be read.
    fn signature(&self, from: &str, path: &str) -> Option<Signature>;
}

/// A library without playbooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty;

impl Library for Empty {
    fn signature(&self, _from: &str, _path: &str) -> Option<Signature> {
        None
    }
}
