//! The block of permissions of a service.

use super::iam::{Actions, Known, PASS_ROLE, texts};
use super::model::leak;
use runbook_playbook::catalog::Effect;
use runbook_registry::model::permission::{
    IamAction, Needed, ResourceType, ServicePermissions, When,
};
use runbook_registry::model::service::Operation;
use serde_json::Value as Json;

/// Adds what an operation needs to the block of its service.
pub fn add(
    block: &mut ServicePermissions,
    operation: &Operation,
    known: &Known,
    role_members: &[&'static str],
    iam: &Actions,
) {
    let mut needed = Vec::new();
    for action in &known.actions {
        let action = place_of_action(block, action, iam);
        needed.push(Needed {
            action,
            when: When::Always,
        });
    }
    let passes_by_member = !role_members.is_empty();
    for action in &known.dependent {
        // The members say more exactly when a role is passed, but for what a task definition names.
        let by_member = passes_by_member && action == PASS_ROLE && !known.passes_named_role;
        let action = place_of_action(block, action, iam);
        let when = if by_member {
            When::WithMembers(role_members.to_vec())
        } else {
            When::Dependent
        };
        needed.push(Needed { action, when });
    }
    let listed = |name: &String| name == PASS_ROLE;
    let has_pass_role = known.actions.iter().any(listed) || known.dependent.iter().any(listed);
    if passes_by_member && !has_pass_role {
        needed.push(Needed {
            action: place_of_action(block, PASS_ROLE, iam),
            when: When::WithMembers(role_members.to_vec()),
        });
    }
    if !needed.is_empty() {
        block.operations.insert(operation.name, needed);
    }
}

/// The members by which an operation passes a role.
pub fn role_members(operation: &Operation, is_role: impl Fn(&str) -> bool) -> Vec<&'static str> {
    operation
        .effects
        .iter()
        .filter(|effect| effect.effect() == Effect::Permission)
        .filter_map(|effect| effect.member)
        .filter(|path| is_role(path.rsplit('.').next().unwrap_or(path)))
        .collect()
}

fn place_of_action(block: &mut ServicePermissions, name: &str, iam: &Actions) -> u16 {
    if let Some(place) = block.actions.iter().position(|one| one.name == name) {
        return small(place);
    }
    let facts = iam.facts(name).unwrap_or(&Json::Null);
    let prefix = name.split(':').next().unwrap_or_default();
    let mut resources = Vec::new();
    let mut keys: Vec<&str> = texts(&facts["conditionKeys"]).collect();
    for resource in facts["resourceTypes"].as_array().into_iter().flatten() {
        let kind = resource["name"].as_str().unwrap_or_default();
        keys.extend(texts(&resource["conditionKeys"]));
        if let Some(arn) = iam.arn(prefix, kind) {
            let required = resource["required"].as_bool().unwrap_or(false);
            resources.push((place_of_resource(block, kind, arn), required));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    let condition_keys = keys
        .into_iter()
        .map(|key| place(&mut block.condition_keys, |one| *one == key, || leak(key)))
        .collect();
    let name = leak(name);
    block.actions.push(IamAction {
        name,
        resources,
        condition_keys,
    });
    small(block.actions.len() - 1)
}

fn place_of_resource(block: &mut ServicePermissions, name: &str, arn: &str) -> u16 {
    place(
        &mut block.resources,
        |one| one.name == name && one.arn == arn,
        || ResourceType {
            name: leak(name),
            arn: leak(arn),
        },
    )
}

/// The place of what fits, which is added where nothing does.
fn place<T>(all: &mut Vec<T>, fits: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u16 {
    let found = all.iter().position(fits).unwrap_or_else(|| {
        all.push(make());
        all.len() - 1
    });
    small(found)
}

/// No service has as many actions, resources or keys as would not fit; the test of the catalogue would show it.
fn small(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}
