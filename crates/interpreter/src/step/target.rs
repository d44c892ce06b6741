//! Where a call goes, and whether the playbook may act there.

use super::Context;
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use runbook_playbook::catalog::{Action, ActionKind};
use runbook_playbook::span::Spanned;
use runbook_playbook::template::{self, Data};
use runbook_registry::call::Target;

/// The target of a call: the step's own, else the run's; both among those that the playbook allows.
///
/// # Errors
/// It is not among them, or it is not known whether it is.
pub(super) fn of(
    context: &Context<'_, '_>,
    action: &Action,
    scope: &StepScope<'_, '_>,
) -> Result<Target, StepError> {
    let own = context.step.target.as_ref();
    let text = |data: Option<&Spanned<Data>>| {
        data.map(|data| template::render_text(data, scope))
            .transpose()
    };
    let region = text(own.and_then(|own| own.region.as_ref()))?;
    let account = text(own.and_then(|own| own.account.as_ref()))?;
    let role = text(own.and_then(|own| own.role.as_ref()))?;
    let here = context.run.around.world.place();
    if let (Some(account), Some(here)) = (&account, &here.account)
        && account != here
        && role.is_none()
    {
        return Err(StepError::new(
            "target",
            format!("the step is for account {account}, and the run acts on {here}"),
        ));
    }
    let allowed = &context.run.plan.checked.playbook.target;
    if action.kind != ActionKind::Local || own.is_some() {
        // `arn:aws:iam::123456789012:role/name`
        let of_role = role.as_ref().and_then(|role| role.split(':').nth(4));
        let acts_on = match of_role {
            Some(account) if !account.is_empty() => Some(account.to_owned()),
            _ => account.clone().or(here.account),
        };
        among("account", acts_on, &allowed.accounts, scope)?;
        among(
            "region",
            region.clone().or(here.region),
            &allowed.regions,
            scope,
        )?;
    }
    if role.is_some() {
        among("role", role.clone(), &allowed.roles, scope)?;
    }
    Ok(Target { region, role })
}

/// Whether a place is in a list; an empty list allows any.
fn among(
    what: &str,
    place: Option<String>,
    list: &[Spanned<Data>],
    scope: &StepScope<'_, '_>,
) -> Result<(), StepError> {
    if list.is_empty() {
        return Ok(());
    }
    let mut allowed = Vec::with_capacity(list.len());
    for one in list {
        allowed.push(template::render_text(one, scope)?);
    }
    match place {
        Some(place) if allowed.contains(&place) => Ok(()),
        Some(place) => Err(StepError::new(
            "target",
            format!(
                "{what} {place} is not among those that the playbook allows: {}",
                allowed.join(", ")
            ),
        )),
        None => Err(StepError::new(
            "target",
            format!(
                "the playbook allows {what} {}, and it is not known which one this is",
                allowed.join(", ")
            ),
        )),
    }
}
