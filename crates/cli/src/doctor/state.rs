//! The folder of the journal: whether it can be written and locked, the journal in it, and room on its disk.

use super::finding::{Finding, parted};
use crate::environment::Environment;
use crate::record::private;
use runbook_interpreter::journal::{Filter, SqliteJournal};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// With less room runs would soon end in the middle.
const LEAST: u64 = 64 << 20;
/// With less room it is worth a word.
const LITTLE: u64 = 1 << 30;

/// Looks at the folder, the journal and the disk.
pub fn examine(named: Option<&Path>, environment: &Environment) -> Vec<Finding> {
    let named = named.map(|folder| environment.places.current.join(folder));
    let Some(folder) = named.or_else(|| environment.state.clone()) else {
        let left = |check| Finding::skipped(check, "not looked at: there is no folder");
        let folder = Finding::failed(
            "state folder",
            "there is no home folder to keep the journal in",
            "name one with --state-dir, or set XDG_STATE_HOME or HOME",
        );
        return vec![folder, left("journal"), left("disk")];
    };
    let shown = folder.display().to_string();
    match used(&folder) {
        Ok(()) => {}
        Err(error) => {
            let left = |check| Finding::skipped(check, "not looked at: the folder cannot be used");
            let folder = Finding::failed(
                "state folder",
                format!("{shown} cannot be used: {error}"),
                "let it be yours and writable, or choose another with --state-dir",
            );
            return vec![folder.with("path", shown), left("journal"), left("disk")];
        }
    }
    vec![
        permissions(&folder, &shown).with("path", shown),
        journal(&folder.join("journal.sqlite")),
        disk(&folder),
    ]
}

/// Writes, locks and removes a file, as runs do.
fn used(folder: &Path) -> std::io::Result<()> {
    private(folder)?;
    let file = folder.join(format!(".doctor-{}", std::process::id()));
    let tried = try_out(&file);
    // Where it could not be made there is nothing to remove.
    let removed = std::fs::remove_file(&file);
    tried.and(removed)
}

fn try_out(file: &PathBuf) -> std::io::Result<()> {
    let mut file = std::fs::File::create(file)?;
    file.lock()?;
    file.write_all(b"runbook doctor")?;
    file.sync_all()
}

#[cfg(unix)]
fn permissions(folder: &Path, shown: &str) -> Finding {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(folder).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 == 0 {
        return Finding::well("state folder", shown);
    }
    Finding::note(
        "state folder",
        format!(
            "{shown} can be entered by others than its owner (mode {:03o})",
            mode & 0o777
        ),
        format!("arguments and results of calls are in it: `chmod 700 {shown}`"),
    )
}

#[cfg(not(unix))]
fn permissions(_: &Path, shown: &str) -> Finding {
    Finding::well("state folder", shown)
}

fn journal(file: &Path) -> Finding {
    if !file.exists() {
        return Finding::well("journal", "empty: nothing was run yet").with("runs", 0);
    }
    let looked = SqliteJournal::open(file).and_then(|journal| {
        journal.verify()?;
        journal.runs(&Filter::default())
    });
    match looked {
        Ok(runs) => {
            let open = runs.iter().filter(|run| run.verdict.is_none()).count();
            let runs = runs.len();
            let size = std::fs::metadata(file).map_or(0, |found| found.len());
            let mut said = format!("whole; runs: {runs}; {}", bytes(size));
            if open > 0 {
                said.push_str("; not ended: ");
                said.push_str(&open.to_string());
                said.push_str(" (`runbook runs` lists them)");
            }
            Finding::well("journal", said)
                .with("runs", runs)
                .with("open", open)
                .with("bytes", size)
        }
        Err(error) => {
            let (said, next) = parted(
                &error.to_string(),
                "move the file away, or choose another folder with --state-dir",
            );
            Finding::failed("journal", said, next)
        }
    }
}

#[cfg(unix)]
fn disk(folder: &Path) -> Finding {
    let free = match rustix::fs::statvfs(folder) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            return Finding::skipped("disk", format!("its room cannot be told: {error}"));
        }
    };
    room(free)
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Finding {
    Finding::skipped("disk", "its room is not told on this system")
}

/// What a disk with so many free bytes is.
fn room(free: u64) -> Finding {
    let said = format!("{} free", bytes(free));
    let next = "make room; `runbook prune` forgets old runs";
    let finding = if free < LEAST {
        Finding::failed("disk", said, next)
    } else if free < LITTLE {
        Finding::note("disk", said, next)
    } else {
        Finding::well("disk", said)
    };
    finding.with("free_bytes", free)
}

/// `1.5 GiB`
fn bytes(count: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| count >= *unit) else {
        return format!("{count} B");
    };
    format!("{}.{} {name}", count / unit, count % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::{bytes, room};
    use crate::doctor::State;

    #[test]
    fn a_full_disk_is_told_before_a_run_meets_it() {
        for (free, due, said) in [
            (10_000, State::Failed, "9.7 KiB free"),
            (512 << 20, State::Note, "512.0 MiB free"),
            (3 << 30, State::Well, "3.0 GiB free"),
        ] {
            let finding = room(free);
            assert_eq!((finding.state, finding.said.as_str()), (due, said));
            assert_eq!(finding.next.is_some(), due != State::Well);
        }
        assert_eq!(bytes(12), "12 B");
    }
}
