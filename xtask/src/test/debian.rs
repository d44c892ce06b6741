//! Programs that tests use, from Debian's packages.

use super::run;
use std::path::Path;
use std::process::Command;

/// Makes sure that a program is there. It is installed where the machine is one of continuous integration that is thrown away
/// afterwards, and only there.
///
/// # Errors
/// It is not there, and was not or could not be installed.
pub(crate) fn have(program: &str, package: &str) -> Result<(), String> {
    if Path::new(program).exists() {
        return Ok(());
    }
    if !is_disposable() || !is_root() {
        return Err(format!(
            "there is no {program}; Debian's `{package}` has it"
        ));
    }
    run(Command::new("apt-get").args(["update", "--quiet"]))?;
    run(Command::new("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .arg(package)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Whether the machine is thrown away afterwards, so that everything must be reached.
pub(crate) fn is_disposable() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
