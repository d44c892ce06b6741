//! Characters that a file may not have: they hide what it says.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;
use crate::span::Span;

/// What is reported at most, so that a binary file does not give a thousand problems.
const REPORTED: usize = 10;

/// Reports forbidden characters and returns the text with each of them replaced, positions in characters unchanged.
pub(super) fn check(source: &Source, text: &str, diagnostics: &mut Vec<Diagnostic>) -> String {
    // As nearly all files are.
    if text
        .bytes()
        .all(|byte| matches!(byte, b'\n' | b'\t' | b'\r' | b' '..=b'~'))
    {
        return text.to_owned();
    }
    let base = source.text().len() - text.len();
    let mut reported = 0;
    let mut clean = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let Some(what) = forbidden(character) else {
            clean.push(character);
            continue;
        };
        clean.push('_');
        reported += 1;
        if reported <= REPORTED {
            diagnostics.push(
                Diagnostic::new(
                    Code::YamlFeature,
                    source,
                    Span::new(at, at + character.len_utf8()).offset(base),
                    format!("the file has {what} (U+{:04X})", u32::from(character)),
                )
                .help(format!(
                    "delete it, or write it as `\"\\u{:04X}\"` in double quotes",
                    u32::from(character)
                )),
            );
        }
    }
    clean
}

/// What is wrong with a character.
pub(super) fn forbidden(character: char) -> Option<&'static str> {
    match character {
        '\n' | '\t' | '\r' => None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(
                "a bidirectional control character, which shows text in another order than it is read",
            )
        }
        '\u{200b}' | '\u{2060}' | '\u{feff}' => Some("an invisible character"),
        '\u{2028}' | '\u{2029}' => Some("a Unicode line separator"),
        _ if character.is_control() => Some("a control character"),
        _ => None,
    }
}
