//! The files that GitHub, GitLab and pre-commit read, judged by their schemas and by pre-commit itself: `tests/pull-requests`.

use super::{binary, python, run};
use std::path::Path;
use std::process::Command;

/// Runs the tests in `tests/pull-requests`.
pub(super) fn check(root: &Path) -> Result<(), String> {
    let pins = "tests/pull-requests/requirements.txt";
    let python = python::environment(root, "pull-requests-venv", pins)?;
    run(Command::new(&python)
        .current_dir(root)
        .args(["-m", "unittest", "discover", "--verbose"])
        .args(["--start-directory", "tests/pull-requests"])
        .env("RUNBOOK", binary(root).get_program()))
}
