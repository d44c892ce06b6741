//! Endpoint rule sets and partitions: kept as they are, without documentation.

use serde_json::Value as Json;

/// The compact JSON of a document without its `documentation` members.
pub fn without_documentation(document: &Json) -> String {
    strip(document).to_string()
}

fn strip(value: &Json) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .filter(|(name, value)| !(name.as_str() == "documentation" && value.is_string()))
            .map(|(name, value)| (name.clone(), strip(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(strip).collect(),
        other => other.clone(),
    }
}
