//! Documents as YAML text, as a person would write them and as `runbook fmt` lays them out.
//!
//! Everything that writes YAML (drafts of imported pages, recorded scenarios, updated expectations) writes it here, so that
//! what is written is always what is read.

use super::characters;
use serde_json::Value as Json;
use std::fmt::Write as _;

/// The longest line that a list or a mapping in one line makes, in characters.
const WIDTH: usize = 110;

/// Writes a key and its value at a column; collections of the `open` outermost levels get lines of their own, the others
/// where they do not fit into one line.
pub fn pair(out: &mut String, column: usize, name: &str, value: &Json, open: usize) {
    entry(out, column, &format!("{}:", key(name)), value, open);
}

fn entry(out: &mut String, column: usize, head: &str, value: &Json, open: usize) {
    let margin = " ".repeat(column);
    if let Json::String(text) = value
        && let Some(sign) = block_sign(text)
    {
        let _ = writeln!(out, "{margin}{head} {sign}");
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            if !line.is_empty() {
                let _ = write!(out, "{margin}  {line}");
            }
            out.push('\n');
        }
        return;
    }
    let collection = match value {
        Json::Object(members) => !members.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    let one = match value {
        Json::String(text) => inline(text),
        value => flow(value),
    };
    let fits = open == 0 && column + head.chars().count() + 1 + one.chars().count() <= WIDTH;
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

/// A value in one line, such that it can stand in brackets.
#[must_use]
pub fn flow(value: &Json) -> String {
    match value {
        Json::String(text) if is_plain(text) && !is_special_in_flow(text) => text.clone(),
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

/// Text in one line behind a key that stands in a line of its own.
#[must_use]
pub fn inline(text: &str) -> String {
    if is_plain(text) || is_one_template(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Text as it may stand in a comment: in one line, without the characters that no file may have.
#[must_use]
pub fn comment(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|each| !is_hidden(*each)).collect()
}

fn key(name: &str) -> String {
    if is_plain(name) && !is_special_in_flow(name) {
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
            .split('\n')
            .all(|line| !line.ends_with(' ') && !line.chars().any(is_hidden));
    let sign = if body.len() == text.len() { "|-" } else { "|" };
    kept.then_some(sign)
}

/// Whether text reads as itself without quotes.
fn is_plain(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|first| {
        first.is_alphanumeric() || matches!(first, '/' | '_' | '$' | '.' | '(')
    });
    begins
        && !is_ambiguous(text)
        && text.trim() == text
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !text.contains("{{")
        && !text
            .chars()
            .any(|each| is_hidden(each) || matches!(each, '"' | '\'' | '\\' | '`'))
}

/// Whether text is one template and nothing else, which needs no quotes behind a key.
fn is_one_template(text: &str) -> bool {
    text.starts_with("${{")
        && text.ends_with("}}")
        && text.matches("${{").count() == 1
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(is_hidden)
}

/// Whether text without quotes may be taken for a boolean, a number or nothing, by some reader of YAML.
fn is_ambiguous(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = matches!(
        lower.as_str(),
        "" | "null"
            | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "y"
            | "n"
            | "nan"
            | "inf"
            | ".nan"
            | ".inf"
    );
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text
            .chars()
            .all(|each| each.is_ascii_hexdigit() || "+-._:xXoO".contains(each));
    word || numeric
}

/// Whether brackets give a plain text another meaning: by what separates elements, or by a `-` or `?` just before them.
fn is_special_in_flow(text: &str) -> bool {
    text.contains([',', '[', ']', '{', '}']) || text.ends_with(" -") || text.ends_with(" ?")
}

/// Text in double quotes; characters that a file may not have are written as escapes.
fn quoted(text: &str) -> String {
    let json = Json::String(text.to_owned()).to_string();
    let mut written = String::with_capacity(json.len());
    for each in json.chars() {
        if is_hidden(each) {
            let _ = write!(written, "\\u{:04X}", u32::from(each));
        } else {
            written.push(each);
        }
    }
    written
}

/// Whether a character shows only as an escape.
fn is_hidden(each: char) -> bool {
    each.is_control() || characters::forbidden(each).is_some()
}

#[cfg(test)]
mod tests {
    use super::{comment, flow, inline, pair};
    use crate::layout::layout;
    use crate::source::Source;
    use crate::yaml;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    /// Reads a text back; nothing may be wrong with it.
    fn read(text: &str) -> Json {
        let source = Source::new("test.yaml", text);
        let mut found = Vec::new();
        let node = yaml::read(&source, &mut found).unwrap_or_else(|| panic!("{found:?}\n{text}"));
        let json = node.to_json(&source, &mut found);
        assert!(found.is_empty(), "{found:?}\n{text}");
        json
    }

    #[test]
    fn what_is_written_reads_as_it_was_and_is_laid_out() {
        let long = "x".repeat(90);
        let document = json!({
            "plain": "two words", "no": "no", "number": "0123", "version": "1.10", "float": 1.5, "none": null,
            "empty": {}, "list": [], "text": "a: b # c", "odd": "\u{200b}\u{7f}\"\\", "dash": "- x",
            "lines": "one\n  two\n\nthree\n", "blanks": "one \ntwo", "time": "2026-01-15T12:00:00Z",
            "deep": [{"name": long, "other": [long, {"a": 1}]}, ["x", long, long], "one\ntwo"],
            "a key": true, "arn": "arn:aws:ecs:us-east-1:123456789012:cluster/x", "e": "1e5",
            "returns": "one\r\ntwo", "minus": ["a -", "b ?"], "infinite": ".inf", "octal": "0o17", "a, b": "c, d",
        });
        let mut text = String::new();
        for (name, value) in document.as_object().expect("members") {
            pair(&mut text, 0, name, value, 0);
        }
        assert_eq!(read(&text), document, "{text}");
        let laid = layout(&Source::new("test.yaml", text.as_str()));
        assert_eq!(laid.expect("it can be laid out"), text);
    }

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("plain words", "plain words"),
            ("no", "\"no\""),
            ("1024", "\"1024\""),
            ("12:30", "\"12:30\""),
            ("a: b", "\"a: b\""),
            ("${{ inputs.x }}", "${{ inputs.x }}"),
            ("${{ inputs.x }}-y", "\"${{ inputs.x }}-y\""),
            ("${{ '\u{202e}' }}", "\"${{ '\\u202E' }}\""),
            ("zero\u{200b}width", "\"zero\\u200Bwidth\""),
            ("- x", "\"- x\""),
            ("*x*", "\"*x*\""),
            ("a \"b\"", "\"a \\\"b\\\"\""),
        ] {
            assert_eq!(inline(text), written);
        }
        assert_eq!(
            flow(&json!({"a": ["x", "${{ y }}"], "b": 1})),
            "{a: [x, \"${{ y }}\"], b: 1}"
        );
        assert_eq!(comment("a\n\u{feff}b \u{7}c"), "a b c");
    }

    /// Documents with texts that people and programs write, and with any others.
    fn documents() -> impl Strategy<Value = Json> {
        let text = prop_oneof![
            any::<String>(),
            "[-?:,\\[\\]{}#&*!|>'\"%@`~.$0-9eExo_+ \n\tabnoyNT\u{85}\u{200b}\u{2028}\u{feff}]{0,12}",
        ];
        let leaf = prop_oneof![
            text.clone().prop_map(Json::String),
            any::<bool>().prop_map(Json::Bool),
            (-1_000_000_i64..1_000_000).prop_map(|number| json!(number)),
            Just(Json::Null),
        ];
        leaf.prop_recursive(3, 24, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::Array),
                prop::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_document_reads_as_it_was(document in documents(), open in 0_usize..4, column in 0_usize..9) {
            let mut text = if column == 0 { String::new() } else { format!("above:\n{}x: 1\n", " ".repeat(column)) };
            pair(&mut text, column, "value", &document, open);
            let found = read(&text);
            let found = if column == 0 { &found } else { &found["above"] };
            prop_assert_eq!(&found["value"], &document, "{}", text);
        }
    }
}
