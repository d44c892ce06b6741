//! Placeholders in angle brackets (`<cluster name>`), hidden while the shell's grammar is at work: to it they are redirections.

use regex::Regex;
use std::borrow::Cow;
use std::sync::OnceLock;

/// What stands for `<`, `>`, blanks and `|`. Characters of the private use area are part of words to a shell.
const MARKS: [(char, char); 4] = [
    ('<', '\u{F0001}'),
    ('>', '\u{F0002}'),
    (' ', '\u{F0003}'),
    ('|', '\u{F0004}'),
];

/// The text with its placeholders hidden.
pub(crate) fn hide(text: &str) -> Cow<'_, str> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let shape = SHAPE.get_or_init(|| {
        Regex::new(
            r"<[A-Za-z](?:[A-Za-z0-9 _./-]*[A-Za-z0-9])?>|<[A-Za-z0-9_.-]+(?:\|[A-Za-z0-9_.-]+)+>",
        )
        .ok()
    });
    match shape {
        Some(shape) => shape.replace_all(text, |found: &regex::Captures<'_>| {
            let all = found.get(0).map_or("", |all| all.as_str());
            all.chars()
                .map(|character| {
                    let mark = MARKS.iter().find(|(plain, _)| *plain == character);
                    mark.map_or(character, |(_, mark)| *mark)
                })
                .collect::<String>()
        }),
        None => Cow::Borrowed(text),
    }
}

/// The text with its placeholders as they were written.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mark = MARKS.iter().find(|(_, mark)| *mark == character);
            mark.map_or(character, |(plain, _)| *plain)
        })
        .collect()
}
