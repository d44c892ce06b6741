//! Text from outside, made harmless for a terminal.

use std::borrow::Cow;

/// Characters that steer a terminal or turn the direction of text.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// Shows control and direction characters as `\u{..}`; line breaks and tabs become spaces, so that text stays on its line.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(' '),
            '\r' => {}
            c if is_steering(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn shows_what_would_steer_the_terminal() {
        assert_eq!(
            escape("red \u{1b}[31m\u{7}\u{202e}"),
            "red \\u{1b}[31m\\u{7}\\u{202e}"
        );
    }

    #[test]
    fn keeps_text_on_its_line() {
        assert_eq!(escape("one\r\ntwo\tthree é 漢"), "one two three é 漢");
    }
}
