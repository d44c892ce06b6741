//! Diagnostics as text for people.

use super::{Diagnostic, Severity};
use crate::span::Span;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::ops::Range;

/// How text is decorated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No escape sequences.
    Plain,
    /// ANSI colours.
    Colour,
}

/// Renders one problem with its source lines: the place marked, other places that matter, and what to write instead.
/// The text ends without a newline.
#[must_use]
pub fn render(diagnostic: &Diagnostic, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colour => Renderer::styled(),
    };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Lint => Level::NOTE,
    };
    let text = diagnostic.source.text();
    let primary = AnnotationKind::Primary
        .span(visible(text, diagnostic.primary.span))
        .label(label(&diagnostic.primary.text));
    let others = diagnostic.secondary.iter().map(|other| {
        AnnotationKind::Context
            .span(visible(text, other.span))
            .label(label(&other.text))
    });
    let snippet = Snippet::source(text)
        .path(diagnostic.source.name())
        .annotation(primary)
        .annotations(others);
    let mut group: Group<'_> = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.slug())
        .element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// Words at a mark; none where there are no words.
fn label(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The part of a span that is marked: what is on its first line, at character boundaries inside the text.
fn visible(text: &str, span: Span) -> Range<usize> {
    let start = boundary(text, span.start);
    let end = boundary(text, span.end).max(start);
    let marked = text.get(start..end).unwrap_or_default();
    let line = marked.find('\n').map_or(end, |newline| start + newline);
    start..line
}

/// The last character boundary at or before a byte.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Source;

    fn twice() -> Diagnostic {
        let source = Source::new("é.yaml", "title: é\nb: 1\ntitle: x\n");
        Diagnostic::new(Code::DuplicateKey, &source, Span::new(15, 20), "twice")
            .label("again here")
            .also(Span::new(0, 5), "first here")
            .help("keep one")
    }

    #[test]
    fn shows_the_source_the_other_place_and_the_help() {
        let expected = "\
error[duplicate-key]: twice
 --> é.yaml:3:1
  |
1 | title: é
  | ----- first here
2 | b: 1
3 | title: x
  | ^^^^^ again here
  |
  = help: keep one";
        assert_eq!(render(&twice(), Style::Plain), expected);
        assert!(render(&twice(), Style::Colour).contains("\u{1b}["));
    }

    #[test]
    fn marks_places_at_the_edges() {
        let source = Source::new("edge.yaml", "é");
        for span in [(0, 0), (1, 1), (2, 2), (0, 99), (50, 60), (2, 1)] {
            let problem = Diagnostic::new(
                Code::WrongKind,
                &source,
                Span {
                    start: span.0,
                    end: span.1,
                },
                "x",
            );
            assert!(render(&problem, Style::Plain).contains("edge.yaml:1:"));
        }
        let empty = Diagnostic::new(
            Code::YamlSyntax,
            &Source::new("e", ""),
            Span::default(),
            "x",
        );
        assert!(render(&empty, Style::Plain).contains("yaml-syntax"));
    }
}
