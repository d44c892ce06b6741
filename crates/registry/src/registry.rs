//! The only list of actions: AWS operations and waiters from the catalogue, local actions and composites.

mod find;
mod perform;
mod standard;

pub use find::Hit;

use crate::call::{Answer, Call, CallError};
use crate::model::action::{WAIT_UNTIL, operation_action, unsupported, waiter_action};
use crate::model::catalogue::catalogue;
use crate::world::{Pending, World};
use runbook_playbook::catalog::{Action, Catalog, UnknownAction};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An action that is built of other actions: `cloudwatch:Series`.
pub trait Composite: Send + Sync {
    /// Its signature.
    fn action(&self) -> Arc<Action>;

    /// Runs it; what it needs of other actions goes through [`Registry::perform`] or the world.
    fn run<'a>(
        &'a self,
        registry: &'a Registry,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>>;
}

/// All actions that playbooks can call.
#[derive(Default)]
pub struct Registry {
    local: BTreeMap<String, Arc<Action>>,
    composites: BTreeMap<String, Arc<dyn Composite>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("local", &self.local.keys())
            .field("composites", &self.composites.keys())
            .finish()
    }
}

impl Registry {
    /// Makes a registry of AWS operations and waiters only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the signature of an action that the world itself carries out.
    #[must_use]
    pub fn with_local(mut self, action: Arc<Action>) -> Self {
        self.local.insert(action.name.clone(), action);
        self
    }

    /// Adds a composite.
    #[must_use]
    pub fn with_composite(mut self, composite: Arc<dyn Composite>) -> Self {
        self.composites
            .insert(composite.action().name.clone(), composite);
        self
    }

    /// Makes the call: waiters poll, composites run, anything else is checked and sent.
    ///
    /// A composite or a waiter that the world answers itself is sent as it is.
    pub fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(perform::perform(self, world, call))
    }

    /// The services, sorted: AWS's, and those of local actions.
    #[must_use]
    pub fn services(&self) -> Vec<&str> {
        let mut services: Vec<&str> = catalogue()
            .entries()
            .iter()
            .map(|entry| entry.name)
            .chain(
                self.own_names()
                    .filter_map(|name| Some(name.split_once(':')?.0)),
            )
            .collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// The full names of a service's actions, sorted: operations, waiters, composites, local actions.
    #[must_use]
    pub fn operations(&self, service: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .own_names()
            .filter(|name| name.split_once(':').is_some_and(|(own, _)| own == service))
            .map(str::to_owned)
            .collect();
        if let Some(known) = catalogue().names_of(service) {
            names.extend(
                known
                    .operations
                    .iter()
                    .map(|name| format!("{service}:{name}")),
            );
            names.extend(
                known
                    .waiters
                    .iter()
                    .map(|name| format!("{service}:{WAIT_UNTIL}{name}")),
            );
        }
        names.sort_unstable();
        names
    }

    /// The actions that fit the words best, best first.
    #[must_use]
    pub fn search(&self, words: &str, limit: usize) -> Vec<Hit> {
        find::search(self, words, limit)
    }

    fn own_names(&self) -> impl Iterator<Item = &str> {
        self.local
            .keys()
            .chain(self.composites.keys())
            .map(String::as_str)
    }
}

impl Catalog for Registry {
    fn action(&self, name: &str) -> Result<Arc<Action>, UnknownAction> {
        if let Some(action) = self.local.get(name) {
            return Ok(Arc::clone(action));
        }
        if let Some(composite) = self.composites.get(name) {
            return Ok(composite.action());
        }
        let unknown = || find::unknown(self, name);
        let (service, operation) = name.split_once(':').ok_or_else(unknown)?;
        let service = catalogue().service(service).ok_or_else(unknown)?;
        if let Some(operation) = service.operation(operation) {
            return match unsupported(service, operation) {
                Some(message) => Err(UnknownAction {
                    message,
                    suggestions: Vec::new(),
                }),
                None => Ok(Arc::new(operation_action(service, operation))),
            };
        }
        operation
            .strip_prefix(WAIT_UNTIL)
            .and_then(|waiter| waiter_action(service, service.waiter(waiter)?))
            .map(Arc::new)
            .ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests;
