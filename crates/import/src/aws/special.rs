//! What the API refuses, or never finds, although the model says nothing of it: a reviewed list.

use super::Aws;
use regex::Regex;
use runbook_playbook::catalog::Action;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::span::Span;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Looks at the arguments of a call, and mends what has one meaning only.
pub(super) fn look(
    aws: &mut Aws<'_>,
    action: &Action,
    with: &mut Map<String, Json>,
    spans: &BTreeMap<String, Span>,
) {
    match action.name.as_str() {
        "cloudwatch:GetMetricStatistics" => percentiles(aws, with, spans),
        "logs:FilterLogEvents" | "logs:PutMetricFilter" | "logs:PutSubscriptionFilter" => {
            filter_pattern(aws, with, spans);
        }
        "ec2:RunInstances" => {
            // Without `--count` the CLI starts one.
            for member in ["MinCount", "MaxCount"] {
                with.entry(member).or_insert_with(|| json!(1));
            }
            super::flat::into_interface(with);
        }
        name if name.starts_with("ecs:") => revision(aws, with, spans),
        _ => {}
    }
}

/// `--statistics p95`: percentiles have an option of their own.
fn percentiles(aws: &mut Aws<'_>, with: &mut Map<String, Json>, spans: &BTreeMap<String, Span>) {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let Some(shape) =
        SHAPE.get_or_init(|| Regex::new(r"^(?:p|tm|wm|tc|ts)\d{1,2}(?:\.\d+)?$").ok())
    else {
        return;
    };
    let Some(Json::Array(values)) = with.get("Statistics") else {
        return;
    };
    let is_one = |value: &Json| value.as_str().is_some_and(|text| shape.is_match(text));
    let (extended, plain): (Vec<Json>, Vec<Json>) =
        values.iter().cloned().partition(|value| is_one(value));
    let Some(first) = extended.first().and_then(Json::as_str) else {
        return;
    };
    if let Some(span) = spans.get("Statistics") {
        aws.findings.add(
            Code::ArgumentType,
            *span,
            format!("`--statistics` has no `{first}`"),
            Some(format!("percentiles are `--extended-statistics {first}`")),
        );
    }
    if plain.is_empty() {
        with.remove("Statistics");
    } else {
        with.insert("Statistics".to_owned(), Json::Array(plain));
    }
    with.insert("ExtendedStatistics".to_owned(), Json::Array(extended));
}

/// `ERROR OR FATAL` finds events with all three words.
fn filter_pattern(aws: &mut Aws<'_>, with: &mut Map<String, Json>, spans: &BTreeMap<String, Span>) {
    let Some(pattern) = with.get("filterPattern").and_then(Json::as_str) else {
        return;
    };
    let words: Vec<&str> = pattern.split_whitespace().collect();
    let plain = !pattern.starts_with(['{', '[', '"', '%']) && !pattern.contains(['?', '"', '{']);
    if !plain || !words.contains(&"OR") {
        return;
    }
    let either: Vec<String> = words
        .split(|word| *word == "OR")
        .map(|side| match side {
            [one] => format!("?{one}"),
            several => format!("?\"{}\"", several.join(" ")),
        })
        .collect();
    let meant = either.join(" ");
    if let Some(span) = spans.get("filterPattern") {
        aws.findings.add(
            Code::ArgumentType,
            *span,
            format!("`--filter-pattern`: `{pattern}` finds only events in which all of these words are, `OR` among them"),
            Some(format!("write `{meant}` for any of them")),
        );
    }
    with.insert("filterPattern".to_owned(), json!(meant));
}

/// `family:LATEST`: a revision is a number.
fn revision(aws: &mut Aws<'_>, with: &mut Map<String, Json>, spans: &BTreeMap<String, Span>) {
    let Some(text) = with.get("taskDefinition").and_then(Json::as_str) else {
        return;
    };
    if text.starts_with("arn:") || crate::text::is_marked(text) {
        return;
    }
    let Some((family, revision)) = text.rsplit_once(':') else {
        return;
    };
    if revision.parse::<u64>().is_ok() {
        return;
    }
    if let Some(span) = spans.get("taskDefinition") {
        aws.findings.add(
            Code::ArgumentType,
            *span,
            format!("`--task-definition`: a revision is a number, and `{revision}` is none"),
            Some(format!("`{family}` alone is its newest revision")),
        );
    }
    let family = json!(family);
    with.insert("taskDefinition".to_owned(), family);
}
