//! Values on a page: in a few characters, as a table, or folded.

use super::model::ValueChange;
use crate::plan_html::escaped;
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;

/// The most characters of one value; the whole of it is in the JSON report.
const LONGEST: usize = 12_000;

pub(super) fn values(page: &mut String, values: &[ValueChange]) {
    page.push_str("<table><thead><tr><th scope=\"col\">what</th><th scope=\"col\">from</th><th scope=\"col\">to</th></tr></thead><tbody>");
    for value in values {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            escaped(&value.path),
            escaped(&short(&value.from)),
            escaped(&short(&value.to))
        );
    }
    page.push_str("</tbody></table>");
}

pub(super) fn short(json: &Json) -> String {
    let text = match json {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    cut(&text, 400)
}

pub(super) fn cut(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most).collect();
    format!("{start} … and {} more characters", count - most)
}

/// How many arguments are shown before the rest is folded.
const FEW: usize = 6;

pub(super) fn members(page: &mut String, json: &Json) {
    let Some(members) = json.as_object() else {
        payload(page, json);
        return;
    };
    let is_short =
        |value: &Json| !matches!(value, Json::Object(_)) && value.to_string().len() <= 120;
    let all = members.len() <= FEW && members.values().all(is_short);
    let first = |value: &Json| all || !(value.is_array() || value.is_object());
    page.push_str("<dl>");
    for (name, value) in members.iter().filter(|(_, value)| first(value)).take(FEW) {
        let _ = write!(
            page,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(name),
            escaped(&short(value))
        );
    }
    page.push_str("</dl>");
    if !all {
        fold(page, "all arguments", |page| payload(page, json));
    }
}

/// A value, line by line.
pub(super) fn payload(page: &mut String, json: &Json) {
    let text = match json {
        Json::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    let lines: Vec<String> = cut(&text, LONGEST).lines().map(escaped).collect();
    let _ = write!(page, "<pre>{}</pre>", lines.join("\n"));
}

pub(super) fn names(members: &Map<String, Json>) -> String {
    members
        .keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn fold(page: &mut String, title: &str, content: impl FnOnce(&mut String)) {
    let _ = write!(
        page,
        "<details class=\"payload\"><summary>{}</summary>",
        escaped(title)
    );
    content(page);
    page.push_str("</details>\n");
}
