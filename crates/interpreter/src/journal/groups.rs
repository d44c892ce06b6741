//! Group commit: what a run records while it goes on is kept back, and a thread of its own commits it in groups.
//!
//! A commit takes longer than what it records took to happen, so that a run which committed each read would mostly do that.
//! What is kept back is committed some milliseconds later, whatever the run does meanwhile, and at once before anything
//! that must not happen without it: whoever commits takes what is kept back with it, in its order. A process that is killed
//! loses at most what was not committed: reads, and what was seen of them, which are done again.

use super::database::Database;
use super::record::{Record, insert};
use rusqlite::Connection;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long records are kept back, so that others come together with them.
const TOGETHER: Duration = Duration::from_millis(10);

/// How many records are kept back at most: one more, and whoever records commits them.
const MOST: usize = 4096;

/// The same where no thread commits.
const MOST_ALONE: usize = 256;

/// The connection to a journal and what is kept back from it.
#[derive(Debug)]
pub(super) struct Groups {
    connection: Mutex<Database>,
    kept: Mutex<Kept>,
    /// Something is kept back, or no more will be.
    changed: Condvar,
}

/// What is kept back.
#[derive(Debug, Default)]
struct Kept {
    records: Vec<Record>,
    /// The last group could not be committed; it is still there, and whoever records or commits next tries again and is told.
    failed: bool,
    /// No more will come.
    over: bool,
}

/// The thread that commits.
#[derive(Debug)]
pub(super) struct Committer {
    groups: Arc<Groups>,
    thread: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Groups {
    pub fn new(connection: Database) -> Self {
        Self {
            connection: Mutex::new(connection),
            kept: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The connection, while nobody else has it.
    pub fn connection(&self) -> MutexGuard<'_, Database> {
        lock(&self.connection)
    }

    /// Keeps a record back; says whether it is time to commit what is.
    pub fn keep(&self, record: Record, alone: bool) -> bool {
        let mut kept = lock(&self.kept);
        let first = kept.records.is_empty();
        kept.records.push(record);
        let most = if alone { MOST_ALONE } else { MOST };
        let full = kept.failed || kept.records.len() >= most;
        drop(kept);
        if first && !alone {
            self.changed.notify_one();
        }
        full
    }

    /// Whether nothing is kept back.
    pub fn is_empty(&self) -> bool {
        lock(&self.kept).records.is_empty()
    }

    /// Runs statements in one transaction, after what was kept back. Where it fails, that is still kept back.
    pub fn commit<T>(
        &self,
        connection: &Connection,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, rusqlite::Error> {
        let mut group = std::mem::take(&mut lock(&self.kept).records);
        let result = in_one(connection, &group, work);
        let mut kept = lock(&self.kept);
        kept.failed = result.is_err();
        if result.is_err() {
            // What has come meanwhile comes after it.
            group.append(&mut kept.records);
            kept.records = group;
        }
        result
    }

    /// Commits what is kept back until no more will come.
    fn commit_in_groups(&self) {
        loop {
            let kept = lock(&self.kept);
            let idle = |kept: &mut Kept| (kept.records.is_empty() || kept.failed) && !kept.over;
            let kept = self.changed.wait_while(kept, idle);
            let kept = kept.unwrap_or_else(PoisonError::into_inner);
            let more = |kept: &mut Kept| !kept.over;
            let waited = self.changed.wait_timeout_while(kept, TOGETHER, more);
            let over = waited.unwrap_or_else(PoisonError::into_inner).0.over;
            let connection = self.connection();
            if !self.is_empty() {
                // One that fails stays where it is, and the run is told with its next record.
                let _ = self.commit(&connection, |_| Ok(()));
            }
            drop(connection);
            if over {
                return;
            }
        }
    }
}

impl Committer {
    /// Starts the thread; nothing where the system gives none.
    pub fn start(groups: &Arc<Groups>) -> Option<Self> {
        let own = Arc::clone(groups);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || own.commit_in_groups())
            .ok()?;
        Some(Self {
            groups: Arc::clone(groups),
            thread: Some(thread),
        })
    }
}

impl Drop for Committer {
    /// Commits what is left.
    fn drop(&mut self) {
        lock(&self.groups.kept).over = true;
        self.groups.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, there would be nothing to do about it here.
            let _ = thread.join();
        }
    }
}

fn in_one<T>(
    connection: &Connection,
    group: &[Record],
    work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let transaction = connection.unchecked_transaction()?;
    insert(&transaction, group)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
