//! Playbooks as text, as a person would lay them out.

use serde_json::Value as Json;

/// The longest line that a list or a mapping in one line may make.
const WIDTH: usize = 110;

/// Lines of YAML.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writer {
    text: String,
}

impl Writer {
    /// A blank line, unless there is one.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub fn comment(&mut self, depth: usize, words: &str) {
        let room = 100_usize.saturating_sub(depth * 2);
        let mut line = String::new();
        for word in words.split_whitespace() {
            if !line.is_empty() && line.chars().count() + word.chars().count() >= room {
                self.line(depth, &format!("# {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            self.line(depth, &format!("# {line}"));
        }
    }

    /// A key that opens a mapping.
    pub fn open(&mut self, depth: usize, key: &str) {
        self.line(depth, &format!("{key}:"));
    }

    /// A key with its value, in one line where it fits.
    pub fn pair(&mut self, depth: usize, key: &str, value: &Json) {
        let head = format!("{}:", plain_key(key));
        if let Json::String(text) = value
            && text.contains('\n')
            && text.lines().all(|line| !line.starts_with(' '))
            && !text
                .chars()
                .any(|character| character.is_control() && character != '\n')
        {
            self.line(depth, &format!("{head} |-"));
            for line in text.lines() {
                self.line(depth + 1, line);
            }
            return;
        }
        let flow = match value {
            Json::String(text) => block_text(text),
            other => flow(other),
        };
        let fits = depth * 2 + head.chars().count() + 1 + flow.chars().count() <= WIDTH;
        match value {
            Json::Object(members) if !members.is_empty() && !fits => {
                self.line(depth, &head);
                for (name, member) in members {
                    self.pair(depth + 1, name, member);
                }
            }
            Json::Array(items) if !items.is_empty() && !fits => {
                self.line(depth, &head);
                for item in items {
                    self.item(depth + 1, item);
                }
            }
            _ => self.line(depth, &format!("{head} {flow}")),
        }
    }

    fn item(&mut self, depth: usize, value: &Json) {
        let text = match value {
            Json::String(text) => block_text(text),
            other => flow(other),
        };
        let fits = depth * 2 + 2 + text.chars().count() <= WIDTH;
        if let (Json::Object(members), false) = (value, fits) {
            let mut inner = Self::default();
            for (name, member) in members {
                inner.pair(depth + 1, name, member);
            }
            let indent = "  ".repeat(depth);
            let body = inner.text.trim_start();
            self.text.push_str(&indent);
            self.text.push_str("- ");
            self.text.push_str(body);
            return;
        }
        self.line(depth, &format!("- {text}"));
    }

    pub fn line(&mut self, depth: usize, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&"  ".repeat(depth));
            self.text.push_str(text);
        }
        self.text.push('\n');
    }

    pub fn finish(self) -> String {
        self.text
    }
}

fn plain_key(key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character))
        && !key.starts_with('-')
        && !ambiguous(key);
    if plain { key.to_owned() } else { quoted(key) }
}

/// A text behind a key.
pub(crate) fn block_text(text: &str) -> String {
    let whole_template = text.starts_with("${{")
        && text.ends_with("}}")
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains('\n');
    if whole_template && text.matches("${{").count() == 1 {
        return text.to_owned();
    }
    if is_plain(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A value in one line.
pub(crate) fn flow(value: &Json) -> String {
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
                .map(|(name, value)| format!("{}: {}", plain_key(name), flow(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether brackets give a plain text another meaning: by what separates elements, or by a `-` or `?` just before them.
fn is_special_in_flow(text: &str) -> bool {
    text.contains([',', '[', ']', '{', '}']) || text.ends_with(" -") || text.ends_with(" ?")
}

fn quoted(text: &str) -> String {
    Json::String(text.to_owned()).to_string()
}

fn ambiguous(text: &str) -> bool {
    let lower = text.to_lowercase();
    matches!(
        lower.as_str(),
        "" | "~" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "absent"
    ) || text
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_digit() || matches!(first, '+' | '.'))
        && text.chars().all(|character| {
            character.is_ascii_digit() || "+-.eExX_:TZabcdefABCDEF".contains(character)
        })
}

fn is_plain(text: &str) -> bool {
    let first = text.chars().next();
    let begins = first.is_some_and(|first| {
        first.is_alphanumeric() || matches!(first, '/' | '_' | '$' | '.' | '(')
    });
    begins
        && !ambiguous(text)
        && text.trim() == text
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !text.contains("{{")
        && !text.chars().any(|character| {
            character.is_control() || matches!(character, '"' | '\'' | '\\' | '`' | '\u{FEFF}')
        })
}

#[cfg(test)]
mod tests {
    use super::{block_text, flow};
    use serde_json::json;

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
            ("- x", "\"- x\""),
            ("*x*", "\"*x*\""),
            ("a \"b\"", "\"a \\\"b\\\"\""),
        ] {
            assert_eq!(block_text(text), written);
        }
        assert_eq!(
            flow(&json!({"a": ["x", "${{ y }}"], "b": 1})),
            "{a: [x, \"${{ y }}\"], b: 1}"
        );
        assert_eq!(flow(&json!(["a -", "a-b"])), "[\"a -\", a-b]");
    }
}
