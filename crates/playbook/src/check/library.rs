//! What the checker asks about other playbooks.

use super::unlisted::Outside;
use crate::syntax::input::Input;
use crate::syntax::playbook::Kind;
use crate::types::Type;
use std::collections::BTreeMap;

/// What a caller needs to know of a playbook.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    /// What the file is.
    pub kind: Kind,
    /// What it takes.
    pub inputs: Vec<Input>,
    /// What it gives back, with its types.
    pub outputs: Vec<(String, Type)>,
    /// The levels that it tells, when it is one of escalation; empty where it makes no difference between them.
    pub levels: Vec<u32>,
    /// What each of its graphs starts and contacts beside AWS.
    pub outside: BTreeMap<String, Outside>,
}

/// The playbooks that a playbook can name: with `playbook:Run` and `escalate.use`.
pub trait Library {
    /// The playbook that `path` names when it stands in the playbook with the id `from`: relative to that playbook's
    /// file, and not outside the root. `None` where there is none, or where it cannot be read.
    fn signature(&self, from: &str, path: &str) -> Option<Signature>;

    /// The text of the file that `path` names, found alike; `None` where files cannot be looked at.
    fn text(&self, _from: &str, _path: &str) -> Option<Result<String, String>> {
        None
    }
}

/// A library without playbooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Empty;

impl Library for Empty {
    fn signature(&self, _from: &str, _path: &str) -> Option<Signature> {
        None
    }
}
