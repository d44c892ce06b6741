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
    /// The command line as a person would type it again, without one of its options.
    #[must_use]
    pub fn command(&self, without: Option<Left>) -> String {
        let mut words = vec!["runbook".to_owned()];
        let mut given = self.line.iter();
        while let Some(word) = given.next() {
            match without {
                Some(left) if word == left.option => {
                    if left.value {
                        given.next();
                    }
                }
                Some(left) if word.split('=').next() == Some(left.option) => {}
                _ => words.push(quoted(word)),
            }
        }
        words.join(" ")
    }
}

/// An option that is left out when a command line is written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The option: `--until`.
    pub option: &'static str,
    /// Its value may be the next word.
    pub value: bool,
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
