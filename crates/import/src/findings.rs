//! What is wrong with a page, collected.

use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;

/// Problems of one page.
#[derive(Debug)]
pub struct Findings {
    source: Source,
    found: Vec<Diagnostic>,
}

impl Findings {
    /// None yet.
    #[must_use]
    pub fn new(source: &Source) -> Self {
        Self {
            source: source.clone(),
            found: Vec::new(),
        }
    }

    /// The page.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Adds a problem.
    pub fn add(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let found = Diagnostic::new(code, &self.source, span, message);
        let found = match help {
            Some(help) => found.help(help),
            None => found,
        };
        let same = |other: &Diagnostic| {
            other.code == found.code
                && other.primary.span == found.primary.span
                && other.message == found.message
        };
        if !self.found.iter().any(same) {
            self.found.push(found);
        }
    }

    /// Adds problems that are made.
    pub fn extend(&mut self, found: Vec<Diagnostic>) {
        self.found.extend(found);
    }

    /// All of them, by place.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|found| found.primary.span);
        self.found
    }
}
