//! What was found of one thing.

use serde_json::{Map, Value as Json};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Well,
    /// Something does without it, or will not for long.
    Note,
    /// Runs would fail of it.
    Failed,
    /// It could not be looked at, for a reason that another finding gives.
    Skipped,
}

impl State {
    /// As documents have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Note => "note",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What was looked at: `credentials`.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was found, in words.
    pub said: String,
    /// What to do next; nothing where nothing is to be done.
    pub next: Option<String>,
    /// The same for programs.
    pub facts: Map<String, Json>,
}

impl Finding {
    /// All is well.
    pub fn well(check: &'static str, said: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Well,
            said: said.into(),
            next: None,
            facts: Map::new(),
        }
    }

    /// Something to know of.
    pub fn note(check: &'static str, said: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            state: State::Note,
            next: Some(next.into()),
            ..Self::well(check, said)
        }
    }

    /// Something to mend.
    pub fn failed(check: &'static str, said: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            state: State::Failed,
            ..Self::note(check, said, next)
        }
    }

    /// Something that could not be looked at.
    pub fn skipped(check: &'static str, said: impl Into<String>) -> Self {
        Self {
            state: State::Skipped,
            ..Self::well(check, said)
        }
    }

    /// The same with a fact for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// What an error says, parted from what it says to do: messages end with that after the last semicolon.
pub fn parted(message: &str, otherwise: &str) -> (String, String) {
    match message.split_once("; ") {
        Some((said, next)) => (said.to_owned(), next.to_owned()),
        None => (message.to_owned(), otherwise.to_owned()),
    }
}
