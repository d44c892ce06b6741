//! Documents as YAML text, in the layout of `runbook fmt`.

use serde_json::Value as Json;
use std::fmt::Write as _;

/// The longest line that a list or a mapping in one line makes.
const WIDTH: usize = 110;

/// Writes a key and its value at a column; collections of the `open` outermost levels get lines of their own.
pub fn pair(out: &mut String, column: usize, name: &str, value: &Json, open: usize) {
    entry(out, column, &format!("{}:", key(name)), value, open);
}

fn entry(out: &mut String, column: usize, head: &str, value: &Json, open: usize) {
    let margin = " ".repeat(column);
    let one = flow(value);
    let collection = match value {
        Json::Object(members) => !members.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    let fits = open == 0 && column + head.len() + 1 + one.chars().count() <= WIDTH;
    if let Json::String(text) = value
        && let Some(sign) = block_sign(text)
    {
        let _ = writeln!(out, "{margin}{head} {sign}");
        for line in text.trim_end_matches('\n').split('\n') {
            if !line.is_empty() {
                let _ = write!(out, "{margin}  {line}");
            }
            out.push('\n');
        }
        return;
    }
    if !collection || fits {
        let _ = writeln!(out, "{margin}{head} {one}");
        return;
    }
    if head != "-" {
        let _ = writeln!(out, "{margin}{head}");
    }
    let open = open.saturating_sub(1);
    let below = column + 2;
    let start = out.len();
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                pair(out, below, name, value, open);
            }
        }
        Json::Array(items) => {
            for item in items {
                entry(out, below, "-", item, open);
            }
        }
        _ => {}
    }
    if head == "-" {
        // The first member stands behind the dash.
        out.replace_range(start..start + below, &format!("{margin}- "));
    }
}

/// A value in one line.
pub fn flow(value: &Json) -> String {
    match value {
        Json::String(text) if is_plain(text) => text.clone(),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", key(name), flow(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

fn key(name: &str) -> String {
    if is_plain(name) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Text of several lines that can stand below `|`.
fn block_sign(text: &str) -> Option<&'static str> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let kept = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body
            .lines()
            .all(|line| !line.ends_with(' ') && !line.chars().any(is_hidden));
    let sign = if body.len() == text.len() { "|-" } else { "|" };
    kept.then_some(sign)
}

/// Whether text reads as itself without quotes, in brackets too.
fn is_plain(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = matches!(
        lower.as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "nan" | "inf"
    );
    let first = text.chars().next();
    let numeric = first.is_some_and(|first| first.is_ascii_digit())
        && text
            .chars()
            .all(|character| character.is_ascii_hexdigit() || "+-._xX".contains(character));
    first.is_some_and(|first| first.is_alphanumeric() || first == '/')
        && !word
        && !numeric
        && text.trim_end() == text
        && !text.ends_with(':')
        && !text.contains(": ")
        && text
            .chars()
            .all(|character| character.is_alphanumeric() || " -_./:@+=()%$".contains(character))
}

/// Text in double quotes; characters that a file may not have are written as escapes.
fn quoted(text: &str) -> String {
    let json = Json::String(text.to_owned()).to_string();
    let mut written = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            let _ = write!(written, "\\u{:04X}", u32::from(character));
        } else {
            written.push(character);
        }
    }
    written
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::pair;
    use runbook_playbook::layout::layout;
    use runbook_playbook::source::Source;
    use runbook_playbook::yaml;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_as_it_was_and_is_laid_out() {
        let long = "x".repeat(90);
        let document = json!({
            "plain": "two words", "no": "no", "number": "0123", "version": "1.10", "float": 1.5, "none": null,
            "empty": {}, "list": [], "text": "a: b # c", "odd": "\u{200b}\u{7f}\"\\", "dash": "- x",
            "lines": "one\n  two\n\nthree\n", "blanks": "one \ntwo", "time": "2026-01-15T12:00:00Z",
            "deep": [{"name": long, "other": [long, {"a": 1}]}, ["x", long, long], "one\ntwo"],
            "a key": true, "arn": "arn:aws:ecs:us-east-1:123456789012:cluster/x", "e": "1e5",
        });
        let mut text = String::new();
        for (name, value) in document.as_object().expect("members") {
            pair(&mut text, 0, name, value, 0);
        }
        let source = Source::new("test.yaml", text.as_str());
        let mut found = Vec::new();
        let node = yaml::read(&source, &mut found).expect("a document");
        assert_eq!(node.to_json(&source, &mut found), document, "{text}");
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(layout(&source).expect("reads"), text);
    }
}
