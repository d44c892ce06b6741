//! Places as the protocol counts them: lines from 0, columns in UTF-16 code units.

use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use serde_json::{Value as Json, json};

/// A byte offset as a position of the protocol.
pub(crate) fn position(source: &Source, offset: usize) -> Json {
    let line = source.position(offset).line.saturating_sub(1);
    let character = source.utf16_column(offset).saturating_sub(1);
    json!({"line": line, "character": character})
}

/// A span as a range of the protocol.
pub(crate) fn range(source: &Source, span: Span) -> Json {
    json!({"start": position(source, span.start), "end": position(source, span.end)})
}

/// The byte offset of a position in a text; past the end of a line is its end.
pub(crate) fn offset(text: &str, position: &Json) -> Option<usize> {
    let line = usize::try_from(position.get("line")?.as_u64()?).ok()?;
    let character = usize::try_from(position.get("character")?.as_u64()?).ok()?;
    let mut start = 0;
    for _ in 0..line {
        match text.get(start..)?.find('\n') {
            Some(end) => start += end + 1,
            None => return Some(text.len()),
        }
    }
    let rest = text.get(start..)?;
    let mut units = 0;
    for (at, each) in rest.char_indices() {
        if units >= character || each == '\n' || (each == '\r' && rest[at..].starts_with("\r\n")) {
            return Some(start + at);
        }
        units += each.len_utf16();
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::{offset, position};
    use runbook_playbook::source::Source;
    use serde_json::json;

    #[test]
    fn positions_are_counted_in_utf16_and_come_back() {
        let text = "a\né😀b\r\nc";
        let source = Source::new("x", text);
        for at in [0, 1, 2, 4, 8, 9, 11, 12] {
            assert_eq!(offset(text, &position(&source, at)), Some(at), "{at}");
        }
        assert_eq!(offset(text, &json!({"line": 0, "character": 99})), Some(1));
        assert_eq!(
            offset(text, &json!({"line": 99, "character": 0})),
            Some(text.len())
        );
    }
}
