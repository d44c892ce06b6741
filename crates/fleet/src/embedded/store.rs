//! Fleets on this machine: one `SQLite` file beside the journal of runs.
//!
//! What a target's run did is in the journal; here is which targets a fleet has, how it is rolled out, what people said about
//! waves, and what came of each target.

use crate::outcome::{GateAnswer, TargetOutcome};
use crate::rollout::RolloutPolicy;
use crate::target::Target;
use jiff::Timestamp;
use runbook_interpreter::journal::database::Database;
use rusqlite::{ErrorCode, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;

/// The format that this program writes.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS fleets (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, playbook TEXT NOT NULL, spec TEXT NOT NULL, targets INTEGER NOT NULL,
    control TEXT, control_by TEXT, status TEXT, stopped TEXT, started TEXT NOT NULL, ended TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS targets (
    fleet INTEGER NOT NULL REFERENCES fleets ON DELETE CASCADE, number INTEGER NOT NULL, target TEXT NOT NULL, outcome TEXT,
    PRIMARY KEY (fleet, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gates (
    fleet INTEGER NOT NULL REFERENCES fleets ON DELETE CASCADE, wave INTEGER NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (fleet, wave)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
";

/// Why fleets cannot be kept or found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no such fleet.
    #[error("{0}")]
    NoFleet(String),
    /// A newer program wrote the file.
    #[error("the record of fleets `{0}` is of a newer program; use that")]
    TooNew(String),
    /// The disk is full.
    #[error(
        "the record of fleets `{0}` cannot be kept: the disk is full; make room, then go on with `runbook fleet resume`"
    )]
    Full(String),
    /// Anything else.
    #[error(
        "the record of fleets `{path}` cannot be kept: {why}; choose another folder with --state-dir"
    )]
    Failed {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
}

/// What a fleet is made of, besides its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The playbook's title.
    pub title: String,
    /// How bad the problem is, as the playbook has it.
    pub severity: Option<String>,
    /// How it is rolled out.
    pub policy: RolloutPolicy,
    /// The scenario whose world it happens in.
    pub scenario: Option<String>,
    /// What whoever goes on with it needs to know of how it was started.
    pub context: Json,
    /// The texts that its runs go by, by id.
    pub files: BTreeMap<String, String>,
}

/// A fleet on record.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetRow {
    number: i64,
    /// Its id.
    pub id: String,
    /// The playbook's id.
    pub playbook: String,
    /// How many targets it has.
    pub targets: usize,
    /// What somebody wants of it.
    pub control: Option<Control>,
    /// Where it stood when its process last wrote it down.
    pub status: Option<String>,
    /// Why it stopped, as a document.
    pub stopped: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended or its process stopped.
    pub ended: Option<Timestamp>,
}

/// What somebody wants of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// What.
    pub wish: Wish,
    /// Who.
    pub by: String,
}

/// What can be wanted of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing more starts for now.
    Pause,
    /// Nothing more starts.
    Cancel,
}

impl Wish {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Cancel => "cancel",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Pause, Self::Cancel]
            .into_iter()
            .find(|wish| wish.as_str() == word)
    }
}

/// A target on record.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetRow {
    /// The target.
    pub target: Target,
    /// What came of it, once that is known.
    pub outcome: Option<TargetOutcome>,
}

/// The record of fleets in a folder.
#[derive(Debug)]
pub struct FleetStore {
    connection: Database,
    path: String,
}

impl FleetStore {
    /// Opens the record, or makes an empty one; the folder must be there.
    ///
    /// # Errors
    /// It cannot be read or written, or a newer program made it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        let opened = Database::open(path, SCHEMA)
            .and_then(|connection| Ok((connection.format()?, connection)));
        let (format, connection) = opened.map_err(|error| explain(&shown, &error))?;
        if format > FORMAT {
            return Err(StoreError::TooNew(shown));
        }
        Ok(Self {
            connection,
            path: shown,
        })
    }

    fn guard<T>(&self, result: Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        result.map_err(|error| explain(&self.path, &error))
    }

    /// Writes a fleet down, before any of it runs.
    ///
    /// # Errors
    /// It cannot be kept, and must not begin.
    pub fn begin(
        &self,
        id: &str,
        playbook: &str,
        spec: &Spec,
        targets: &[Target],
        started: Timestamp,
    ) -> Result<FleetRow, StoreError> {
        let spec = document(spec);
        self.guard((|| {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute(
                "INSERT INTO fleets (id, playbook, spec, targets, started) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, playbook, spec, count(targets.len()), started.to_string()],
            )?;
            let fleet = transaction.last_insert_rowid();
            {
                let mut insert = transaction
                    .prepare("INSERT INTO targets (fleet, number, target) VALUES (?1, ?2, ?3)")?;
                for (number, target) in targets.iter().enumerate() {
                    insert.execute(params![fleet, count(number), document(target)])?;
                }
            }
            transaction.commit()
        })())?;
        self.find(id)
    }

    /// Keeps what came of a target.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn keep(
        &self,
        fleet: &FleetRow,
        number: usize,
        outcome: &TargetOutcome,
    ) -> Result<(), StoreError> {
        self.guard((|| {
            self.connection
                .prepare_cached("UPDATE targets SET outcome = ?3 WHERE fleet = ?1 AND number = ?2")?
                .execute(params![fleet.number, count(number), document(outcome)])
        })())?;
        Ok(())
    }

    /// Keeps where a fleet stands, now that its process ends or begins.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn stand(
        &self,
        fleet: &FleetRow,
        status: Option<&str>,
        stopped: Option<&str>,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let at = at.map(|at| at.to_string());
        self.guard(self.connection.execute(
            "UPDATE fleets SET status = ?2, stopped = ?3, ended = ?4 WHERE number = ?1",
            params![fleet.number, status, stopped, at],
        ))?;
        Ok(())
    }

    /// Keeps how a fleet is rolled out from here on, where whoever goes on with it says so.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn change(&self, fleet: &FleetRow, spec: &Spec) -> Result<(), StoreError> {
        self.guard(self.connection.execute(
            "UPDATE fleets SET spec = ?2 WHERE number = ?1",
            params![fleet.number, document(spec)],
        ))?;
        Ok(())
    }

    /// Says what is wanted of a fleet; nothing takes it back.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn control(&self, fleet: &FleetRow, control: Option<&Control>) -> Result<(), StoreError> {
        let wish = control.map(|control| control.wish.as_str());
        let by = control.map(|control| control.by.as_str());
        self.guard(self.connection.execute(
            "UPDATE fleets SET control = ?2, control_by = ?3 WHERE number = ?1",
            params![fleet.number, wish, by],
        ))?;
        Ok(())
    }

    /// Keeps what a person said about a wave; the first answer counts.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn answer(
        &self,
        fleet: &FleetRow,
        wave: usize,
        answer: &GateAnswer,
    ) -> Result<(), StoreError> {
        self.guard(self.connection.execute(
            "INSERT INTO gates (fleet, wave, answer) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![fleet.number, count(wave), document(answer)],
        ))?;
        Ok(())
    }

    /// What people said about waves.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn answers(&self, fleet: &FleetRow) -> Result<BTreeMap<usize, GateAnswer>, StoreError> {
        let rows: Vec<(i64, String)> = self.guard((|| {
            self.connection
                .prepare_cached("SELECT wave, answer FROM gates WHERE fleet = ?1")?
                .query_map([fleet.number], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })())?;
        Ok(rows
            .into_iter()
            .filter_map(|(wave, answer)| {
                Some((
                    usize::try_from(wave).ok()?,
                    serde_json::from_str(&answer).ok()?,
                ))
            })
            .collect())
    }

    /// What a fleet is made of.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn spec(&self, fleet: &FleetRow) -> Result<Spec, StoreError> {
        let text: String = self.guard(self.connection.query_row(
            "SELECT spec FROM fleets WHERE number = ?1",
            [fleet.number],
            |row| row.get(0),
        ))?;
        serde_json::from_str(&text).map_err(|error| self.damaged(&error))
    }

    /// The targets of a fleet, in order.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn targets(&self, fleet: &FleetRow) -> Result<Vec<TargetRow>, StoreError> {
        let rows: Vec<(String, Option<String>)> = self.guard((|| {
            self.connection
                .prepare("SELECT target, outcome FROM targets WHERE fleet = ?1 ORDER BY number")?
                .query_map([fleet.number], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })())?;
        rows.into_iter()
            .map(|(target, outcome)| {
                let outcome = outcome.map(|outcome| serde_json::from_str(&outcome));
                Ok(TargetRow {
                    target: serde_json::from_str(&target)?,
                    outcome: outcome.transpose()?,
                })
            })
            .collect::<Result<_, serde_json::Error>>()
            .map_err(|error| self.damaged(&error))
    }

    /// All fleets, newest first.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn fleets(&self) -> Result<Vec<FleetRow>, StoreError> {
        self.guard((|| {
            self.connection
                .prepare(&format!("{FLEET} ORDER BY number DESC"))?
                .query_map([], fleet_row)?
                .collect()
        })())
    }

    /// The fleet that a person means: by its id, the beginning of it, or `last`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, asked: &str) -> Result<FleetRow, StoreError> {
        let exact = self.guard(
            self.connection
                .query_row(&format!("{FLEET} WHERE id = ?1"), [asked], fleet_row)
                .optional(),
        )?;
        if let Some(exact) = exact {
            return Ok(exact);
        }
        let fleets = self.fleets()?;
        let mut meant: Vec<FleetRow> = fleets
            .into_iter()
            .enumerate()
            .filter(|(at, fleet)| {
                (asked == "last" && *at == 0) || (!asked.is_empty() && fleet.id.starts_with(asked))
            })
            .map(|(_, fleet)| fleet)
            .collect();
        let none = |what: String| Err(StoreError::NoFleet(what));
        match (meant.pop(), meant.len()) {
            (Some(fleet), 0) => Ok(fleet),
            (Some(_), more) => none(format!(
                "`{asked}` begins {} fleets; write more of the id",
                more + 1
            )),
            (None, _) if asked == "last" => {
                none("there is no fleet yet; `runbook fleet run` makes one".to_owned())
            }
            (None, _) => none(format!(
                "there is no fleet `{asked}`; `runbook fleet status` lists them"
            )),
        }
    }

    /// A fleet as it is on record now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn again(&self, fleet: &FleetRow) -> Result<FleetRow, StoreError> {
        self.guard(self.connection.query_row(
            &format!("{FLEET} WHERE number = ?1"),
            [fleet.number],
            fleet_row,
        ))
    }

    /// Forgets fleets; their runs are in the journal.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn forget(&self, fleets: &[FleetRow]) -> Result<(), StoreError> {
        self.guard((|| {
            let transaction = self.connection.unchecked_transaction()?;
            for fleet in fleets {
                // Targets and answers go with it.
                transaction.execute("DELETE FROM fleets WHERE number = ?1", [fleet.number])?;
            }
            transaction.commit()
        })())
    }

    fn damaged(&self, error: &serde_json::Error) -> StoreError {
        StoreError::Failed {
            path: self.path.clone(),
            why: format!("it is damaged: {error}"),
        }
    }
}

const FLEET: &str = "SELECT number, id, playbook, targets, control, control_by, status, stopped, started, ended FROM fleets";

fn fleet_row(row: &Row<'_>) -> Result<FleetRow, rusqlite::Error> {
    let time = |text: String| text.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let wish: Option<String> = row.get(4)?;
    let by: Option<String> = row.get(5)?;
    Ok(FleetRow {
        number: row.get(0)?,
        id: row.get(1)?,
        playbook: row.get(2)?,
        targets: usize::try_from(row.get::<_, i64>(3)?).unwrap_or_default(),
        control: wish.as_deref().and_then(Wish::of).map(|wish| Control {
            wish,
            by: by.unwrap_or_default(),
        }),
        status: row.get(6)?,
        stopped: row.get(7)?,
        started: time(row.get(8)?),
        ended: row.get::<_, Option<String>>(9)?.map(time),
    })
}

fn document(value: &impl Serialize) -> String {
    // All of it is text, numbers, lists and mappings with text as keys.
    serde_json::to_string(value).unwrap_or_default()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn explain(path: &str, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(path.to_owned()),
        _ => StoreError::Failed {
            path: path.to_owned(),
            why: error.to_string(),
        },
    }
}
