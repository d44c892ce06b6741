//! An example step to paste.

use runbook_playbook::catalog::Action;
use runbook_playbook::types::Type;

/// A step that calls the action with its required arguments.
pub fn lines(action: &Action) -> Vec<String> {
    let (_, operation) = action.name.split_once(':').unwrap_or(("", &action.name));
    let mut lines = vec![
        format!("{}:", snake_case(operation)),
        format!("  action: {}", action.name),
    ];
    let mut with = Vec::new();
    required(&action.input, 2, 0, &mut with);
    if !with.is_empty() {
        lines.push("  with:".to_owned());
        lines.extend(with);
    }
    lines
}

fn required(ty: &Type, depth: usize, nested: usize, lines: &mut Vec<String>) {
    let Type::Structure(structure) = ty.present() else {
        return;
    };
    for name in structure.member_names() {
        let Some(member) = structure.member(&name).filter(|member| member.required) else {
            continue;
        };
        let indent = "  ".repeat(depth);
        match member.ty.present() {
            Type::Structure(_) if nested < 3 => {
                let mut inner = Vec::new();
                required(&member.ty, depth + 1, nested + 1, &mut inner);
                if inner.is_empty() {
                    lines.push(format!("{indent}{name}: {{}}"));
                } else {
                    lines.push(format!("{indent}{name}:"));
                    lines.extend(inner);
                }
            }
            other => lines.push(format!("{indent}{name}: {}", sample(other))),
        }
    }
}

/// A value of the type, as a playbook writes it.
fn sample(ty: &Type) -> String {
    match ty.present() {
        Type::Boolean => "true".to_owned(),
        Type::Integer(range, _) | Type::Number(range) => range.min.unwrap_or(1.0).to_string(),
        Type::Text(rule) => rule
            .values
            .first()
            .map_or_else(|| "TEXT".to_owned(), ToOwned::to_owned),
        Type::Timestamp(_) => "${{ now }}".to_owned(),
        Type::Duration => "15m".to_owned(),
        Type::List(list) => match list.element.present() {
            Type::Structure(_) | Type::List(_) | Type::Map(_) => "[]".to_owned(),
            element => format!("[{}]", sample(element)),
        },
        Type::Structure(_) | Type::Map(_) | Type::JsonText | Type::Any => "{}".to_owned(),
        Type::Blob => "BASE64".to_owned(),
        Type::Secret => "${{ inputs.secret }}".to_owned(),
        Type::Absent | Type::Optional(_) => "${{ absent }}".to_owned(),
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
    use super::snake_case;

    #[test]
    fn operations_become_step_names() {
        assert_eq!(snake_case("UpdateService"), "update_service");
        assert_eq!(snake_case("DescribeDBInstances"), "describe_db_instances");
        assert_eq!(snake_case("GetMetricData"), "get_metric_data");
    }
}
