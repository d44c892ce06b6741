//! Who one is: the account and the principal that credentials belong to.

use crate::exit::Failure;
use runbook_interpreter::plan::{Options, Until};
use runbook_playbook::checked::Checked;
use runbook_registry::Registry;
use runbook_registry::aws::principal;
use runbook_registry::call::{Call, CallError};
use runbook_registry::world::{Place, World};
use serde_json::{Value as Json, json};

/// A principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: Option<String>,
    /// The ARN, as STS says it.
    pub arn: Option<String>,
}

/// Asks STS.
///
/// # Errors
/// Why it cannot be told.
pub async fn caller(world: &dyn World, registry: &Registry) -> Result<Caller, CallError> {
    let call = Call::new("sts:GetCallerIdentity", json!({}));
    let answer = registry.perform(world, &call).await?;
    let text = |name: &str| {
        answer
            .result
            .get(name)
            .and_then(Json::as_str)
            .map(str::to_owned)
    };
    Ok(Caller {
        account: text("Account"),
        arn: text("Arn"),
    })
}

/// Whether a run may change something.
#[must_use]
pub fn acts(checked: &Checked, options: &Options) -> bool {
    let reads = matches!(options.until, Some(Until::Symptom | Until::Diagnose));
    checked.playbook.resolve.is_some() && !reads && !options.read_only
}

/// Whether it must be known as whom calls are made: an approval holds for that principal only, and the playbook, or one
/// that it runs or escalates by, may name the account.
#[must_use]
pub fn names_caller(checked: &Checked, options: &Options) -> bool {
    let playbook = &checked.playbook;
    let escalates = playbook.escalate.as_ref();
    let mut steps = checked.steps.values();
    acts(checked, options)
        || playbook.source.text().contains("target.account")
        || !playbook.target.accounts.is_empty()
        || escalates.is_some_and(|escalate| escalate.uses.is_some())
        || steps.any(|step| {
            let action = step.action.as_ref();
            action.is_some_and(|action| action.name == "playbook:Run")
        })
}

/// Where calls go and as whom, as saved plans have it: the account, the region, and the principal, for which a session's role
/// stands, since sessions come and go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The ARN of the user or the role.
    pub principal: Option<String>,
}

impl Target {
    /// The place of a scenario's world, where nobody is anybody.
    #[must_use]
    pub fn of_place(place: Place) -> Self {
        Self {
            account: place.account,
            region: place.region,
            principal: None,
        }
    }

    /// Asks who one is.
    ///
    /// # Errors
    /// It cannot be told.
    pub async fn ask(
        world: &dyn World,
        registry: &Registry,
        region: Option<&str>,
    ) -> Result<Self, Failure> {
        let who = caller(world, registry).await.map_err(|error| {
            Failure::environment(format!(
                "who one is cannot be told: {error}; `runbook doctor` looks for the reason"
            ))
        })?;
        let principal = who.arn.map(|arn| principal::of_caller(&arn).unwrap_or(arn));
        Ok(Self {
            account: who.account,
            region: region.map(str::to_owned).or(world.place().region),
            principal,
        })
    }

    /// As saved plans have it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({"account": self.account, "region": self.region, "principal": self.principal})
    }

    /// As saved plans had it.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        let text = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            account: text("account"),
            region: text("region"),
            principal: text("principal"),
        }
    }

    /// How another target differs from this one, in words; nothing where it does not.
    #[must_use]
    pub fn differs(&self, now: &Self) -> Option<String> {
        let parts = [
            ("account", &self.account, &now.account),
            ("region", &self.region, &now.region),
            ("principal", &self.principal, &now.principal),
        ];
        let (word, then, now) = parts.into_iter().find(|(_, then, now)| then != now)?;
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        Some(format!(
            "it was made for the {word} {}, and this is {}",
            shown(then),
            shown(now)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn another_account_region_or_principal_is_named() {
        let one = Target {
            account: Some("123456789012".to_owned()),
            region: Some("eu-west-1".to_owned()),
            principal: Some("arn:aws:iam::123456789012:role/ops".to_owned()),
        };
        assert_eq!(one.differs(&Target::from_json(&one.to_json())), None);
        let region = Target {
            region: None,
            ..one.clone()
        };
        let principal = Target {
            principal: Some("arn:aws:iam::123456789012:user/me".to_owned()),
            ..one.clone()
        };
        for (other, due) in [
            (
                Target::default(),
                "it was made for the account 123456789012, and this is none",
            ),
            (
                region,
                "it was made for the region eu-west-1, and this is none",
            ),
            (
                principal,
                "it was made for the principal arn:aws:iam::123456789012:role/ops, and this is arn:aws:iam::123456789012:user/me",
            ),
        ] {
            assert_eq!(one.differs(&other).as_deref(), Some(due));
        }
    }
}
