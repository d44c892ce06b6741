//! Source files and their lines.

use crate::span::Span;
use std::sync::Arc;

/// The text of one file, with an index of its lines.
#[derive(Debug, Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    text: String,
    /// Byte offset at which each line starts.
    lines: Vec<usize>,
}

/// A place for people: line and column, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Source {
    /// Takes the text of a file; `name` is what messages call it (a path as the user gave it).
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            inner: Arc::new(Inner {
                name: name.into(),
                text,
                lines,
            }),
        }
    }

    /// The name that messages use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The text of a span; empty where the span does not fit the file.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.inner
            .text
            .get(span.start..span.end)
            .unwrap_or_default()
    }

    /// The line and column of a byte offset; offsets past the end give the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.inner.text.len());
        let line = self.inner.lines.partition_point(|start| *start <= offset);
        let start = self
            .inner
            .lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let column = self
            .inner
            .text
            .get(start..offset)
            .map_or(0, |before| before.chars().count())
            + 1;
        Position {
            line: line.max(1),
            column,
        }
    }

    /// The column of a byte offset in UTF-16 code units, from 1, as editors and SARIF count; offsets past the end give the
    /// end.
    #[must_use]
    pub fn utf16_column(&self, offset: usize) -> usize {
        let offset = offset.min(self.inner.text.len());
        let before = self.inner.text.get(..offset).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.encode_utf16().count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::Source;

    #[test]
    fn columns_are_counted_in_characters_and_in_utf16() {
        let source = Source::new("x", "a\né😀b");
        let b = source.text().len() - 1;
        assert_eq!(source.position(b).column, 3);
        assert_eq!(source.utf16_column(b), 4);
        assert_eq!(source.utf16_column(0), 1);
        assert_eq!(source.utf16_column(99), 5);
    }
}
