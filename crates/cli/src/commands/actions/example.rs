//! An example step to paste.

use runbook_playbook::catalog::Action;
use runbook_playbook::types::{ListType, Structure, TextRule, Type};
use runbook_registry::model::validate::validate;
use serde_json::json;

/// How deep members are written out.
const DEPTH: usize = 6;

/// The most elements that a list is given to reach its least number.
const ELEMENTS: u64 = 8;

/// A step that calls the action with its required arguments.
pub fn lines(action: &Action) -> Vec<String> {
    let (_, operation) = action.name.split_once(':').unwrap_or(("", &action.name));
    let mut lines = vec![
        format!("{}:", snake_case(operation)),
        format!("  action: {}", action.name),
    ];
    if let Drawn::Block(with) = draw(&action.input, 0) {
        lines.push("  with:".to_owned());
        lines.extend(with.iter().map(|line| format!("    {line}")));
    }
    lines
}

/// A value as YAML.
enum Drawn {
    /// Fits behind its key.
    Inline(String),
    /// Stands below its key.
    Block(Vec<String>),
}

fn draw(ty: &Type, depth: usize) -> Drawn {
    match ty.present() {
        Type::Structure(structure) if depth < DEPTH => members(&**structure, depth),
        Type::List(list) if depth < DEPTH => elements(list, depth),
        other => Drawn::Inline(scalar(other)),
    }
}

/// The required members; of a union the first.
fn members(structure: &dyn Structure, depth: usize) -> Drawn {
    let names = structure.member_names();
    let mut lines = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let Some(member) = structure.member(name) else {
            continue;
        };
        let chosen = if structure.is_union() {
            place == 0
        } else {
            member.required
        };
        if !chosen {
            continue;
        }
        match draw(&member.ty, depth + 1) {
            Drawn::Inline(value) => lines.push(format!("{name}: {value}")),
            Drawn::Block(inner) => {
                lines.push(format!("{name}:"));
                lines.extend(inner.iter().map(|line| format!("  {line}")));
            }
        }
    }
    if lines.is_empty() {
        Drawn::Inline("{}".to_owned())
    } else {
        Drawn::Block(lines)
    }
}

/// One element, or as many as the list must have.
fn elements(list: &ListType, depth: usize) -> Drawn {
    let least = list.min.unwrap_or(0).clamp(1, ELEMENTS);
    let count = usize::try_from(least).unwrap_or(1);
    match draw(&list.element, depth + 1) {
        Drawn::Inline(value) => Drawn::Inline(format!("[{}]", vec![value; count].join(", "))),
        Drawn::Block(inner) => {
            let one = inner.iter().enumerate().map(|(place, line)| {
                let mark = if place == 0 { "- " } else { "  " };
                format!("{mark}{line}")
            });
            let one: Vec<String> = one.collect();
            Drawn::Block(vec![one; count].concat())
        }
    }
}

fn scalar(ty: &Type) -> String {
    match ty.present() {
        Type::Boolean => "true".to_owned(),
        Type::Integer(range, _) | Type::Number(range) => {
            let least = range.min.unwrap_or(1.0).max(1.0);
            range.max.map_or(least, |max| least.min(max)).to_string()
        }
        Type::Text(rule) => text(ty, rule),
        Type::Timestamp(_) => "${{ now }}".to_owned(),
        Type::Duration => "15m".to_owned(),
        Type::List(_) => "[]".to_owned(),
        Type::Structure(_) | Type::Map(_) | Type::JsonText | Type::Any => "{}".to_owned(),
        Type::Blob => "BASE64".to_owned(),
        Type::Secret => "${{ inputs.secret }}".to_owned(),
        Type::Absent | Type::Optional(_) => "${{ absent }}".to_owned(),
    }
}

/// The forms that names, ids and addresses of AWS have; the first that a rule admits is the example.
const FORMS: &[&str] = &[
    "TEXT",
    "name",
    "name-1",
    "123456789012",
    "arn:aws:iam::123456789012:role/name",
    "arn:aws:service:us-east-1:123456789012:name/name",
    "us-east-1",
    "us-east-1_name",
    "12345678-1234-1234-1234-123456789012",
    "https://example.com",
    "name@example.com",
    "0123456789abcdef0",
    "i-0123456789abcdef0",
    "2026-01-15",
    "12:00",
    "1.0",
    "10.0.0.0/16",
    "/name",
    "+15555550100",
];

fn text(ty: &Type, rule: &TextRule) -> String {
    if let Some(value) = rule.values.first() {
        return quoted(value);
    }
    let fits = |form: &str| validate(ty, &json!(form)).is_empty();
    if let Some(form) = FORMS.iter().find(|form| fits(form)) {
        return quoted(form);
    }
    let least = usize::try_from(rule.min.unwrap_or(0)).unwrap_or(0).min(256);
    let long = ["a", "A", "0"]
        .map(|letter| letter.repeat(least))
        .into_iter()
        .find(|form| !form.is_empty() && fits(form));
    quoted(&long.unwrap_or_else(|| "TEXT".to_owned()))
}

/// Text that YAML would read as something else, in quotes.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./@:+".contains(c))
        && !matches!(
            text.to_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        json!(text).to_string()
    }
}

/// `UpdateService` as `update_service`, `DescribeDBInstances` as `describe_db_instances`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let starts = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if starts {
            snake.push('_');
        }
        if letter.is_alphanumeric() {
            snake.extend(letter.to_lowercase());
        }
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::{quoted, snake_case};

    #[test]
    fn operations_become_step_names() {
        assert_eq!(snake_case("UpdateService"), "update_service");
        assert_eq!(snake_case("DescribeDBInstances"), "describe_db_instances");
        assert_eq!(snake_case("GetMetricData"), "get_metric_data");
    }

    #[test]
    fn what_yaml_would_misread_is_quoted() {
        assert_eq!(quoted("TEXT"), "TEXT");
        assert_eq!(quoted("123456789012"), "\"123456789012\"");
        assert_eq!(quoted("on"), "\"on\"");
    }
}
