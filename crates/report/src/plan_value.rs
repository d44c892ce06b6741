//! Values of a plan as text: JSON with gaps that say what fills them.

use runbook_interpreter::plan::forecast::{PlannedText, PlannedUnknown, PlannedValue};
use serde_json::Value as Json;

/// The most columns of a value that stays on its line.
const COLUMNS: usize = 64;
/// The most characters of one text that is shown.
const LONGEST: usize = 2_000;

/// What stands for a value that is never shown.
pub(crate) const SECRET: &str = "(secret)";

/// A value on one line.
pub(crate) fn one_line(value: &PlannedValue) -> String {
    match value {
        PlannedValue::Known(json) => known(json),
        PlannedValue::Unknown(value) => unknown(value),
        PlannedValue::Text(parts) => text(parts),
        PlannedValue::List(items) => {
            let items: Vec<String> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        PlannedValue::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{name}: {}", one_line(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        PlannedValue::Secret => SECRET.to_owned(),
    }
}

fn known(json: &Json) -> String {
    match json {
        Json::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}: {}", known(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(known).collect();
            format!("[{}]", items.join(", "))
        }
        Json::String(text) if text.chars().count() > LONGEST => {
            let start: String = text.chars().take(LONGEST).collect();
            let rest = text.chars().count() - LONGEST;
            format!("{} … and {rest} more characters", Json::String(start))
        }
        other => other.to_string(),
    }
}

fn unknown(value: &PlannedUnknown) -> String {
    let may = if value.optional && !matches!(value.ty, runbook_playbook::types::Type::Any) {
        ", may be left out"
    } else {
        ""
    };
    let why = format!("({}{may}, {})", value.ty, value.why());
    // The origin alone says it where nothing is done with the value.
    let plain = match value.origins.as_slice() {
        [one] => one.to_string().ends_with(&format!(" {}", value.expression)),
        _ => false,
    };
    if plain || value.expression.is_empty() {
        why
    } else {
        format!("{} {why}", value.expression)
    }
}

fn text(parts: &[PlannedText]) -> String {
    let mut written = String::new();
    let mut reasons: Vec<String> = Vec::new();
    for part in parts {
        match part {
            PlannedText::Known(text) => written.push_str(text),
            PlannedText::Unknown(value) => {
                written.push_str("${{ ");
                written.push_str(&value.expression);
                written.push_str(" }}");
                let why = value.why();
                if !reasons.contains(&why) {
                    reasons.push(why);
                }
            }
            PlannedText::Secret => written.push_str(SECRET),
        }
    }
    let quoted = Json::String(written).to_string();
    if reasons.is_empty() {
        quoted
    } else {
        format!("{quoted} ({})", reasons.join(", "))
    }
}

/// A value over as many lines as it needs: the depth of each, and its text.
pub(crate) fn lines(name: &str, value: &PlannedValue) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    expand(&mut found, 0, name, value);
    found
}

fn expand(found: &mut Vec<(usize, String)>, depth: usize, name: &str, value: &PlannedValue) {
    let short = one_line(value);
    let label = if name.is_empty() {
        "- ".to_owned()
    } else {
        format!("{name}: ")
    };
    let children: Vec<(String, PlannedValue)> = match value {
        PlannedValue::Known(Json::Object(members)) => members
            .iter()
            .map(|(name, value)| (name.clone(), PlannedValue::Known(value.clone())))
            .collect(),
        PlannedValue::Known(Json::Array(items)) => items
            .iter()
            .map(|item| (String::new(), PlannedValue::Known(item.clone())))
            .collect(),
        PlannedValue::Map(entries) => entries
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        PlannedValue::List(items) => items
            .iter()
            .map(|item| (String::new(), item.clone()))
            .collect(),
        _ => Vec::new(),
    };
    if children.is_empty() || short.chars().count() <= COLUMNS {
        found.push((depth, format!("{label}{short}")));
        return;
    }
    found.push((depth, label.trim_end().to_owned()));
    for (name, value) in children {
        expand(found, depth + 1, &name, &value);
    }
}
