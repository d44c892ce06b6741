//! The manifests in `examples/deploy`, judged by Kubernetes' own schemas: `tests/deploy`.

use super::{python, run};
use std::path::Path;
use std::process::Command;

/// Runs the tests in `tests/deploy`.
pub(super) fn check(root: &Path) -> Result<(), String> {
    let pins = "tests/deploy/requirements.txt";
    let python = python::environment(root, "deploy-venv", pins)?;
    run(Command::new(&python)
        .current_dir(root)
        .args(["-m", "unittest", "discover", "--verbose"])
        .args(["--start-directory", "tests/deploy"]))
}
