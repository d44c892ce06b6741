//! The names that templates of a file of targets can use.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::expression::{Scope, TypeScope};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;

/// Values of names: `account`, `region`, the axes of a matrix, `item`.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(pub(super) IndexMap<String, Value>);

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    // The same file gives the same targets whenever it is read.
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, _: SignedDuration) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// Types of names.
#[derive(Debug, Clone, Default)]
pub(super) struct NameTypes(pub(super) IndexMap<String, Type>);

impl TypeScope for NameTypes {
    fn name(&self, name: &str) -> Option<Type> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}
