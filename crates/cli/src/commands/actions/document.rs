//! An action for programs: what `docs/actions.md` describes.

use super::{example, tree};
use runbook_playbook::catalog::{Action, ActionKind, Need, Permission};
use serde_json::{Map, Value as Json, json};

/// Everything that is known of an action.
pub fn json(action: &Action, permissions: &[Permission], waiters: &[String]) -> Json {
    let mut document = json!({
        "name": action.name,
        "kind": super::kind(&action.kind),
        "effects": super::effects(action),
        "effects_by_member": action.effects_by_member.iter()
            .map(|(member, effect)| (member.clone(), effect.as_str().into()))
            .collect::<Map<_, _>>(),
        "permissions": permissions.iter().map(permission).collect::<Json>(),
        "errors": action.errors,
        "failure_members": action.failure_members,
        "paginated": action.paginated,
        "waiters": waiters,
        "input": tree::json(&action.input),
        "output": tree::json(&action.output),
        "example": example::lines(action).join("\n"),
    });
    if let (ActionKind::Waiter { polls, bound }, Json::Object(members)) =
        (&action.kind, &mut document)
    {
        members.insert("polls".to_owned(), polls.as_str().into());
        members.insert("seconds".to_owned(), bound.as_secs().into());
    }
    document
}

fn permission(permission: &Permission) -> Json {
    let (need, members) = match &permission.need {
        Need::Always => ("always", &[][..]),
        Need::Dependent => ("dependent", &[][..]),
        Need::WithMembers(members) => ("with_members", members.as_slice()),
    };
    json!({
        "action": permission.action,
        "need": need,
        "members": members,
        "resources": permission.resources.iter().map(|resource| json!({
            "type": resource.name,
            "arn": resource.arn,
            "required": resource.required,
        })).collect::<Json>(),
        "condition_keys": permission.condition_keys,
    })
}
