//! Records that need no commit of their own: they are committed in groups, in their order.

use super::recorded::kind_word;
use super::{CallRecord, Worked, encode};
use crate::event::{Event, EventKind, Shown};
use jiff::Timestamp;
use runbook_registry::call::{Answer, CallError};
use rusqlite::{Connection, params};
use serde_json::Value as Json;

/// One of them. Texts are made when it is committed.
#[derive(Debug)]
pub(super) enum Record {
    Event {
        run: i64,
        key: String,
        said: Said,
    },
    Mark {
        run: i64,
        key: String,
        kind: &'static str,
        at: Timestamp,
    },
    /// A call that was answered, or failed.
    Call {
        run: i64,
        call: Box<CallRecord>,
        started: Timestamp,
        end: End,
    },
}

/// What an event says.
#[derive(Debug)]
pub(super) enum Said {
    /// All of it.
    Whole(Box<Event>),
    /// That an attempt of a call begins or has ended; all else about it is in the table of calls.
    Call {
        at: Timestamp,
        event: &'static str,
        step: String,
        attempt: u32,
    },
}

impl Said {
    /// What is recorded of an event.
    pub fn of(event: &Event) -> Self {
        match &event.kind {
            EventKind::CallStarted { step, attempt, .. }
            | EventKind::CallEnded { step, attempt, .. } => Self::Call {
                at: event.at,
                event: encode::kind(event),
                step: step.clone(),
                attempt: *attempt,
            },
            _ => Self::Whole(Box::new(event.clone())),
        }
    }

    /// Its time, its kind and the whole of it as text.
    fn told(&self) -> (String, &'static str, String) {
        match self {
            Self::Whole(event) => (
                event.at.to_string(),
                encode::kind(event),
                encode::event_text(event),
            ),
            Self::Call {
                at,
                event,
                step,
                attempt,
            } => {
                let at = at.to_string();
                let step = Json::from(step.as_str());
                let text = format!(
                    r#"{{"at":"{at}","event":"{event}","step":{step},"attempt":{attempt}}}"#
                );
                (at, event, text)
            }
        }
    }
}

/// How a call ended.
#[derive(Debug)]
pub(super) struct End {
    at: Timestamp,
    shown: Shown,
    /// The word for its kind of failure.
    kind: Option<&'static str>,
    request_id: Option<String>,
    truncated: bool,
    masked: bool,
}

impl End {
    /// Splits what came of a call into what is recorded and the answer.
    pub fn of(worked: Worked, at: Timestamp) -> (Self, Result<Answer, CallError>) {
        let (kind, request_id, truncated) = match &worked.answer {
            Ok(answer) => (None, answer.request_id.clone(), answer.truncated),
            Err(error) => (Some(kind_word(error.kind)), error.request_id.clone(), false),
        };
        let end = Self {
            at,
            shown: worked.shown,
            kind,
            request_id,
            truncated,
            masked: worked.masked,
        };
        (end, worked.answer)
    }
}

/// Writes records in their order.
pub(super) fn insert(connection: &Connection, records: &[Record]) -> Result<(), rusqlite::Error> {
    for record in records {
        match record {
            Record::Event { run, key, said } => {
                let (at, event, body) = said.told();
                connection
                    .prepare_cached(
                        "INSERT INTO events (run, key, at, event, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute((run, key, at, event, body))?;
            }
            Record::Mark { run, key, kind, at } => {
                connection
                    .prepare_cached(
                        "INSERT INTO marks (run, key, kind, at) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute((run, key, kind, at.to_string()))?;
            }
            Record::Call {
                run,
                call,
                started,
                end,
            } => {
                insert_call(connection, *run, call, *started, Some(end))?;
            }
        }
    }
    Ok(())
}

/// Writes a call, with its end where that is known; its number.
pub(super) fn insert_call(
    connection: &Connection,
    run: i64,
    call: &CallRecord,
    started: Timestamp,
    end: Option<&End>,
) -> Result<i64, rusqlite::Error> {
    let (result, code, message) = shown(end);
    connection
        .prepare_cached(
            "INSERT INTO steps (run, key, step, element, action, arguments, region, role, effect, before, token, attempt,
             sent, started, ended, result, error_code, error_message, error_kind, request_id, truncated, masked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )?
        .execute(params![
            run,
            call.key,
            call.step,
            call.element.and_then(|element| i64::try_from(element).ok()),
            call.action,
            call.arguments.to_string(),
            call.target.region,
            call.target.role,
            call.effect.as_str(),
            call.before.as_ref().map(ToString::to_string),
            call.token,
            call.attempt,
            started.to_string(),
            end.map(|end| end.at.to_string()),
            result,
            code,
            message,
            end.and_then(|end| end.kind),
            end.and_then(|end| end.request_id.as_deref()),
            end.map(|end| end.truncated),
            end.map(|end| end.masked),
        ])?;
    Ok(connection.last_insert_rowid())
}

/// Writes the end of a call that is on record.
pub(super) fn end_call(
    connection: &Connection,
    number: i64,
    end: &End,
) -> Result<(), rusqlite::Error> {
    let (result, code, message) = shown(Some(end));
    connection
        .prepare_cached(
            "UPDATE steps SET ended = ?2, result = ?3, error_code = ?4, error_message = ?5, error_kind = ?6, request_id = ?7,
             truncated = ?8, masked = ?9 WHERE number = ?1",
        )?
        .execute(params![
            number,
            end.at.to_string(),
            result,
            code,
            message,
            end.kind,
            end.request_id,
            end.truncated,
            end.masked
        ])?;
    Ok(())
}

/// The result as text, or code and message.
fn shown(end: Option<&End>) -> (Option<String>, Option<&str>, Option<&str>) {
    match end.map(|end| &end.shown) {
        None => (None, None, None),
        Some(Ok(result)) => (Some(result.to_string()), None, None),
        Some(Err((code, message))) => (None, Some(code), Some(message)),
    }
}
