//! How bad findings are for this command line: `--deny`, `--warn`, `--allow`, `--lints`.

use crate::args::CheckArguments;
use crate::exit::Failure;
use runbook_playbook::diagnostic::{Code, Severity};
use std::collections::BTreeMap;

/// What becomes of findings.
#[derive(Debug, Default)]
pub struct Levels {
    /// By code; a code that is named comes before groups.
    codes: BTreeMap<Code, Level>,
    /// By how bad they are.
    groups: BTreeMap<Severity, Level>,
    /// Lints are shown.
    lints: bool,
}

/// What becomes of one finding. Where a command line says several, the strictest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Left,
    Warning,
    Error,
}

impl Levels {
    /// Reads the options.
    ///
    /// # Errors
    /// A word is neither a code nor a group.
    pub fn new(arguments: &CheckArguments) -> Result<Self, Failure> {
        let mut levels = Self {
            lints: arguments.lints,
            ..Self::default()
        };
        for (option, words, level) in [
            ("--allow", &arguments.allow, Level::Left),
            ("--warn", &arguments.warn, Level::Warning),
            ("--deny", &arguments.deny, Level::Error),
        ] {
            for word in words {
                levels.set(option, word.trim(), level)?;
            }
        }
        Ok(levels)
    }

    fn set(&mut self, option: &str, word: &str, level: Level) -> Result<(), Failure> {
        let group = match word {
            "warnings" => Some(Severity::Warning),
            "lints" => Some(Severity::Lint),
            _ => None,
        };
        if let Some(group) = group {
            self.groups.insert(group, level);
            return Ok(());
        }
        let code = Code::from_slug(word).ok_or_else(|| {
            let meant = Code::similar(word).map_or_else(
                || "; `runbook explain` lists the codes".to_owned(),
                |code| format!("; did you mean `{}`?", code.slug()),
            );
            Failure::wrong(format!(
                "{option}: `{word}` is no code, nor `warnings` or `lints`{meant}"
            ))
        })?;
        self.codes.insert(code, level);
        Ok(())
    }

    /// How bad a finding is here; `None` leaves it out. Errors stay what they are.
    #[must_use]
    pub fn of(&self, code: Code, severity: Severity) -> Option<Severity> {
        if severity == Severity::Error {
            return Some(severity);
        }
        let level = self.codes.get(&code).or_else(|| self.groups.get(&severity));
        match level {
            Some(Level::Error) => Some(Severity::Error),
            Some(Level::Warning) => Some(Severity::Warning),
            Some(Level::Left) => None,
            None => (severity == Severity::Warning || self.lints).then_some(severity),
        }
    }

    /// Whether a finding is left out only because lints are not asked for.
    #[must_use]
    pub fn hides(&self, code: Code, severity: Severity) -> bool {
        severity == Severity::Lint
            && !self.lints
            && !self.codes.contains_key(&code)
            && !self.groups.contains_key(&severity)
    }
}

#[cfg(test)]
mod tests {
    use super::Levels;
    use crate::args::CheckArguments;
    use runbook_playbook::diagnostic::{Code, Severity};

    fn levels(deny: &[&str], warn: &[&str], allow: &[&str], lints: bool) -> Levels {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Levels::new(&CheckArguments {
            deny: words(deny),
            warn: words(warn),
            allow: words(allow),
            lints,
            ..CheckArguments::default()
        })
        .expect("known words")
    }

    #[test]
    fn a_code_comes_before_its_group_and_the_strictest_holds() {
        let (error, warning, lint) = (Severity::Error, Severity::Warning, Severity::Lint);
        let code = Code::UnusedAllow;
        for (levels, severity, expected) in [
            (levels(&[], &[], &[], false), warning, Some(warning)),
            (levels(&[], &[], &[], false), lint, None),
            (levels(&[], &[], &[], true), lint, Some(lint)),
            (levels(&["warnings"], &[], &[], true), warning, Some(error)),
            (levels(&["warnings"], &[], &[], true), lint, Some(lint)),
            (levels(&["lints"], &[], &[], false), lint, Some(error)),
            (levels(&[], &["lints"], &[], false), lint, Some(warning)),
            (
                levels(&["warnings"], &["unused-allow"], &[], false),
                warning,
                Some(warning),
            ),
            (
                levels(&["unused-allow"], &[], &["unused-allow"], false),
                warning,
                Some(error),
            ),
            (levels(&[], &[], &["unused-allow"], false), warning, None),
            (
                levels(&[], &[], &["unused-allow", "warnings"], false),
                error,
                Some(error),
            ),
        ] {
            assert_eq!(
                levels.of(code, severity),
                expected,
                "{levels:?} {severity:?}"
            );
        }
        assert!(levels(&["warnings"], &[], &[], false).hides(code, lint));
        assert!(!levels(&["lints"], &[], &[], false).hides(code, lint));
    }

    #[test]
    fn a_slip_is_told() {
        let arguments = CheckArguments {
            deny: vec!["unused-alow".to_owned()],
            ..CheckArguments::default()
        };
        let failure = Levels::new(&arguments).expect_err("no code");
        assert_eq!(
            failure.message,
            "--deny: `unused-alow` is no code, nor `warnings` or `lints`; did you mean `unused-allow`?"
        );
    }
}
