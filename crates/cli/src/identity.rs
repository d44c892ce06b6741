//! Who one is: the account and the principal that credentials belong to.

use runbook_registry::Registry;
use runbook_registry::call::{Call, CallError};
use runbook_registry::world::World;
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

/// The ARN whose policies IAM simulates: the role of a session, not the session. A path that the role may have is not in
/// the session's ARN.
#[must_use]
pub fn simulated(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, _, account, resource] = parts.as_slice() else {
        return None;
    };
    match (*service, resource.split_once('/')) {
        ("sts", Some(("assumed-role", rest))) => {
            let role = rest.split('/').next()?;
            Some(format!("arn:{partition}:iam::{account}:role/{role}"))
        }
        ("iam", Some(_)) => Some(arn.to_owned()),
        // The root user and federated users have no policies of their own to simulate.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::simulated;

    #[test]
    fn a_session_stands_for_its_role() {
        for (arn, due) in [
            (
                "arn:aws:sts::123456789012:assumed-role/ops/me",
                Some("arn:aws:iam::123456789012:role/ops"),
            ),
            (
                "arn:aws:iam::123456789012:user/team/me",
                Some("arn:aws:iam::123456789012:user/team/me"),
            ),
            ("arn:aws:iam::123456789012:root", None),
            ("arn:aws:sts::123456789012:federated-user/me", None),
            ("nonsense", None),
        ] {
            assert_eq!(simulated(arn).as_deref(), due, "{arn}");
        }
    }
}
