//! Where a call goes, and whether the playbook, and those that run it, may act there.

use super::Context;
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use crate::run::state::Run;
use runbook_playbook::catalog::{Action, ActionKind};
use runbook_playbook::span::Spanned;
use runbook_playbook::template::{self, Data};
use runbook_registry::call::Target;
use std::rc::Rc;

/// Where a playbook may act; an empty list allows any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The playbook, as it is called in what people read.
    playbook: String,
    accounts: Vec<String>,
    regions: Vec<String>,
    roles: Vec<String>,
}

impl Bounds {
    /// The bounds of a run's playbook.
    ///
    /// # Errors
    /// They cannot be told.
    pub(crate) fn of(run: &Run<'_>, scope: &StepScope<'_, '_>) -> Result<Self, StepError> {
        let texts = |list: &[Spanned<Data>]| -> Result<Vec<String>, StepError> {
            list.iter()
                .map(|one| Ok(template::render_text(one, scope)?))
                .collect()
        };
        let target = &run.plan.checked.playbook.target;
        Ok(Self {
            playbook: match run.depth {
                0 => "the playbook".to_owned(),
                _ => run.plan.checked.id.clone(),
            },
            accounts: texts(&target.accounts)?,
            regions: texts(&target.regions)?,
            roles: texts(&target.roles)?,
        })
    }

    fn allow(&self, what: &str, place: Option<&str>, list: &[String]) -> Result<(), StepError> {
        if list.is_empty() {
            return Ok(());
        }
        let allowed = list.join(", ");
        let playbook = &self.playbook;
        let message = match place {
            Some(place) if list.iter().any(|one| one == place) => return Ok(()),
            Some(place) => {
                format!("{what} {place} is not among those that {playbook} allows: {allowed}")
            }
            None => {
                format!("{playbook} allows {what} {allowed}, and it is not known which one this is")
            }
        };
        Err(StepError::new("target", message))
    }
}

/// The target of a call: the step's own, else the run's; both among those that the playbook allows, and each playbook that runs
/// it.
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
    let own_bounds = Bounds::of(context.run, scope)?;
    let outer = context.run.outer_targets.iter().map(Rc::as_ref);
    let bounds: Vec<&Bounds> = outer.chain([&own_bounds]).collect();
    if action.kind != ActionKind::Local || own.is_some() {
        // `arn:aws:iam::123456789012:role/name`
        let of_role = role.as_ref().and_then(|role| role.split(':').nth(4));
        let acts_on = match of_role {
            Some(account) if !account.is_empty() => Some(account.to_owned()),
            _ => account.clone().or(here.account),
        };
        let region = region.clone().or(here.region);
        for bounds in &bounds {
            bounds.allow("account", acts_on.as_deref(), &bounds.accounts)?;
            bounds.allow("region", region.as_deref(), &bounds.regions)?;
        }
    }
    if role.is_some() {
        for bounds in &bounds {
            bounds.allow("role", role.as_deref(), &bounds.roles)?;
        }
    }
    Ok(Target { region, role })
}
