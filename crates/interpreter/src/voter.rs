//! Somebody who answers a question: a user of the system, and whom AWS takes that user for.

use std::fmt;

/// What stands between the user and the identity on record.
const AS: &str = " as ";

/// A person, as far as a program can tell people apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// The user of the system.
    pub user: String,
    /// The ARN that AWS knows the user by, where it was asked.
    pub identity: Option<String>,
}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.identity {
            Some(identity) => write!(f, "{}{AS}{identity}", self.user),
            None => f.write_str(&self.user),
        }
    }
}

impl Voter {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn of(by: &str) -> Self {
        match by.split_once(AS) {
            Some((user, identity)) if identity.starts_with("arn:") => Self {
                user: user.to_owned(),
                identity: Some(identity.to_owned()),
            },
            _ => Self {
                user: by.to_owned(),
                identity: None,
            },
        }
    }

    /// Whether two answers may be one person's: the same user, unless AWS knows both and knows them apart; or the same
    /// identity, whatever the users are called.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        match (&self.identity, &other.identity) {
            (Some(one), Some(other)) => one == other,
            _ => self.user == other.user,
        }
    }

    /// Whether a name means this person: the user's, the ARN, or the last part of the ARN.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let identity = self.identity.as_deref();
        self.user == name
            || identity == Some(name)
            || identity.and_then(|arn| arn.rsplit(['/', ':']).next()) == Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Voter;

    #[test]
    fn people_are_told_apart_by_user_and_identity() {
        let voter = |by: &str| Voter::of(by);
        let ann = voter("ann");
        let role = voter("ann as arn:aws:sts::123456789012:assumed-role/ops/ann");
        let other = voter("ann as arn:aws:sts::123456789012:assumed-role/ops/bob");
        assert!(ann.may_be(&ann) && ann.may_be(&role) && !role.may_be(&other));
        assert!(!ann.may_be(&voter("bob")));
        let root = voter("root as arn:aws:sts::123456789012:assumed-role/ops/ann");
        assert!(
            root.may_be(&role),
            "one identity under two users is one person"
        );
    }

    #[test]
    fn a_name_is_the_users_or_the_identitys() {
        let voter = Voter::of("ec2-user as arn:aws:sts::123456789012:assumed-role/ops/ann");
        for name in [
            "ec2-user",
            "ann",
            "arn:aws:sts::123456789012:assumed-role/ops/ann",
        ] {
            assert!(voter.is_named(name), "{name}");
        }
        assert!(!voter.is_named("ops"));
        assert_eq!(Voter::of(&voter.to_string()), voter);
    }
}
