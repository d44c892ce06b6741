//! An `SQLite` file that several processes may open, and make, at the same moment.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a process waits for others that hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a file is tried again that `SQLite` does not wait for.
const EVERY: Duration = Duration::from_millis(5);

/// The size up to which the log stays beside the file, in bytes: the next one to open it reads that in a millisecond, while
/// bringing it into the file takes two times `fsync` and the changed pages once more.
const LOG: u64 = 1 << 20;

/// A connection in WAL mode.
#[derive(Debug)]
pub struct Database(Connection);

impl Database {
    /// Opens a file in WAL mode, and makes its tables where it has none; the folder must be there.
    ///
    /// `SQLite` waits for most of what other processes do, but neither while another one switches a new file to WAL mode, nor
    /// while the last one that had it open takes the log away: then the file is tried again.
    ///
    /// # Errors
    /// The file cannot be opened or written, is damaged, or others held it for five seconds.
    pub fn open(path: &Path, schema: &str) -> Result<Self, rusqlite::Error> {
        let start = Instant::now();
        loop {
            match connect(path, schema) {
                Err(error) if is_busy(&error) && start.elapsed() < PATIENCE => {
                    std::thread::sleep(EVERY);
                }
                result => return result.map(Self),
            }
        }
    }

    /// The format of the file's tables: `PRAGMA user_version`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn format(&self) -> Result<i64, rusqlite::Error> {
        format(self)
    }

    /// Whether the log has grown so long that it is brought into the file.
    fn is_log_long(&self) -> bool {
        self.path().is_some_and(|path| {
            std::fs::metadata(format!("{path}-wal")).is_ok_and(|log| log.len() > LOG)
        })
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Drop for Database {
    /// Leaves a short log to the next one who opens the file: all that is committed is in it.
    fn drop(&mut self) {
        if !self.is_log_long() {
            // Otherwise `SQLite` does what it always does, and nothing is lost either.
            let _ = self.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        }
    }
}

fn connect(path: &Path, schema: &str) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    )?;
    if format(&connection)? == 0 {
        // Another process may be making the tables at this moment: only one of the two finds none.
        let making = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
        if format(&making)? == 0 {
            making.execute_batch(schema)?;
        }
        making.commit()?;
        // So that the file by itself is what it is, and can be told from an empty one when it is cut.
        connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)")?;
    }
    Ok(connection)
}

fn format(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
