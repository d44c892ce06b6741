//! A policy as IAM takes it, and whether it grants what a call needs.

use super::narrow::Requirement;
use super::pattern::Pattern;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use std::fmt;

/// What must be true of a request besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// IAM's operator: `StringEquals`, `ArnLike`.
    pub operator: String,
    /// The key: `iam:PassedToService`.
    pub key: String,
    /// Any of these values.
    pub values: BTreeSet<Pattern>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// Its name; letters and digits only.
    pub sid: Option<String>,
    /// It forbids; a statement that forbids wins over all that allow.
    pub denies: bool,
    /// Actions, with wildcards.
    pub actions: BTreeSet<Pattern>,
    /// Resources, with wildcards.
    pub resources: BTreeSet<Pattern>,
    /// What must be true besides, all of it.
    pub conditions: Vec<Condition>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// What a run may do: by itself, and as roles that it assumes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// The policy of who runs it.
    pub own: Policy,
    /// The policies of roles, by ARN; a role without one may do anything.
    pub roles: Vec<(Pattern, Policy)>,
}

/// A permission that no statement grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The IAM action.
    pub action: String,
    /// The resource.
    pub resource: Pattern,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not authorized to perform {} on {}: no statement of the policy allows it",
            self.action, self.resource
        )
    }
}

/// A document that cannot be read as a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyProblem(String);

impl Grants {
    /// Whether everything that a call needs is granted to whoever makes it.
    ///
    /// # Errors
    /// The first permission that is not.
    pub fn judge(&self, role: Option<&str>, requirements: &[Requirement]) -> Result<(), Denied> {
        let Some(role) = role else {
            return self.own.judge(requirements);
        };
        let role = Pattern::literal(role);
        self.own.judge(&[super::assume_role(&role)])?;
        match self.roles.iter().find(|(name, _)| name.covers(&role)) {
            Some((_, policy)) => policy.judge(requirements),
            None => Ok(()),
        }
    }
}

impl Policy {
    /// Whether all of it is granted; permissions that may not be needed are not asked for.
    ///
    /// # Errors
    /// The first permission that is not.
    pub fn judge(&self, requirements: &[Requirement]) -> Result<(), Denied> {
        for requirement in requirements.iter().filter(|one| !one.dependent) {
            for resource in &requirement.resources {
                if !self.allows(&requirement.action, resource, &requirement.conditions) {
                    return Err(Denied {
                        action: requirement.action.clone(),
                        resource: resource.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether it allows an action on a resource, given what is known of the request.
    #[must_use]
    pub fn allows(&self, action: &str, resource: &Pattern, context: &[Condition]) -> bool {
        let fits = |statement: &&Statement| statement.fits(action, resource, context);
        let mut fitting = self.statements.iter().filter(fits).peekable();
        fitting.peek().is_some() && fitting.all(|statement| !statement.denies)
    }

    /// Reads a policy document.
    ///
    /// # Errors
    /// What is not understood of it, so that nothing is judged by half a policy.
    pub fn from_json(document: &Json) -> Result<Self, PolicyProblem> {
        let problem = |text: &str| PolicyProblem(text.to_owned());
        let members = document
            .as_object()
            .ok_or_else(|| problem("a policy is a mapping with `Version` and `Statement`"))?;
        let statements = match members.get("Statement") {
            Some(Json::Array(statements)) => statements.as_slice(),
            Some(one @ Json::Object(_)) => std::slice::from_ref(one),
            _ => return Err(problem("the policy has no `Statement`")),
        };
        Ok(Self {
            statements: statements
                .iter()
                .map(Statement::from_json)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The document, as IAM takes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let statements: Vec<Json> = self.statements.iter().map(Statement::to_json).collect();
        json!({"Version": "2012-10-17", "Statement": statements})
    }
}

impl Statement {
    fn fits(&self, action: &str, resource: &Pattern, context: &[Condition]) -> bool {
        let action = Pattern::literal(&action.to_ascii_lowercase());
        let covers = |own: &Pattern| own.to_lowercase().covers(&action);
        self.actions.iter().any(covers)
            && self.resources.iter().any(|own| own.covers(resource))
            && self.conditions.iter().all(|condition| {
                context.iter().any(|known| {
                    known.key.eq_ignore_ascii_case(&condition.key)
                        && known.values.iter().all(|value| {
                            condition.values.iter().any(|allowed| allowed.covers(value))
                        })
                })
            })
    }

    fn from_json(document: &Json) -> Result<Self, PolicyProblem> {
        const KNOWN: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Condition"];
        let members = document
            .as_object()
            .ok_or_else(|| PolicyProblem("a statement is a mapping".to_owned()))?;
        if let Some(other) = members.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(PolicyProblem(format!(
                "`{other}` of a statement is not understood here; write any of {}",
                KNOWN.join(", ")
            )));
        }
        let denies = match members.get("Effect").and_then(Json::as_str) {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(PolicyProblem("`Effect` must be Allow or Deny".to_owned())),
        };
        let mut conditions = Vec::new();
        for (operator, keys) in members
            .get("Condition")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            let exact = operator == "StringEquals";
            if !exact && !matches!(operator.as_str(), "StringLike" | "ArnLike" | "ArnEquals") {
                return Err(PolicyProblem(format!(
                    "the operator `{operator}` of a condition is not understood here; write StringEquals, StringLike, ArnEquals or ArnLike"
                )));
            }
            for (key, values) in keys.as_object().into_iter().flatten() {
                let read = if exact {
                    Pattern::literal
                } else {
                    Pattern::parse
                };
                conditions.push(Condition {
                    operator: operator.clone(),
                    key: key.clone(),
                    values: texts(values, key)?.iter().map(|text| read(text)).collect(),
                });
            }
        }
        let patterns = |name: &str| -> Result<BTreeSet<Pattern>, PolicyProblem> {
            let value = members
                .get(name)
                .ok_or_else(|| PolicyProblem(format!("a statement has no `{name}`")))?;
            Ok(texts(value, name)?
                .iter()
                .map(|text| Pattern::parse(text))
                .collect())
        };
        Ok(Self {
            sid: members.get("Sid").and_then(Json::as_str).map(str::to_owned),
            denies,
            actions: patterns("Action")?,
            resources: patterns("Resource")?,
            conditions,
        })
    }

    /// The statement, as IAM takes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut members = Map::new();
        if let Some(sid) = &self.sid {
            members.insert("Sid".to_owned(), json!(sid));
        }
        let effect = if self.denies { "Deny" } else { "Allow" };
        members.insert("Effect".to_owned(), json!(effect));
        members.insert("Action".to_owned(), one_or_many(&self.actions));
        members.insert("Resource".to_owned(), one_or_many(&self.resources));
        if !self.conditions.is_empty() {
            let mut conditions = Map::new();
            for condition in &self.conditions {
                let keys = conditions
                    .entry(condition.operator.clone())
                    .or_insert_with(|| json!({}));
                if let Some(keys) = keys.as_object_mut() {
                    keys.insert(condition.key.clone(), one_or_many(&condition.values));
                }
            }
            members.insert("Condition".to_owned(), Json::Object(conditions));
        }
        Json::Object(members)
    }
}

fn texts(value: &Json, name: &str) -> Result<Vec<String>, PolicyProblem> {
    let problem = || PolicyProblem(format!("`{name}` must be a text or a list of texts"));
    match value {
        Json::String(text) => Ok(vec![text.clone()]),
        Json::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(problem))
            .collect(),
        _ => Err(problem()),
    }
}

fn one_or_many(patterns: &BTreeSet<Pattern>) -> Json {
    let texts: Vec<String> = patterns.iter().map(ToString::to_string).collect();
    match texts.as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
