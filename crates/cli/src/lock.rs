//! One run at a time of a playbook on a target: a lock of the operating system, and a note of who has it. The note outlives
//! a process that dies, the lock does not: so a dead holder is told from a living one.

use crate::record::Record;
use runbook_interpreter::journal::JournalError;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

/// The target of a playbook, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// What keeps a run from having its target.
#[derive(Debug)]
pub enum Taken {
    /// Another run has it, or died while it had it; says which, whose, since when, and what to do.
    By(String),
    /// The file cannot be used.
    Unusable(String),
}

/// Whoever wants a target.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The playbook's id.
    pub playbook: &'a str,
    /// Account, region, role: a line.
    pub target: &'a str,
    /// The run.
    pub run: &'a str,
    /// The user.
    pub user: &'a str,
}

impl Lock {
    /// Takes the target.
    ///
    /// # Errors
    /// [`Taken`] says by whom, or why it cannot be told.
    pub fn take(record: &Record, claim: &Claim<'_>) -> Result<Self, Taken> {
        let folder = record.locks();
        let mut name = String::new();
        for byte in Sha256::digest(format!("{}\n{}", claim.playbook, claim.target)) {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        let path = folder.join(format!("{name}.lock"));
        let failed = |error: std::io::Error| {
            Taken::Unusable(format!(
                "the lock {} cannot be used: {error}; choose another folder with --state-dir",
                path.display()
            ))
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let locked = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        };
        let mut note = String::new();
        file.read_to_string(&mut note).map_err(failed)?;
        let holder: Json = serde_json::from_str(&note).unwrap_or_default();
        if !locked {
            return Err(Taken::By(living(&holder, claim)));
        }
        if let Some(died) = dead(record, &holder, claim) {
            return Err(Taken::By(died));
        }
        let note = json!({
            "run": claim.run,
            "playbook": claim.playbook,
            "target": claim.target,
            "user": claim.user,
            "process": std::process::id(),
            "host": record.host(),
            "since": jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        });
        write(&mut file, &note.to_string()).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A run that ended in order leaves no note; where that fails, the next one finds in the journal that it has ended.
        let _ = self.file.set_len(0);
    }
}

fn write(file: &mut File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

/// The holder in words.
fn holder(note: &Json) -> String {
    let text = |name: &str| note[name].as_str().unwrap_or("?").to_owned();
    format!(
        "run {} by {}, process {} on {}, since {}",
        text("run"),
        text("user"),
        note["process"],
        text("host"),
        text("since")
    )
}

fn target_of(claim: &Claim<'_>) -> String {
    match claim.target {
        "" => claim.playbook.to_owned(),
        target => format!("{} on {target}", claim.playbook),
    }
}

fn living(note: &Json, claim: &Claim<'_>) -> String {
    let run = note["run"].as_str().unwrap_or("RUN");
    format!(
        "{} is being run already: {}\n  to watch it: runbook logs {run} --follow\n  to stop it: kill {}\n  to run beside it: --override lock=REASON",
        target_of(claim),
        holder(note),
        note["process"]
    )
}

/// What a holder that died has left; nothing where it changed nothing, or has ended since.
fn dead(record: &Record, note: &Json, claim: &Claim<'_>) -> Option<String> {
    let run = note["run"].as_str().filter(|run| *run != claim.run)?;
    let row = match record.file.run(run) {
        Ok(row) => row,
        Err(JournalError::NoRun(_)) => return None,
        Err(error) => return Some(error.to_string()),
    };
    if row.verdict.is_some() || row.writes == 0 || record.is_held(run) {
        return None;
    }
    let writes = match row.writes {
        1 => "one write".to_owned(),
        many => format!("{many} writes"),
    };
    Some(format!(
        "{} was left in the middle, after {writes}: {}, is gone\n  to go on: runbook resume {run}\n  to take back what it did: runbook undo {run}\n  to begin anew all the same: --override lock=REASON",
        target_of(claim),
        holder(note)
    ))
}
