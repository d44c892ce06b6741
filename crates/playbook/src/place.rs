//! Where the parts of a scalar's text stand in its file, also where escapes and folded lines make the two differ.

use crate::source::Source;
use crate::span::{Span, TextPlace};

/// The places of a scalar's text.
pub(crate) struct Places {
    whole: TextPlace,
    /// For each byte of the text where it stands in the file; `None` where the text stands there as it is, or cannot be
    /// followed.
    bytes: Option<Vec<Span>>,
}

impl Places {
    /// Follows the text through its file.
    pub(crate) fn new(text: &str, whole: TextPlace, source: &Source) -> Self {
        let bytes = if whole.exact {
            None
        } else {
            follow(text, whole.span, source)
        };
        Self { whole, bytes }
    }

    /// The place of a byte range of the text; the whole where it cannot be told.
    pub(crate) fn part(&self, start: usize, end: usize) -> Span {
        let Some(bytes) = &self.bytes else {
            return self.whole.part(start, end);
        };
        let first = bytes.get(start).copied();
        let last = end.checked_sub(1).and_then(|last| bytes.get(last)).copied();
        match (first, last) {
            (Some(first), Some(last)) if start < end => Span::new(first.start, last.end),
            (Some(first), _) => Span::new(first.start, first.start),
            _ => self.whole.span,
        }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Without quotes, or as a block.
    Bare,
    /// `'…'`, where `''` stands for a quote.
    Single,
    /// `"…"`, with escapes.
    Double,
}

/// Where each byte of the text stands in the file: both have the same characters, but for white space and escapes. White
/// space has no width and stands where what is before it ends.
fn follow(text: &str, span: Span, source: &Source) -> Option<Vec<Span>> {
    let written = source.slice(span);
    let style = match source.text().get(..span.start)?.chars().next_back() {
        Some('\'') => Style::Single,
        Some('"') => Style::Double,
        _ => Style::Bare,
    };
    let mut at = 0;
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        let width = character.len_utf8();
        if character.is_whitespace() {
            let here = Span::new(at, at).offset(span.start);
            bytes.extend(std::iter::repeat_n(here, width));
            continue;
        }
        at = next_character(written, at, style)?;
        if !written.get(at..)?.starts_with(character) {
            return None;
        }
        bytes.extend((at..at + width).map(|byte| Span::new(byte, byte + 1).offset(span.start)));
        at += width;
        if style == Style::Single && character == '\'' {
            at += 1;
        }
    }
    Some(bytes)
}

/// Where the next character stands that is no white space, as written or escaped.
fn next_character(written: &str, mut at: usize, style: Style) -> Option<usize> {
    loop {
        let mut rest = written.get(at..)?.chars();
        let next = rest.next()?;
        if next.is_whitespace() {
            at += next.len_utf8();
        } else if next == '\\' && style == Style::Double {
            let escaped = rest.next()?;
            match escaped {
                '"' | '\\' | '/' => return Some(at + 1),
                'n' | 't' | 'r' => at += 2,
                _ if escaped.is_whitespace() => at += 1 + escaped.len_utf8(),
                // Written by its number: the text has another character there.
                _ => return None,
            }
        } else {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::source::Source;
    use crate::yaml::{self, NodeKind};

    /// What is marked for a word of the first value of a document.
    fn marked(document: &str, word: &str) -> String {
        let source = Source::new("test.yaml", document);
        let node = yaml::read(&source, &mut Vec::new()).expect("a document");
        let (_, value) = node
            .entries()
            .and_then(|entries| entries.first())
            .expect("an entry");
        let NodeKind::Scalar { text, place, .. } = &value.kind else {
            panic!("a scalar")
        };
        let places = Places::new(text, *place, &source);
        let at = text.find(word).expect("the word");
        let span = places.part(at, at + word.len());
        let line = source.position(span.start).line;
        format!("{line}: {}", source.slice(span))
    }

    #[test]
    fn words_of_folded_and_escaped_texts_are_found() {
        for (document, word, expected) in [
            ("a: one two\n", "two", "1: two"),
            ("a: |\n  one\n\n  two\n", "two", "4: two"),
            ("a: >- # why\n  one\n  two\nb: 1\n", "two", "3: two"),
            ("a: one\n  two\n  three\n", "three", "3: three"),
            ("a: one\n  two\n", "one two", "1: one\n  two"),
            ("a: one\n  two\u{a0}é\n", "two\u{a0}", "2: two"),
            ("a: 'it''s one ''two'''\n", "'two'", "1: ''two'"),
            (r#"a: "\"one\" \\ two\n""#, "two", "1: two"),
            ("a: \"one \\\n  two\"\n", "two", "2: two"),
            ("a: |\n  é | two\n", "two", "2: two"),
            ("a: |\n  | one |\n  | two |\n", "two", "3: two"),
        ] {
            assert_eq!(marked(document, word), expected, "{document}");
        }
    }

    #[test]
    fn the_whole_is_marked_where_the_text_cannot_be_followed() {
        assert_eq!(marked(r#"a: "\x41 two""#, "two"), r"1: \x41 two");
    }
}
