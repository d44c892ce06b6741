//! Where the rules put what they find.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::Source;
use crate::span::Span;

/// The problems of one file.
#[derive(Debug)]
pub(super) struct Problems {
    source: Source,
    found: Vec<Diagnostic>,
}

impl Problems {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            found: Vec::new(),
        }
    }

    /// A problem of this file, as bad as its code says; nothing is kept until [`Problems::push`].
    pub(super) fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, &self.source, span, message)
    }

    /// Something is already wrong at exactly this place, so that what follows from it need not be said.
    pub(super) fn has_error_at(&self, span: Span) -> bool {
        let at = |problem: &Diagnostic| problem.primary.span == span;
        self.found
            .iter()
            .any(|problem| at(problem) && problem.severity == Severity::Error)
    }

    /// Something keeps the playbook from running.
    pub(super) fn has_error(&self) -> bool {
        crate::diagnostic::has_errors(&self.found)
    }

    /// Something is already wrong somewhere in this place.
    pub(super) fn has_error_in(&self, span: Span) -> bool {
        let within = |problem: &Diagnostic| {
            span.start <= problem.primary.span.start && problem.primary.span.end <= span.end
        };
        self.found
            .iter()
            .any(|problem| within(problem) && problem.severity == Severity::Error)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// All problems by place; what two rules found alike is said once.
    pub(super) fn sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.primary.span.start, d.primary.span.end, d.code);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.found.dedup_by(|a, b| {
            (a.primary.span, a.code, &a.message) == (b.primary.span, b.code, &b.message)
        });
        self.found
    }
}

/// The candidate that was probably meant.
pub(super) fn closest<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let wanted = wanted.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let likely = candidate.to_lowercase();
            if wanted.len() > 3 && likely.starts_with(&wanted) {
                return Some((1, candidate));
            }
            let distance = strsim::damerau_levenshtein(&wanted, &likely);
            let near = 1 + wanted.len().max(likely.len()) / 4;
            (distance <= near && distance < wanted.len()).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// "did you mean", or what there is to choose from.
pub(super) fn suggestion<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(meant) = closest(wanted, candidates.iter().copied()) {
        return Some(format!("did you mean `{meant}`?"));
    }
    (!candidates.is_empty() && candidates.len() <= 12).then(|| {
        let list: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
        format!("there is {}", list.join(", "))
    })
}

/// The problem with help where there is some.
pub(super) fn helped(diagnostic: Diagnostic, help: Option<String>) -> Diagnostic {
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
