//! From the arguments of a call to the permissions and resources that it needs.

use super::document::Condition;
use super::given::Given;
use super::pattern::Pattern;
use super::table;
use crate::world::Place;
use runbook_playbook::catalog::{Action, ActionKind, Need, Permission, PermissionResource};
use std::collections::BTreeSet;

/// More resources than this in one call are written as one pattern.
const MOST_RESOURCES: usize = 100;
/// The permission to let a service act as a role.
const PASS_ROLE: &str = "iam:PassRole";

/// A permission with what it is needed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The IAM action: `ecs:UpdateService`.
    pub action: String,
    /// The resources, each of which must be allowed; `*` where the action cannot be limited to any.
    pub resources: BTreeSet<Pattern>,
    /// What is known of the request besides.
    pub conditions: Vec<Condition>,
    /// It depends on what the arguments name whether it is needed.
    pub dependent: bool,
}

/// What a call of an action needs, given its permissions and its arguments.
#[must_use]
pub fn requirements(
    action: &Action,
    permissions: &[Permission],
    arguments: &Given,
    place: &Place,
) -> Vec<Requirement> {
    if action.kind == ActionKind::Local {
        return Vec::new();
    }
    let main = permissions
        .first()
        .map_or(action.name.as_str(), |first| first.action.as_str());
    let service = main.split(':').next().unwrap_or_default();
    permissions
        .iter()
        .filter_map(|permission| requirement(permission, service, arguments, place))
        .collect()
}

/// What assuming a role needs.
#[must_use]
pub fn assume_role(role: &Pattern) -> Requirement {
    Requirement {
        action: "sts:AssumeRole".to_owned(),
        resources: BTreeSet::from([role.clone()]),
        conditions: Vec::new(),
        dependent: false,
    }
}

fn requirement(
    permission: &Permission,
    service: &str,
    arguments: &Given,
    place: &Place,
) -> Option<Requirement> {
    let (named, dependent) = match &permission.need {
        Need::Always => (None, false),
        Need::Dependent => (None, true),
        Need::WithMembers(paths) => {
            let named: Vec<&Given> = paths.iter().flat_map(|path| arguments.at(path)).collect();
            if named.is_empty() {
                return None;
            }
            (Some(named), false)
        }
    };
    let mut conditions = Vec::new();
    let resources: BTreeSet<Pattern> = if permission.action == PASS_ROLE {
        conditions.push(Condition {
            operator: "StringEquals".to_owned(),
            key: "iam:PassedToService".to_owned(),
            values: BTreeSet::from([Pattern::literal(&table::passed_to(service))]),
        });
        let template = permission.resources.first().map(|kind| kind.arn.as_str());
        let unknown = [&Given::Unknown];
        let roles = named.as_deref().unwrap_or(&unknown);
        roles
            .iter()
            .map(|role| role_arn(&role.pattern(), template.unwrap_or("*"), place))
            .collect()
    } else {
        let kinds = permission.resources.iter();
        kinds
            .filter_map(|kind| {
                let (found, told) = resources(kind, arguments, place);
                (kind.required || told).then_some(found)
            })
            .flatten()
            .collect()
    };
    let resources = if resources.is_empty() {
        for key in &permission.condition_keys {
            conditions.extend(condition(key, arguments, place));
        }
        BTreeSet::from([Pattern::any()])
    } else {
        resources
    };
    Some(Requirement {
        action: permission.action.clone(),
        resources,
        conditions,
        dependent,
    })
}

/// A role by its ARN or its name.
fn role_arn(role: &Pattern, template: &str, place: &Place) -> Pattern {
    if role.start().starts_with("arn:") {
        return role.clone();
    }
    fill(template, place, &|_| role.clone())
}

/// A condition that narrows, where the arguments tell its value.
fn condition(key: &str, arguments: &Given, place: &Place) -> Option<Condition> {
    let (operator, value) = table::condition(key)?;
    let kind = PermissionResource {
        name: String::new(),
        arn: value.to_owned(),
        required: false,
    };
    let (values, told) = resources(&kind, arguments, place);
    told.then(|| Condition {
        operator: operator.to_owned(),
        key: key.to_owned(),
        values,
    })
}

/// The ARNs of a kind of resource, and whether an argument tells something of them.
fn resources(
    kind: &PermissionResource,
    arguments: &Given,
    place: &Place,
) -> (BTreeSet<Pattern>, bool) {
    let prefix = kind.arn.split(':').nth(2).unwrap_or_default();
    let any = fill(&kind.arn, &Place::default(), &|_| Pattern::any());
    let fits = |value: &Pattern| value.start().starts_with("arn:") && any.covers(value);
    let mut found: BTreeSet<Pattern> = whole(arguments).into_iter().filter(&fits).collect();
    let by_arn = !found.is_empty();
    let variables: Vec<(&str, Vec<Pattern>, Told)> = variables(&kind.arn)
        .into_iter()
        .map(|variable| {
            let (values, told) = values(prefix, variable, &kind.name, arguments, &fits);
            (variable, values, told)
        })
        .collect();
    // A list of ARNs and names: the names are still to be told.
    let names_left = variables
        .iter()
        .any(|(_, values, told)| *told == Told::ByMember && !values.is_empty());
    let any_told = variables.iter().any(|(_, _, told)| *told == Told::ByMember);
    let told = by_arn || (any_told && variables.iter().all(|(_, _, told)| *told != Told::No));
    let last_is_named = variables
        .last()
        .is_some_and(|(_, values, told)| *told == Told::ByMember && !values.is_empty());
    if !by_arn || (names_left && last_is_named) {
        found.extend(combined(&kind.arn, place, &variables));
    }
    let endings = table::also(prefix, &kind.name);
    let more: Vec<Pattern> = found
        .iter()
        .filter(|arn| !arn.to_string().ends_with('*'))
        .flat_map(|arn| {
            endings.iter().map(|ending| {
                let mut arn = arn.clone();
                arn.push(&Pattern::parse(ending));
                arn
            })
        })
        .collect();
    found.extend(more);
    (found, told)
}

/// Every combination of the variables' values in a format.
fn combined(
    template: &str,
    place: &Place,
    variables: &[(&str, Vec<Pattern>, Told)],
) -> BTreeSet<Pattern> {
    let count = variables
        .iter()
        .map(|(_, values, _)| values.len().max(1))
        .try_fold(1_usize, usize::checked_mul);
    let mut rows: Vec<Vec<Pattern>> = vec![Vec::new()];
    for (_, values, _) in variables {
        let few = values.len() == 1 || count.is_some_and(|count| count <= MOST_RESOURCES);
        let any = [Pattern::any()];
        let values = if values.is_empty() || !few {
            &any[..]
        } else {
            values
        };
        rows = rows
            .iter()
            .flat_map(|row| {
                values.iter().map(move |value| {
                    let mut row = row.clone();
                    row.push(value.clone());
                    row
                })
            })
            .collect();
    }
    rows.iter()
        .map(|row| {
            fill(template, place, &|variable| {
                let at = variables.iter().position(|(name, _, _)| *name == variable);
                at.and_then(|at| row.get(at))
                    .cloned()
                    .unwrap_or_else(Pattern::any)
            })
        })
        .collect()
}

/// Every text of the arguments' own members and of lists in them.
fn whole(arguments: &Given) -> Vec<Pattern> {
    let Given::Map { members, .. } = arguments else {
        return Vec::new();
    };
    members
        .values()
        .flat_map(|value| match value {
            Given::List(items) => items.iter().collect(),
            other => vec![other],
        })
        .filter_map(|value| match value {
            Given::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

/// How a variable's value is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// An argument says it, known or not.
    ByMember,
    /// No argument does, and the service has a default or no member ever says it.
    Elsewhere,
    /// No argument does.
    No,
}

/// The values of a variable; none where nothing tells it.
fn values(
    prefix: &str,
    variable: &str,
    kind: &str,
    arguments: &Given,
    fits: &dyn Fn(&Pattern) -> bool,
) -> (Vec<Pattern>, Told) {
    let take = |found: Vec<&Given>, part: &str| -> Vec<Pattern> {
        let texts = found.into_iter().map(Given::pattern);
        texts
            .filter(|text| !fits(text))
            .map(|text| piece(&text, part))
            .collect()
    };
    match table::members_of(prefix, variable) {
        Some(members) => {
            for member in members {
                if let Some(text) = member.strip_prefix('=') {
                    return (vec![Pattern::literal(text)], Told::Elsewhere);
                }
                let (name, part) = member.split_once('<').unwrap_or((member, ""));
                let found = arguments.at(name);
                if !found.is_empty() {
                    return (take(found, part), Told::ByMember);
                }
            }
            let never = members.is_empty();
            (Vec::new(), if never { Told::Elsewhere } else { Told::No })
        }
        None => match by_name(variable, kind, arguments) {
            Some(name) => (take(arguments.at(name), ""), Told::ByMember),
            None => (Vec::new(), Told::No),
        },
    }
}

/// The part of a value that a variable is; an ARN of another kind gives the name at its end.
fn piece(text: &Pattern, part: &str) -> Pattern {
    let last = |text: &Pattern, at: char| text.split(at).last().cloned().unwrap_or_default();
    let text = if text.start().starts_with("arn:") {
        // Six parts stand before an ARN's resource (AWS General Reference, "Amazon Resource Names").
        let parts = text.split(':');
        let mut resource = Pattern::default();
        for (at, part) in parts.iter().enumerate().skip(5) {
            if at > 5 {
                resource.push_str(":");
            }
            resource.push(part);
        }
        last(&resource, '/')
    } else {
        text.clone()
    };
    match part {
        "/" => last(&text, '/'),
        ":0" => text.split(':').first().cloned().unwrap_or_default(),
        ":1" => match text.split(':').as_slice() {
            [_, revision] => revision.clone(),
            _ => Pattern::any(),
        },
        _ => text,
    }
}

/// The argument whose name is that of a variable: `LogGroupName` by `logGroupName`, `logGroupNames`, `logGroupIdentifier`.
fn by_name<'a>(variable: &str, kind: &str, arguments: &'a Given) -> Option<&'a str> {
    const ENDINGS: [&str; 10] = [
        "",
        "s",
        "name",
        "names",
        "id",
        "ids",
        "identifier",
        "identifiers",
        "arn",
        "arns",
    ];
    let Given::Map { members, .. } = arguments else {
        return None;
    };
    let plain = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|one| one.to_ascii_lowercase())
            .collect()
    };
    let variable = plain(variable);
    let stem = ["name", "identifier", "id", "arn"]
        .iter()
        .find_map(|ending| variable.strip_suffix(ending))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(&variable);
    // `${Id}` and `${Name}` alone are those of the kind.
    let stem = if matches!(variable.as_str(), "id" | "name" | "arn") {
        plain(kind)
    } else {
        stem.to_owned()
    };
    let wanted = [variable.clone(), format!("{variable}s")];
    let variants = ENDINGS.iter().map(|ending| format!("{stem}{ending}"));
    wanted.into_iter().chain(variants).find_map(|wanted| {
        members
            .keys()
            .find(|name| plain(name) == wanted)
            .map(String::as_str)
    })
}

/// The variables of an ARN's format that arguments can tell, in order.
fn variables(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !matches!(name, "Partition" | "Region" | "Account") && !found.contains(&name) {
            found.push(name);
        }
        rest = after;
    }
    found
}

/// An ARN's format with values for its variables.
fn fill(template: &str, place: &Place, value: &dyn Fn(&str) -> Pattern) -> Pattern {
    let or_any =
        |known: &Option<String>| known.as_deref().map_or_else(Pattern::any, Pattern::literal);
    let mut arn = Pattern::default();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        arn.push(&Pattern::parse(before));
        let Some((name, after)) = after.split_once('}') else {
            return arn;
        };
        arn.push(&match name {
            "Partition" => or_any(&place.partition),
            "Region" => or_any(&place.region),
            "Account" => or_any(&place.account),
            name => value(name),
        });
        rest = after;
    }
    arn.push(&Pattern::parse(rest));
    arn
}

#[cfg(test)]
#[path = "narrow_tests.rs"]
mod tests;
