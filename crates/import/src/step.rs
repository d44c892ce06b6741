//! What one command becomes, before names are given.

use runbook_playbook::span::Span;
use serde_json::Value as Json;

/// A step of a draft. Texts in it have marks where something is known only when it runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// What its id is made of.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// The action.
    pub action: String,
    /// Its arguments.
    pub with: Vec<(String, Json)>,
    /// What its arguments begin from, as marked text.
    pub base: Option<String>,
    /// What is captured.
    pub captures: Vec<Capture>,
    /// What is waited for.
    pub poll: Option<Poll>,
    /// It changes nothing, as far as one can see; else the registry's word stands.
    pub states_read: bool,
    /// It is a read by the registry or by what is stated.
    pub reads: bool,
    /// The most items.
    pub limit: Option<u64>,
    /// Another region, as marked text.
    pub region: Option<String>,
    /// Words for the person who finishes the draft.
    pub notes: Vec<String>,
    /// The program that it starts.
    pub runs: Option<String>,
    /// The host that it contacts.
    pub reaches: Option<String>,
    /// Where the command stands.
    pub span: Span,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// A JSONPath into the result.
    pub path: String,
    /// The predicate.
    pub word: &'static str,
    /// What it compares with; null is nothing there.
    pub value: Json,
    /// The time between two readings.
    pub every: String,
}

/// A capture of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// A JSONPath, or a whole template.
    pub path: String,
    /// The first node only.
    pub first: bool,
}

impl Capture {
    /// What a JSONPath leads to.
    #[must_use]
    pub fn path(name: &str, path: &str) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            first: false,
        }
    }
}
