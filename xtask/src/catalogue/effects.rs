//! What each operation does, and the permissions that it needs.
//!
//! An operation reads only if IAM's access level says so and it has a reviewed verb, or if the table names it. All else is
//! a write, which the table raises.

use super::iam::{Actions, Known};
use super::model::leak;
use super::permissions;
use super::tables::Tables;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_registry::model::permission::ServicePermissions;
use runbook_registry::model::service::{EffectOf, Operation, Service};
use runbook_registry::model::shape::{ShapeId, ShapeKind};

/// How deep a role is looked for in the input: `overrides.taskRoleArn`, `Targets.RoleArn`.
const ROLE_DEPTH: usize = 5;

/// Fills in `effects` and `permissions` of every operation, and makes the service's block of permissions.
pub fn apply(service: &mut Service, tables: &Tables, iam: &Actions) -> ServicePermissions {
    let mut all = Vec::new();
    for operation in service.operations.iter() {
        let known = iam.of(service, operation.name, operation.method, tables);
        if known.actions.is_empty() {
            tables.note_without_policy(&format!("{}:{}", service.name, operation.name));
        }
        let effects = effects(service, operation, &known, tables);
        all.push((effects, known));
    }
    let mut block = ServicePermissions::default();
    let name = service.name;
    for (operation, (effects, known)) in service.operations.iter_mut().zip(all) {
        operation.effects = effects;
        operation.permissions = known.actions.iter().map(|action| leak(action)).collect();
        let action = format!("{name}:{}", operation.name);
        let roles =
            permissions::role_members(operation, |member| tables.passes_role(&action, member));
        permissions::add(&mut block, operation, &known, &roles, iam);
    }
    block
}

fn effects(
    service: &Service,
    operation: &Operation,
    known: &Known,
    tables: &Tables,
) -> Vec<EffectOf> {
    let action = format!("{}:{}", service.name, operation.name);
    let reads = known.reads == Some(true) && tables.reads_by_verb(operation.name);
    let (exact, added) = tables.effects(&action, reads);
    let mut set = Effects::new();
    if exact.is_empty() {
        set.insert(if reads { Effect::Read } else { Effect::Write });
        set.extend(added.into_iter().map(named));
        if known.manages_permissions {
            set.insert(Effect::Permission);
        }
    } else {
        set.extend(exact.into_iter().map(named));
    }
    // What is dangerous is not also listed as harmless.
    if set.len() > 1 {
        set.remove(&Effect::Read);
    }
    if set.len() > 1 {
        set.remove(&Effect::Write);
    }
    let only_reads = set.iter().all(|effect| *effect == Effect::Read);
    let mut effects: Vec<EffectOf> = set.into_iter().map(|effect| of(effect, None)).collect();
    for (member, effect) in tables.effects_by_member(&action) {
        if has_member(service, operation.input, member) {
            effects.push(of(named(effect), Some(leak(member))));
        }
    }
    if !only_reads {
        let mut roles = Vec::new();
        find_roles(
            service,
            operation.input,
            &action,
            tables,
            "",
            ROLE_DEPTH,
            &mut roles,
        );
        effects.extend(
            roles
                .iter()
                .map(|path| of(Effect::Permission, Some(leak(path)))),
        );
    }
    effects
}

/// Paths of the input by which a role is passed.
fn find_roles(
    service: &Service,
    structure: ShapeId,
    action: &str,
    tables: &Tables,
    above: &str,
    depth: usize,
    found: &mut Vec<String>,
) {
    let Some(structure) = service.structure(structure) else {
        return;
    };
    for member in &structure.members {
        let path = format!("{above}{}", member.name);
        match &service.target(member).kind {
            _ if tables.passes_role(action, member.name) => found.push(path),
            ShapeKind::Structure(_) | ShapeKind::List(_) if depth > 1 => {
                let inner = format!("{path}.");
                find_roles(
                    service,
                    element(service, member.target),
                    action,
                    tables,
                    &inner,
                    depth - 1,
                    found,
                );
            }
            _ => {}
        }
    }
}

/// Whether the input has the member of a dotted path; a map has any.
fn has_member(service: &Service, id: ShapeId, path: &str) -> bool {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let id = element(service, id);
    if matches!(service.shape(id).kind, ShapeKind::Map(_)) {
        return true;
    }
    let member = service
        .structure(id)
        .and_then(|structure| structure.member(name));
    match (member, rest) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some((_, member)), Some(rest)) => has_member(service, member.target, rest),
    }
}

/// What a list is made of; any other shape itself.
fn element(service: &Service, id: ShapeId) -> ShapeId {
    match &service.shape(id).kind {
        ShapeKind::List(list) => element(service, list.member.target),
        _ => id,
    }
}

fn named(effect: &str) -> Effect {
    Effect::ALL
        .into_iter()
        .find(|known| known.as_str() == effect)
        .unwrap_or(Effect::Destroy)
}

fn of(effect: Effect, member: Option<&'static str>) -> EffectOf {
    let place = Effect::ALL.iter().position(|known| *known == effect);
    EffectOf {
        effect: place
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(u8::MAX),
        member,
    }
}
