//! One line of output: pieces of text with a tone each, cut or wrapped by display width.

use crate::escape::escape;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How a piece of text is meant; a colour where colours are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Attention,
    Bad,
}

impl Tone {
    /// The ANSI "select graphic rendition" parameters (ECMA-48 8.3.117); none for plain text.
    fn codes(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Quiet => Some("2"),
            Self::Good => Some("32"),
            Self::Attention => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// How lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The columns there are; `None` where lines may be of any length.
    pub width: Option<usize>,
    /// Colours are shown.
    pub colour: bool,
}

/// A line that is being put together. Text is escaped when it is added.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    indent: usize,
    pieces: Vec<(Tone, String)>,
}

impl Line {
    /// Starts a line at a depth of two columns each.
    pub(crate) fn at(depth: usize) -> Self {
        Self {
            indent: depth * 2,
            pieces: Vec::new(),
        }
    }

    /// Adds text.
    pub(crate) fn with(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.pieces.push((tone, escape(text.as_ref()).into_owned()));
        self
    }

    /// Adds plain text.
    pub(crate) fn plain(self, text: impl AsRef<str>) -> Self {
        self.with(Tone::Plain, text)
    }

    /// Adds text in parentheses or after a separator only where there is some.
    pub(crate) fn maybe(self, tone: Tone, before: &str, text: Option<impl AsRef<str>>) -> Self {
        match text {
            Some(text) => self.plain(before).with(tone, text),
            None => self,
        }
    }

    /// The line, cut with `…` where it is wider than there is room.
    pub(crate) fn cut(&self, look: Look) -> String {
        let mut drawn = " ".repeat(self.indent);
        let total = self.width();
        let room = match look.width {
            Some(width) if total > width => width.saturating_sub(1),
            _ => usize::MAX,
        };
        let mut used = self.indent;
        for (tone, text) in &self.pieces {
            let mut part = String::new();
            let mut full = false;
            for c in text.chars() {
                let wide = c.width().unwrap_or(0);
                if used.saturating_add(wide) > room {
                    full = true;
                    break;
                }
                used += wide;
                part.push(c);
            }
            if full {
                part.push('…');
            }
            paint(&mut drawn, *tone, &part, look.colour);
            if full {
                break;
            }
        }
        drawn.truncate(drawn.trim_end_matches(' ').len());
        drawn
    }

    /// The text over as many lines as it needs, further lines indented by four more columns.
    pub(crate) fn wrapped(&self, look: Look) -> Vec<String> {
        let Some(width) = look.width else {
            return vec![self.cut(look)];
        };
        let hang = self.indent + 4;
        let mut lines = Vec::new();
        let mut line = Self {
            indent: self.indent,
            pieces: Vec::new(),
        };
        let mut used = self.indent;
        for (tone, text) in &self.pieces {
            for word in text.split_inclusive(' ') {
                for part in fitting(word, width.saturating_sub(hang).max(8)) {
                    let wide = part.trim_end_matches(' ').width();
                    if used + wide > width && !line.pieces.is_empty() {
                        line.trim_end();
                        lines.push(line.cut(look));
                        line = Self {
                            indent: hang,
                            pieces: Vec::new(),
                        };
                        used = hang;
                    }
                    used += part.width();
                    line.pieces.push((*tone, part));
                }
            }
        }
        line.trim_end();
        lines.push(line.cut(look));
        lines
    }

    /// The columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.indent
            + self
                .pieces
                .iter()
                .map(|(_, text)| text.width())
                .sum::<usize>()
    }

    /// Removes spaces at the end, which take room that nobody sees.
    fn trim_end(&mut self) {
        if let Some((_, last)) = self.pieces.last_mut() {
            last.truncate(last.trim_end_matches(' ').len());
        }
    }
}

/// A word in pieces that each fit a line.
fn fitting(word: &str, room: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut used = 0;
    for c in word.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > room && c != ' ' {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        used += wide;
        part.push(c);
    }
    parts.push(part);
    parts
}

fn paint(drawn: &mut String, tone: Tone, text: &str, colour: bool) {
    match tone.codes().filter(|_| colour && !text.is_empty()) {
        Some(codes) => {
            drawn.push_str("\u{1b}[");
            drawn.push_str(codes);
            drawn.push('m');
            drawn.push_str(text);
            drawn.push_str("\u{1b}[0m");
        }
        None => drawn.push_str(text),
    }
}

/// Text of one tone.
pub(crate) fn painted(tone: Tone, text: &str, colour: bool) -> String {
    let mut drawn = String::new();
    paint(&mut drawn, tone, &escape(text), colour);
    drawn
}

/// Text cut with `…` to at most so many columns.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    Line::at(0).plain(text).cut(Look {
        width: Some(columns),
        colour: false,
    })
}

#[cfg(test)]
mod tests {
    use super::{Line, Look, Tone, shorten};
    use unicode_width::UnicodeWidthStr;

    const NARROW: Look = Look {
        width: Some(10),
        colour: false,
    };

    #[test]
    fn cuts_by_display_width_not_by_characters() {
        assert_eq!(shorten("漢字漢字漢字", 7), "漢字漢…");
        assert_eq!(shorten("漢字漢字", 8), "漢字漢字");
        assert_eq!(Line::at(2).plain("abcdef").cut(NARROW), "    abcdef");
        assert_eq!(Line::at(2).plain("abcdefg").cut(NARROW), "    abcde…");
    }

    #[test]
    fn wraps_words_and_breaks_what_is_longer_than_a_line() {
        let line = Line::at(1).plain("one two three arn:aws:ecs:us-east-1:task");
        let look = Look {
            width: Some(18),
            colour: false,
        };
        let lines = line.wrapped(look);
        assert!(lines.iter().all(|line| line.width() <= 18), "{lines:?}");
        assert_eq!(lines.first().map(String::as_str), Some("  one two three"));
        let joined: String = lines.concat().replace(' ', "");
        assert_eq!(joined, "onetwothreearn:aws:ecs:us-east-1:task");
    }

    #[test]
    fn paints_only_where_colours_are_shown() {
        let line = Line::at(0).with(Tone::Bad, "no");
        assert_eq!(line.cut(NARROW), "no");
        let colourful = Look {
            colour: true,
            ..NARROW
        };
        assert_eq!(line.cut(colourful), "\u{1b}[31mno\u{1b}[0m");
    }

    #[test]
    fn without_a_width_nothing_is_cut_or_wrapped() {
        let line = Line::at(0).plain("word ".repeat(100).trim());
        assert_eq!(line.wrapped(Look::default()).len(), 1);
        assert_eq!(line.cut(Look::default()).len(), 499);
    }
}
