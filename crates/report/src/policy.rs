//! The least IAM policy of a playbook, for people and for programs.

use crate::question::safe;
use runbook_interpreter::plan::policy::{
    Explained, LeastPolicy, MOST_CHARACTERS, PrincipalPolicy, characters, documents,
};
use runbook_registry::policy::{Policy, Statement};
use serde_json::{Map, Value as Json, json};

/// The version of the document; it rises when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// The policy as text: each statement below the steps that need it.
#[must_use]
pub fn lines(playbook: &str, least: &LeastPolicy) -> Vec<String> {
    let mut lines = Vec::new();
    for principal in &least.principals {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let who = principal.role.as_ref().map_or_else(
            || "whoever runs it".to_owned(),
            |role| format!("the role {role}, which it assumes"),
        );
        let policies = parts(principal);
        lines.push(format!("# {playbook}: the least policy of {who}"));
        if principal.statements.is_empty() {
            lines.push("# It calls nothing that IAM judges.".to_owned());
        }
        for (at, policy) in policies.iter().enumerate() {
            let number = if policies.len() == 1 {
                "1 document".to_owned()
            } else {
                format!("document {} of {}", at + 1, policies.len())
            };
            let count = characters(policy);
            lines.push(format!(
                "# {number}, {count} of the {MOST_CHARACTERS} characters of a managed policy"
            ));
            for statement in &policy.statements {
                lines.push(String::new());
                for step in steps_of(principal, statement) {
                    lines.push(format!("# {}", safe(step)));
                }
                lines.extend(pretty(&statement.to_json()));
            }
        }
        if !principal.dependent.is_empty() {
            lines.push(String::new());
            lines
                .push("# Needed only where what is named asks for it, and so left out:".to_owned());
            for explained in &principal.dependent {
                lines.push(format!("#   {}", dependent_line(explained)));
            }
        }
    }
    for note in &least.notes {
        lines.push(String::new());
        lines.push(format!("# {}", safe(note)));
    }
    lines
}

/// The policy as a document for programs.
#[must_use]
pub fn document(playbook: &str, least: &LeastPolicy) -> Json {
    let principals: Vec<Json> = least
        .principals
        .iter()
        .map(|principal| {
            let policies: Vec<Json> = parts(principal).iter().map(Policy::to_json).collect();
            let steps: Map<String, Json> = parts(principal)
                .iter()
                .flat_map(|policy| &policy.statements)
                .filter_map(|statement| {
                    let steps = steps_of(principal, statement);
                    Some((statement.sid.clone()?, json!(steps)))
                })
                .collect();
            let dependent: Vec<Json> = principal
                .dependent
                .iter()
                .map(|explained| {
                    json!({"statement": explained.statement.to_json(), "steps": explained.steps})
                })
                .collect();
            json!({
                "role": principal.role.as_ref().map(ToString::to_string),
                "policies": policies,
                "steps": steps,
                "dependent": dependent,
            })
        })
        .collect();
    json!({
        "format_version": FORMAT_VERSION,
        "playbook": playbook,
        "principals": principals,
        "notes": least.notes,
    })
}

/// The documents of a principal, each within what IAM takes.
#[must_use]
pub fn parts(principal: &PrincipalPolicy) -> Vec<Policy> {
    let statements: Vec<Statement> = principal
        .statements
        .iter()
        .map(|explained| explained.statement.clone())
        .collect();
    documents(&statements)
}

/// The steps that need a statement, or the part of it that a document has.
fn steps_of<'p>(principal: &'p PrincipalPolicy, statement: &Statement) -> Vec<&'p str> {
    principal
        .statements
        .iter()
        .find(|explained| {
            let whole = &explained.statement;
            whole.actions == statement.actions
                && whole.conditions == statement.conditions
                && whole.resources.is_superset(&statement.resources)
        })
        .map(|explained| explained.steps.iter().map(String::as_str).collect())
        .unwrap_or_default()
}

fn dependent_line(explained: &Explained) -> String {
    let texts =
        |patterns: &mut dyn Iterator<Item = String>| patterns.collect::<Vec<_>>().join(", ");
    format!(
        "{} on {} ({})",
        texts(&mut explained.statement.actions.iter().map(ToString::to_string)),
        texts(
            &mut explained
                .statement
                .resources
                .iter()
                .map(ToString::to_string)
        ),
        safe(&explained.steps.join(", "))
    )
}

fn pretty(json: &Json) -> Vec<String> {
    format!("{json:#}").lines().map(safe).collect()
}
