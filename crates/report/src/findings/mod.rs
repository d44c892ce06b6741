//! What the checker found in files, and the formats that programs read.

pub mod github;
pub mod json;
pub mod sarif;

use runbook_playbook::diagnostic::{Code, Diagnostic, Label, Severity};
use runbook_playbook::source::Source;

/// Everything that was found, in the order in which it is told: by file, then by place.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// How many files were checked.
    pub files: usize,
    /// What was found.
    pub found: Vec<Finding>,
    /// Files that could not be read.
    pub unread: Vec<Unread>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The file, as messages call it.
    pub file: String,
    /// A sentence that says why.
    pub why: String,
}

/// A finding without the text of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which problem it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// The file, as messages call it.
    pub file: String,
    /// Where it is wrong.
    pub region: Region,
    /// Other places that matter.
    pub related: Vec<Related>,
}

/// Another place in the same file that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub region: Region,
    /// What is to be said about it.
    pub message: String,
}

/// A part of a file; its end is where the next character would stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Its first character.
    pub start: Point,
    /// One past its last character.
    pub end: Point,
}

/// A place in a file; all are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The line.
    pub line: usize,
    /// The column in characters, as the text for people has it.
    pub column: usize,
    /// The column in UTF-16 code units.
    pub utf16: usize,
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let source = &diagnostic.source;
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            help: diagnostic.help.clone(),
            file: source.name().to_owned(),
            region: region(source, &diagnostic.primary),
            related: diagnostic
                .secondary
                .iter()
                .map(|label| Related {
                    region: region(source, label),
                    message: label.text.to_string(),
                })
                .collect(),
        }
    }
}

impl Findings {
    /// How many are as bad as this.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let alike = |finding: &&Finding| finding.severity == severity;
        self.found.iter().filter(alike).count()
    }
}

fn region(source: &Source, label: &Label) -> Region {
    let point = |at: usize| {
        let position = source.position(at);
        Point {
            line: position.line,
            column: position.column,
            utf16: source.utf16_column(at),
        }
    };
    Region {
        start: point(label.span.start),
        end: point(label.span.end.max(label.span.start)),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Finding, Findings, Unread};
    use runbook_playbook::diagnostic::{Code, Diagnostic};
    use runbook_playbook::source::Source;
    use runbook_playbook::span::Span;

    /// A finding with everything, one with nothing, and a file that could not be read.
    pub(crate) fn some() -> Findings {
        let source = Source::new("plays/é a:b.yaml", "title: 😀 100%\nb: 1\ntitle: x\n");
        let at = |word: &str| {
            let start = source.text().find(word).expect("a word");
            Span::new(start, start + word.len())
        };
        let twice = Diagnostic::new(Code::DuplicateKey, &source, at("100%"), "100%, twice:\nno")
            .also(at("b: 1"), "first here")
            .help("keep one");
        let plain = Diagnostic::new(Code::UnusedAllow, &source, at("x"), "nothing is here");
        Findings {
            files: 2,
            found: vec![Finding::from(&twice), Finding::from(&plain)],
            unread: vec![Unread {
                file: "gone.yaml".to_owned(),
                why: "gone.yaml cannot be read: no such file".to_owned(),
            }],
        }
    }
}
