//! A sketch as the text of a playbook.

use super::{Finished, Sketch};
use crate::page::{Page, Section};
use crate::yaml::Writer;
use runbook_playbook::yaml::write::{flow, inline};
use serde_json::{Value as Json, json};

/// The answer that chooses no remedy.
const NONE: &str = "none of these";

pub(super) fn playbook(page: &Page, section: &Section, sketch: &Sketch) -> String {
    let mut out = Writer::default();
    out.line(0, "playbook: v1");
    out.pair(0, "title", &json!(section.title));
    if let Some(description) = description(section) {
        out.pair(0, "description", &json!(description));
    }
    let tags: Vec<&str> = sketch
        .services
        .iter()
        .map(String::as_str)
        .filter(|service| !matches!(*service, "local" | "file" | "human" | "data" | "time"))
        .collect();
    if !tags.is_empty() {
        out.pair(0, "tags", &json!(tags));
    }
    let mut source = vec![page.title.as_str()];
    source.extend(section.path.iter().map(String::as_str));
    source.push(&section.title);
    source.retain(|part| !part.is_empty());
    out.pair(0, "source", &json!(source.join(", ")));
    inputs(&mut out, sketch);
    if !sketch.reaches.is_empty() {
        out.gap();
        if sketch.reaches.iter().any(|host| host.contains("${{")) {
            out.comment(
                0,
                "TODO: say which hosts these are: what is reached is no template",
            );
        }
        let hosts: Vec<String> = sketch
            .reaches
            .iter()
            .map(|host| host.replace("${{ ", "").replace(" }}", ""))
            .collect();
        out.pair(0, "reaches", &json!(hosts));
    }
    if !sketch.runs.is_empty() {
        out.gap();
        out.pair(0, "runs", &json!(sketch.runs));
    }
    for left in &sketch.left {
        out.gap();
        out.comment(0, &format!("TODO: nothing could be made of `{left}`"));
    }
    let decides = sketch.troubleshoots && !sketch.resolve.is_empty();
    if !sketch.diagnose.is_empty() || decides {
        out.gap();
        out.open(0, "diagnose");
        for (id, step) in &sketch.diagnose {
            write_step(&mut out, 1, id, step);
        }
        if decides {
            decision(&mut out, sketch);
        }
    }
    if !sketch.resolve.is_empty() {
        out.gap();
        out.open(0, "resolve");
        for (block, remedy) in &sketch.resolve {
            out.open(1, block);
            out.pair(2, "title", &json!(remedy.title));
            if decides {
                out.pair(2, "for", &json!([block]));
            }
            out.open(2, "steps");
            for (id, step) in &remedy.steps {
                write_step(&mut out, 3, id, step);
            }
        }
    }
    out.finish()
}

fn description(section: &Section) -> Option<String> {
    let mut text = section.intro.clone();
    for (head, lines) in [
        ("How it shows:", &section.symptoms),
        ("What may cause it:", &section.causes),
    ] {
        if lines.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(head);
        for line in lines {
            text.push_str("\n- ");
            text.push_str(line);
        }
    }
    (!text.is_empty()).then_some(text)
}

fn inputs(out: &mut Writer, sketch: &Sketch) {
    if sketch.inputs.is_empty() {
        return;
    }
    out.gap();
    out.open(0, "inputs");
    for (name, input) in &sketch.inputs {
        let kind = if input.list { "list" } else { input.kind };
        let mut parts = vec![format!("type: {kind}")];
        if let Some(default) = &input.default {
            let value: Json = match input.kind {
                "integer" | "number" | "boolean" => {
                    serde_json::from_str(default).unwrap_or_else(|_| json!(default))
                }
                _ if input.list => default.split_whitespace().collect(),
                _ => json!(default),
            };
            parts.push(format!("default: {}", flow(&value)));
        }
        out.line(1, &format!("{name}: {{{}}}", parts.join(", ")));
    }
}

/// The step by which a person says which remedy applies, until assertions do.
fn decision(out: &mut Writer, sketch: &Sketch) {
    out.comment(
        1,
        "TODO: say by assertions over what was read when each remedy applies; until then whoever is on call says it",
    );
    out.open(1, "decide");
    out.pair(2, "title", &json!("Which remedy applies"));
    out.pair(2, "action", &json!("human:Ask"));
    let options: Vec<&str> = sketch
        .resolve
        .values()
        .map(|remedy| remedy.title.as_str())
        .chain([NONE])
        .collect();
    out.pair(
        2,
        "with",
        &json!({"question": "Which of these applies?", "options": options}),
    );
    out.line(2, "capture: {choice: {path: $.answer, as: text}}");
    out.open(2, "causes");
    for (block, remedy) in &sketch.resolve {
        let title = flow(&json!(remedy.title));
        let literal = remedy.title.replace('\\', "\\\\").replace('\'', "\\'");
        let condition = flow(&json!(format!("choice == '{literal}'")));
        out.line(
            3,
            &format!("{block}: {{title: {title}, that: {condition}}}"),
        );
    }
}

fn write_step(out: &mut Writer, depth: usize, id: &str, step: &Finished) {
    for note in &step.notes {
        out.comment(depth, note);
    }
    out.open(depth, id);
    let inner = depth + 1;
    if let Some(title) = &step.title {
        out.pair(inner, "title", &json!(title));
    }
    if let Some((element, list)) = &step.each {
        out.pair(inner, "each", &json!(format!("{element} in {list}")));
    }
    out.pair(inner, "action", &json!(step.action));
    if step.states_read {
        out.pair(inner, "effect", &json!("read"));
    }
    if let Some(region) = &step.region {
        out.pair(inner, "target", &json!({"region": region}));
    }
    if let Some(base) = &step.base {
        out.pair(inner, "base", &json!(base));
    }
    if !step.with.is_empty() {
        out.pair(inner, "with", &Json::Object(step.with.clone()));
    }
    if let Some(limit) = step.limit {
        out.pair(inner, "limit", &json!(limit));
    }
    if let Some(poll) = &step.poll {
        let mut until = serde_json::Map::new();
        until.insert("path".to_owned(), json!(poll.path));
        match (&poll.value, poll.word) {
            (Json::Null, word) => until.insert("exists".to_owned(), json!(word != "equals")),
            (value, word) => until.insert(word.to_owned(), value.clone()),
        };
        out.pair(inner, "until", &Json::Object(until));
        out.pair(inner, "every", &json!(poll.every));
        out.pair(inner, "within", &json!("30m"));
    }
    if step.goes_on {
        out.pair(inner, "on_error", &json!("continue"));
    }
    if step.captures.is_empty() {
        return;
    }
    out.open(inner, "capture");
    for capture in &step.captures {
        let path = &capture.path;
        if capture.first {
            out.line(
                inner + 1,
                &format!(
                    "{}: {{path: {}, take: first}}",
                    capture.name,
                    flow(&json!(path))
                ),
            );
        } else {
            out.line(inner + 1, &format!("{}: {}", capture.name, inline(path)));
        }
    }
}
