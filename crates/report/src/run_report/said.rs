//! What is said of a step and of a run in a few words, the same in every format.

use super::model::{Approval, Change, Report, Step, Tone, Truth};
use super::steps::{RUNNING, name_of};
use crate::step_line::{one_line, sentence};
use crate::value_text::short_json;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// The mark of a run.
pub(super) fn mark(report: &Report) -> &'static str {
    match (report.status.as_str(), report.tone) {
        ("running", _) => "▶",
        ("paused", _) => "⏸",
        ("undone", _) => "↶",
        ("absent", _) => "○",
        ("interrupted" | "aborted", _) => "■",
        (_, Tone::Good) => "✓",
        (_, Tone::Bad) => "✗",
        _ => "●",
    }
}

/// How a run stands by its status.
pub(crate) fn tone(status: &str) -> Tone {
    match status {
        "absent" | "diagnosed" | "resolved" | "done" | "healthy" => Tone::Good,
        "paused" | "aborted" | "interrupted" | "undone" => Tone::Attention,
        "running" => Tone::Quiet,
        _ => Tone::Bad,
    }
}

/// The verdict with its reason.
pub(super) fn verdict(report: &Report) -> String {
    match &report.reason {
        Some(reason) => format!("{} ({})", report.status, reason.replace('_', " ")),
        None => report.status.clone(),
    }
}

/// The mark of a step. A claim that holds is full, one that does not is empty.
pub(super) fn step_mark(graph: &str, step: &Step) -> &'static str {
    match (step.status.as_str(), step.holds) {
        ("failed", _) => "✗",
        ("blocked", _) | ("done", Some(Truth::Unknown)) => "?",
        ("skipped", _) => "–",
        ("undone", _) => "↶",
        (RUNNING, _) => "▶",
        ("done", Some(Truth::False)) if graph == "check" => "✗",
        ("done", Some(Truth::True)) if graph != "check" => "●",
        ("done", Some(Truth::False)) => "○",
        _ => "✓",
    }
}

/// How a step ended, in a word.
pub(super) fn step_word(step: &Step) -> &str {
    match (step.status.as_str(), step.holds) {
        ("done", Some(Truth::True)) => "holds",
        ("done", Some(Truth::False)) => "does not hold",
        ("done", Some(Truth::Unknown)) => "unknown",
        (RUNNING, _) => "no end on record",
        (status, _) => status,
    }
}

/// The graph that a step stands in.
pub(super) fn graph_name<'r>(report: &'r Report, step: &Step) -> &'r str {
    let graph = step.graph.and_then(|number| report.graphs.get(number));
    graph.map_or("", |graph| graph.name.as_str())
}

/// What a step is called: its name without that of what it is inside of.
pub(super) fn step_name<'r>(report: &'r Report, step: &'r Step) -> &'r str {
    let name = name_of(&step.path);
    let outer = step.inside.and_then(|number| report.steps.get(number));
    let outer = outer.filter(|outer| step.path.len() > outer.path.len());
    let inner = outer.and_then(|outer| step.path.strip_prefix(outer.path.as_str()));
    inner
        .and_then(|inner| inner.strip_prefix('.'))
        .unwrap_or(name)
}

/// What a step found, in a line; empty where there is nothing to say.
pub(super) fn found(step: &Step) -> String {
    if let Some(error) = &step.error {
        let message = sentence(step.action.as_deref(), &error.message);
        let told = matches!(step.status.as_str(), "skipped" | "blocked");
        return if told || error.code.is_empty() {
            one_line(message)
        } else {
            format!("{}: {}", error.code, one_line(message))
        };
    }
    let decisive = step
        .assertions
        .iter()
        .filter(|one| !one.warn && step.holds.is_none_or(|holds| one.holds == holds))
        .max_by_key(|one| !one.require);
    if let Some(assertion) = decisive {
        let said = match &assertion.message {
            Some(message) => message.clone(),
            None if assertion.found.is_empty() => assertion.asked.clone(),
            None => assertion.found.clone(),
        };
        return one_line(&said);
    }
    let kept = step.captures.iter().take(3);
    let kept: Vec<String> = kept
        .map(|(name, value)| format!("{name} {}", few_words(value)))
        .collect();
    kept.join(", ")
}

/// A value in a few words: lists and mappings by how many there are.
pub(super) fn few_words(value: &Json) -> String {
    match value {
        Json::Array(items) if items.is_empty() => "none".to_owned(),
        Json::Array(items) if items.len() > 1 => format!("{} items", items.len()),
        Json::Array(items) => items.first().map_or_else(String::new, few_words),
        Json::Object(members) => format!("{} members", members.len()),
        other => short_json(other),
    }
}

/// A time for people.
pub(crate) fn at(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S UTC")
        .to_string()
}

/// A time of the day for people.
pub(super) fn clock(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%H:%M:%S")
        .to_string()
}

/// A length of time for people.
pub(crate) fn lasting(seconds: i64) -> String {
    crate::ending::lasting(jiff::SignedDuration::from_secs(seconds))
}

/// A contact in a line.
pub(super) fn reached(contact: &Json) -> String {
    match contact {
        Json::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{name} {}", reached(value)))
                .collect();
            members.join(", ")
        }
        Json::Array(items) => items.iter().map(reached).collect::<Vec<_>>().join(", "),
        Json::String(text) => one_line(text),
        other => other.to_string(),
    }
}

/// `1 call`, `2 calls`.
pub(super) fn counted(count: usize, what: &str) -> String {
    crate::value_text::counted(count, what)
}

/// The levels that were due, in words: `level 2`, `levels 1 and 2`.
pub(super) fn levels(levels: &[u32]) -> String {
    let words: Vec<String> = levels.iter().map(ToString::to_string).collect();
    match words.split_last() {
        None => "nobody".to_owned(),
        Some((one, [])) => format!("level {one}"),
        Some((last, rest)) => format!("levels {} and {last}", rest.join(", ")),
    }
}

/// How a change stands.
pub(super) fn state(change: &Change) -> (&'static str, &'static str) {
    match change {
        Change { undone: true, .. } => ("quiet", "taken back"),
        Change {
            confirmed: false, ..
        } => ("bad", "not confirmed"),
        Change {
            undoes: Some(_), ..
        } => ("attention", "takes a change back"),
        _ => ("attention", "done"),
    }
}

/// What came of a question.
pub(super) fn answer(approval: &Approval) -> String {
    let by = approval
        .by
        .as_ref()
        .map_or_else(String::new, |by| format!(" by {by}"));
    match approval.answer.as_deref() {
        Some("nobody") => "nobody could be asked".to_owned(),
        Some("expired") => "nobody answered in time".to_owned(),
        Some("abort") => "stopped at the question".to_owned(),
        Some(answer) => format!("{answer}{by}"),
        None => "open".to_owned(),
    }
}
