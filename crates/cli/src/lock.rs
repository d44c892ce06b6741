//! One run at a time of a playbook on a target: a lock of the operating system, and a note of who has it. The note outlives
//! a process that dies, the lock does not: so a dead holder is told from a living one.

use crate::args::TargetArguments;
use crate::environment::Environment;
use crate::record::Record;
use runbook_interpreter::journal::JournalError;
use runbook_registry::world::Place;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

/// The target of a playbook, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The place that the target is one of many in.
    _around: Option<File>,
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
    /// Where it acts, as [`place`] says it.
    pub place: &'a str,
    /// Which of many targets there; nothing where it may be any of them.
    pub target: Option<&'a str>,
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
        // Targets of one place go side by side; a run that names none of them has the whole place.
        let around = match claim.target {
            Some(_) => Some(taken(record, claim, claim.place, true)?),
            None => None,
        };
        let target = claim.target.map(|target| format!("target {target}"));
        let parts = [claim.place.to_owned(), target.unwrap_or_default()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let line = parts.collect::<Vec<_>>().join(", ");
        let file = taken(record, claim, &line, false)?;
        Ok(Self {
            file,
            _around: around,
        })
    }
}

/// Where a playbook acts, in a line.
pub fn place(
    scenario: Option<&str>,
    place: &Place,
    target: &TargetArguments,
    environment: &Environment,
) -> String {
    if let Some(scenario) = scenario {
        return format!("scenario {scenario}");
    }
    let profile = target.profile.as_deref();
    let profile = profile.or_else(|| environment.variable("AWS_PROFILE"));
    let parts = [
        ("account", place.account.as_deref()),
        ("region", place.region.as_deref()),
        ("profile", profile),
        ("role", target.role.as_deref()),
        ("endpoint", target.endpoint_url.as_deref()),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", (*value)?)))
        .collect();
    parts.join(", ")
}

/// Takes what the line names, for one run, or shared by those that have targets of their own there.
fn taken(record: &Record, claim: &Claim<'_>, line: &str, shared: bool) -> Result<File, Taken> {
    let folder = record.locks();
    let mut name = String::new();
    for byte in Sha256::digest(format!("{}\n{line}", claim.playbook)) {
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
    let locked = if shared {
        file.try_lock_shared()
    } else {
        file.try_lock()
    };
    let locked = match locked {
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
    // Each of those that share has a note of its own beside this one.
    let one_of_many = shared && holder["shared"] == true;
    if !one_of_many && let Some(died) = dead(record, &holder, claim) {
        return Err(Taken::By(died));
    }
    let note = json!({
        "run": claim.run,
        "playbook": claim.playbook,
        "target": line,
        "shared": shared,
        "user": claim.user,
        "process": std::process::id(),
        "host": record.host(),
        "since": jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    });
    write(&mut file, &note.to_string()).map_err(failed)?;
    Ok(file)
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
    let target = claim.target.map(|target| format!("target {target}"));
    let parts = [claim.place, target.as_deref().unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [] => claim.playbook.to_owned(),
        _ => format!("{} on {}", claim.playbook, parts.join(", ")),
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
