//! Syntax errors that people run into, told by what they meant.
//!
//! Where the offending characters are known, they are masked and the file is read again, so that one slip does not hide
//! the other problems of a file. Positions count characters, as the YAML library does.

use crate::diagnostic::Code;
use std::ops::Range;

/// What is wrong and how reading can go on.
pub(super) struct Trap {
    pub(super) code: Code,
    pub(super) marked: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
    pub(super) mask: Option<Mask>,
}

/// Characters that are replaced by harmless ones before reading again.
pub(super) struct Mask {
    pub(super) range: Range<usize>,
    with: char,
}

impl Mask {
    pub(super) fn apply(&self, characters: &[char]) -> String {
        characters
            .iter()
            .enumerate()
            .map(|(at, character)| {
                if self.range.contains(&at) {
                    self.with
                } else {
                    *character
                }
            })
            .collect()
    }
}

/// Explains what the YAML library refused at a character.
pub(super) fn explain(text: &[char], at: usize, message: &str) -> Trap {
    let at = at.min(text.len());
    let line = Line::around(text, at);
    template_in_braces(text, at, &line)
        .or_else(|| bare_braces(text, &line))
        .or_else(|| path_in_braces(text, at, &line))
        .or_else(|| colon_in_text(text, at, &line, message))
        .or_else(|| reserved_character(text, at))
        .or_else(|| tab(text, at, &line))
        .or_else(|| path_above(text, &line, message))
        .unwrap_or_else(|| plain(text, at, message))
}

/// The line that holds a character, without its end.
struct Line {
    start: usize,
    end: usize,
}

impl Line {
    fn around(text: &[char], at: usize) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let start = before
            .iter()
            .rposition(|character| *character == '\n')
            .map_or(0, |newline| newline + 1);
        let after = text.get(at..).unwrap_or_default();
        let end = after
            .iter()
            .position(|character| *character == '\n')
            .map_or(text.len(), |newline| at + newline);
        Self { start, end }
    }
}

fn slice(text: &[char], range: Range<usize>) -> String {
    text.get(range).unwrap_or_default().iter().collect()
}

fn starts_with(text: &[char], at: usize, what: &str) -> bool {
    text.get(at..)
        .is_some_and(|rest| what.chars().eq(rest.iter().take(what.len()).copied()))
}

fn find(text: &[char], range: Range<usize>, what: &str) -> Option<usize> {
    range.into_iter().find(|at| starts_with(text, *at, what))
}

/// `{a: ${{ x }}}`
fn template_in_braces(text: &[char], at: usize, line: &Line) -> Option<Trap> {
    let dollar = at.checked_sub(1)?;
    if !starts_with(text, dollar, "${{") {
        return None;
    }
    let end = find(text, at..line.end, "}}")? + 2;
    Some(Trap {
        code: Code::TemplateSyntax,
        marked: dollar..end,
        message: "a template inside `{…}` or `[…]` must be quoted".to_owned(),
        help: format!("write `\"{}\"`", slice(text, dollar..end)),
        mask: Some(Mask {
            range: dollar..end,
            with: '_',
        }),
    })
}

/// `a: {{ x }} and more`
fn bare_braces(text: &[char], line: &Line) -> Option<Trap> {
    let start = find(text, line.start..line.end, " {{")? + 1;
    let rest = slice(text, start..line.end);
    let rest = rest.trim_end();
    Some(Trap {
        code: Code::TemplateSyntax,
        marked: start..start + rest.chars().count(),
        message: "`{{` without quotes begins a YAML mapping, not a template".to_owned(),
        help: format!(
            "templates are written `${{{{ … }}}}`: write `\"{}\"`",
            rest.replace("{{", "${{")
        ),
        mask: Some(Mask {
            range: start..start + rest.chars().count(),
            with: '_',
        }),
    })
}

/// `{path: $.x[*]}`
fn path_in_braces(text: &[char], at: usize, line: &Line) -> Option<Trap> {
    if text.get(at) != Some(&'[') {
        return None;
    }
    let before = text.get(line.start..at)?;
    let start = line.start
        + before
            .iter()
            .rposition(|character| matches!(character, ' ' | ',' | '{' | '['))?
        + 1;
    if start == at {
        return None;
    }
    let mut open = 0_usize;
    let end = (at..line.end).find(|here| match text.get(*here) {
        Some('[' | '{' | '(') => {
            open += 1;
            false
        }
        Some(']' | '}' | ')') if open > 0 => {
            open -= 1;
            false
        }
        Some(']' | '}' | ',') => open == 0,
        _ => false,
    })?;
    let path = slice(text, start..end);
    let path = path.trim_end();
    let end = start + path.chars().count();
    let quoted = if path.contains('"') {
        format!("'{path}'")
    } else {
        format!("\"{path}\"")
    };
    Some(Trap {
        code: Code::YamlSyntax,
        marked: start..end,
        message: "text with `[` inside `{…}` or `[…]` must be quoted".to_owned(),
        help: format!("write `{quoted}`"),
        mask: Some(Mask {
            range: start..end,
            with: '_',
        }),
    })
}

/// `[{path: $.x[, equals: 1}]`, where the bracket swallows what follows and the next line is refused.
fn path_above(text: &[char], line: &Line, message: &str) -> Option<Trap> {
    if !message.contains("flow") {
        return None;
    }
    let above = Line::around(text, line.start.checked_sub(1)?);
    let mut open: Vec<char> = Vec::new();
    let mut quote = None;
    for at in above.start..above.end {
        let character = *text.get(at)?;
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let begins = before.is_none_or(|before| matches!(before, ' ' | '[' | '{' | ','));
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') if begins => quote = Some(character),
            (None, '[') if !begins && !open.is_empty() => {
                return text_with_bracket(text, at, above.end);
            }
            (None, '[' | '{') if begins => open.push(character),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
    }
    None
}

/// Text without quotes in which a bracket stands that is not closed before its mapping is.
fn text_with_bracket(text: &[char], bracket: usize, end: usize) -> Option<Trap> {
    let starts = |at: &usize| matches!(text.get(*at), Some(' ' | ',' | '{' | '['));
    let start = (0..bracket).rev().find(starts)? + 1;
    let ends = |at: &usize| matches!(text.get(*at), Some(',' | '}' | ']'));
    let end = (bracket..end).find(ends)?;
    let written = slice(text, start..end);
    Some(Trap {
        code: Code::YamlSyntax,
        marked: start..end,
        message: "text with `[` inside `{…}` or `[…]` must be quoted".to_owned(),
        help: format!("close the bracket and write `\"{written}…\"`"),
        mask: Some(Mask {
            range: start..end,
            with: '_',
        }),
    })
}

/// `message: failed: no space`
fn colon_in_text(text: &[char], at: usize, line: &Line, message: &str) -> Option<Trap> {
    if !message.contains("mapping values are not allowed") || text.get(at) != Some(&':') {
        return None;
    }
    let mask = Some(Mask {
        range: at..at + 1,
        with: '_',
    });
    let key = find(text, line.start..at, ": ");
    let Some(key) = key else {
        let start = line.start
            + slice(text, line.start..at)
                .chars()
                .take_while(|character| *character == ' ')
                .count();
        return Some(Trap {
            code: Code::YamlSyntax,
            marked: start..at + 1,
            message: "this key is indented deeper than the line above, which has a value already"
                .to_owned(),
            help: "indent it as the keys that it belongs to".to_owned(),
            mask,
        });
    };
    let mut start = key + 2;
    while text.get(start) == Some(&' ') {
        start += 1;
    }
    let value = slice(text, start..line.end);
    let value = value.trim_end();
    let quoted = if value.contains('"') {
        format!("'{}'", value.replace('\'', "''"))
    } else {
        format!("\"{value}\"")
    };
    Some(Trap {
        code: Code::YamlSyntax,
        marked: start..start + value.chars().count(),
        message: "text with `: ` in it must be quoted, else it reads as another key".to_owned(),
        help: format!("write `{quoted}`"),
        mask,
    })
}

/// `@x`, `` `x` `` and `%x`
fn reserved_character(text: &[char], at: usize) -> Option<Trap> {
    let character = text.get(at)?;
    let alias = *character == '*';
    if !alias && !matches!(character, '@' | '`' | '%') {
        return None;
    }
    let (code, message, help) = if alias {
        (
            Code::YamlFeature,
            "an alias (`*name`) is not part of the language".to_owned(),
            "write the value out, or quote the text where it begins with `*`".to_owned(),
        )
    } else {
        (
            Code::YamlSyntax,
            format!("text that begins with `{character}` must be quoted"),
            "put the whole value into quotes".to_owned(),
        )
    };
    Some(Trap {
        code,
        marked: at..at + 1,
        message,
        help,
        mask: Some(Mask {
            range: at..at + 1,
            with: '_',
        }),
    })
}

/// Indentation by tabs.
fn tab(text: &[char], at: usize, line: &Line) -> Option<Trap> {
    let tab = (line.start..line.end.min(at + 1))
        .take_while(|here| matches!(text.get(*here), Some(' ' | '\t')))
        .find(|here| text.get(*here) == Some(&'\t'))?;
    Some(Trap {
        code: Code::YamlSyntax,
        marked: tab..tab + 1,
        message: "a tab indents this line".to_owned(),
        help: "indent with spaces, two a level".to_owned(),
        mask: Some(Mask {
            range: tab..tab + 1,
            with: ' ',
        }),
    })
}

/// Anything else, in the library's words.
fn plain(text: &[char], at: usize, message: &str) -> Trap {
    let help = if message.contains("end of stream") {
        "a quote or bracket that is opened here or above is not closed"
    } else if message.contains("block collection") {
        "items of a list begin with `- `, all with the same indentation; keys of a mapping align too"
    } else if message.contains("flow") {
        "close the bracket, put a comma between entries, and quote text with `[`, `]`, `{`, `}` or `,` in it"
    } else if message.contains("expected key") {
        "keys of one mapping begin in the same column, each followed by `: `"
    } else {
        "check quotes, brackets and indentation around this place"
    };
    Trap {
        code: Code::YamlSyntax,
        marked: at..(at + 1).min(text.len()).max(at),
        message: format!("the file is not well-formed YAML: {message}"),
        help: help.to_owned(),
        mask: None,
    }
}
