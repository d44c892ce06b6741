//! A file as tokens: scalars and comments as they are written, and the signs between them.

use crate::source::Source;
use crate::span::Span;
use crate::yaml::{self, Style};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `- `
    Dash,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `{` or `[`
    Open(char),
    /// `}` or `]`
    Close(char),
    /// `---` or `...`
    Mark,
    /// Text.
    Scalar(Style),
    /// A comment, to the end of its line.
    Comment,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Its bytes.
    pub(super) span: Span,
    /// The line that it begins in, from 0.
    pub(super) line: usize,
    /// The characters before it in that line.
    pub(super) column: usize,
    /// The line that it ends in.
    pub(super) last: usize,
}

/// Splits a file.
///
/// # Errors
/// The byte of something that the layout does not know.
pub(super) fn read(source: &Source) -> Result<Vec<Token>, usize> {
    let text = source.text();
    let lines = Lines::new(text);
    let comments = yaml::comments(source);
    let mut before = 0;
    let mut atoms: Vec<(Span, Kind)> = Vec::new();
    for (span, style) in yaml::scalars(source) {
        let span = match style {
            Style::Block => block(text, header(text, before, span, &comments), &lines),
            Style::Plain | Style::Quoted => span,
        };
        if span.end > span.start {
            before = span.end;
            atoms.push((span, Kind::Scalar(style)));
        }
    }
    atoms.extend(comments.into_iter().map(|span| (span, Kind::Comment)));
    atoms.sort_by_key(|(span, _)| span.start);
    let mut tokens = Vec::new();
    let mut at = 0;
    for (span, kind) in atoms {
        // The comment of a block scalar's header stands within it.
        if span.start < at {
            continue;
        }
        gap(text, at, span.start, &lines, &mut tokens)?;
        tokens.push(lines.token(kind, span));
        at = span.end;
    }
    gap(text, at, text.len(), &lines, &mut tokens)?;
    Ok(tokens)
}

/// The signs between two scalars or comments.
fn gap(
    text: &str,
    from: usize,
    to: usize,
    lines: &Lines<'_>,
    tokens: &mut Vec<Token>,
) -> Result<(), usize> {
    let mut rest = from;
    while rest < to {
        let written = text.get(rest..to).ok_or(rest)?;
        let Some(character) = written.chars().next() else {
            break;
        };
        let mut length = character.len_utf8();
        let kind = match character {
            ' ' | '\t' | '\r' | '\n' => None,
            '-' if written.starts_with("---") => {
                length = 3;
                Some(Kind::Mark)
            }
            '.' if written.starts_with("...") => {
                length = 3;
                Some(Kind::Mark)
            }
            '-' => Some(Kind::Dash),
            ':' => Some(Kind::Colon),
            ',' => Some(Kind::Comma),
            '{' | '[' => Some(Kind::Open(character)),
            '}' | ']' => Some(Kind::Close(character)),
            _ => return Err(rest),
        };
        if let Some(kind) = kind {
            tokens.push(lines.token(kind, Span::new(rest, rest + length)));
        }
        rest += length;
    }
    Ok(())
}

/// A block scalar from its `|` or `>` on: the YAML library places it at its text.
fn header(text: &str, before: usize, span: Span, comments: &[Span]) -> Span {
    let commented = |at: usize| {
        let mut comments = comments.iter();
        comments.any(|comment| comment.start <= at && at < comment.end)
    };
    let rest = text.get(before..).unwrap_or_default();
    let reach = span.start.saturating_sub(before);
    let length = rest.get(reach..).and_then(|rest| rest.chars().next());
    let gap = rest
        .get(..reach + length.map_or(0, char::len_utf8))
        .unwrap_or_default();
    let mut signs = gap
        .match_indices(['|', '>'])
        .map(|(at, _)| before + at)
        .filter(|at| !commented(*at));
    let start = signs.next().unwrap_or(span.start);
    Span::new(start, span.end.max(start + 1))
}

/// A block scalar with all of its lines, from its `|` or `>` on.
fn block(text: &str, span: Span, lines: &Lines<'_>) -> Span {
    let first = lines.of(span.start);
    let header = text.get(span.start..lines.end(first)).unwrap_or_default();
    let (sign, _) = header.split_once('#').unwrap_or((header, ""));
    let keeps = sign.contains('+');
    let content = lines.end(lines.of(span.end.saturating_sub(1).max(span.start)));
    let mut end = content.max(lines.end(first));
    let base = lines.content_indentation(first + 1, lines.of(end));
    // Lines of blanks after the last line of text belong to it where all are kept, or where they are longer than its
    // indentation.
    let mut next = lines.of(end) + 1;
    while let Some(line) = lines.text(next).filter(|line| line.trim().is_empty()) {
        let longer = base.is_some_and(|base| line.trim_end_matches('\r').len() > base);
        if keeps || longer {
            end = lines.end(next);
        }
        next += 1;
    }
    Span::new(span.start, end)
}

/// Where lines begin.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(newlines).collect(),
        }
    }

    /// The line of a byte.
    fn of(&self, byte: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= byte)
            .saturating_sub(1)
    }

    /// The byte of a line's newline.
    fn end(&self, line: usize) -> usize {
        let next = self.starts.get(line + 1);
        next.map_or(self.text.len(), |next| next - 1)
    }

    /// A line without its newline; nothing after the last newline.
    fn text(&self, line: usize) -> Option<&'a str> {
        let start = *self.starts.get(line)?;
        if start == self.text.len() {
            return None;
        }
        self.text.get(start..self.end(line))
    }

    /// The blanks before the first line that has more than blanks.
    fn content_indentation(&self, from: usize, to: usize) -> Option<usize> {
        (from..=to)
            .filter_map(|line| self.text(line))
            .find(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start_matches(' ').len())
    }

    fn token(&self, kind: Kind, span: Span) -> Token {
        let line = self.of(span.start);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..span.start).unwrap_or_default();
        Token {
            kind,
            span,
            line,
            column: before.chars().count(),
            last: self.of(span.end.saturating_sub(1).max(span.start)),
        }
    }
}
