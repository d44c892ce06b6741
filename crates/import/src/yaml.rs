//! Playbooks as text, as a person would lay them out.

use runbook_playbook::yaml::write;
use serde_json::Value as Json;

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
        for word in write::comment(words).split_whitespace() {
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
        write::pair(&mut self.text, depth * 2, key, value, 0);
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
