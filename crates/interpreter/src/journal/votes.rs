//! Answers that were given elsewhere: by `runbook approve`, in another process.

use super::JournalError;
use super::history::RunRow;
use super::recording::RunJournal;
use super::sqlite::SqliteJournal;
use crate::approval::{Decision, Question};
use crate::voter::Voter;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::Value as Json;
use std::time::Duration;

/// The table; a journal that was made before there were votes gets it when it is opened.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS votes (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, step TEXT NOT NULL, hash TEXT NOT NULL,
    answer TEXT NOT NULL, by TEXT NOT NULL, place TEXT NOT NULL, reason TEXT, at TEXT NOT NULL, gate INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS votes_of_run ON votes (run);
";

/// How often a run that waits looks for answers.
const EVERY: Duration = Duration::from_millis(200);

/// An answer that somebody gives to a question of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Yes.
    pub approves: bool,
    /// Who.
    pub by: Voter,
    /// From where: host, process, remote address.
    pub place: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A question on record, with its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRow {
    number: i64,
    /// Its name.
    pub key: String,
    /// The step.
    pub step: String,
    /// What an answer holds for.
    pub hash: String,
    /// What was asked.
    pub question: Json,
    /// When it was first asked.
    pub asked: Timestamp,
    /// `approved`, `declined`, `expired`; nothing where it is open.
    pub answer: Option<String>,
    /// Who answered.
    pub by: Option<String>,
    /// When.
    pub answered: Option<Timestamp>,
    /// It was asked again since, so that no answer counts any more.
    pub superseded: bool,
    /// What was said elsewhere about what it asks.
    pub votes: Vec<VoteRow>,
}

/// A vote on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRow {
    number: i64,
    hash: String,
    /// The vote.
    pub vote: Vote,
    /// The question that it answered, once the run has taken note of it.
    gate: Option<i64>,
}

impl GateRow {
    /// Whether an answer would still count.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && !self.superseded
    }

    /// Who has said yes to what it asks, the same question to others before it included: each once.
    #[must_use]
    pub fn agreed(&self, gates: &[Self]) -> Vec<Voter> {
        let place = |key: &str| key.rsplit_once('/').map(|(place, _)| place.to_owned());
        let before = gates.iter().filter(|gate| {
            gate.hash == self.hash
                && place(&gate.key) == place(&self.key)
                && gate.answer.as_deref() == Some("approved")
        });
        let before = before.filter_map(|gate| gate.by.as_deref().map(Voter::of));
        let waiting = self.waiting().filter(|vote| vote.approves);
        let mut people: Vec<Voter> = Vec::new();
        for voter in before.chain(waiting.map(|vote| vote.by.clone())) {
            if !people.iter().any(|other| other.may_be(&voter)) {
                people.push(voter);
            }
        }
        people
    }

    /// The vote that answered it, where it was not answered at the run's own terminal or by `--yes`.
    #[must_use]
    pub fn vote(&self) -> Option<&Vote> {
        let counted = |row: &&VoteRow| row.gate == Some(self.number);
        self.votes.iter().find(counted).map(|row| &row.vote)
    }

    /// Votes that the run has not taken note of.
    pub fn waiting(&self) -> impl Iterator<Item = &Vote> {
        let unused = self.votes.iter().filter(|row| row.gate.is_none());
        unused.map(|row| &row.vote)
    }
}

impl SqliteJournal {
    /// The questions of a run, in the order in which they were asked.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn gates(&self, run: &RunRow) -> Result<Vec<GateRow>, JournalError> {
        self.guard((|| {
            let votes = votes(&self.connection(), run.number)?;
            let mut gates: Vec<GateRow> = self
                .connection()
                .prepare("SELECT number, key, step, hash, question, asked, answer, by, answered FROM gates WHERE run = ?1 ORDER BY number")?
                .query_map([run.number], |row| gate(row, &votes))?
                .collect::<Result<_, _>>()?;
            let keys: Vec<String> = gates.iter().map(|gate| gate.key.clone()).collect();
            for (at, gate) in gates.iter_mut().enumerate() {
                gate.superseded = keys.iter().skip(at + 1).any(|key| *key == gate.key);
            }
            Ok(gates)
        })())
    }

    /// Puts a vote on record, on disk when this returns.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn vote(&self, run: &RunRow, gate: &GateRow, vote: &Vote) -> Result<(), JournalError> {
        self.durably(|connection| {
            connection.execute(
                "INSERT INTO votes (run, step, hash, answer, by, place, reason, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    run.number,
                    gate.step,
                    gate.hash,
                    if vote.approves { "approved" } else { "declined" },
                    vote.by.to_string(),
                    vote.place,
                    vote.reason,
                    vote.at.to_string(),
                ],
            )?;
            Ok(())
        })
    }
}

fn gate(row: &Row<'_>, votes: &[VoteRow]) -> Result<GateRow, rusqlite::Error> {
    let hash: String = row.get(3)?;
    let time = |text: &str| text.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(GateRow {
        number: row.get(0)?,
        key: row.get(1)?,
        step: row.get(2)?,
        question: serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or(Json::Null),
        asked: time(&row.get::<_, String>(5)?),
        answer: row.get(6)?,
        by: row.get(7)?,
        answered: row.get::<_, Option<String>>(8)?.as_deref().map(time),
        superseded: false,
        votes: votes
            .iter()
            .filter(|vote| vote.hash == hash)
            .cloned()
            .collect(),
        hash,
    })
}

fn votes(connection: &Connection, run: i64) -> Result<Vec<VoteRow>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT number, hash, answer, by, place, reason, at, gate FROM votes WHERE run = ?1 ORDER BY number",
        )?
        .query_map([run], |row| {
            let at: String = row.get(6)?;
            Ok(VoteRow {
                number: row.get(0)?,
                hash: row.get(1)?,
                vote: Vote {
                    approves: row.get::<_, String>(2)? == "approved",
                    by: Voter::of(&row.get::<_, String>(3)?),
                    place: row.get(4)?,
                    reason: row.get(5)?,
                    at: at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
                },
                gate: row.get(7)?,
            })
        })?
        .collect()
}

/// An answer that was found among the votes.
pub(super) struct Found {
    pub number: i64,
    pub decision: Decision,
}

impl RunJournal<'_> {
    /// The first vote that counts for a question: given in time, by somebody who may, who has not said so yet. Anybody may
    /// say no.
    pub(super) fn vote_for(
        &self,
        question: &Question,
        hash: &str,
        until: Option<Timestamp>,
    ) -> Result<Option<Found>, JournalError> {
        let votes = self
            .file
            .guard(votes(&self.file.connection(), self.number.get()))?;
        let counts = |row: &&VoteRow| {
            let person = &row.vote.by;
            let may =
                question.from.is_empty() || question.from.iter().any(|name| person.is_named(name));
            let again = question
                .agreed
                .iter()
                .any(|other| person.may_be(&Voter::of(other)));
            row.gate.is_none()
                && row.hash == hash
                && until.is_none_or(|until| row.vote.at <= until)
                && (!row.vote.approves || (may && !again))
        };
        Ok(votes.iter().find(counts).map(|row| {
            let by = row.vote.by.to_string();
            Found {
                number: row.number,
                decision: if row.vote.approves {
                    Decision::Approved { by }
                } else {
                    Decision::Declined { by }
                },
            }
        }))
    }

    /// Waits for a vote.
    pub(super) async fn voted(
        &self,
        question: &Question,
        hash: &str,
        until: Option<Timestamp>,
    ) -> Found {
        loop {
            tokio::time::sleep(EVERY).await;
            // What cannot be read now is looked for again; the answer on the terminal counts all the same.
            if let Ok(Some(found)) = self.vote_for(question, hash, until) {
                return found;
            }
        }
    }
}
