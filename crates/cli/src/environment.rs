//! What the program was started in; `main` reads it, everything else is given it.

use crate::console::Console;
use crate::locate::Places;
use runbook_playbook::secret::SecretSource;
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
    /// A variable's value.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The point at which the process is to die, in tests.
    #[cfg(feature = "faults")]
    #[must_use]
    pub fn fault(&self) -> Option<u64> {
        self.variable("RUNBOOK_FAULT")?.parse().ok()
    }

    /// The command line as a person would type it again, without one of its options; the values of the inputs that are
    /// secrets are left for the person to fill in.
    #[must_use]
    pub fn command(&self, without: Option<Left>, secrets: &[String]) -> String {
        self.written(without, secrets, None)
    }

    /// The command line of a call as a person would type it again, without one of its options; where the arguments hold
    /// secrets, `with` stands for them.
    #[must_use]
    pub fn call(&self, without: Option<Left>, with: Option<&str>) -> String {
        self.written(without, &[], with)
    }

    fn written(&self, without: Option<Left>, secrets: &[String], with: Option<&str>) -> String {
        let mut words = vec!["runbook".to_owned()];
        let mut given = self.line.iter();
        while let Some(word) = given.next() {
            if let Some(with) = with
                && word == "--with"
            {
                given.next();
                words.extend([word.clone(), quoted(with)]);
                continue;
            }
            if let Some(with) = with
                && word.starts_with("--with=")
            {
                words.push(quoted(&format!("--with={with}")));
                continue;
            }
            match without {
                Some(left) if word == left.option => {
                    if left.value {
                        given.next();
                    }
                }
                Some(left) if word.split('=').next() == Some(left.option) => {}
                _ => words.push(quoted(&without_secret(word, secrets))),
            }
        }
        words.join(" ")
    }
}

/// `token=abc`, `-itoken=abc` and `--input=token=abc` without the value.
fn without_secret(word: &str, secrets: &[String]) -> String {
    let input = ["--input=", "-i"]
        .iter()
        .find_map(|option| word.strip_prefix(option))
        .unwrap_or(word);
    let secret = input.split_once('=').is_some_and(|(name, value)| {
        let known = secrets.iter().any(|secret| secret == name.trim());
        // Where a secret lies is none.
        known && SecretSource::read(value).is_none()
    });
    let head = word.len() - input.len() + input.find('=').map_or(0, |at| at + 1);
    match word.get(..head) {
        Some(head) if secret => format!("{head}…"),
        _ => word.to_owned(),
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
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, Left, quoted, without_secret};
    use crate::console::{Console, Stream};
    use crate::locate::Places;
    use runbook_report::terminal::Look;

    fn environment(line: &[&str]) -> Environment {
        let stream = Stream {
            open: || Box::new(std::io::sink()),
            terminal: false,
            look: Look::default(),
        };
        Environment {
            places: Places::default(),
            state: None,
            user: "me".to_owned(),
            variables: Vec::new(),
            console: Console {
                out: stream,
                err: stream,
                input: false,
            },
            line: line.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    #[test]
    fn arguments_with_secrets_are_replaced() {
        let yes = Left {
            option: "--yes",
            value: false,
        };
        for line in [
            &["call", "a:B", "--with", "{\"s\": 1}", "--yes"][..],
            &["call", "a:B", "--with={\"s\": 1}", "--yes=write"],
        ] {
            let shown = environment(line).call(Some(yes), Some("…"));
            assert!(!shown.contains('1'), "{shown}");
            assert!(!shown.contains("--yes"), "{shown}");
            let typed = environment(line).call(None, None);
            assert!(typed.contains('1'), "{typed}");
        }
    }

    #[test]
    fn secrets_are_not_repeated() {
        let secrets = ["token".to_owned()];
        for (word, shown) in [
            ("token=abc", "token=…"),
            ("-itoken=abc", "-itoken=…"),
            ("--input=token=a=b", "--input=token=…"),
            ("token=env:TOKEN", "token=env:TOKEN"),
            ("tokens=abc", "tokens=abc"),
            ("--yes=write", "--yes=write"),
        ] {
            assert_eq!(without_secret(word, &secrets), shown);
        }
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        assert_eq!(quoted("acso/memory-leak.yaml"), "acso/memory-leak.yaml");
        assert_eq!(quoted("name=it's here"), r"'name=it'\''s here'");
        assert_eq!(quoted(""), "''");
    }
}
