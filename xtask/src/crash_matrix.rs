//! `cargo xtask crash-matrix`: a build of the program that dies at chosen points, and what is done with it.

use std::num::NonZero;
use std::path::Path;
use std::process::Command;

/// What is optimised in the program that is killed; the rest is as in tests.
const QUICK: [&str; 6] = [
    "libsqlite3-sys",
    "rusqlite",
    "runbook-playbook",
    "runbook-registry",
    "runbook-interpreter",
    "runbook",
];

/// What keeps the matrix from being right.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Kills every scenario at every point around its journal in one process, then the program itself by SIGKILL.
///
/// # Errors
/// Something was not as without a death, or the program does not build.
pub fn run(root: &Path, arguments: &[String]) -> Outcome {
    let mut rest = arguments.iter();
    let mut words: Vec<String> = Vec::new();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--playbook" => words.extend(rest.next().cloned()),
            "--sample" => {
                words.push("--sample".to_owned());
                words.extend(rest.next().cloned());
            }
            other => {
                return Err(format!("{other}: write --playbook PATH or --sample NUMBER").into());
            }
        }
    }
    let program = ["--package", "runbook", "--features", "faults"];
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root);
        cargo
    };
    let mut matrix = cargo();
    matrix.arg("run").args(program);
    for name in QUICK {
        matrix.arg("--config");
        matrix.arg(format!("profile.dev.package.{name}.opt-level=1"));
    }
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get);
    matrix
        .args(["--", "crash-matrix", "--jobs", &jobs.to_string()])
        .args(&words);
    let mut killed = cargo();
    killed
        .arg("test")
        .args(program)
        .args(["--test", "crash", "--", "--nocapture"]);
    for mut command in [matrix, killed] {
        if !command.status()?.success() {
            return Err("the crash matrix found what it must not".into());
        }
    }
    Ok(())
}
