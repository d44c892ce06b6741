//! `base`: arguments that begin from a captured structure.

use super::Context;
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use runbook_playbook::catalog::Action;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::span::{Spanned, TextPlace};
use runbook_playbook::template::{self, Data};
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// Keeps what the type has; other members fall away, at every depth. Null is nothing.
pub(crate) fn prune(json: &Json, ty: &Type) -> Json {
    match (ty.present(), json) {
        (Type::Structure(structure), Json::Object(members)) => Json::Object(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .filter_map(|(name, value)| {
                    let member = structure.member(name)?;
                    Some((name.clone(), prune(value, &member.ty)))
                })
                .collect(),
        ),
        (Type::Map(value), Json::Object(members)) => Json::Object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), prune(member, value)))
                .collect(),
        ),
        (Type::List(list), Json::Array(items)) => items
            .iter()
            .map(|item| prune(item, &list.element))
            .collect(),
        (_, other) => other.clone(),
    }
}

/// Sets the last name of a `$` key in each parent that matches.
///
/// # Errors
/// No parent matches, or an expression fails.
pub(super) fn assign(
    context: &Context<'_, '_>,
    arguments: &mut Json,
    key: &Spanned<String>,
    data: &Spanned<Data>,
    action: &Action,
    scope: &StepScope<'_, '_>,
) -> Result<(), StepError> {
    let place = TextPlace {
        span: key.span,
        exact: false,
    };
    let source = &context.run.plan.checked.playbook.source;
    let path = Path::parse(&key.value, place, source)
        .map_err(|problem| StepError::new("base", problem.message))?;
    let ty = path.infer(&action.input).unwrap_or(Type::Any);
    let Some(value) = template::render(data, &ty, scope)? else {
        return Ok(());
    };
    match path.assign(arguments, &value, scope)? {
        0 => Err(StepError::new(
            "base",
            format!("`{}` matches nothing in base", key.value),
        )),
        _ => Ok(()),
    }
}
