//! Problems in files, with the place and what to write instead.

mod allow;
mod code;
mod render;

pub use allow::silence;
pub use code::Code;
pub use render::{Style, render};

use crate::source::Source;
use crate::span::Span;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Lint,
    /// Probably wrong.
    Warning,
    /// Wrong: the playbook does not run.
    Error,
}

impl Severity {
    /// The word for it: `error`, `warning`, `lint`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Lint => "lint",
        }
    }
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words; may be empty.
    pub text: Box<str>,
}

/// One problem of one file.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Which problem it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The file.
    pub source: Source,
    /// Where it is wrong.
    pub primary: Label,
    /// Other places that matter, the cause among them.
    pub secondary: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A problem at a place, as bad as its code says.
    pub fn new(code: Code, source: &Source, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            source: source.clone(),
            primary: Label {
                span,
                text: Box::default(),
            },
            secondary: Vec::new(),
            help: None,
        }
    }

    /// Makes it a warning where its code says worse.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says a few words at the marked place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into().into_boxed_str();
        self
    }

    /// Marks another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into().into_boxed_str(),
        });
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// Whether any of them keeps a playbook from running.
#[must_use]
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}
