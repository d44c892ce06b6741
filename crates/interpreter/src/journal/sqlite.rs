//! The journal on this machine: one `SQLite` file in WAL mode.
//!
//! Commits are cheap (`synchronous=NORMAL` syncs nothing) except where a record guards a write: there one commit with
//! `synchronous=FULL` brings everything so far to the disk.

use super::{CallEnd, CallId, CallRecord, Journal, JournalError, RunRecord, encode};
use crate::event::Event;
use crate::outcome::Outcome;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

/// The format that this program writes.
const FORMAT: i64 = 1;

/// How many events are kept back before they are committed together.
const BATCH: usize = 256;

const SCHEMA: &str = "
CREATE TABLE runs (
    id TEXT PRIMARY KEY, playbook TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL, inputs TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT, verdict TEXT, explanation TEXT
) STRICT;
CREATE TABLE events (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs, event TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE calls (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs, step TEXT NOT NULL, element INTEGER,
    action TEXT NOT NULL, arguments TEXT NOT NULL, region TEXT, role TEXT, effect TEXT NOT NULL, before TEXT, token TEXT,
    attempt INTEGER NOT NULL, started TEXT NOT NULL,
    result TEXT, error_code TEXT, error_message TEXT, request_id TEXT, ended TEXT
) STRICT;
CREATE INDEX events_of_run ON events (run);
CREATE INDEX calls_of_run ON calls (run);
PRAGMA user_version = 1;
";

/// A journal in a file.
#[derive(Debug)]
pub struct SqliteJournal {
    connection: Connection,
    path: String,
    /// Events that are not committed yet: run, kind, body.
    pending: RefCell<Vec<(String, &'static str, String)>>,
}

impl SqliteJournal {
    /// Opens a journal, or makes an empty one; the folder must be there.
    ///
    /// # Errors
    /// Says whether the file cannot be written, is locked, is damaged or is newer than this program.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        let connection = Connection::open(path).map_err(|error| explain(&shown, &error))?;
        let set_up = || -> Result<i64, rusqlite::Error> {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
            )?;
            let format = |connection: &Connection| {
                connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
            };
            if format(&connection)? == 0 {
                // Another process may be making the tables at this moment: only one of the two finds none.
                let making =
                    Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
                if format(&making)? == 0 {
                    making.execute_batch(SCHEMA)?;
                }
                making.commit()?;
            }
            format(&connection)
        };
        let format = set_up().map_err(|error| explain(&shown, &error))?;
        if format > FORMAT {
            return Err(JournalError::TooNew {
                path: shown,
                found: format,
                known: FORMAT,
            });
        }
        Ok(Self {
            connection,
            path: shown,
            pending: RefCell::default(),
        })
    }

    fn guard<T>(&self, result: Result<T, rusqlite::Error>) -> Result<T, JournalError> {
        result.map_err(|error| explain(&self.path, &error))
    }

    /// Commits the events that were kept back.
    ///
    /// # Errors
    /// The record cannot be kept.
    pub fn flush(&self) -> Result<(), JournalError> {
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.guard(self.in_one(|connection| insert_events(connection, &pending)))
    }

    /// Runs statements in one transaction.
    fn in_one<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        let transaction = self.connection.unchecked_transaction()?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// The same, with everything so far on disk at its end.
    fn durably<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        self.connection.execute_batch("PRAGMA synchronous=FULL")?;
        let result = self.in_one(work);
        self.connection.execute_batch("PRAGMA synchronous=NORMAL")?;
        result
    }
}

fn insert_events(
    connection: &Connection,
    events: &[(String, &'static str, String)],
) -> Result<(), rusqlite::Error> {
    let mut statement =
        connection.prepare_cached("INSERT INTO events (run, event, body) VALUES (?1, ?2, ?3)")?;
    for (run, kind, body) in events {
        statement.execute(params![run, kind, body])?;
    }
    Ok(())
}

fn explain(path: &str, error: &rusqlite::Error) -> JournalError {
    let path = path.to_owned();
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            JournalError::ReadOnly { path, why }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Locked { path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Corrupted { path, why }
        }
        _ => JournalError::Failed { path, why },
    }
}

impl Journal for SqliteJournal {
    fn begin(&self, run: &RunRecord) -> Result<(), JournalError> {
        self.guard(self.in_one(|connection| {
            // Ids come from the world. A scenario gives the same one each time, and then the newest replay counts.
            for table in ["events", "calls"] {
                connection.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [&run.id])?;
            }
            connection.execute("DELETE FROM runs WHERE id = ?1", [&run.id])?;
            connection.execute(
                "INSERT INTO runs (id, playbook, source, digest, inputs, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![run.id, run.playbook, run.source, run.digest, run.inputs.to_string(), run.started.to_string()],
            )
        }))?;
        Ok(())
    }

    fn event(&self, run: &str, event: &Event) -> Result<(), JournalError> {
        let full = {
            let mut pending = self.pending.borrow_mut();
            pending.push((
                run.to_owned(),
                encode::kind(event),
                encode::event(event).to_string(),
            ));
            pending.len() >= BATCH
        };
        if full { self.flush() } else { Ok(()) }
    }

    fn sending(&self, call: &CallRecord) -> Result<CallId, JournalError> {
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        let work = |connection: &Connection| {
            insert_events(connection, &pending)?;
            connection
                .prepare_cached(
                    "INSERT INTO calls (run, step, element, action, arguments, region, role, effect, before, token, attempt, started)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )?
                .execute(params![
                    call.run,
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
                    call.at.to_string(),
                ])?;
            Ok(CallId(connection.last_insert_rowid()))
        };
        self.guard(if call.guards() {
            self.durably(work)
        } else {
            self.in_one(work)
        })
    }

    fn answered(&self, call: CallId, end: &CallEnd) -> Result<(), JournalError> {
        let (result, code, message) = match &end.answer {
            Ok(result) => (Some(result.to_string()), None, None),
            Err((code, message)) => (None, Some(code), Some(message)),
        };
        self.guard(self.in_one(|connection| {
            connection
                .prepare_cached(
                    "UPDATE calls SET result = ?2, error_code = ?3, error_message = ?4, request_id = ?5, ended = ?6 WHERE number = ?1",
                )?
                .execute(params![call.0, result, code, message, end.request_id, end.at.to_string()])
        }))?;
        Ok(())
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        // A run that changed nothing loses nothing that could not be read again.
        let work = |connection: &Connection| {
            insert_events(connection, &pending)?;
            connection.execute(
                "UPDATE runs SET ended = ?2, verdict = ?3, explanation = ?4 WHERE id = ?1",
                params![
                    outcome.run,
                    outcome.ended.to_string(),
                    outcome.verdict.as_str(),
                    outcome.explanation
                ],
            )
        };
        self.guard(if outcome.changes.is_empty() && outcome.waiting.is_none() {
            self.in_one(work)
        } else {
            self.durably(work)
        })?;
        Ok(())
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        // Best effort: a run that ends properly has flushed already.
        drop(self.flush());
    }
}

#[cfg(test)]
mod tests;
