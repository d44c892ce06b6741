//! Types as trees of members, for people and for programs.

use super::page::{WIDTH, wrapped};
use runbook_playbook::types::{ListType, Member, Range, TextRule, TimeUnit, Type};
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
    let inner = inner(&member.ty);
    let again =
        matches!(inner, Type::Structure(inner) if above.iter().any(|name| name == inner.name()));
    let mut line = format!("{}{name}: {}", "  ".repeat(depth), short(&member.ty));
    for (holds, mark) in [
        (again, ", as above"),
        (
            member.sensitive && !says_sensitive(&member.ty),
            " sensitive",
        ),
        (member.required, " (required)"),
        (member.idempotency_token, " (filled in)"),
    ] {
        if holds {
            line.push_str(mark);
        }
    }
    lines.extend(wrapped(&line, WIDTH));
    if !again && depth < DEPTH {
        members(inner, depth + 1, above, lines);
    }
}

/// A text says itself that it is sensitive.
fn says_sensitive(ty: &Type) -> bool {
    matches!(ty.present(), Type::Text(rule) if rule.sensitive)
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
        Type::List(list) => format!("list{} of {}", counted(list), short(&list.element)),
        Type::Map(value) => format!("map of {}", short(value)),
        Type::Text(rule) => text(rule),
        Type::Integer(range, _) | Type::Number(range) => {
            format!("{}{}", ty.present(), bounds(*range))
        }
        other => other.to_string(),
    }
}

/// How many elements a list may have, where that is bound: ` (1 to 10)`.
fn counted(list: &ListType) -> String {
    match (list.min.filter(|min| *min > 0), list.max) {
        (Some(min), Some(max)) => format!(" ({min} to {max})"),
        (Some(min), None) => format!(" ({min} or more)"),
        (None, Some(max)) => format!(" (up to {max})"),
        (None, None) => String::new(),
    }
}

fn text(rule: &TextRule) -> String {
    let mut words = vec!["text".to_owned()];
    let length = match (rule.min.filter(|min| *min > 1), rule.max) {
        _ if !rule.values.is_empty() => None,
        (Some(min), Some(max)) if min == max => Some(format!("of {max} characters")),
        (Some(min), Some(max)) => Some(format!("of {min} to {max} characters")),
        (None, Some(max)) => Some(format!("up to {max} characters")),
        (Some(min), None) => Some(format!("of {min} characters or more")),
        (None, None) => None,
    };
    words.extend(length);
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

/// A type as JSON: see `docs/actions.md`.
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
                        if member.sensitive {
                            described.insert("sensitive".to_owned(), true.into());
                        }
                        if member.idempotency_token {
                            described.insert("idempotency_token".to_owned(), true.into());
                        }
                    }
                    members.insert(member_name, described);
                }
            }
            above.pop();
            json!({"type": "structure", "name": name, "members": members})
        }
        Type::List(list) => facts(
            "list",
            [
                ("element", Some(node(&list.element, above))),
                ("min", list.min.map(Json::from)),
                ("max", list.max.map(Json::from)),
            ],
        ),
        Type::Map(value) => json!({"type": "map", "value": node(value, above)}),
        Type::Text(rule) => facts(
            "text",
            [
                (
                    "enum",
                    (!rule.values.is_empty()).then(|| json!(rule.values)),
                ),
                ("pattern", rule.pattern.as_deref().map(Json::from)),
                ("min", rule.min.map(Json::from)),
                ("max", rule.max.map(Json::from)),
            ],
        ),
        Type::Integer(range, unit) => facts(
            "integer",
            [
                ("min", range.min.map(Json::from)),
                ("max", range.max.map(Json::from)),
                ("time", unit.map(|unit| Json::from(unit_name(unit)))),
            ],
        ),
        Type::Number(range) => facts(
            "number",
            [
                ("min", range.min.map(Json::from)),
                ("max", range.max.map(Json::from)),
            ],
        ),
        other => json!({"type": other.to_string()}),
    }
}

/// A type's name with those facts that are known.
fn facts<const N: usize>(name: &str, known: [(&str, Option<Json>); N]) -> Json {
    let mut facts = Map::new();
    facts.insert("type".to_owned(), name.into());
    for (key, value) in known {
        if let Some(value) = value {
            facts.insert(key.to_owned(), value);
        }
    }
    facts.into()
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Seconds => "seconds",
        TimeUnit::Milliseconds => "milliseconds",
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
