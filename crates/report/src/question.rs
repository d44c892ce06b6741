//! A question to a person as lines of text: what would be called, with what, where, and how it would be taken back.

use crate::line::{Line, Look, Tone};
use crate::value_text::{counted, differing};
use runbook_interpreter::approval::{Question, QuestionCall};
use serde_json::Value as Json;

/// The most calls of one question that are shown in full; more are counted.
const SHOWN: usize = 20;

/// Text from outside, made harmless for a terminal: control and direction characters are shown as `\u{..}`.
#[must_use]
pub fn safe(text: &str) -> String {
    crate::escape::escape(text).into_owned()
}

/// Draws a question, without the line on which the answer is given.
#[must_use]
pub fn lines(question: &Question, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    let effects: Vec<&str> = question
        .effects
        .iter()
        .map(|effect| effect.as_str())
        .collect();
    let dangerous = effects
        .iter()
        .any(|effect| !matches!(*effect, "read" | "write"));
    let tone = if dangerous {
        Tone::Bad
    } else {
        Tone::Attention
    };
    let head = Line::at(0).with(Tone::Strong, &question.step).maybe(
        Tone::Plain,
        "  ",
        question.title.as_ref(),
    );
    lines.extend(head.wrapped(look));
    if let Some(prompt) = &question.prompt {
        lines.extend(Line::at(1).plain(prompt).wrapped(look));
    }
    for because in &question.because {
        let line = Line::at(1).with(Tone::Quiet, "because ").plain(because);
        lines.extend(line.wrapped(look));
    }
    for call in question.calls.iter().take(SHOWN) {
        lines.extend(call_lines(call, 1, look));
    }
    if question.calls.len() > SHOWN {
        let more = counted(question.calls.len() - SHOWN, "more call");
        lines.push(Line::at(1).plain(format!("and {more}")).cut(look));
    }
    for stated in &question.stated {
        let line = Line::at(1).with(Tone::Quiet, "stated ").with(
            Tone::Attention,
            format!("by the author: {stated}; nothing can check that"),
        );
        lines.extend(line.wrapped(look));
    }
    let place = Line::at(1)
        .with(Tone::Quiet, "effect ")
        .with(tone, effects.join(", "));
    let place = if question.place.is_empty() {
        place
    } else {
        place.with(Tone::Quiet, "  in ").plain(&question.place)
    };
    lines.extend(place.wrapped(look));
    if question.people > 1 || !question.from.is_empty() {
        let from = if question.from.is_empty() {
            String::new()
        } else {
            format!(" ({})", question.from.join(", "))
        };
        let needed = counted_people(question.people);
        let line = Line::at(1)
            .with(Tone::Quiet, "needs  ")
            .plain(format!("{needed}{from}"));
        lines.extend(line.wrapped(look));
    }
    for agreed in &question.agreed {
        let line = Line::at(1).with(Tone::Quiet, "yes    ").plain(agreed);
        lines.extend(line.wrapped(look));
    }
    if question.undo.is_empty() {
        let line = Line::at(1).with(Tone::Quiet, "undo   none is written");
        lines.push(line.cut(look));
    } else {
        lines.push(Line::at(1).with(Tone::Quiet, "undo").cut(look));
        for call in question.undo.iter().take(SHOWN) {
            lines.extend(call_lines(call, 2, look));
        }
    }
    lines
}

/// `one person`, `2 people`.
#[must_use]
pub fn counted_people(count: usize) -> String {
    match count {
        0 | 1 => "one person".to_owned(),
        many => format!("{many} people"),
    }
}

fn call_lines(call: &QuestionCall, depth: usize, look: Look) -> Vec<String> {
    let mut lines = vec![Line::at(depth).with(Tone::Strong, &call.action).cut(look)];
    for line in yaml_lines(&call.arguments, depth + 1) {
        lines.extend(line.wrapped(look));
    }
    for change in &call.changes {
        let (from, to) = differing(&change.from, &change.to);
        let line = Line::at(depth + 1)
            .with(Tone::Quiet, "changes ")
            .plain(format!("{}: ", change.path))
            .with(Tone::Bad, from)
            .plain(" → ")
            .with(Tone::Good, to);
        lines.extend(line.wrapped(look));
    }
    lines
}

/// JSON as lines that read like YAML. Nothing is left out: what is shown is what is sent.
pub(crate) fn yaml_lines(value: &Json, depth: usize) -> Vec<Line> {
    match value {
        Json::Object(members) => members
            .iter()
            .flat_map(|(name, value)| entry(&format!("{name}:"), value, depth))
            .collect(),
        Json::Array(items) => items
            .iter()
            .flat_map(|item| entry("-", item, depth))
            .collect(),
        scalar => vec![Line::at(depth).plain(scalar_text(scalar))],
    }
}

fn entry(head: &str, value: &Json, depth: usize) -> Vec<Line> {
    match value {
        Json::Object(members) if !members.is_empty() => nested(head, value, depth),
        Json::Array(items) if !items.is_empty() => nested(head, value, depth),
        scalar => vec![Line::at(depth).plain(format!("{head} {}", scalar_text(scalar)))],
    }
}

fn nested(head: &str, value: &Json, depth: usize) -> Vec<Line> {
    let mut lines = vec![Line::at(depth).plain(head)];
    lines.extend(yaml_lines(value, depth + 1));
    lines
}

/// A scalar; text is quoted only where it would read as something else.
fn scalar_text(value: &Json) -> String {
    match value {
        Json::String(text) if reads_as_text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn reads_as_text(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !matches!(text, "true" | "false" | "null")
        && text.parse::<f64>().is_err()
        && !text.starts_with(['"', '\'', '[', '{', '-'])
        && !text.contains(char::is_control)
}
