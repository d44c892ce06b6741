//! `logs:Tail`: what a log group says, for a while.

use super::{Composite, part, signature};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::Arguments;
use crate::local::some_text;
use crate::world::{Pending, World};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};
use std::collections::HashSet;

const DEFAULT_SINCE: SignedDuration = SignedDuration::from_mins(5);
const DEFAULT_FOR: SignedDuration = SignedDuration::from_secs(30);
const BETWEEN: SignedDuration = SignedDuration::from_secs(2);
/// The most time that one look may take: a filter that matches little reads much.
const SLOWEST: SignedDuration = SignedDuration::from_mins(1);
/// How far behind the last event each look begins: streams are not indexed in step.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// Follows a log group for a bounded time, as `aws logs tail --follow` does without an end.
///
/// | input | meaning |
/// | --- | --- |
/// | `log_group` | name or ARN |
/// | `filter_pattern` | which events, all by default |
/// | `since` | how far back to begin, 5m by default |
/// | `for` | how long to follow, 30s by default |
/// | `stream_prefix` | which streams, all by default |
///
/// It ends early when `limit` is reached (10,000 by default), and `.truncated` says so.
///
/// Result: `events` (`at`, `message`, `stream`), ordered by time, each once.
///
/// Errors: those of `logs:FilterLogEvents`.
#[derive(Debug, Clone, Copy)]
pub struct Tail;

impl Composite for Tail {
    fn signature(&self) -> Action {
        let input = Record::new("logs:Tail input")
            .required("log_group", some_text())
            .optional("filter_pattern", Type::text())
            .optional("since", Type::Duration)
            .optional("for", Type::Duration)
            .optional("stream_prefix", some_text())
            .build();
        let event = Record::new("logs:Tail event")
            .required("at", Type::timestamp())
            .required("message", Type::text())
            .required("stream", Type::text())
            .build();
        let output = Record::new("logs:Tail result")
            .required("events", Type::list(event))
            .build();
        Action {
            paginated: true,
            ..signature(
                "logs:Tail",
                input,
                output,
                Effect::Read,
                &["ResourceNotFoundException", "InvalidParameterException"],
                &["logs:FilterLogEvents"],
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
    let arguments = Arguments::of(call);
    let started = world.now();
    let window = arguments.duration("since", DEFAULT_SINCE)?;
    let length = arguments.duration("for", DEFAULT_FOR)?;
    if call.timeout.is_some_and(|timeout| timeout < length) {
        return Err(arguments.wrong(
            "for",
            "is longer than the step's `timeout`; shorten one or raise the other",
        ));
    }
    let begin = started
        .checked_sub(window)
        .map_err(|_| arguments.wrong("since", "reaches back before all time"))?;
    let mut seen = Seen::default();
    let mut last = begin;
    loop {
        let from = last.checked_sub(LATE).unwrap_or(begin).max(begin);
        let mut look = part(
            call,
            "logs:FilterLogEvents",
            request(&arguments, from)?,
            SLOWEST,
        );
        // More than the limit's number of events, all different, include one that is new.
        look.limit = call.limit.saturating_add(1);
        let answer = world.send(&look).await?;
        last = last.max(seen.take(&answer.result)?.unwrap_or(begin));
        let left = length - world.now().duration_since(started);
        if seen.events.len() > call.limit || !left.is_positive() {
            return Ok(seen.answer(call.limit, answer.truncated, answer.request_id));
        }
        world.sleep(BETWEEN.min(left)).await;
    }
}

fn request(arguments: &Arguments<'_>, from: Timestamp) -> Result<Json, CallError> {
    let group = arguments.text("log_group")?;
    let by = if group.starts_with("arn:") {
        "logGroupIdentifier"
    } else {
        "logGroupName"
    };
    let mut request = json!({by: group, "startTime": from.as_millisecond()});
    for (ours, theirs) in [
        ("filter_pattern", "filterPattern"),
        ("stream_prefix", "logStreamNamePrefix"),
    ] {
        if let (Some(text), Some(members)) =
            (arguments.optional_text(ours)?, request.as_object_mut())
        {
            members.insert(theirs.to_owned(), text.into());
        }
    }
    Ok(request)
}

/// The events so far.
#[derive(Debug, Default)]
struct Seen {
    ids: HashSet<String>,
    events: Vec<Event>,
}

#[derive(Debug)]
struct Event {
    at: Timestamp,
    message: String,
    stream: String,
}

impl Seen {
    /// Keeps the events that are new; gives the time of the latest.
    fn take(&mut self, result: &Json) -> Result<Option<Timestamp>, CallError> {
        let mut latest = None;
        let events = result.get("events").and_then(Json::as_array);
        for event in events.into_iter().flatten() {
            let text = |name: &str| event.get(name).and_then(Json::as_str).unwrap_or_default();
            let millisecond = event.get("timestamp").and_then(Json::as_i64);
            let at = millisecond
                .and_then(|millisecond| Timestamp::from_millisecond(millisecond).ok())
                .ok_or_else(|| {
                    CallError::new(
                        FailureKind::Garbled,
                        "response",
                        "logs:FilterLogEvents answered with an event without a `timestamp`",
                    )
                })?;
            latest = latest.max(Some(at));
            let id = match text("eventId") {
                "" => format!("{at} {} {}", text("logStreamName"), text("message")),
                id => id.to_owned(),
            };
            if self.ids.insert(id) {
                self.events.push(Event {
                    at,
                    message: text("message").to_owned(),
                    stream: text("logStreamName").to_owned(),
                });
            }
        }
        Ok(latest)
    }

    fn answer(mut self, limit: usize, cut: bool, request_id: Option<String>) -> Answer {
        self.events.sort_by_key(|event| event.at);
        let truncated = cut || self.events.len() > limit;
        self.events.truncate(limit);
        let events: Vec<Json> = self
            .events
            .into_iter()
            .map(|event| json!({"at": event.at, "message": event.message, "stream": event.stream}))
            .collect();
        Answer {
            result: json!({"events": events}),
            truncated,
            request_id,
        }
    }
}

#[cfg(test)]
#[path = "tail_tests.rs"]
mod tests;
