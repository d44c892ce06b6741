//! `test --update`: what came out of scenarios becomes what is expected of them.

use super::play::{Enforced, Played, played};
use super::suite::{Suite, suite};
use crate::args::TestArguments;
use crate::commands::fmt::{difference, replace};
use crate::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::shelf::Shelf;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::yaml::{self, write::flow};
use runbook_registry::Registry;
use runbook_registry::world::scenario::CallRecord;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rewrites expectations that are not met, and shows each change before it is written.
///
/// # Errors
/// A file cannot be written.
pub(super) fn update(
    files: &[PathBuf],
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<(), Failure> {
    for file in files {
        let Ok(suite) = suite(file, registry, environment) else {
            // The run that follows says what is wrong with it.
            continue;
        };
        update_file(file, &suite, arguments, enforced, registry, environment)?;
    }
    Ok(())
}

fn update_file(
    file: &Path,
    suite: &Suite,
    arguments: &TestArguments,
    enforced: &Enforced,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<(), Failure> {
    let (out, err) = (environment.console.out, environment.console.err);
    let shelf = Shelf::new(&environment.places, &suite.root, &**registry);
    let shown = environment.places.shown(file);
    let mut edits: Vec<(Span, String)> = Vec::new();
    for (name, scenario) in &suite.scenarios {
        let title = format!("{} {name}", suite.checked.id);
        if !title.contains(arguments.filter.as_deref().unwrap_or_default()) {
            continue;
        }
        let scenario = Arc::new(scenario.clone());
        let played = played(
            &scenario,
            &suite.checked,
            &shelf,
            enforced,
            registry,
            environment,
        );
        let Ok(played) = played else { continue };
        // A world without an answer says nothing of the playbook.
        if played.found.iter().any(|found| found.what == "actions") {
            continue;
        }
        for found in &played.found {
            let said = runbook_report::question::safe(&found.to_string());
            match edit(suite, name, &found.what, &played) {
                Some(edit) => {
                    out.line(format!("update  {title}: {said}"));
                    edits.push(edit);
                }
                None => err.line(format!("{title}: {said}; change it in {shown} by hand")),
            }
        }
    }
    if edits.is_empty() {
        return Ok(());
    }
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let before = suite.source.text();
    let mut after = before.to_owned();
    for (span, text) in edits {
        after.replace_range(span.start..span.end, &text);
    }
    out.lines(&difference(&shown, before, &after));
    if document::scenarios(&Source::new(&shown, after.as_str())).is_err() {
        return Err(Failure::wrong(format!(
            "{shown} would not read any more, so it was left alone; change it by hand"
        )));
    }
    replace(file, &after)
        .map_err(|error| Failure::wrong(format!("{shown} cannot be written: {error}")))
}

/// What is written in the place of an expectation; nothing where that cannot be done without losing what the author
/// wrote there.
fn edit(suite: &Suite, scenario: &str, what: &str, played: &Played) -> Option<(Span, String)> {
    let mut route = vec!["scenarios", scenario, "expect"];
    let (key, below) = match what.split_once('.') {
        Some((key, below)) => (key, Some(below)),
        None => (what, None),
    };
    route.push(key);
    route.extend(below);
    let node = suite.node.at(route)?;
    let comments = yaml::comments(&suite.source);
    let commented = comments
        .iter()
        .any(|comment| node.span.start < comment.start && comment.start < node.span.end);
    if commented {
        return None;
    }
    let value = actual(key, below, played)?;
    let written = suite.source.slice(node.span);
    let text = match &value {
        Json::Array(items) if !written.starts_with('[') && !items.is_empty() => {
            let before = suite.source.text().get(..node.span.start)?;
            let line = before.rsplit('\n').next().unwrap_or_default();
            let margin = format!("\n{}", " ".repeat(line.chars().count()));
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("- {}", listed(item)))
                .collect();
            items.join(&margin)
        }
        value => flow(value),
    };
    Some((node.span, text))
}

/// A call behind a dash: `sqs:PurgeQueue: {QueueUrl: …}`.
fn listed(item: &Json) -> String {
    match item.as_object().and_then(|members| members.iter().next()) {
        Some((name, value)) => format!("{name}: {}", flow(value)),
        None => flow(item),
    }
}

/// What came out.
fn actual(key: &str, below: Option<&str>, played: &Played) -> Option<Json> {
    let outcome = &played.compared;
    let ended = |said: &std::collections::BTreeMap<String, String>| {
        let id = below?;
        let mut fitting = said.iter().filter(|(full, _)| {
            *full == id
                || full
                    .strip_suffix(id)
                    .is_some_and(|rest| rest.ends_with('.'))
        });
        fitting.next().map(|(_, word)| word.clone())
    };
    let calls = |fit: fn(&CallRecord) -> bool| {
        let calls = played.calls.iter().filter(|call| fit(call));
        calls
            .map(|call| {
                let empty = call
                    .arguments
                    .as_object()
                    .is_none_or(serde_json::Map::is_empty);
                if empty {
                    Json::String(call.action.clone())
                } else {
                    json!({call.action.as_str(): call.arguments})
                }
            })
            .collect::<Json>()
    };
    match key {
        "verdict" => Some(outcome.verdict.clone().into()),
        "reason" => outcome.reason.clone().map(Json::from),
        "causes" => Some(json!(outcome.causes)),
        "escalated" => Some(json!(outcome.escalated)),
        "writes" => Some(calls(CallRecord::is_write)),
        "calls" => Some(calls(|_| true)),
        "steps" => ended(&outcome.steps).map(Json::from),
        "holds" => match ended(&outcome.holds)?.as_str() {
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            word => Some(word.into()),
        },
        _ => None,
    }
}
