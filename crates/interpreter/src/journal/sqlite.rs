//! The journal on this machine: one `SQLite` file in WAL mode.
//!
//! Commits are cheap (`synchronous=NORMAL` syncs nothing) except where a record guards a write: there one commit with
//! `synchronous=FULL` brings everything so far to the disk. What nothing waits for is committed in groups ([`super::groups`]).

use super::JournalError;
use super::database::Database;
use super::groups::{Committer, Groups};
use super::record::Record;
use rusqlite::{Connection, ErrorCode};
use std::cell::{Cell, OnceCell};
use std::path::Path;
use std::sync::{Arc, MutexGuard};

/// The path of a journal that is in no file.
const MEMORY: &str = ":memory:";

/// The format that this program writes.
const FORMAT: i64 = 2;

const SCHEMA: &str = "
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, playbook TEXT NOT NULL, title TEXT NOT NULL, digest TEXT NOT NULL,
    inputs TEXT NOT NULL, options TEXT NOT NULL, context TEXT NOT NULL, program TEXT NOT NULL, sessions INTEGER NOT NULL,
    started TEXT NOT NULL, ended TEXT, verdict TEXT, reason TEXT, explanation TEXT, writes INTEGER, undone TEXT
) STRICT;
CREATE TABLE files (run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, id TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (run, id)) STRICT, WITHOUT ROWID;
CREATE TABLE steps (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, step TEXT NOT NULL,
    element INTEGER, action TEXT NOT NULL, arguments TEXT NOT NULL, region TEXT, role TEXT, effect TEXT NOT NULL, before TEXT,
    token TEXT, attempt INTEGER NOT NULL, sent INTEGER NOT NULL, started TEXT NOT NULL, ended TEXT, result TEXT,
    error_code TEXT, error_message TEXT, error_kind TEXT, request_id TEXT, truncated INTEGER, masked INTEGER
) STRICT;
CREATE TABLE marks (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, kind TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE gates (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, step TEXT NOT NULL,
    hash TEXT NOT NULL, question TEXT NOT NULL, asked TEXT NOT NULL, answer TEXT, by TEXT, answered TEXT
) STRICT;
CREATE TABLE events (
    number INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, at TEXT NOT NULL,
    event TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_run ON steps (run);
CREATE INDEX marks_of_run ON marks (run);
CREATE INDEX gates_of_run ON gates (run);
CREATE INDEX events_of_run ON events (run);
PRAGMA user_version = 2;
";

/// A journal in a file.
#[derive(Debug)]
pub struct SqliteJournal {
    groups: Arc<Groups>,
    pub(super) path: String,
    /// Commits while the run goes on, once there is something to commit.
    committer: OnceCell<Option<Committer>>,
    /// How what guards a write is brought to the disk.
    full: Cell<&'static str>,
}

impl SqliteJournal {
    /// Opens a journal, or makes an empty one; the folder must be there.
    ///
    /// # Errors
    /// Says whether the file cannot be written, is locked, is damaged or is newer than this program.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        let open = || -> Result<(Database, i64), rusqlite::Error> {
            let database = Database::open(path, SCHEMA)?;
            database.execute_batch(super::votes::TABLE)?;
            let found = database.format()?;
            Ok((database, found))
        };
        let (database, found) = open().map_err(|error| explain(&shown, &error))?;
        if found > FORMAT {
            return Err(JournalError::TooNew {
                path: shown,
                found,
                known: FORMAT,
            });
        }
        if found < FORMAT {
            return Err(JournalError::TooOld { path: shown, found });
        }
        let journal = Self {
            groups: Arc::new(Groups::new(database)),
            path: shown,
            committer: OnceCell::new(),
            full: Cell::new("FULL"),
        };
        // Nobody else looks at what is in memory.
        if path == Path::new(MEMORY) {
            let _ = journal.committer.set(None);
        }
        Ok(journal)
    }

    /// Makes a journal that is gone with the process, for runs that are gone through again in it.
    ///
    /// # Errors
    /// There is no memory.
    pub fn in_memory() -> Result<Self, JournalError> {
        Self::open(Path::new(MEMORY))
    }

    /// Bounds the size of the file, in pages of 4096 bytes: what a full disk does.
    ///
    /// # Errors
    /// The journal cannot be asked.
    pub fn bound(&self, pages: u32) -> Result<(), JournalError> {
        self.guard(
            self.connection()
                .execute_batch(&format!("PRAGMA max_page_count={pages}")),
        )
    }

    /// Leaves it to the system when what is written reaches the disk, and commits nothing but what a run waits for: for tests,
    /// in which no power is lost, and a process that dies loses all that may be lost.
    ///
    /// # Errors
    /// The journal cannot be asked.
    #[cfg(any(test, feature = "faults"))]
    pub fn unsynced(&self) -> Result<(), JournalError> {
        self.full.set("OFF");
        let _ = self.committer.set(None);
        self.guard(self.connection().execute_batch("PRAGMA synchronous=OFF"))
    }

    pub(super) fn guard<T>(&self, result: Result<T, rusqlite::Error>) -> Result<T, JournalError> {
        result.map_err(|error| explain(&self.path, &error))
    }

    /// The connection, for those who look at what is on record: all that was recorded so far.
    pub(super) fn connection(&self) -> MutexGuard<'_, Database> {
        let connection = self.groups.connection();
        if !self.groups.is_empty() {
            // What cannot be committed now stays kept back, and whoever records next is told.
            let _ = self.groups.commit(&connection, |_| Ok(()));
        }
        connection
    }

    /// Keeps a record back until something is committed, or some milliseconds have passed.
    ///
    /// # Errors
    /// What is kept back could not be committed, and cannot be now.
    pub(super) fn later(&self, record: Record) -> Result<(), JournalError> {
        let committer = self
            .committer
            .get_or_init(|| Committer::start(&self.groups));
        if self.groups.keep(record, committer.is_none()) {
            self.commit(|_| Ok(()))
        } else {
            Ok(())
        }
    }

    /// Runs statements in one transaction, after what was kept back.
    pub(super) fn commit<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, JournalError> {
        self.guard(self.groups.commit(&self.groups.connection(), work))
    }

    /// The same, with everything so far on disk at its end.
    pub(super) fn durably<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, JournalError> {
        if self.full.get() != "FULL" {
            return self.commit(work);
        }
        let connection = self.groups.connection();
        self.guard(connection.execute_batch("PRAGMA synchronous=FULL"))?;
        let result = self.groups.commit(&connection, work);
        self.guard(connection.execute_batch("PRAGMA synchronous=NORMAL"))?;
        self.guard(result)
    }
}

pub(super) fn explain(path: &str, error: &rusqlite::Error) -> JournalError {
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
        Some(ErrorCode::DiskFull) => JournalError::Full { path },
        _ => JournalError::Failed { path, why },
    }
}

#[cfg(test)]
mod tests;
