//! Arguments: `base`, `with`, the service's defaults, the idempotency token.

use super::{Context, base};
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use runbook_playbook::catalog::Action;
use runbook_playbook::expression::evaluate;
use runbook_playbook::syntax::step::Call;
use runbook_playbook::template;
use runbook_playbook::types::{Member, Type};
use runbook_playbook::value::Value;
use serde_json::{Map, Value as Json};

/// A member of an action's input.
fn member(action: &Action, name: &str) -> Option<Member> {
    match action.input.present() {
        Type::Structure(structure) => structure.member(name),
        _ => None,
    }
}

/// Renders the arguments of a call. A member that evaluates to `absent` is left out.
///
/// `key` names the call on record; its idempotency token is derived from it.
///
/// # Errors
/// An expression fails, `base` is no structure, or a path into it matches nothing.
pub(super) fn render(
    context: &Context<'_, '_>,
    call: &Call,
    action: &Action,
    scope: &StepScope<'_, '_>,
    key: Option<&str>,
) -> Result<Json, StepError> {
    let mut arguments = match &call.base {
        None => Map::new(),
        Some(expression) => match evaluate(expression, scope)? {
            Value::Map(_) => {
                match base::prune(&evaluate(expression, scope)?.to_json(), &action.input) {
                    Json::Object(members) => members,
                    _ => Map::new(),
                }
            }
            other => {
                return Err(StepError::new(
                    "base",
                    format!(
                        "`{}` is {}, and base needs a structure",
                        expression.text,
                        other.kind()
                    ),
                ));
            }
        },
    };
    let (paths, members): (Vec<_>, Vec<_>) = call
        .with
        .iter()
        .partition(|(key, _)| key.value.starts_with('$'));
    for (key, data) in members {
        let ty = member(action, &key.value).map_or(Type::Any, |member| member.ty);
        match template::render(data, &ty, scope)? {
            Some(value) => {
                arguments.insert(key.value.clone(), value);
            }
            None => {
                arguments.shift_remove(&key.value);
            }
        }
    }
    let mut arguments = Json::Object(arguments);
    for (key, data) in paths {
        base::assign(context, &mut arguments, key, data, action, scope)?;
    }
    if let Json::Object(arguments) = &mut arguments {
        defaults(context, call, action, scope, arguments)?;
        if let Some(token) = &action.idempotency_token
            && !arguments.contains_key(token)
        {
            let own = format!("{}/{}", context.keyed, call.action.value);
            let value = context.run.token(key.unwrap_or(&own));
            arguments.insert(token.clone(), value.into());
        }
    }
    Ok(arguments)
}

/// Fills in what `with` and `base` leave out, wherever the action's input has the member.
fn defaults(
    context: &Context<'_, '_>,
    call: &Call,
    action: &Action,
    scope: &StepScope<'_, '_>,
    arguments: &mut Map<String, Json>,
) -> Result<(), StepError> {
    let service = call.action.value.split(':').next().unwrap_or_default();
    let of_service = context
        .run
        .plan
        .checked
        .playbook
        .defaults
        .iter()
        .filter(|defaults| defaults.service.value == service);
    for (key, data) in of_service.flat_map(|defaults| &defaults.members) {
        let given = arguments.contains_key(&key.value)
            || call.with.iter().any(|(name, _)| name.value == key.value);
        let Some(member) = member(action, &key.value).filter(|_| !given) else {
            continue;
        };
        if let Some(value) = template::render(data, &member.ty, scope)? {
            arguments.insert(key.value.clone(), value);
        }
    }
    Ok(())
}

/// Renders what can be rendered before a call has been made; what cannot yet be known stays as written.
pub(super) fn render_early(
    context: &Context<'_, '_>,
    call: &Call,
    action: Option<&Action>,
    scope: &StepScope<'_, '_>,
) -> Json {
    let source = &context.run.plan.checked.playbook.source;
    let mut arguments = Map::new();
    for (key, data) in &call.with {
        let ty = action
            .and_then(|action| member(action, &key.value))
            .map_or(Type::Any, |member| member.ty);
        match template::render(data, &ty, scope) {
            Ok(Some(value)) => {
                arguments.insert(key.value.clone(), value);
            }
            Ok(None) => {}
            Err(_) => {
                let written = source
                    .slice(data.span)
                    .trim()
                    .trim_matches(['"', '\''])
                    .to_owned();
                arguments.insert(key.value.clone(), Json::String(written));
            }
        }
    }
    if let Some(action) = action {
        // A default that cannot be rendered fails the call itself, with its own message.
        drop(defaults(context, call, action, scope, &mut arguments));
    }
    Json::Object(arguments)
}
