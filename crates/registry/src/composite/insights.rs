//! `logs:Insights`: one query of CloudWatch Logs Insights and its rows.

use super::{Composite, part, signature};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::Arguments;
use crate::local::some_text;
use crate::world::{Pending, World};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::duration;
use runbook_playbook::types::{ListType, Record, Type};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

const DEFAULT_TIMEOUT: SignedDuration = SignedDuration::from_mins(1);
/// The first wait between two looks; each is twice the one before.
const FIRST_WAIT: SignedDuration = SignedDuration::from_millis(500);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// The most rows that CloudWatch gives for one query.
const MOST_ROWS: usize = 10_000;

/// Runs one query of CloudWatch Logs Insights and waits for its rows.
///
/// | input | meaning |
/// | --- | --- |
/// | `log_groups` | names or ARNs of the log groups, at most 50 |
/// | `query` | the query |
/// | `from`, `to` | the window, to the second; now at its end by default |
///
/// `limit` bounds the rows (10,000 at most), `timeout` the wait (60s by default): past it the query is stopped.
///
/// Result: `rows` (a mapping each, field to text), `status`, `statistics` (`records_matched`, `records_scanned`,
/// `bytes_scanned`).
///
/// Errors: those of `logs:StartQuery` and `logs:GetQueryResults`, `query` (it failed, was cancelled or took CloudWatch too
/// long) and `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct Insights;

impl Composite for Insights {
    fn signature(&self) -> Action {
        let input = Record::new("logs:Insights input")
            .required(
                "log_groups",
                Type::List(Arc::new(ListType {
                    element: some_text(),
                    min: Some(1),
                    max: Some(50),
                })),
            )
            .required("query", some_text())
            .required("from", Type::timestamp())
            .optional("to", Type::timestamp())
            .build();
        let statistics = Record::new("logs:Insights statistics")
            .required("records_matched", Type::number())
            .required("records_scanned", Type::number())
            .required("bytes_scanned", Type::number())
            .build();
        let output = Record::new("logs:Insights result")
            .required("rows", Type::list(Type::map(Type::text())))
            .required("status", Type::text())
            .required("statistics", statistics)
            .build();
        Action {
            paginated: true,
            ..signature(
                "logs:Insights",
                input,
                output,
                Effect::Read,
                &[
                    "MalformedQueryException",
                    "LimitExceededException",
                    "ResourceNotFoundException",
                    "query",
                    "timeout",
                ],
                &["logs:StartQuery", "logs:GetQueryResults", "logs:StopQuery"],
            )
        }
    }

    fn run<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(run(world, call))
    }
}

async fn run(world: &dyn World, call: &Call) -> Result<Answer, CallError> {
    let started = world.now();
    let within = call.timeout.unwrap_or(DEFAULT_TIMEOUT);
    let left = || within - world.now().duration_since(started);
    // One more than asked for tells whether the limit cuts.
    let asked = call.limit.saturating_add(1).min(MOST_ROWS);
    let start = query(&Arguments::of(call), started, asked)?;
    let answer = world
        .send(&part(call, "logs:StartQuery", start, left()))
        .await?;
    let id = answer
        .result
        .get("queryId")
        .cloned()
        .ok_or_else(|| garbled("logs:StartQuery", "without a `queryId`"))?;
    let mut wait = FIRST_WAIT;
    loop {
        world
            .sleep(wait.min(left()).max(SignedDuration::ZERO))
            .await;
        wait = (wait * 2).min(LONGEST_WAIT);
        if !left().is_positive() {
            return Err(stopped(world, call, &id, within).await);
        }
        let look = part(call, "logs:GetQueryResults", json!({"queryId": id}), left());
        let answer = match world.send(&look).await {
            Err(error) if error.code == "timeout" => {
                return Err(stopped(world, call, &id, within).await);
            }
            other => other?,
        };
        let status = answer.result.get("status").and_then(Json::as_str);
        match status {
            Some("Complete") => return result(&answer, call.limit),
            Some(status @ ("Failed" | "Cancelled" | "Timeout")) => {
                return Err(CallError {
                    request_id: answer.request_id,
                    ..CallError::new(FailureKind::Answered, "query", ended(status))
                });
            }
            // Scheduled, Running, Unknown.
            _ => {}
        }
    }
}

fn query(arguments: &Arguments<'_>, now: Timestamp, limit: usize) -> Result<Json, CallError> {
    let groups = arguments.texts("log_groups")?;
    if groups.is_empty() {
        return Err(arguments.wrong("log_groups", "is empty"));
    }
    let from = arguments
        .timestamp("from")?
        .ok_or_else(|| arguments.wrong("from", "is missing"))?;
    let to = arguments.timestamp("to")?.unwrap_or(now);
    if from > to {
        return Err(arguments.wrong("from", format_args!("is {from}, which is after {to}")));
    }
    // Names and ARNs have members of their own; identifiers may be either.
    let by = if groups.iter().any(|group| group.starts_with("arn:")) {
        "logGroupIdentifiers"
    } else {
        "logGroupNames"
    };
    Ok(json!({
        by: groups,
        "queryString": arguments.text("query")?,
        "startTime": from.as_second(),
        "endTime": to.as_second(),
        "limit": limit,
    }))
}

/// Stops a query that takes too long, so that it scans no more, and says so.
async fn stopped(world: &dyn World, call: &Call, id: &Json, within: SignedDuration) -> CallError {
    let stop = part(
        call,
        "logs:StopQuery",
        json!({"queryId": id}),
        SignedDuration::from_secs(5),
    );
    // A query that has ended meanwhile cannot be stopped; either way it is over.
    drop(world.send(&stop).await);
    CallError::new(
        FailureKind::Answered,
        "timeout",
        format!(
            "the query was not complete within {} and was stopped; give the step a longer `timeout`, or the query a shorter window",
            duration::format(within)
        ),
    )
}

fn ended(status: &str) -> String {
    let why = match status {
        "Cancelled" => "was cancelled by somebody",
        "Timeout" => {
            "took longer than CloudWatch allows; choose a shorter window or fewer log groups"
        }
        _ => "failed; try it in the console to see why",
    };
    format!("the query {why}")
}

fn result(answer: &Answer, limit: usize) -> Result<Answer, CallError> {
    let results = answer.result.get("results").and_then(Json::as_array);
    let mut rows = Vec::new();
    for fields in results.into_iter().flatten() {
        rows.push(row(fields)?);
    }
    let truncated = rows.len() > limit || rows.len() >= MOST_ROWS;
    rows.truncate(limit);
    let statistic = |name: &str| {
        answer
            .result
            .pointer(&format!("/statistics/{name}"))
            .and_then(Json::as_f64)
            .unwrap_or_default()
    };
    Ok(Answer {
        result: json!({
            "rows": rows,
            "status": "Complete",
            "statistics": {
                "records_matched": statistic("recordsMatched"),
                "records_scanned": statistic("recordsScanned"),
                "bytes_scanned": statistic("bytesScanned"),
            },
        }),
        truncated,
        request_id: answer.request_id.clone(),
    })
}

/// One row; a field without a value is left out.
fn row(fields: &Json) -> Result<Json, CallError> {
    let fields = fields
        .as_array()
        .ok_or_else(|| garbled("logs:GetQueryResults", "with a row that is no list"))?;
    let text = |field: &Json, name: &str| field.get(name).and_then(Json::as_str).map(str::to_owned);
    let row: Map<String, Json> = fields
        .iter()
        .filter_map(|field| Some((text(field, "field")?, text(field, "value")?.into())))
        .collect();
    Ok(row.into())
}

fn garbled(operation: &str, what: &str) -> CallError {
    CallError::new(
        FailureKind::Garbled,
        "response",
        format!("{operation} answered {what}"),
    )
}

#[cfg(test)]
#[path = "insights_tests.rs"]
mod tests;
