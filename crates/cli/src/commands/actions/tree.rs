//! Types as trees of members, for people and for programs.

use runbook_playbook::types::{Member, Range, TextRule, Type};
use serde_json::{Map, Value as Json, json};

/// How deep members are shown; deeper ones are what only recursive and very large shapes have.
const DEPTH: usize = 8;

/// Draws the members of a structure, two columns a level.
pub fn lines(ty: &Type) -> Vec<String> {
    let mut lines = Vec::new();
    let mut above = Vec::new();
    match ty.present() {
        Type::Structure(_) => members(ty, 1, &mut above, &mut lines),
        other => lines.push(format!("  {}", short(other))),
    }
    lines
}

fn members(ty: &Type, depth: usize, above: &mut Vec<String>, lines: &mut Vec<String>) {
    let Type::Structure(structure) = ty.present() else {
        return;
    };
    above.push(structure.name().to_owned());
    if structure.is_union() {
        lines.push(format!("{}one of:", "  ".repeat(depth)));
    }
    for name in structure.member_names() {
        if let Some(member) = structure.member(&name) {
            one(&name, &member, depth, above, lines);
        }
    }
    above.pop();
}

fn one(
    name: &str,
    member: &Member,
    depth: usize,
    above: &mut Vec<String>,
    lines: &mut Vec<String>,
) {
    let mark = if member.required { " (required)" } else { "" };
    let token = if member.idempotency_token {
        " (filled in)"
    } else {
        ""
    };
    let inner = inner(&member.ty);
    let again =
        matches!(inner, Type::Structure(inner) if above.iter().any(|name| name == inner.name()));
    let note = if again { ", as above" } else { "" };
    lines.push(format!(
        "{}{name}: {}{note}{mark}{token}",
        "  ".repeat(depth),
        short(&member.ty)
    ));
    if !again && depth < DEPTH {
        members(inner, depth + 1, above, lines);
    }
}

/// What lists and maps are made of.
fn inner(ty: &Type) -> &Type {
    match ty.present() {
        Type::List(list) => inner(&list.element),
        Type::Map(value) => inner(value),
        other => other,
    }
}

/// A type in one line.
pub fn short(ty: &Type) -> String {
    match ty.present() {
        Type::Structure(_) => "structure".to_owned(),
        Type::List(list) => format!("list of {}", short(&list.element)),
        Type::Map(value) => format!("map of {}", short(value)),
        Type::Text(rule) => text(rule),
        Type::Integer(range, _) | Type::Number(range) => {
            format!("{}{}", ty.present(), bounds(*range))
        }
        other => other.to_string(),
    }
}

fn text(rule: &TextRule) -> String {
    let mut words = vec!["text".to_owned()];
    if !rule.values.is_empty() {
        words.push(rule.values.join(" | "));
    }
    if rule.sensitive {
        words.push("sensitive".to_owned());
    }
    words.join(" ")
}

fn bounds(range: Range) -> String {
    match (range.min, range.max) {
        (Some(min), Some(max)) => format!(" {min} to {max}"),
        (Some(min), None) => format!(" from {min}"),
        (None, Some(max)) => format!(" up to {max}"),
        (None, None) => String::new(),
    }
}

/// A type as JSON: `{type, members | element | value, enum, min, max}`.
pub fn json(ty: &Type) -> Json {
    node(ty, &mut Vec::new())
}

fn node(ty: &Type, above: &mut Vec<String>) -> Json {
    match ty.present() {
        Type::Structure(structure) => {
            let name = structure.name().to_owned();
            if above.contains(&name) || above.len() >= DEPTH {
                return json!({"type": "structure", "name": name, "recursive": true});
            }
            above.push(name.clone());
            let mut members = Map::new();
            for member_name in structure.member_names() {
                if let Some(member) = structure.member(&member_name) {
                    let mut described = node(&member.ty, above);
                    if let Json::Object(described) = &mut described {
                        described.insert("required".to_owned(), member.required.into());
                    }
                    members.insert(member_name, described);
                }
            }
            above.pop();
            json!({"type": "structure", "name": name, "members": members})
        }
        Type::List(list) => json!({"type": "list", "element": node(&list.element, above)}),
        Type::Map(value) => json!({"type": "map", "value": node(value, above)}),
        Type::Text(rule) if !rule.values.is_empty() => json!({"type": "text", "enum": rule.values}),
        Type::Integer(range, _) => json!({"type": "integer", "min": range.min, "max": range.max}),
        Type::Number(range) => json!({"type": "number", "min": range.min, "max": range.max}),
        other => json!({"type": other.to_string()}),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use runbook_playbook::types::{Record, Type};

    #[test]
    fn a_tree_names_types_what_is_required_and_what_may_stand() {
        let strategy = Record::new("Strategy")
            .required("provider", Type::text())
            .optional("mode", Type::one_of(&["A", "B"]))
            .build();
        let input = Record::new("Input")
            .required("service", Type::text())
            .optional("strategies", Type::list(strategy))
            .build();
        assert_eq!(
            lines(&input),
            [
                "  service: text (required)",
                "  strategies: list of structure",
                "    provider: text (required)",
                "    mode: text A | B",
            ]
        );
    }
}
