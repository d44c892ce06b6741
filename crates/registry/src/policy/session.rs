//! Session policies: what sessions of roles may do, whatever their roles may.

use super::document::{Condition, Policy, Statement};
use super::pattern::Pattern;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The most characters of a session policy (AWS STS API, `AssumeRole`).
pub const MOST_OF_A_SESSION: usize = 2048;

/// What sessions of a run may do, by the role that they are of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionPolicies {
    /// Those of the role of all calls.
    pub own: SessionPolicy,
    /// Those of roles that steps name, by ARN.
    pub roles: Vec<(Pattern, SessionPolicy)>,
}

/// What sessions of a role may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionPolicy {
    /// What every run can come to need.
    pub needed: Vec<Statement>,
    /// What is needed only where what the calls name asks for it.
    pub dependent: Vec<Statement>,
}

impl SessionPolicies {
    /// The document for a role's sessions; one that nothing is planned with may do nothing. `is_own` says that it is the role of
    /// all calls.
    ///
    /// # Errors
    /// How many characters it has where those are more than STS takes.
    pub fn of_role(&self, arn: &str, is_own: bool) -> Result<String, usize> {
        let role = Pattern::literal(arn);
        let own = is_own.then_some(&self.own);
        let named = self.roles.iter().filter(|(name, _)| name.covers(&role));
        document(own.into_iter().chain(named.map(|(_, policy)| policy)))
    }

    /// Whether every document is short enough, as far as roles are known before they are assumed.
    ///
    /// # Errors
    /// How many characters one has that is not.
    pub fn check(&self) -> Result<(), usize> {
        document([&self.own])?;
        for (name, policy) in &self.roles {
            match name.known() {
                Some(arn) => self.of_role(&arn, false)?,
                None => document([policy])?,
            };
        }
        Ok(())
    }
}

/// One document, as short as it can be; what depends is in it while there is room.
fn document<'p>(policies: impl IntoIterator<Item = &'p SessionPolicy>) -> Result<String, usize> {
    let policies: Vec<&SessionPolicy> = policies.into_iter().collect();
    let written = |with_dependent: bool| {
        let needed = policies.iter().flat_map(|policy| &policy.needed);
        let dependent = policies.iter().flat_map(|policy| &policy.dependent);
        let statements = needed.chain(dependent.filter(|_| with_dependent));
        shortest(statements).to_json().to_string()
    };
    let whole = written(true);
    if whole.chars().count() <= MOST_OF_A_SESSION {
        return Ok(whole);
    }
    let needed = written(false);
    match needed.chars().count() {
        count if count <= MOST_OF_A_SESSION => Ok(needed),
        count => Err(count),
    }
}

fn shortest<'p>(statements: impl Iterator<Item = &'p Statement>) -> Policy {
    let mut together: IndexMap<(&BTreeSet<Pattern>, &[Condition]), BTreeSet<Pattern>> =
        IndexMap::new();
    for statement in statements {
        let key = (&statement.resources, statement.conditions.as_slice());
        let actions = statement.actions.iter().cloned();
        together.entry(key).or_default().extend(actions);
    }
    let mut statements: Vec<Statement> = together
        .into_iter()
        .map(|((resources, conditions), actions)| Statement {
            actions,
            resources: resources.clone(),
            conditions: conditions.to_vec(),
            ..Statement::default()
        })
        .collect();
    if statements.is_empty() {
        // STS takes no policy without statements, and a session without a policy may do what its role may.
        statements.push(Statement {
            denies: true,
            actions: BTreeSet::from([Pattern::any()]),
            resources: BTreeSet::from([Pattern::any()]),
            ..Statement::default()
        });
    }
    Policy { statements }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(action: &str) -> SessionPolicy {
        SessionPolicy {
            needed: vec![Statement {
                actions: BTreeSet::from([Pattern::literal(action)]),
                resources: BTreeSet::from([Pattern::any()]),
                ..Statement::default()
            }],
            dependent: Vec::new(),
        }
    }

    #[test]
    fn each_role_may_do_what_is_planned_with_it() {
        let policies = SessionPolicies {
            own: may("ecs:UpdateService"),
            roles: vec![
                (
                    Pattern::parse("arn:aws:iam::*:role/reader"),
                    may("s3:GetObject"),
                ),
                (
                    Pattern::literal("arn:aws:iam::1:role/ops"),
                    may("sns:Publish"),
                ),
            ],
        };
        let of = |arn: &str, is_own| policies.of_role(arn, is_own).expect("short");
        let own = of("arn:aws:iam::2:role/ops", true);
        assert!(
            own.contains("ecs:UpdateService") && !own.contains("s3:"),
            "{own}"
        );
        let reader = of("arn:aws:iam::7:role/reader", false);
        assert!(
            reader.contains("s3:GetObject") && !reader.contains("ecs:"),
            "{reader}"
        );
        let both = of("arn:aws:iam::1:role/ops", true);
        assert!(
            both.contains("ecs:UpdateService") && both.contains("sns:Publish"),
            "{both}"
        );
        let other = of("arn:aws:iam::1:role/other", false);
        assert!(other.contains(r#""Effect":"Deny""#), "{other}");
    }

    #[test]
    fn what_depends_makes_way_and_what_is_needed_does_not() {
        let long = may(&"a".repeat(MOST_OF_A_SESSION));
        let policy = SessionPolicy {
            dependent: long.needed.clone(),
            ..may("ecs:UpdateService")
        };
        let own = SessionPolicies {
            own: policy,
            roles: Vec::new(),
        };
        let document = own.of_role("arn", true).expect("short");
        assert!(document.contains("ecs:UpdateService") && !document.contains("aaa"));
        let roles = vec![(Pattern::literal("arn"), long)];
        let policies = SessionPolicies { roles, ..own };
        assert!(policies.check().expect_err("long") > MOST_OF_A_SESSION);
    }
}
