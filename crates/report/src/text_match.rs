//! Playbooks that fit a text, and why they do.

use crate::line::{Line, Look, Tone};
use crate::playbook_list::tone;
use crate::triage::command;
use serde_json::{Value as Json, json};

/// A playbook that fits a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextMatch {
    /// What `runbook run` takes.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// How bad its problem is.
    pub severity: Option<String>,
    /// How well it fits; only to be compared with others of the same text.
    pub score: f64,
    /// Why, what weighs most first.
    pub because: Vec<MatchedPart>,
    /// The command to go on with.
    pub next: String,
}

/// A part of the text that was found in a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedPart {
    /// What it is: `word`, `words`, `pattern`.
    pub what: &'static str,
    /// The word, or the pattern.
    pub text: String,
    /// Where it stands: `title`, `cause out_of_memory`, `scenario leaking`.
    pub place: String,
    /// File and line, where it stands in a file of its own.
    pub at: Option<String>,
}

/// What was understood of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Understood {
    /// An alarm's name and metric, in words.
    pub alarm: Option<String>,
    /// What it is about: names and values that inputs may take.
    pub dimensions: Vec<(String, String)>,
}

/// The matches as text.
#[must_use]
pub fn lines(understood: &Understood, matches: &[TextMatch], look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(alarm) = &understood.alarm {
        let line = Line::at(0).with(Tone::Quiet, "alarm ").plain(alarm);
        lines.extend(line.wrapped(look));
    }
    if !understood.dimensions.is_empty() {
        let parts: Vec<String> = understood
            .dimensions
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let line = Line::at(0).with(Tone::Quiet, "of ").plain(parts.join(", "));
        lines.extend(line.wrapped(look));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    for one in matches {
        let severity = one.severity.as_deref().unwrap_or("-");
        let head = Line::at(0)
            .with(tone(severity), format!("{severity:<3} "))
            .with(Tone::Strong, &one.name)
            .plain("  ")
            .plain(&one.title);
        lines.extend(head.wrapped(look));
        for part in &one.because {
            let mut line = Line::at(2)
                .plain(&part.text)
                .with(Tone::Quiet, format!(" ({}) in ", part.what))
                .plain(&part.place);
            if let Some(at) = &part.at {
                line = line.with(Tone::Quiet, format!("  {at}"));
            }
            lines.extend(line.wrapped(look));
        }
        lines.extend(command(&one.next, look));
    }
    if matches.is_empty() {
        lines.push("no playbook knows any of this".to_owned());
    }
    lines
}

/// One document for programs.
#[must_use]
pub fn document(understood: &Understood, matches: &[TextMatch]) -> Json {
    let matches: Vec<Json> = matches
        .iter()
        .map(|one| {
            let because: Vec<Json> = one
                .because
                .iter()
                .map(|part| {
                    json!({
                        "what": part.what,
                        "text": part.text,
                        "place": part.place,
                        "at": part.at,
                    })
                })
                .collect();
            json!({
                "playbook": one.name,
                "title": one.title,
                "severity": one.severity,
                "score": (one.score * 100.0).round() / 100.0,
                "because": because,
                "next": one.next,
            })
        })
        .collect();
    let dimensions: serde_json::Map<String, Json> = understood
        .dimensions
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({"alarm": understood.alarm, "dimensions": dimensions, "matches": matches})
}
