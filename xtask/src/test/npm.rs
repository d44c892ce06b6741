//! Packages of npm that tests need, pinned by a lock file.

use super::run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const NPM: &str = "/usr/bin/npm";

/// The packages of `tests/NAME`, in `target/NAME-modules`; installed once for each content of the lock file.
pub(super) fn modules(root: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = root.join(format!("target/{name}-modules"));
    let stamp = folder.join("installed.json");
    let from = root.join("tests").join(name);
    let lock = from.join("package-lock.json");
    let wanted = fs::read(&lock).map_err(|why| format!("cannot read {}: {why}", lock.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let kept = |why: std::io::Error| format!("cannot write in {}: {why}", folder.display());
    fs::create_dir_all(&folder).map_err(kept)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(from.join(name), folder.join(name)).map_err(kept)?;
    }
    run(Command::new(NPM)
        .current_dir(&folder)
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .env("SCARF_ANALYTICS", "false"))?;
    fs::write(&stamp, wanted).map_err(kept)?;
    Ok(folder)
}
