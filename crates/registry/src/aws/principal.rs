//! Whose credentials are.

/// Whose they are, as STS says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// The account.
    pub account: Option<String>,
    /// The ARN of the user or the session.
    pub principal: Option<String>,
}

/// The ARN of the user, or of the role of a session; `None` for the root user and federated users, who have no policies
/// of their own. A path that the role may have is not in the session's ARN.
#[must_use]
pub fn of_caller(arn: &str) -> Option<String> {
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
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_caller;

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
            assert_eq!(of_caller(arn).as_deref(), due, "{arn}");
        }
    }
}
