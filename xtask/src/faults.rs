//! `cargo xtask faults`: what goes wrong between the client and a service, in many seeded cases.

use std::path::Path;
use std::process::Command;

/// What keeps the cases from being right.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Runs 10,000 cases, or as many as `--cases` says, drawn from `--seed`.
///
/// # Errors
/// A verdict was wrong, or the tests do not build.
pub fn run(root: &Path, arguments: &[String]) -> Outcome {
    let (mut cases, mut seed) = ("10000", "1");
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let value = rest.next().map(String::as_str);
        match (word.as_str(), value) {
            ("--cases", Some(value)) => cases = value,
            ("--seed", Some(value)) => seed = value,
            (other, _) => {
                return Err(format!("{other}: write --cases NUMBER or --seed NUMBER").into());
            }
        }
    }
    let status = Command::new(env!("CARGO"))
        .current_dir(root)
        .args([
            "test",
            "--profile=proofs",
            "--package",
            "runbook-interpreter",
            "--test",
            "faults",
        ])
        .args(["--", "--nocapture", "the_verdict"])
        .env("FAULT_CASES", cases)
        .env("FAULT_SEED", seed)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a verdict was wrong".into())
    }
}
