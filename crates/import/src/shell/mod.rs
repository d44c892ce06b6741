//! Shell: blocks of commands to the few forms that a playbook can have.

mod around;
mod date;
mod read;
mod word;

pub use read::Reader;

use crate::text::Text;
use runbook_playbook::span::Span;

/// Some commands, in written order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    /// What it does.
    pub items: Vec<Item>,
}

/// One thing that a script does.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Runs a command.
    Command(Command),
    /// Gives a variable a value.
    Assign {
        /// The variable.
        name: String,
        /// Its value.
        value: Text,
        /// It is a list, whose elements blanks separate.
        list: bool,
        /// Where it stands.
        span: Span,
    },
    /// Does something for each of some words.
    Each {
        /// The variable.
        name: String,
        /// What it goes through.
        values: Vec<Text>,
        /// What is done.
        body: Script,
        /// Where it stands.
        span: Span,
    },
    /// Does something again and again.
    Repeat {
        /// It is done until the condition holds; else while it does.
        until: bool,
        /// What is asked before each time.
        condition: Script,
        /// What is done.
        body: Script,
        /// Where it stands.
        span: Span,
    },
    /// Does one thing or another.
    Choose {
        /// What is asked, and what is done then; the last may have nothing to ask.
        arms: Vec<(Script, Script)>,
        /// Where it stands.
        span: Span,
    },
    /// Does something only where what stands before fails.
    Otherwise {
        /// What is done then.
        body: Script,
    },
    /// Gives a name to some commands.
    Function {
        /// The name.
        name: String,
        /// What it does.
        body: Script,
    },
    /// Something that is kept as it was written.
    Other {
        /// The text.
        text: String,
        /// Where it stands.
        span: Span,
    },
}

/// A command with its arguments.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Command {
    /// Variables set for it alone.
    pub environment: Vec<(String, Text)>,
    /// Its name and its arguments.
    pub words: Vec<Text>,
    /// It holds where it and its pipe fail (`!`).
    pub negated: bool,
    /// The commands that read what it prints, in order.
    pub pipe: Vec<Command>,
    /// Where its input comes from and its output goes.
    pub redirects: Vec<Redirect>,
    /// Text that it reads (a here-document).
    pub input: Option<Text>,
    /// Where it stands.
    pub span: Span,
    /// It and its pipe as they were written.
    pub written: String,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq)]
pub struct Redirect {
    /// The output goes there; else the input comes from there.
    pub output: bool,
    /// The file.
    pub file: Text,
}
