//! Values as a forecast shows them: JSON with gaps.

use indexmap::IndexMap;
pub use runbook_playbook::expression::partial::Origin;
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// A JSON value of which some parts may not be known before a run.
#[derive(Debug, Clone)]
pub enum PlannedValue {
    /// What will be sent, exactly.
    Known(Json),
    /// What only a run can tell.
    Unknown(Box<PlannedUnknown>),
    /// Text of which some pieces are not known.
    Text(Vec<PlannedText>),
    /// A list; an element that may be absent is left out when it is.
    List(Vec<PlannedValue>),
    /// A mapping; an entry that may be absent is left out when it is.
    Map(IndexMap<String, PlannedValue>),
    /// Known or not, never shown.
    Secret,
}

/// A value that only a run can tell.
#[derive(Debug, Clone)]
pub struct PlannedUnknown {
    /// What it will be.
    pub ty: Type,
    /// It may turn out to be absent, and is left out then.
    pub optional: bool,
    /// What must come first, each once.
    pub origins: Vec<Origin>,
    /// The expression that will give it, with full names and known values put in; empty where nobody writes one.
    pub expression: String,
}

/// A piece of a text.
#[derive(Debug, Clone)]
pub enum PlannedText {
    /// Known.
    Known(String),
    /// Not known.
    Unknown(PlannedUnknown),
    /// A secret.
    Secret,
}

impl PlannedValue {
    /// Whether every part is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The value, where every part is known.
    #[must_use]
    pub fn known(&self) -> Option<&Json> {
        match self {
            Self::Known(json) => Some(json),
            _ => None,
        }
    }

    /// The member of a mapping.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Known(Json::Object(members)) => members.get(name).cloned().map(Self::Known),
            Self::Map(entries) => entries.get(name).cloned(),
            _ => None,
        }
    }

    /// The value may turn out to be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Unknown(unknown) if unknown.optional)
    }
}

impl PlannedUnknown {
    /// Where it comes from, in a few words: `known after diagnose.stopped.arns`.
    #[must_use]
    pub fn why(&self) -> String {
        let origins: Vec<String> = self.origins.iter().map(ToString::to_string).collect();
        match origins.as_slice() {
            [] => "not known".to_owned(),
            origins => origins.join(", "),
        }
    }
}
