//! An action for people, in lines of at most 80 columns.

use super::{example, tree};
use runbook_playbook::catalog::{Action, ActionKind, Need, Permission};

/// Where facts begin: behind their names.
const FACTS: usize = 13;

/// The widest line.
pub const WIDTH: usize = 80;

/// Everything that is known of an action.
pub fn lines(action: &Action, permissions: &[Permission], waiters: &[String]) -> Vec<String> {
    let mut lines = vec![action.name.clone(), String::new()];
    fact(&mut lines, "kind", [super::kind(&action.kind).to_owned()]);
    if let ActionKind::Waiter { polls, bound } = &action.kind {
        let bound = runbook_playbook::duration::format(*bound);
        fact(
            &mut lines,
            "polls",
            [format!("{polls}, for at most {bound}")],
        );
    }
    let effects = super::effects(action).join(", ");
    let by_member = action
        .effects_by_member
        .iter()
        .map(|(member, effect)| format!("{effect} when `{member}` is given"));
    fact(
        &mut lines,
        "effects",
        std::iter::once(effects).chain(by_member),
    );
    fact(
        &mut lines,
        "permissions",
        permissions.iter().flat_map(permission),
    );
    fact(&mut lines, "errors", [action.errors.join(", ")]);
    fact(
        &mut lines,
        "failures in",
        [action.failure_members.join(", ")],
    );
    if action.paginated {
        fact(
            &mut lines,
            "pages",
            ["all are read, up to `limit` items".to_owned()],
        );
    }
    fact(&mut lines, "waiters", [waiters.join(", ")]);
    for (title, ty) in [("Input", &action.input), ("Output", &action.output)] {
        let tree = tree::lines(ty);
        let empty = if tree.is_empty() { ": nothing" } else { "" };
        lines.push(String::new());
        lines.push(format!("{title}{empty}"));
        lines.extend(tree);
    }
    lines.push(String::new());
    lines.push("Example".to_owned());
    let example = example::lines(action);
    lines.extend(example.iter().map(|line| format!("  {line}")));
    lines
}

/// A permission, and below it what it can be limited to.
fn permission(permission: &Permission) -> Vec<String> {
    let when = match &permission.need {
        Need::Always => String::new(),
        Need::Dependent => " (some calls)".to_owned(),
        Need::WithMembers(members) => {
            let members: Vec<String> = members.iter().map(|one| format!("`{one}`")).collect();
            format!(" when {} is given", members.join(" or "))
        }
    };
    let resources = permission.resources.iter().map(|resource| {
        let mark = if resource.required { "" } else { "or " };
        format!("  {mark}{}: {}", resource.name, resource.arn)
    });
    std::iter::once(format!("{}{when}", permission.action))
        .chain(resources)
        .collect()
}

/// Adds a named fact; further lines stand below the first.
fn fact(lines: &mut Vec<String>, name: &str, values: impl IntoIterator<Item = String>) {
    let mut name = name;
    for value in values.into_iter().filter(|value| !value.is_empty()) {
        for line in wrapped(&value, WIDTH - FACTS) {
            let line = format!("{name:FACTS$}{line}");
            lines.push(line.trim_end().to_owned());
            name = "";
        }
    }
}

/// A text in lines of at most the width where its words allow it; further lines are indented by two more.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = Vec::new();
    let mut line = indent.clone();
    for word in text.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        let begun = !line.trim().is_empty();
        if begun && length > width {
            lines.push(std::mem::take(&mut line));
            line = format!("{indent}  {word}");
            continue;
        }
        if begun {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_lines_are_broken_between_words() {
        assert_eq!(
            wrapped("  one of: FIRST | SECOND", 16),
            ["  one of: FIRST", "    | SECOND"]
        );
        assert_eq!(wrapped("short", 16), ["short"]);
        assert_eq!(wrapped("anindivisibleword", 4), ["anindivisibleword"]);
    }
}
