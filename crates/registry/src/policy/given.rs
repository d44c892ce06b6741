//! Arguments of which parts may not be known, as far as a policy needs them.

use super::pattern::Pattern;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A value of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Text, or what is written as text: a number.
    Text(Pattern),
    /// A list.
    List(Vec<Given>),
    /// A mapping; `open` where it may have more members than are named.
    Map {
        /// The members.
        members: BTreeMap<String, Given>,
        /// It may have more.
        open: bool,
    },
    /// Anything.
    Unknown,
}

impl Given {
    /// Arguments that are all known.
    #[must_use]
    pub fn known(json: &Json) -> Self {
        match json {
            Json::String(text) => Self::Text(Pattern::literal(text)),
            Json::Array(items) => Self::List(items.iter().map(Self::known).collect()),
            Json::Object(members) => Self::Map {
                members: members
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.clone(), Self::known(value)))
                    .collect(),
                open: false,
            },
            other => Self::Text(Pattern::literal(&other.to_string())),
        }
    }

    /// The values at a dotted path, each element of lists on the way; `Unknown` where there may be one.
    #[must_use]
    pub fn at(&self, path: &str) -> Vec<&Self> {
        const UNKNOWN: &Given = &Given::Unknown;
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        match self {
            Self::Unknown => vec![UNKNOWN],
            Self::Text(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(|item| item.at(path)).collect(),
            Self::Map { members, open } => match (members.get(first), rest) {
                (None, _) if *open => vec![UNKNOWN],
                (None, _) => Vec::new(),
                (Some(found), Some(rest)) => found.at(rest),
                (Some(Self::List(items)), None) => items.iter().collect(),
                (Some(found), None) => vec![found],
            },
        }
    }

    /// The pattern that it stands for.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Text(pattern) => pattern.clone(),
            _ => Pattern::any(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Given;
    use serde_json::json;

    #[test]
    fn paths_lead_through_lists_and_what_is_absent_is_not_there() {
        let given = Given::known(&json!({"a": [{"b": "x"}, {"c": "y"}, {"b": null}], "d": ["z"]}));
        let texts = |path: &str| -> Vec<String> {
            given
                .at(path)
                .iter()
                .map(|found| found.pattern().to_string())
                .collect()
        };
        assert_eq!(texts("a.b"), ["x"]);
        assert_eq!(texts("d"), ["z"]);
        assert!(texts("e").is_empty());
    }
}
