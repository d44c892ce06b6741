//! The program itself is killed by SIGKILL and resumed: `cargo xtask crash-matrix` runs this, and ordinary tests do not, for
//! the program must be built to die.
#![cfg(all(feature = "faults", unix))]

use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Output};

const SCENARIOS: [&str; 3] = ["leaking", "more_memory", "does_not_settle"];

fn runbook(state: &Path, words: &[&str], fault: Option<u64>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args(words)
        .arg("--state-dir")
        .arg(state)
        .env_remove("RUNBOOK_FAULT");
    if let Some(point) = fault {
        command.env("RUNBOOK_FAULT", point.to_string());
    }
    command.output().expect("the program runs")
}

/// The verdict, and the writes that the world saw.
fn end(state: &Path) -> (String, Vec<(String, Json)>) {
    let listed = runbook(state, &["runs", "--format", "json"], None);
    let runs: Json = serde_json::from_slice(&listed.stdout).expect("JSON");
    let run = &runs[0];
    let memory = state.join("runs").join(format!(
        "{}.world.jsonl",
        run["run"].as_str().expect("an id")
    ));
    let writes = std::fs::read_to_string(memory)
        .expect("the world remembers")
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok())
        .map(|line| line["call"].clone())
        .filter(|call| call.is_object() && call["effects"] != serde_json::json!(["read"]))
        .filter(|call| call["repeat"] == false)
        .map(|call| (call["action"].to_string(), call["arguments"].clone()))
        .collect();
    (run["status"].as_str().expect("a status").to_owned(), writes)
}

#[test]
#[expect(clippy::print_stdout, reason = "the count is what it is run for")]
fn a_run_that_is_killed_goes_on() {
    let mut killed = 0;
    for scenario in SCENARIOS {
        let folder = tempfile::tempdir().expect("a folder");
        let run = [
            "run",
            "acso/memory-leak",
            "--scenario",
            scenario,
            "--yes",
            "-q",
        ];
        runbook(folder.path(), &run, None);
        let expected = end(folder.path());
        for point in (0..40).step_by(3) {
            let folder = tempfile::tempdir().expect("a folder");
            let died = runbook(folder.path(), &run, Some(point));
            if died.status.code().is_some() {
                break;
            }
            killed += 1;
            let resume = ["resume", "last", "--yes", "-q"];
            runbook(folder.path(), &resume, Some(5));
            runbook(folder.path(), &resume, None);
            assert_eq!(end(folder.path()), expected, "{scenario} killed at {point}");
        }
    }
    println!("{killed} runs of the program killed by SIGKILL");
    assert!(killed > 20, "{killed}");
}
