//! The registry as the program has it: with every local action and composite, and what scenarios ask of it.

use super::{Composite, Registry};
use crate::aws::AwsClient;
use crate::call::{Answer, Call, CallError};
use crate::composite;
use crate::local::{self, Validator};
use crate::model::catalogue::catalogue;
use crate::model::validate::{validate, validate_output};
use crate::world::live::AwsSender;
use crate::world::scenario::ActionFacts;
use crate::world::{Pending, Place, World};
use runbook_playbook::catalog::{Action, Catalog, Effect, Effects, UnknownAction};
use serde_json::Value as Json;
use std::sync::Arc;

impl Registry {
    /// Makes the registry of everything that playbooks can call.
    #[must_use]
    pub fn standard() -> Self {
        let registry = local::all()
            .into_iter()
            .fold(Self::new(), |registry, action| {
                registry.with_local(Arc::new(action.signature()))
            });
        composite::all()
            .into_iter()
            .fold(registry, |registry, composite| {
                registry.with_composite(Arc::new(Standard::new(composite)))
            })
    }

    /// Judges documents by actions' arguments, for `data:Validate`.
    #[must_use]
    pub fn validator(self: Arc<Self>) -> Validator {
        Arc::new(move |name, document| {
            let action = self.action(name).map_err(|unknown| said(&unknown))?;
            let problems = validate(&action.input, document);
            Ok(problems
                .into_iter()
                .map(|problem| local::Problem {
                    path: pointer(&problem.path),
                    message: match problem.suggestion {
                        Some(suggestion) => format!("{}; {suggestion}", problem.message),
                        None => problem.message,
                    },
                })
                .collect())
        })
    }
}

/// A composite with its signature made once.
struct Standard {
    action: Arc<Action>,
    composite: Box<dyn composite::Composite>,
}

impl Standard {
    fn new(composite: Box<dyn composite::Composite>) -> Self {
        Self {
            action: Arc::new(composite.signature()),
            composite,
        }
    }
}

impl Composite for Standard {
    fn action(&self) -> Arc<Action> {
        Arc::clone(&self.action)
    }

    fn run<'a>(
        &'a self,
        _: &'a Registry,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        self.composite.run(world, call)
    }
}

impl ActionFacts for Registry {
    fn exists(&self, action: &str) -> Result<(), String> {
        self.action(action)
            .map(|_| ())
            .map_err(|unknown| said(&unknown))
    }

    fn effects(&self, action: &str, arguments: &Json) -> Effects {
        let own = local::all()
            .into_iter()
            .find(|own| own.signature().name == action);
        if let Some(own) = own {
            return own.effects(arguments);
        }
        let Ok(action) = self.action(action) else {
            return [Effect::Write].into();
        };
        let mut effects = action.effects.clone();
        for (member, effect) in &action.effects_by_member {
            if arguments.get(member).is_some_and(|value| !value.is_null()) {
                effects.insert(*effect);
            }
        }
        effects
    }

    fn list_member(&self, action: &str) -> Option<String> {
        let (service, operation) = action.split_once(':')?;
        let operation = catalogue().service(service)?.operation(operation)?;
        let paginator = operation.paginator.as_ref()?;
        paginator.result_keys.first().map(|key| (*key).to_owned())
    }

    fn output_problems(&self, action: &str, output: &Json) -> Vec<String> {
        match self.action(action) {
            Ok(action) => validate_output(&action.output, output)
                .iter()
                .map(ToString::to_string)
                .collect(),
            Err(unknown) => vec![said(&unknown)],
        }
    }
}

impl AwsSender for AwsClient {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.call(call)
    }

    fn place(&self) -> Place {
        Self::place(self)
    }
}

fn said(unknown: &UnknownAction) -> String {
    match unknown.suggestions.first() {
        Some(near) => format!("{}; did you mean `{near}`?", unknown.message),
        None => unknown.message.clone(),
    }
}

/// `tags[0].key` as the JSON Pointer `/tags/0/key` (RFC 6901).
fn pointer(path: &str) -> String {
    path.split(['.', '['])
        .map(|part| part.trim_end_matches(']'))
        .filter(|part| !part.is_empty())
        .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn knows_local_actions_composites_and_operations() {
        let registry = Registry::standard();
        for name in ["http:Request", "cloudwatch:Series", "ecs:UpdateService"] {
            assert!(registry.action(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_role_that_is_passed_changes_what_a_call_does() {
        let registry = Registry::standard();
        let name = "ecs:RegisterTaskDefinition";
        let plain = registry.effects(name, &json!({"family": "a"}));
        let passing = registry.effects(name, &json!({"taskRoleArn": "arn:aws:iam::1:role/a"}));
        assert!(!plain.contains(&Effect::Permission));
        assert!(passing.contains(&Effect::Permission), "{passing:?}");
    }

    #[test]
    fn problems_of_documents_are_json_pointers() {
        assert_eq!(pointer("containerDefinitions[0].memory"), "/containerDefinitions/0/memory");
        assert_eq!(pointer(""), "");
    }
}
