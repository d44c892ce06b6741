//! What a run has on record when it is resumed.

use super::sqlite::SqliteJournal;
use super::{CallRecord, JournalError};
use crate::approval::Decision;
use jiff::Timestamp;
use runbook_registry::call::{Answer, CallError, FailureKind};
use rusqlite::{OptionalExtension, Row};
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// What begins the keys of an undo of a run that has ended.
pub(super) const UNDO: &str = "undo/";

/// What begins the keys of reads of secret inputs.
pub(super) const INPUTS: &str = "inputs.";

/// Where things are on record, by key.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Rows of calls.
    pub steps: HashMap<String, i64>,
    /// Times at which something began.
    pub instants: HashMap<String, Timestamp>,
    /// Waits: when they are to end, and when they ended.
    pub sleeps: HashMap<String, (Timestamp, Option<Timestamp>)>,
    /// Questions.
    pub gates: HashMap<String, Gate>,
    /// Events that observers have seen.
    pub events: HashSet<String>,
}

/// A question on record.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub number: i64,
    pub hash: String,
    pub asked: Timestamp,
    pub answer: Option<(Decision, Timestamp)>,
}

/// A call on record.
pub(super) struct StepRow {
    pub action: String,
    pub effect: String,
    pub arguments: Json,
    pub region: Option<String>,
    pub role: Option<String>,
    pub started: Timestamp,
    /// When it ended, and what came of it.
    pub end: Option<(Timestamp, Result<Answer, CallError>)>,
    pub masked: bool,
}

fn time(text: &str) -> Timestamp {
    // The column holds what this program wrote; a damaged value reads as the beginning of time.
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Recorded {
    /// Reads what a run has on record.
    pub fn load(file: &SqliteJournal, run: i64) -> Result<Self, JournalError> {
        let mut recorded = Self::default();
        file.guard((|| {
            let connection = file.connection();
            let mut steps = connection.prepare(
                "SELECT number, key, ended IS NOT NULL AND error_code IS NULL, ended IS NULL FROM steps WHERE run = ?1 ORDER BY number",
            )?;
            let mut rows = steps.query([run])?;
            while let Some(row) = rows.next()? {
                let (number, key): (i64, String) = (row.get(0)?, row.get(1)?);
                let (well, open): (bool, bool) = (row.get(2)?, row.get(3)?);
                if !key.starts_with(UNDO) {
                    recorded.steps.insert(key, number);
                } else if well || open {
                    // What failed to be taken back is tried again; what was, counts for the first attempt.
                    recorded.steps.insert(first_attempt(&key), number);
                }
            }
            let mut marks =
                connection.prepare("SELECT key, kind, at FROM marks WHERE run = ?1 ORDER BY number")?;
            let mut rows = marks.query([run])?;
            while let Some(row) = rows.next()? {
                let (key, kind, at): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
                match kind.as_str() {
                    "began" => {
                        recorded.instants.insert(key, time(&at));
                    }
                    "until" => {
                        recorded.sleeps.entry(key).or_insert((time(&at), None));
                    }
                    _ => {
                        if let Some(sleep) = recorded.sleeps.get_mut(&key) {
                            sleep.1 = Some(time(&at));
                        }
                    }
                }
            }
            let mut gates = connection.prepare(
                "SELECT number, key, hash, asked, answer, by, answered FROM gates WHERE run = ?1 ORDER BY number",
            )?;
            let mut rows = gates.query([run])?;
            while let Some(row) = rows.next()? {
                let key: String = row.get(1)?;
                let gate = gate(row)?;
                let approved = matches!(gate.answer, Some((Decision::Approved { .. }, _)));
                if !key.starts_with(UNDO) || approved {
                    recorded.gates.insert(without_session(&key).to_owned(), gate);
                }
            }
            let mut events = connection.prepare("SELECT key FROM events WHERE run = ?1")?;
            let mut rows = events.query([run])?;
            while let Some(row) = rows.next()? {
                recorded.events.insert(row.get(0)?);
            }
            Ok(())
        })())?;
        Ok(recorded)
    }
}

/// A key of an undo without the session that it was made in.
fn without_session(key: &str) -> &str {
    if key.starts_with(UNDO) {
        key.rsplit_once('!').map_or(key, |(key, _)| key)
    } else {
        key
    }
}

fn first_attempt(key: &str) -> String {
    let key = without_session(key);
    match key.rsplit_once('@') {
        Some((head, _)) => format!("{head}@1"),
        None => key.to_owned(),
    }
}

fn gate(row: &Row<'_>) -> Result<Gate, rusqlite::Error> {
    let answer: Option<String> = row.get(4)?;
    let by: String = row.get::<_, Option<String>>(5)?.unwrap_or_default();
    let answered: Option<String> = row.get(6)?;
    let decision = match answer.as_deref() {
        Some("approved") => Some(Decision::Approved { by }),
        Some("declined") => Some(Decision::Declined { by }),
        Some("expired") => Some(Decision::Expired),
        _ => None,
    };
    Ok(Gate {
        number: row.get(0)?,
        hash: row.get(2)?,
        asked: time(&row.get::<_, String>(3)?),
        answer: decision.zip(answered.as_deref().map(time)),
    })
}

/// The word for a kind of failure.
pub(super) fn kind_word(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Answered => "answered",
        FailureKind::Garbled => "garbled",
        FailureKind::NotSent => "not_sent",
        FailureKind::Unanswered => "unanswered",
        FailureKind::Environment => "environment",
    }
}

fn kind_of(word: &str) -> FailureKind {
    match word {
        "garbled" => FailureKind::Garbled,
        "not_sent" => FailureKind::NotSent,
        "unanswered" => FailureKind::Unanswered,
        "environment" => FailureKind::Environment,
        _ => FailureKind::Answered,
    }
}

impl StepRow {
    /// Reads a call.
    pub fn read(file: &SqliteJournal, number: i64) -> Result<Option<Self>, JournalError> {
        file.guard((|| {
            file.connection()
                .prepare_cached(
                    "SELECT action, arguments, region, role, started, ended, result, error_code, error_message, error_kind,
                     request_id, truncated, masked, effect FROM steps WHERE number = ?1",
                )?
                .query_row([number], |row| {
                    let ended: Option<String> = row.get(5)?;
                    let code: Option<String> = row.get(7)?;
                    let answer = match code {
                        Some(code) => Err(CallError {
                            code,
                            message: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
                            kind: kind_of(&row.get::<_, Option<String>>(9)?.unwrap_or_default()),
                            request_id: row.get(10)?,
                        }),
                        None => Ok(Answer {
                            result: json(&row.get::<_, Option<String>>(6)?.unwrap_or_default()),
                            truncated: row.get::<_, Option<bool>>(11)?.unwrap_or_default(),
                            request_id: row.get(10)?,
                        }),
                    };
                    Ok(Self {
                        action: row.get(0)?,
                        arguments: json(&row.get::<_, String>(1)?),
                        region: row.get(2)?,
                        role: row.get(3)?,
                        started: time(&row.get::<_, String>(4)?),
                        end: ended.map(|ended| (time(&ended), answer)),
                        masked: row.get::<_, Option<bool>>(12)?.unwrap_or_default(),
                        effect: row.get(13)?,
                    })
                })
                .optional()
        })())
    }

    /// Why a call is not this one; `None` where it is.
    pub fn differs(&self, call: &CallRecord) -> Option<String> {
        if self.action != call.action {
            return Some(format!(
                "it called {}, and now {}",
                self.action, call.action
            ));
        }
        if self.effect != call.effect.as_str() {
            return Some(format!(
                "{} was a {}, and now is a {}",
                call.action, self.effect, call.effect
            ));
        }
        if (&self.region, &self.role) != (&call.target.region, &call.target.role) {
            return Some(format!("{} goes to another region or role", call.action));
        }
        if !fits(&self.arguments, &call.arguments) {
            return Some(format!(
                "{} was called with {}, and now with {}",
                call.action, self.arguments, call.arguments
            ));
        }
        None
    }
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or(Json::Null)
}

/// Whether arguments are those on record; what was masked there may be anything.
fn fits(recorded: &Json, now: &Json) -> bool {
    match (recorded, now) {
        (Json::String(text), _) if text.contains(crate::MASK) => true,
        (_, Json::String(text)) if text.contains(crate::MASK) => true,
        (Json::Object(recorded), Json::Object(now)) => {
            recorded.len() == now.len()
                && recorded
                    .iter()
                    .all(|(name, value)| now.get(name).is_some_and(|other| fits(value, other)))
        }
        (Json::Array(recorded), Json::Array(now)) => {
            recorded.len() == now.len()
                && recorded
                    .iter()
                    .zip(now)
                    .all(|(one, other)| fits(one, other))
        }
        (recorded, now) => recorded == now,
    }
}

/// A result on record with its secrets as a new reading has them. What is not secret stays as it was: decisions were made by
/// it. A secret is only taken from what is otherwise the same; else it stays masked, for it may be another by now.
#[must_use]
pub fn renewed(recorded: &Json, fresh: &Json) -> Json {
    if fits(recorded, fresh) {
        return fresh.clone();
    }
    match (recorded, fresh) {
        (Json::Object(recorded), Json::Object(fresh)) => recorded
            .iter()
            .map(|(name, value)| {
                let value = match (value, fresh.get(name)) {
                    (Json::Object(_) | Json::Array(_), Some(other)) => renewed(value, other),
                    _ => value.clone(),
                };
                (name.clone(), value)
            })
            .collect(),
        (Json::Array(recorded), Json::Array(fresh)) => recorded
            .iter()
            .map(|item| {
                let same = fresh.iter().find(|other| fits(item, other));
                same.unwrap_or(item).clone()
            })
            .collect(),
        (recorded, _) => recorded.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::renewed;
    use crate::MASK;
    use serde_json::json;

    #[test]
    fn only_secrets_are_renewed_and_only_from_what_is_the_same() {
        let recorded = json!({"all": [{"n": "a", "v": MASK}, {"n": "b", "v": MASK}, {"n": "c", "v": "plain"}], "more": 1});
        let fresh = json!({"all": [{"n": "x", "v": "x-secret"}, {"n": "b", "v": "b-secret"}, {"n": "c", "v": "changed"}]});
        assert_eq!(
            renewed(&recorded, &fresh),
            json!({"all": [{"n": "a", "v": MASK}, {"n": "b", "v": "b-secret"}, {"n": "c", "v": "plain"}], "more": 1})
        );
    }
}
