//! Tokens → text.

use super::scalars;
use super::stack::{Block, Next, STEP, Stack};
use super::tokens::{Kind, Token};
use crate::yaml::Style;

/// Writes the tokens of a text as they are to be.
pub(super) fn write(text: &str, tokens: &[Token]) -> String {
    let mut writer = Writer {
        text,
        tokens,
        out: String::with_capacity(text.len()),
        stack: Stack::default(),
        open: Vec::new(),
        shift: 0,
        comments: None,
        nested: false,
    };
    for at in 0..tokens.len() {
        writer.token(at);
    }
    if !writer.out.is_empty() && !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    writer.out
}

struct Writer<'a> {
    text: &'a str,
    tokens: &'a [Token],
    out: String,
    stack: Stack,
    /// The brackets that are open.
    open: Vec<char>,
    /// How far the line was moved in which the outermost bracket opened.
    shift: isize,
    /// Where the comments begin in `out` that stand at the left above what comes next.
    comments: Option<usize>,
    /// The last key at the left has a block as its value.
    nested: bool,
}

impl Writer<'_> {
    fn token(&mut self, at: usize) {
        let Some(token) = self.tokens.get(at).copied() else {
            return;
        };
        let previous = at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let next = self.tokens.get(at + 1);
        let begins = previous.is_none_or(|previous| previous.last < token.line);
        if token.kind == Kind::Comma
            && next
                .is_some_and(|next| matches!(next.kind, Kind::Close(_)) && next.line == token.line)
        {
            return;
        }
        if begins {
            let blank = previous.is_some_and(|previous| token.line > previous.last + 1);
            self.begin(at, &token, blank);
        } else {
            if let Some(previous) = previous
                && apart(previous.kind, token.kind)
            {
                self.out.push(' ');
            }
            if self.open.is_empty()
                && let Some(block) = self.entry(at)
            {
                self.stack.entry(block, token.column);
            }
        }
        self.put(&token);
    }

    /// Whether a token begins an entry of a block collection.
    fn entry(&self, at: usize) -> Option<Block> {
        let token = self.tokens.get(at)?;
        match token.kind {
            Kind::Dash => Some(Block::List),
            Kind::Scalar(_) => {
                let next = self.tokens.get(at + 1)?;
                (next.kind == Kind::Colon && next.line == token.last).then_some(Block::Map)
            }
            _ => None,
        }
    }

    /// Begins a line, or the first.
    fn begin(&mut self, at: usize, token: &Token, blank: bool) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        if blank && !self.out.is_empty() {
            self.out.push('\n');
            self.comments = None;
        }
        let column = if token.kind == Kind::Mark {
            self.stack = Stack::default();
            0
        } else if !self.open.is_empty() {
            self.within(token.column, matches!(token.kind, Kind::Close(_)))
        } else if token.kind == Kind::Comment {
            self.stack.comment(token.column, self.following(at))
        } else {
            self.structure(at, token, blank)
        };
        if self.open.is_empty() {
            self.shift = distance(token.column, column);
        }
        if token.kind != Kind::Comment {
            self.comments = None;
        } else if column == 0 && self.open.is_empty() {
            self.comments.get_or_insert(self.out.len());
        } else {
            self.comments = None;
        }
        self.indent(column);
    }

    /// The column of a line of a block collection.
    fn structure(&mut self, at: usize, token: &Token, blank: bool) -> usize {
        let column = match self.entry(at) {
            Some(block) => self.stack.entry(block, token.column),
            None => self.stack.value(token.column),
        };
        if self.stack.depth() > 1 {
            self.nested = true;
        } else if column == 0 {
            let block = self.is_block(at, token.column);
            if self.nested && block && !blank {
                let place = self.comments.unwrap_or(self.out.len());
                let before = self.out.get(..place).unwrap_or_default();
                if !before.is_empty() && !before.ends_with("\n\n") {
                    self.out.insert(place, '\n');
                }
            }
            self.nested = false;
        }
        column
    }

    /// Whether the value of a key at the left is a block collection.
    fn is_block(&self, at: usize, column: usize) -> bool {
        let Some(key) = self.tokens.get(at) else {
            return false;
        };
        let Some((place, value)) = self
            .tokens
            .iter()
            .enumerate()
            .skip(at + 2)
            .find(|(_, token)| token.kind != Kind::Comment)
        else {
            return false;
        };
        value.line > key.last
            && (value.column > column || value.kind == Kind::Dash)
            && self.entry(place).is_some()
    }

    /// The columns of the line after a comment.
    fn following(&self, at: usize) -> Option<Next> {
        let (place, token) = self
            .tokens
            .iter()
            .enumerate()
            .skip(at + 1)
            .find(|(_, token)| token.kind != Kind::Comment)?;
        Some(Next {
            written: token.column,
            laid: self.stack.peek(self.entry(place), token.column),
        })
    }

    /// The column of a line within brackets: moved as the line in which they opened.
    fn within(&self, column: usize, closes: bool) -> usize {
        let least = self.stack.below();
        let least = if closes {
            least.saturating_sub(STEP)
        } else {
            least
        };
        column.saturating_add_signed(self.shift).max(least)
    }

    fn put(&mut self, token: &Token) {
        let written = self
            .text
            .get(token.span.start..token.span.end)
            .unwrap_or_default();
        match token.kind {
            Kind::Open(bracket) => self.open.push(bracket),
            Kind::Close(_) => {
                self.open.pop();
            }
            _ => {}
        }
        let laid = match token.kind {
            Kind::Scalar(Style::Block) => {
                let below = self.stack.below();
                let laid = below.saturating_sub(STEP);
                scalars::block(written, self.stack.written(), laid, below)
            }
            Kind::Scalar(_) if token.last > token.line => {
                scalars::folded(written, self.stack.below())
            }
            Kind::Scalar(_) => scalars::line(written),
            Kind::Comment => written.trim_end().to_owned(),
            _ => written.to_owned(),
        };
        self.out.push_str(&laid);
    }

    fn indent(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

/// How far a line is moved to the right.
fn distance(from: usize, to: usize) -> isize {
    let (from, to) = (isize::try_from(from), isize::try_from(to));
    match (from, to) {
        (Ok(from), Ok(to)) => to - from,
        _ => 0,
    }
}

/// Whether a blank stands between two tokens of a line.
fn apart(before: Kind, after: Kind) -> bool {
    match (before, after) {
        (_, Kind::Comment) | (Kind::Colon, _) => true,
        (_, Kind::Comma | Kind::Colon | Kind::Close(_)) | (Kind::Open(_), _) => false,
        (Kind::Dash | Kind::Comma | Kind::Mark, _) => true,
        _ => false,
    }
}
