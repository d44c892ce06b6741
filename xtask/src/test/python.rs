//! Virtual environments of Python with pinned packages, below `target/`.

use super::run;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes an environment, once for each content of its requirements; its interpreter.
///
/// # Errors
/// The requirements cannot be read or installed.
pub(crate) fn environment(root: &Path, name: &str, pins: &str) -> Result<PathBuf, String> {
    let folder = root.join("target").join(name);
    let python = folder.join("bin/python");
    let pins = root.join(pins);
    let wanted =
        std::fs::read(&pins).map_err(|why| format!("cannot read {}: {why}", pins.display()))?;
    let stamp = folder.join("installed.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&pins))?;
    std::fs::write(&stamp, wanted)
        .map_err(|why| format!("cannot write {}: {why}", stamp.display()))?;
    Ok(python)
}
