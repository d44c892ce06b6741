//! Finding actions: what an unknown name may have meant, and what fits some words.

use super::{Registry, synonyms};
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
        // Where IAM's name is another than the API's: `s3:ListBucket`.
        let meant = catalogue()
            .permissions(service)
            .map(|permissions| permissions.operations_that_need(name))
            .unwrap_or_default();
        if !meant.is_empty() {
            return UnknownAction {
                message: format!(
                    "the service `{service}` has no operation `{operation}`; that is the permission of others"
                ),
                suggestions: nearest_first(operation, &meant)
                    .into_iter()
                    .take(3)
                    .map(|operation| format!("{service}:{operation}"))
                    .collect(),
            };
        }
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
        message: match suggestions
            .first()
            .and_then(|name| Some(name.split_once(':')?.0))
            .or(services.first().map(String::as_str))
        {
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

/// Operations, those named most alike first; of versions the latest.
fn nearest_first<'a>(name: &str, operations: &[&'a str]) -> Vec<&'a str> {
    let shared = |operation: &str| {
        name.chars()
            .zip(operation.chars())
            .take_while(|(a, b)| a == b)
            .count()
    };
    let mut operations = operations.to_vec();
    operations
        .sort_by_key(|operation| std::cmp::Reverse((shared(operation), operation.ends_with("V2"))));
    operations
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
        let services = registry.services();
        let alike = nearest(&lower, services.iter().copied());
        // Of short names a slip changes much: `esc`.
        let slips = services
            .iter()
            .copied()
            .filter(|service| strsim::damerau_levenshtein(&lower, service) == 1)
            .filter(|service| !alike.contains(service))
            .collect::<Vec<_>>();
        named = alike.into_iter().chain(slips).map(str::to_owned).collect();
    } else {
        // Later generations are named with a version: elb, elbv2.
        named.sort_by_key(|name| std::cmp::Reverse(name.ends_with("v2")));
    }
    named
}

/// The actions that fit the words best: by how many words they fit, then by where they fit them, then by how little else
/// they say.
pub(super) fn search(registry: &Registry, words: &str, limit: usize) -> Vec<Hit> {
    let words: Vec<Word> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(Word::new)
        .collect();
    let mut hits: Vec<(Hit, u32)> = Vec::new();
    // Where names alone fit all words, and none may stand for another, nothing else is meant.
    let mut named = Vec::new();
    let mut consider = |place: &Place<'_>, prefix: &str| {
        let mut fitted = 0;
        let mut score = 0;
        let mut weakest = u32::MAX;
        for word in &words {
            let fit = word.fit(place);
            fitted += usize::from(fit > 0);
            score += fit;
            weakest = weakest.min(fit);
        }
        // Who searches mostly has the thing already, and wants it changed.
        score += u32::from(!place.lower.starts_with("create"));
        if fitted > 0 {
            let hit = Hit {
                action: format!("{}:{prefix}{}", place.service, place.operation),
                words: fitted,
            };
            if weakest >= NAMED {
                named.push((hit, score));
            } else {
                hits.push((hit, score));
            }
        }
    };
    let all = catalogue().entries().iter().zip(catalogue().names());
    for ((entry, names), texts) in all.zip(catalogue().words()) {
        for (operation, members) in names.operations.iter().zip(&texts.members) {
            consider(
                &Place::new(entry.name, &entry.aliases, operation, members),
                "",
            );
        }
        for waiter in &names.waiters {
            let place = Place::new(entry.name, &entry.aliases, waiter, "");
            consider(&place, WAIT_UNTIL);
        }
    }
    for name in registry.own_names() {
        if let Some((service, operation)) = name.split_once(':') {
            consider(&Place::new(service, &[], operation, ""), "");
        }
    }
    let plain = words.iter().all(|word| word.means.is_empty());
    if plain && !named.is_empty() {
        hits = named;
    } else {
        hits.append(&mut named);
    }
    hits.sort_by(|(a, a_score), (b, b_score)| {
        b.words
            .cmp(&a.words)
            .then_with(|| b_score.cmp(a_score))
            .then_with(|| a.action.len().cmp(&b.action.len()))
            .then_with(|| a.action.cmp(&b.action))
    });
    hits.truncate(limit);
    hits.into_iter().map(|(hit, _)| hit).collect()
}

/// The least fit that is a name's own.
const NAMED: u32 = 40;

/// What a search looks at in one action.
struct Place<'a> {
    service: &'a str,
    aliases: &'a [&'a str],
    operation: &'a str,
    /// The operation in lower case.
    lower: String,
    /// Members of the input in lower case, parted by spaces.
    members: &'a str,
}

impl<'a> Place<'a> {
    fn new(service: &'a str, aliases: &'a [&'a str], operation: &'a str, members: &'a str) -> Self {
        Self {
            service,
            aliases,
            operation,
            lower: operation.to_lowercase(),
            members,
        }
    }
}

/// A word that is searched for.
struct Word {
    lower: String,
    means: &'static [&'static str],
}

impl Word {
    fn new(word: &str) -> Self {
        let lower = word.to_lowercase();
        // `services` are what `service` is.
        let singular = lower.strip_suffix('s').unwrap_or(&lower);
        let means = match synonyms::of(&lower) {
            [] => synonyms::of(singular),
            some => some,
        };
        Self { lower, means }
    }

    /// How well the word fits, from 0 (not at all): the service's name, the operation's, another name of the service,
    /// a synonym of one of them, a member, a synonym that is a member.
    fn fit(&self, place: &Place<'_>) -> u32 {
        let word = self.lower.as_str();
        if place.service == word {
            return 100;
        }
        if place.lower.contains(word) {
            // A verb leads; a noun at the end is what the operation is about.
            return if place.lower.starts_with(word) || place.lower.ends_with(word) {
                60
            } else {
                50
            };
        }
        if place.service.contains(word) {
            return 45;
        }
        if place.aliases.contains(&word) {
            return 40;
        }
        let mean = |fits: &dyn Fn(&str) -> bool| self.means.iter().any(|word| fits(word));
        // A synonym that is the service or leads the operation is nearly its name.
        if mean(&|word| place.service == word || place.lower.starts_with(word)) {
            return NAMED - 1;
        }
        let whole_service = u32::from(mean(&|word| place.service.contains(word))) * 10;
        if mean(&|word| place.lower.contains(word)) {
            return 29 + whole_service;
        }
        // What may be set says what a change is for; for reads members only filter.
        let changes = !["describe", "list", "get"]
            .iter()
            .any(|verb| place.lower.starts_with(verb));
        let members = u32::from(changes) * 10;
        if mean(&|word| place.members.contains(word)) {
            return 20 + members;
        }
        if whole_service > 0 {
            return 25;
        }
        // A short word stands within many a member by chance.
        let in_member = if word.len() < 4 {
            place.members.split(' ').any(|member| member == word)
        } else {
            place.members.contains(word)
        };
        if in_member {
            return 10 + members;
        }
        0
    }
}
