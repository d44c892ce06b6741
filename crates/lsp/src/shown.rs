//! Types and actions in words.

use runbook_playbook::catalog::{Action, ActionKind, Catalog};
use runbook_playbook::types::{Structure, Type};
use runbook_registry::Registry;
use std::fmt::Write as _;

/// The most values of an enumeration that are listed.
const MOST_VALUES: usize = 12;

/// A type in a few words, with the values that it can have.
pub(crate) fn type_in_words(ty: &Type) -> String {
    match ty.present() {
        Type::Text(rule) if !rule.values.is_empty() => {
            let mut words = rule
                .values
                .iter()
                .take(MOST_VALUES)
                .cloned()
                .collect::<Vec<_>>()
                .join(" | ");
            if rule.values.len() > MOST_VALUES {
                words.push_str(" | …");
            }
            words
        }
        Type::List(list) => format!("list of {}", type_in_words(&list.element)),
        _ => ty.to_string(),
    }
}

/// The members of a structure, one a line.
fn members(structure: &dyn Structure) -> String {
    let mut text = String::new();
    for name in structure.member_names() {
        let Some(member) = structure.member(&name) else {
            continue;
        };
        let required = if member.required { " (required)" } else { "" };
        let _ = writeln!(text, "- `{name}`: {}{required}", type_in_words(&member.ty));
    }
    text
}

/// An argument or a member of a result with its type, and what it has in it.
pub(crate) fn member(name: &str, ty: &Type) -> String {
    let mut text = format!("`{name}`: {}", type_in_words(ty));
    if let Type::Structure(structure) = ty.present() {
        text.push_str("\n\n");
        text.push_str(&members(structure.as_ref()));
    }
    text
}

/// What is to be known of an action before it is called.
pub(crate) fn action(action: &Action, registry: &Registry) -> String {
    let effects: Vec<&str> = action
        .effects
        .iter()
        .map(|effect| effect.as_str())
        .collect();
    let mut text = format!("**{}** · {}", action.name, effects.join(", "));
    if let ActionKind::Waiter { polls, .. } = &action.kind {
        let _ = write!(text, " · polls `{polls}`");
    }
    if action.paginated {
        text.push_str(" · comes in pages");
    }
    text.push('\n');
    if let Type::Structure(input) = action.input.present() {
        let _ = write!(text, "\nArguments:\n{}", members(input.as_ref()));
    }
    let _ = writeln!(text, "\nResult: {}", type_in_words(&action.output));
    let permissions = registry.permissions(action);
    if !permissions.is_empty() {
        let names: Vec<String> = permissions
            .iter()
            .map(|permission| format!("`{}`", permission.action))
            .collect();
        let _ = writeln!(text, "\nPermissions: {}", names.join(", "));
    }
    text
}
