//! Fleets on a Restate server, which npm installs below `target/`: `tests/restate`. The server is not part of what is shipped.

use super::{binary, debian, npm, run};
use std::path::{Path, PathBuf};
use std::process::Command;

const NODE: &str = "/usr/bin/node";
const PYTHON: &str = "/usr/bin/python3";

/// Where npm puts the server.
#[cfg(target_arch = "x86_64")]
const SERVER: &str = "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server";
#[cfg(not(target_arch = "x86_64"))]
const SERVER: &str = "node_modules/@restatedev/restate-server-linux-arm64/bin/restate-server";

/// The server's program, installed where it is not.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn server(root: &Path) -> Result<PathBuf, String> {
    debian::have(NODE, "nodejs")?;
    debian::have(npm::NPM, "npm")?;
    Ok(npm::modules(root, "restate")?.join(SERVER))
}

/// Runs the tests in `tests/restate`, which start and stop servers and workers on loopback.
pub(super) fn check(root: &Path) -> Result<(), String> {
    let there = [(NODE, "nodejs"), (npm::NPM, "npm"), (PYTHON, "python3")]
        .into_iter()
        .try_for_each(|(program, package)| debian::have(program, package));
    match there {
        Err(why) if !debian::is_disposable() => {
            println!("not reached: fleets were not run on a Restate server: {why}");
            return Ok(());
        }
        there => there?,
    }
    let server = server(root)?;
    run(Command::new(PYTHON)
        .current_dir(root)
        .args([
            "-m",
            "unittest",
            "discover",
            "--start-directory",
            "tests/restate",
            "--verbose",
        ])
        .env("RUNBOOK", binary(root).get_program())
        .env("RESTATE_SERVER", server))
}
