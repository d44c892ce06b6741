//! What is written for browsers, opened in headless Chromium: `tests/browser`.

use super::npm::{self, NPM};
use super::{binary, debian, run};
use std::path::Path;
use std::process::Command;

const CHROMIUM: &str = "/usr/bin/chromium";
const NODE: &str = "/usr/bin/node";

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
    let modules = npm::modules(root, "browser")?;
    run(Command::new(NODE)
        .current_dir(root)
        .args(["--test", "--test-reporter=spec", "tests/browser/"])
        .env("RUNBOOK", binary(root).get_program())
        .env("BROWSER_MODULES", modules)
        .env("CHROMIUM", CHROMIUM)
        .env("PICTURES", root.join("target/pictures")))
}
