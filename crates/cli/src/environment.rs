//! What the program was started in; `main` reads it, everything else is given it.

use crate::console::Console;
use crate::locate::Places;
use std::path::PathBuf;

/// Folders, streams and names.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Where playbooks are.
    pub places: Places,
    /// Where the journal is kept when `--state-dir` does not say: `$XDG_STATE_HOME/runbook`, or
    /// `~/.local/state/runbook`; `None` where neither is known.
    pub state: Option<PathBuf>,
    /// The name of the person.
    pub user: String,
    /// The variables, for programs that playbooks start.
    pub variables: Vec<(String, String)>,
    /// The streams.
    pub console: Console,
    /// The command line, without the program's own path.
    pub line: Vec<String>,
}

impl Environment {
    /// The command line as a person would type it again, without the options that the test names.
    #[must_use]
    pub fn command(&self, without: fn(&str) -> bool) -> String {
        let mut words = vec!["runbook".to_owned()];
        let mut given = self.line.iter().peekable();
        while let Some(word) = given.next() {
            if without(word) {
                // `--until diagnose`, but `--until=diagnose` is one word.
                if !word.contains('=') && given.peek().is_some_and(|next| !next.starts_with('-')) {
                    given.next();
                }
            } else {
                words.push(quoted(word));
            }
        }
        words.join(" ")
    }
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(quoted("acso/memory-leak.yaml"), "acso/memory-leak.yaml");
        assert_eq!(quoted("name=it's here"), r"'name=it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
