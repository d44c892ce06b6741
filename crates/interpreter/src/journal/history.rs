//! Looking at the runs of a journal.

use super::JournalError;
use super::sqlite::SqliteJournal;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A run, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    #[serde(skip)]
    pub(super) number: i64,
    /// Its id.
    pub id: String,
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// The SHA-256 of the playbook's text.
    pub digest: String,
    /// The inputs; secrets masked.
    pub inputs: Json,
    /// What was asked for.
    pub options: Json,
    /// What whoever started it keeps for whoever resumes it.
    pub context: Json,
    /// The version of the program that began it.
    pub program: String,
    /// How often it has been started.
    pub sessions: u32,
    /// When it began.
    pub started: Timestamp,
    /// When it ended or paused.
    pub ended: Option<Timestamp>,
    /// What came out; nothing where it has not ended.
    pub verdict: Option<String>,
    /// Why nothing was done.
    pub reason: Option<String>,
    /// One sentence about the verdict.
    pub explanation: Option<String>,
    /// How many writes were sent.
    pub writes: usize,
}

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Part of the playbook's id.
    pub playbook: Option<String>,
    /// The verdict; `running` for those that have none.
    pub verdict: Option<String>,
    /// Those that began then or later.
    pub since: Option<Timestamp>,
}

/// An event on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// Its number, which grows.
    pub number: i64,
    /// Its name.
    pub key: String,
    /// The event.
    pub body: Json,
}

/// A call on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// Its name.
    pub key: String,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The arguments; secrets masked.
    pub arguments: Json,
    /// What it does.
    pub effect: String,
    /// What `before` read.
    pub before: Option<Json>,
    /// The idempotency token.
    pub token: Option<String>,
    /// The attempt.
    pub attempt: u32,
    /// How often it was sent.
    pub sent: u32,
    /// When it was sent.
    pub started: String,
    /// When it was answered.
    pub ended: Option<String>,
    /// The result, or code and message; nothing where no answer is on record.
    pub answer: Option<Result<Json, (String, String)>>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// The region, where it is not the run's own.
    pub region: Option<String>,
    /// The role, where it is not the run's own.
    pub role: Option<String>,
    /// The result was cut at the limit.
    pub truncated: bool,
}

/// A file that a run went by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its id: the playbook's id, or the path below the playbook root.
    pub id: String,
    /// Its text.
    pub text: String,
}

const RUN: &str = "SELECT number, id, playbook, title, digest, inputs, options, context, program, sessions, started, ended,
    verdict, reason, explanation, coalesce(writes, (SELECT count(*) FROM steps WHERE run = runs.number AND effect != 'read'))
    FROM runs";

fn run_row(row: &Row<'_>) -> Result<RunRow, rusqlite::Error> {
    Ok(RunRow {
        number: row.get(0)?,
        id: row.get(1)?,
        playbook: row.get(2)?,
        title: row.get(3)?,
        digest: row.get(4)?,
        inputs: json(&row.get::<_, String>(5)?),
        options: json(&row.get::<_, String>(6)?),
        context: json(&row.get::<_, String>(7)?),
        program: row.get(8)?,
        sessions: row.get(9)?,
        started: time(&row.get::<_, String>(10)?),
        ended: row.get::<_, Option<String>>(11)?.as_deref().map(time),
        verdict: row.get(12)?,
        reason: row.get(13)?,
        explanation: row.get(14)?,
        writes: usize::try_from(row.get::<_, i64>(15)?).unwrap_or_default(),
    })
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or(Json::Null)
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

impl SqliteJournal {
    /// The runs, newest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn runs(&self, filter: &Filter) -> Result<Vec<RunRow>, JournalError> {
        let rows = self.guard((|| {
            self.connection()
                .prepare(&format!("{RUN} ORDER BY number DESC"))?
                .query_map([], run_row)?
                .collect::<Result<Vec<_>, _>>()
        })())?;
        let fits = |row: &RunRow| {
            let verdict = row.verdict.as_deref().unwrap_or("running");
            filter
                .playbook
                .as_ref()
                .is_none_or(|part| row.playbook.contains(part.as_str()))
                && filter
                    .verdict
                    .as_ref()
                    .is_none_or(|wanted| wanted == verdict)
                && filter.since.is_none_or(|since| row.started >= since)
        };
        Ok(rows.into_iter().filter(fits).collect())
    }

    /// The run with this id.
    ///
    /// # Errors
    /// There is none, or the journal cannot be read.
    pub fn run(&self, id: &str) -> Result<RunRow, JournalError> {
        let found = self.guard(
            self.connection()
                .query_row(&format!("{RUN} WHERE id = ?1"), [id], run_row)
                .optional(),
        )?;
        found.ok_or_else(|| {
            JournalError::NoRun(format!(
                "there is no run `{id}` in the journal `{}`",
                self.path
            ))
        })
    }

    /// The run that a person means: by its id, the beginning of it, or `last`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, asked: &str) -> Result<RunRow, JournalError> {
        let runs = self.runs(&Filter::default())?;
        let none = |what: &str| Err(JournalError::NoRun(what.to_owned()));
        if asked == "last" {
            return match runs.into_iter().next() {
                Some(run) => Ok(run),
                None => none("there is no run yet; `runbook run` makes one"),
            };
        }
        let mut found: Vec<RunRow> = runs
            .into_iter()
            .filter(|run| !asked.is_empty() && run.id.starts_with(asked))
            .collect();
        if let Some(exact) = found.iter().position(|run| run.id == asked) {
            return Ok(found.swap_remove(exact));
        }
        match found.len() {
            1 => Ok(found.swap_remove(0)),
            0 => none(&format!(
                "there is no run `{asked}`; `runbook runs` lists them"
            )),
            _ => {
                let ids: Vec<&str> = found.iter().take(5).map(|run| run.id.as_str()).collect();
                none(&format!(
                    "`{asked}` begins several runs: {}; write more of the id",
                    ids.join(", ")
                ))
            }
        }
    }

    /// The files that a run went by.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn files(&self, run: &RunRow) -> Result<Vec<FileRow>, JournalError> {
        self.guard((|| {
            self.connection()
                .prepare("SELECT id, text FROM files WHERE run = ?1 ORDER BY id")?
                .query_map([run.number], |row| {
                    Ok(FileRow {
                        id: row.get(0)?,
                        text: row.get(1)?,
                    })
                })?
                .collect()
        })())
    }

    /// A run's events after a number, in order.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn events(&self, run: &RunRow, after: i64) -> Result<Vec<EventRow>, JournalError> {
        self.guard((|| {
            self.connection()
                .prepare_cached("SELECT number, key, body FROM events WHERE run = ?1 AND number > ?2 ORDER BY number")?
                .query_map(params![run.number, after], |row| {
                    Ok(EventRow {
                        number: row.get(0)?,
                        key: row.get(1)?,
                        body: json(&row.get::<_, String>(2)?),
                    })
                })?
                .collect()
        })())
    }

    /// Whether somebody was to be told, by the last end of the run. Its events, which can be many, stay where they are.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn has_escalated(&self, run: &RunRow) -> Result<bool, JournalError> {
        let kind = self.connection().query_row(
            "SELECT json_type(body, '$.escalated') FROM events WHERE run = ?1 AND event = 'run_ended' AND instr(key, '/') = 0
             ORDER BY number DESC LIMIT 1",
            [run.number],
            |row| row.get::<_, Option<String>>(0),
        );
        let kind = self.guard(kind.optional())?.flatten();
        Ok(kind.is_some_and(|kind| kind != "null"))
    }

    /// A run's calls, in the order in which they were recorded.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn calls(&self, run: &RunRow) -> Result<Vec<CallRow>, JournalError> {
        self.guard((|| {
            self.connection()
                .prepare(
                    "SELECT key, step, action, arguments, effect, before, token, attempt, sent, started, ended, result, error_code,
                     error_message, request_id, region, role, truncated FROM steps WHERE run = ?1 ORDER BY number",
                )?
                .query_map([run.number], |row| {
                    let ended: Option<String> = row.get(10)?;
                    let code: Option<String> = row.get(12)?;
                    let answer = match code {
                        Some(code) => Err((code, row.get::<_, Option<String>>(13)?.unwrap_or_default())),
                        None => Ok(json(&row.get::<_, Option<String>>(11)?.unwrap_or_default())),
                    };
                    Ok(CallRow {
                        key: row.get(0)?,
                        step: row.get(1)?,
                        action: row.get(2)?,
                        arguments: json(&row.get::<_, String>(3)?),
                        effect: row.get(4)?,
                        before: row.get::<_, Option<String>>(5)?.as_deref().map(json),
                        token: row.get(6)?,
                        attempt: row.get(7)?,
                        sent: row.get(8)?,
                        started: row.get(9)?,
                        answer: ended.as_ref().map(|_| answer),
                        ended,
                        request_id: row.get(14)?,
                        region: row.get(15)?,
                        role: row.get(16)?,
                        truncated: row.get::<_, Option<bool>>(17)?.unwrap_or_default(),
                    })
                })?
                .collect()
        })())
    }

    /// Forgets runs, and gives their room back.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn forget(&self, runs: &[RunRow]) -> Result<(), JournalError> {
        if runs.is_empty() {
            return Ok(());
        }
        self.commit(|connection| {
            for run in runs {
                for table in ["events", "votes", "gates", "marks", "steps", "files"] {
                    connection
                        .execute(&format!("DELETE FROM {table} WHERE run = ?1"), [run.number])?;
                }
                connection.execute("DELETE FROM runs WHERE number = ?1", [run.number])?;
            }
            Ok(())
        })?;
        self.guard(
            self.connection()
                .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"),
        )
    }

    /// Looks for damage.
    ///
    /// # Errors
    /// What is damaged.
    pub fn verify(&self) -> Result<(), JournalError> {
        let said: String = self.guard(self.connection().query_row(
            "PRAGMA quick_check(1)",
            [],
            |row| row.get(0),
        ))?;
        if said == "ok" {
            return Ok(());
        }
        Err(JournalError::Corrupted {
            path: self.path.clone(),
            why: said,
        })
    }
}
