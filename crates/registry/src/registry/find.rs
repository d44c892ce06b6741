//! Finding actions: what an unknown name may have meant, and what fits some words.

use super::Registry;
use crate::model::action::WAIT_UNTIL;
use crate::model::catalogue::catalogue;
use crate::model::validate::nearest;
use runbook_playbook::catalog::UnknownAction;

/// An action that fits a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The action's name.
    pub action: String,
    /// How many of the words fit it.
    pub words: usize,
}

/// Says which part of a name is unknown and what may have been meant.
pub(super) fn unknown(registry: &Registry, name: &str) -> UnknownAction {
    let Some((service, operation)) = name.split_once(':') else {
        return UnknownAction {
            message: format!(
                "`{name}` is no action; an action is written `service:Operation`, as `ecs:UpdateService`"
            ),
            suggestions: search(registry, name, 3)
                .into_iter()
                .map(|hit| hit.action)
                .collect(),
        };
    };
    let known = registry.operations(service);
    if !known.is_empty() {
        return UnknownAction {
            message: format!("the service `{service}` has no operation `{operation}`"),
            suggestions: near_operations(registry, service, operation),
        };
    }
    let services = near_services(registry, service);
    let mut suggestions: Vec<String> = services
        .iter()
        .map(|service| format!("{service}:{operation}"))
        .filter(|name| {
            name.split_once(':')
                .is_some_and(|(service, _)| registry.operations(service).contains(name))
        })
        .collect();
    if suggestions.is_empty() {
        suggestions = services
            .iter()
            .flat_map(|service| near_operations(registry, service, operation))
            .take(3)
            .collect();
    }
    UnknownAction {
        message: match services.first() {
            Some(near) => format!("there is no service `{service}`; did you mean `{near}`?"),
            None => format!(
                "there is no service `{service}`; services are named as the AWS CLI names them"
            ),
        },
        suggestions,
    }
}

/// Operations of a service that are named alike. IAM's spelling differs in case only.
fn near_operations(registry: &Registry, service: &str, operation: &str) -> Vec<String> {
    let names = registry.operations(service);
    let bare = names
        .iter()
        .filter_map(|name| Some(name.split_once(':')?.1));
    nearest(operation, bare)
        .into_iter()
        .map(|near| format!("{service}:{near}"))
        .collect()
}

/// Services that the word may mean: by another of their names, else by likeness. The one that people most often mean
/// stands first where several share a name (`elasticloadbalancing`).
fn near_services(registry: &Registry, word: &str) -> Vec<String> {
    let lower = word.to_lowercase();
    let mut named: Vec<String> = catalogue()
        .entries()
        .iter()
        .filter(|entry| entry.name == lower || entry.aliases.contains(&lower.as_str()))
        .map(|entry| entry.name.to_owned())
        .collect();
    if named.is_empty() {
        named = nearest(&lower, registry.services())
            .into_iter()
            .map(str::to_owned)
            .collect();
    } else {
        // Later generations are named with a version: elb, elbv2.
        named.sort_by_key(|name| std::cmp::Reverse(name.ends_with("v2")));
    }
    named
}

/// The actions that fit the words best: by how many words they contain, then by how little else they contain.
pub(super) fn search(registry: &Registry, words: &str, limit: usize) -> Vec<Hit> {
    let words: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut hits: Vec<Hit> = Vec::new();
    let mut consider = |service: &str, aliases: &[&str], prefix: &str, operation: &str| {
        let lower = operation.to_lowercase();
        let fit = words
            .iter()
            .filter(|word| {
                service.contains(word.as_str())
                    || aliases.contains(&word.as_str())
                    || lower.contains(word.as_str())
            })
            .count();
        if fit > 0 {
            hits.push(Hit {
                action: format!("{service}:{prefix}{operation}"),
                words: fit,
            });
        }
    };
    for (entry, names) in catalogue().entries().iter().zip(catalogue().names()) {
        for operation in &names.operations {
            consider(entry.name, &entry.aliases, "", operation);
        }
        for waiter in &names.waiters {
            consider(entry.name, &entry.aliases, WAIT_UNTIL, waiter);
        }
    }
    for name in registry.own_names() {
        if let Some((service, operation)) = name.split_once(':') {
            consider(service, &[], "", operation);
        }
    }
    let whole = |hit: &Hit| {
        let service = hit.action.split(':').next().unwrap_or_default();
        words.iter().any(|word| word == service)
    };
    hits.sort_by(|a, b| {
        b.words
            .cmp(&a.words)
            .then_with(|| whole(b).cmp(&whole(a)))
            .then_with(|| a.action.len().cmp(&b.action.len()))
            .then_with(|| a.action.cmp(&b.action))
    });
    hits.truncate(limit);
    hits
}
