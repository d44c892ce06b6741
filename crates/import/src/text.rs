//! Text of commands in which some parts are known only when the command runs.
//!
//! Such a part stands in the text as one mark, so that whatever reads the text (shorthand syntax, JSON, a name) goes around
//! it, and is written as a template at the end.

use crate::shell::Script;
use runbook_playbook::span::Span;
use std::fmt::Write as _;

/// Begins a mark. Both are characters of the private use area, which no command contains.
const OPEN: char = '\u{F0010}';
/// Ends a mark.
const CLOSE: char = '\u{F0011}';

/// A word of a command.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// What it says, with marks.
    pub marked: String,
    /// Where it stands in the page.
    pub span: Span,
}

impl Text {
    /// Whether it has parts that are known only when the command runs.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.marked.contains(OPEN)
    }

    /// The text, where all of it is known.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.is_dynamic()).then_some(self.marked.as_str())
    }
}

/// A part that is known only when the command runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Dynamic {
    /// A variable, and its default (`${NAME:-default}`).
    Variable(String, Option<String>),
    /// What a command prints.
    Output(Script),
    /// An instant, so long ago, as the text wants it.
    Time(Time),
    /// What a file holds: its path, and whether it is JSON.
    File(String, bool),
    /// The number of the account.
    Account,
    /// The id of the run, where each call needs a text of its own.
    Run,
    /// Anything else, as it was written.
    Other(String),
}

/// An instant made by `date`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// How long ago, in seconds; negative is to come.
    pub ago: i64,
    /// How it is written.
    pub form: TimeForm,
}

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// ISO-8601, or a date.
    Iso,
}

/// The parts behind the marks.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    parts: Vec<Dynamic>,
}

impl Marks {
    /// Keeps a part; what comes back is its mark.
    pub fn add(&mut self, part: Dynamic) -> String {
        self.parts.push(part);
        format!("{OPEN}{}{CLOSE}", self.parts.len() - 1)
    }

    /// The pieces of a marked text.
    #[must_use]
    pub fn pieces<'t>(&self, marked: &'t str) -> Vec<Piece<'t, '_>> {
        let mut pieces = Vec::new();
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once(OPEN) {
            if !before.is_empty() {
                pieces.push(Piece::Known(before));
            }
            let Some((number, behind)) = after.split_once(CLOSE) else {
                return pieces;
            };
            if let Some(part) = number
                .parse::<usize>()
                .ok()
                .and_then(|place| self.parts.get(place))
            {
                pieces.push(Piece::Dynamic(part));
            }
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Known(rest));
        }
        pieces
    }

    /// The text as a shell would have it written, for people and for what is kept as it is.
    #[must_use]
    pub fn shown(&self, marked: &str) -> String {
        let mut shown = String::new();
        for piece in self.pieces(marked) {
            match piece {
                Piece::Known(text) => shown.push_str(text),
                Piece::Dynamic(Dynamic::Variable(name, None)) => {
                    let _ = write!(shown, "${name}");
                }
                Piece::Dynamic(Dynamic::Variable(name, Some(default))) => {
                    let _ = write!(shown, "${{{name}:-{default}}}");
                }
                Piece::Dynamic(Dynamic::Output(_)) => shown.push_str("$(…)"),
                Piece::Dynamic(Dynamic::Time(time)) => {
                    let _ = write!(shown, "$(date, {} seconds ago)", time.ago);
                }
                Piece::Dynamic(Dynamic::File(path, _)) => {
                    let _ = write!(shown, "file://{path}");
                }
                Piece::Dynamic(Dynamic::Run) => shown.push_str("$RUN"),
                Piece::Dynamic(Dynamic::Account) => shown.push_str("ACCOUNT"),
                Piece::Dynamic(Dynamic::Other(text)) => shown.push_str(text),
            }
        }
        shown
    }
}

/// A piece of a marked text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece<'t, 'm> {
    /// Known text.
    Known(&'t str),
    /// A part that is known only when the command runs.
    Dynamic(&'m Dynamic),
}

/// Whether a text has marks.
#[must_use]
pub fn is_marked(text: &str) -> bool {
    text.contains(OPEN)
}
