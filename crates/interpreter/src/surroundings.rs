//! What a run is given besides its plan: everything that it cannot make up itself.

use crate::approval::Approver;
use crate::cancel::Cancel;
use crate::event::Observer;
use crate::guard::Guards;
use crate::journal::Durability;
use runbook_playbook::checked::Checked;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::{Pending, World};
use std::sync::Arc;

/// Whoever makes calls happen in a world: the registry, or a script in tests.
pub trait Performer {
    /// Makes one call, waiters and composites included.
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>>;
}

/// Where `playbook:Run` finds other playbooks.
pub trait Library {
    /// Loads and checks a playbook; `path` is as the calling playbook writes it, relative to that playbook.
    ///
    /// # Errors
    /// A sentence that says why it cannot be run.
    fn load(&self, from: &Checked, path: &str) -> Result<Arc<Checked>, String>;

    /// The text of a file that a playbook names; `path` is relative to that playbook.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    fn text(&self, _from: &Checked, path: &str) -> Result<String, String> {
        Err(format!("no file `{path}` can be reached from here"))
    }
}

/// A library without playbooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLibrary;

impl Library for NoLibrary {
    fn load(&self, _from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        Err(format!("no playbook `{path}` can be reached from here"))
    }
}

/// The world, the people and the records around a run.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Where calls go, and where time and ids come from.
    pub world: &'a dyn World,
    /// Makes calls happen in the world.
    pub performer: &'a dyn Performer,
    /// Answers questions.
    pub approver: &'a dyn Approver,
    /// Watches.
    pub observer: &'a dyn Observer,
    /// Carries the run across the death of its process.
    pub journal: &'a dyn Durability,
    /// Finds other playbooks.
    pub library: &'a dyn Library,
    /// Ends the run early.
    pub cancel: &'a Cancel,
    /// What may hold its writes back; `None` where none is really made, so that nothing guards them.
    pub guards: Option<&'a Guards>,
}
