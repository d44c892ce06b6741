//! What is written for browsers, opened in headless Chromium: `tests/browser`.

use super::{binary, debian, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";
const NODE: &str = "/usr/bin/node";
const NPM: &str = "/usr/bin/npm";

/// Runs the tests in `tests/browser`; pictures are left in `target/pictures`.
pub(super) fn check(root: &Path) -> Result<(), String> {
    let there = [(CHROMIUM, "chromium"), (NODE, "nodejs"), (NPM, "npm")]
        .into_iter()
        .try_for_each(|(program, package)| debian::have(program, package));
    match there {
        Err(why) if !debian::is_disposable() => {
            println!("not reached: pages were not opened in a browser: {why}");
            return Ok(());
        }
        there => there?,
    }
    let modules = modules(root)?;
    run(Command::new(NODE)
        .current_dir(root)
        .args(["--test", "--test-reporter=spec", "tests/browser/"])
        .env("RUNBOOK", binary(root).get_program())
        .env("BROWSER_MODULES", modules)
        .env("CHROMIUM", CHROMIUM)
        .env("PICTURES", root.join("target/pictures")))
}

/// The pinned packages, below `target/`; installed once for each content of the lock file.
fn modules(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join("target/browser-modules");
    let stamp = folder.join("installed.json");
    let from = root.join("tests/browser");
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
    run(Command::new(NPM).current_dir(&folder).args([
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
    ]))?;
    fs::write(&stamp, wanted).map_err(kept)?;
    Ok(folder)
}
