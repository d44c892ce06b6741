//! Byte positions in a source file.

use std::ops::Deref;

/// A half-open range of bytes in one source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Makes a span of `start..end`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Moves the span to the right, as when text inside a value is placed in its file.
    #[must_use]
    pub fn offset(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }
}

/// A value and the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Where a scalar's text stands in its file. Escapes and folded lines make the text differ from the source; then only the
/// whole scalar can be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPlace {
    /// The text's bytes in the file, quotes excluded.
    pub span: Span,
    /// The text is the source's text, byte for byte.
    pub exact: bool,
}

impl TextPlace {
    /// The place of a byte range of the text.
    #[must_use]
    pub fn part(self, start: usize, end: usize) -> Span {
        if self.exact {
            Span::new(self.span.start + start, self.span.start + end)
        } else {
            self.span
        }
    }
}
