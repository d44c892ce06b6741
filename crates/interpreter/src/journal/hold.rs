//! One process at a time on a run: a lock of the operating system, which dies with its process.

use super::JournalError;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// A run that this process has, until it is dropped or the process dies.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

impl Hold {
    /// Takes a run.
    ///
    /// # Errors
    /// [`JournalError::Held`] says which process has it; others, that the file cannot be written.
    pub fn take(
        folder: &Path,
        run: &str,
        host: &str,
        now: Timestamp,
    ) -> Result<Self, JournalError> {
        let path = folder.join(format!("{run}.lock"));
        let failed = |error: std::io::Error| JournalError::ReadOnly {
            path: path.display().to_string(),
            why: error.to_string(),
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                return Err(JournalError::Held {
                    run: run.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let text = format!(
            "process {} on {host}, since {}\n",
            std::process::id(),
            now.strftime("%Y-%m-%d %H:%M:%SZ")
        );
        // The lock is what holds; who has it is for people only.
        let _ = file.set_len(0);
        let _ = file.seek(SeekFrom::Start(0));
        let _ = file.write_all(text.as_bytes());
        Ok(Self { _file: file })
    }

    /// Whether some process has the run now.
    #[must_use]
    pub fn is_held(folder: &Path, run: &str) -> bool {
        let path = folder.join(format!("{run}.lock"));
        File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_hold_is_refused_and_says_who_has_the_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Timestamp::UNIX_EPOCH;
        let first = Hold::take(folder.path(), "run", "host-1", now).expect("free");
        assert!(Hold::is_held(folder.path(), "run"));
        let error = Hold::take(folder.path(), "run", "host-2", now).expect_err("held");
        let said = error.to_string();
        let process = format!("process {} on host-1", std::process::id());
        assert!(
            said.contains(&process) && said.contains("1970-01-01"),
            "{said}"
        );
        drop(first);
        assert!(!Hold::is_held(folder.path(), "run"));
        Hold::take(folder.path(), "run", "host-2", now).expect("free again");
    }
}
