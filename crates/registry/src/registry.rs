//! The only list of actions: AWS operations and waiters from the catalogue, local actions and composites.

mod common_errors;
mod described;
mod find;
mod perform;
mod synonyms;

pub use find::Hit;

use crate::aws::unsupported;
use crate::call::{Answer, Call, CallError};
use crate::composite::{self, Composite};
use crate::local::{self, LocalAction};
use crate::model::action::{WAIT_UNTIL, operation_action, waiter_action};
use crate::model::catalogue::catalogue;
use crate::model::validate::validate_output;
use crate::policy::{Given, Requirement, requirements};
use crate::world::scenario::ActionFacts;
use crate::world::{Pending, Place, World};
use runbook_playbook::catalog::{
    Action, ActionKind, Catalog, Described, Effect, Effects, Permission, UnknownAction,
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// All actions that playbooks can call.
pub struct Registry {
    local: BTreeMap<String, Own<dyn LocalAction>>,
    composites: BTreeMap<String, Own<dyn Composite>>,
    /// The signatures of actions that have been called: a run calls few actions, and some of them often.
    called: Mutex<HashMap<String, Arc<Action>>>,
}

/// An action that is written in code, with its signature made once.
struct Own<T: ?Sized> {
    signature: Arc<Action>,
    action: Box<T>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("local", &self.local.keys())
            .field("composites", &self.composites.keys())
            .finish_non_exhaustive()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// Makes the registry of all actions. AWS services are looked into when they are first named.
    #[must_use]
    pub fn new() -> Self {
        let local = local::all().into_iter().map(|action| {
            let signature = Arc::new(action.signature());
            (signature.name.clone(), Own { signature, action })
        });
        let composites = composite::all().into_iter().map(|action| {
            let signature = Arc::new(action.signature());
            (signature.name.clone(), Own { signature, action })
        });
        Self {
            local: local.collect(),
            composites: composites.collect(),
            called: Mutex::default(),
        }
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

    /// The signature of an action that is called.
    fn called(&self, name: &str) -> Result<Arc<Action>, UnknownAction> {
        let known = || self.called.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(action) = known().get(name) {
            return Ok(Arc::clone(action));
        }
        let action = self.action(name)?;
        known().insert(name.to_owned(), Arc::clone(&action));
        Ok(action)
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
            return Ok(Arc::clone(&action.signature));
        }
        if let Some(composite) = self.composites.get(name) {
            return Ok(Arc::clone(&composite.signature));
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

    fn effects(&self, action: &Action, arguments: &Json) -> Effects {
        match self.local.get(&action.name) {
            Some(local) => local.action.effects(arguments),
            None => action.effects_given(arguments),
        }
    }

    fn common_errors(&self) -> &[&str] {
        &common_errors::COMMON
    }

    fn described_by(&self, action: &Action) -> Option<Described> {
        described::described_by(self, action)
    }

    fn permissions(&self, action: &Action) -> Vec<Permission> {
        // A waiter needs what the operation needs that it polls.
        let name = match &action.kind {
            ActionKind::Waiter { polls, .. } => polls,
            _ => &action.name,
        };
        let known = |name: &str| {
            let (service, operation) = name.split_once(':')?;
            let found = catalogue().permissions(service)?.of(operation);
            (!found.is_empty()).then_some(found)
        };
        let named = || {
            // What composites need is named by the operations that they call.
            let names = action.permissions.iter();
            names
                .map(|name| {
                    let found = known(name).unwrap_or_default();
                    found
                        .into_iter()
                        .find(|one| one.action == *name)
                        .unwrap_or_else(|| Permission::named(name))
                })
                .collect()
        };
        known(name).unwrap_or_else(named)
    }
}

impl ActionFacts for Registry {
    fn exists(&self, action: &str) -> Result<(), String> {
        match self.action(action) {
            Ok(_) => Ok(()),
            Err(unknown) => Err(match unknown.suggestions.first() {
                Some(near) => format!("{}; did you mean `{near}`?", unknown.message),
                None => unknown.message,
            }),
        }
    }

    fn effects(&self, action: &str, arguments: &Json) -> Effects {
        match self.action(action) {
            Ok(action) => Catalog::effects(self, &action, arguments),
            // What is unknown counts as a write.
            Err(_) => Effects::from([Effect::Write]),
        }
    }

    fn list_member(&self, action: &str) -> Option<String> {
        let (service, operation) = action.split_once(':')?;
        let service = catalogue().service(service)?;
        let paginator = service.operation(operation)?.paginator.as_ref()?;
        paginator.result_keys.first().map(|key| (*key).to_owned())
    }

    fn requirements(&self, call: &Call, place: &Place) -> Vec<Requirement> {
        let Ok(action) = self.action(&call.action) else {
            return Vec::new();
        };
        let mut place = place.clone();
        if call.target.region.is_some() {
            place.region.clone_from(&call.target.region);
        }
        if let Some(role) = &call.target.role {
            // `arn:aws:iam::123456789012:role/name`
            let account = role.split(':').nth(4).filter(|account| !account.is_empty());
            place.account = account.map(str::to_owned);
        }
        let arguments = Given::known(&call.arguments);
        requirements(&action, &self.permissions(&action), &arguments, &place)
    }

    fn idempotency_token(&self, action: &str) -> Option<String> {
        self.action(action).ok()?.idempotency_token.clone()
    }

    fn output_problems(&self, action: &str, output: &Json) -> Vec<String> {
        match self.action(action) {
            Ok(action) => validate_output(&action.output, output)
                .iter()
                .map(ToString::to_string)
                .collect(),
            Err(unknown) => vec![unknown.message],
        }
    }
}

#[cfg(test)]
mod tests;
