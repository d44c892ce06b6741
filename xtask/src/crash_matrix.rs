//! `cargo xtask crash-matrix`: a build of the program that dies at chosen points, and what is done with it.

use std::num::NonZero;
use std::path::Path;
use std::process::Command;

/// What keeps the matrix from being right.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Kills every scenario at every point around its journal in one process, then the program itself by SIGKILL.
///
/// # Errors
/// Something was not as without a death, or the program does not build.
pub fn run(root: &Path, arguments: &[String]) -> Outcome {
    let mut rest = arguments.iter();
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut words = vec![format!("--jobs={jobs}")];
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--playbook" => words.extend(rest.next().cloned()),
            "--sample" | "--results" => {
                words.push(word.clone());
                words.extend(rest.next().cloned());
            }
            other => {
                let known = "--playbook PATH, --sample NUMBER or --results FILE";
                return Err(format!("{other}: write {known}").into());
            }
        }
    }
    let program = [
        "--profile=proofs",
        "--package",
        "runbook",
        "--features",
        "faults",
    ];
    let cargo = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(root);
        cargo
    };
    let mut matrix = cargo();
    matrix.arg("run").args(program);
    matrix.args(["--", "crash-matrix"]).args(&words);
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
