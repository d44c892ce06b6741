//! Values as lines that can be compared.

use crate::plan::forecast::{PlannedText, PlannedUnknown, PlannedValue};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A value in a line.
pub(super) fn text(value: &PlannedValue) -> String {
    match value {
        PlannedValue::Known(Json::String(text)) => text.clone(),
        PlannedValue::Known(json) => json.to_string(),
        PlannedValue::Unknown(unknown) => gap(unknown),
        PlannedValue::Text(parts) => parts
            .iter()
            .map(|part| match part {
                PlannedText::Known(text) => text.clone(),
                PlannedText::Unknown(unknown) => gap(unknown),
                PlannedText::Secret => "(secret)".to_owned(),
            })
            .collect(),
        PlannedValue::List(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        PlannedValue::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{name}: {}", text(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        PlannedValue::Secret => "(secret)".to_owned(),
    }
}

fn gap(unknown: &PlannedUnknown) -> String {
    if unknown.expression.is_empty() {
        format!("({})", unknown.why())
    } else {
        format!("${{{{ {} }}}}", unknown.expression)
    }
}

/// The members of a value by their dotted paths, each with its value in a line.
pub(super) fn members(value: &PlannedValue) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &PlannedValue, path: &str, found: &mut BTreeMap<String, String>) {
    let inside = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        PlannedValue::Known(Json::Object(members)) if !members.is_empty() => {
            for (name, value) in members {
                collect(&PlannedValue::Known(value.clone()), &inside(name), found);
            }
        }
        PlannedValue::Map(entries) if !entries.is_empty() => {
            for (name, value) in entries {
                collect(value, &inside(name), found);
            }
        }
        value => {
            found.insert(path.to_owned(), text(value));
        }
    }
}
