//! What tests of fleets need: the program in the folder of fixtures, and what it left on record.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fleets")
}

pub fn command(state: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
    command
        .current_dir(fixtures())
        .args(words)
        .arg("--state-dir")
        .arg(state)
        .stdin(Stdio::null());
    command
}

pub fn runbook(state: &Path, words: &[&str]) -> Output {
    command(state, words).output().expect("the program runs")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a file of targets in the scenario `stuck`.
pub fn run(state: &Path, targets: &str, more: &[&str]) -> Output {
    let mut words = vec![
        "fleet",
        "run",
        "restart.yaml",
        "--targets",
        targets,
        "--scenario",
        "stuck",
    ];
    words.extend(more);
    runbook(state, &words)
}

/// The document of the last fleet.
pub fn report(state: &Path) -> Json {
    let told = runbook(state, &["fleet", "status", "last", "--format", "json"]);
    serde_json::from_slice(&told.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&told)))
}

/// How the targets of a fleet stand, by their names.
pub fn standing(fleet: &Json) -> BTreeMap<String, String> {
    let targets = fleet["targets"].as_array().expect("targets");
    let text = |json: &Json| json.as_str().map(str::to_owned);
    targets
        .iter()
        .map(|target| {
            let status = text(&target["verdict"]).or_else(|| text(&target["status"]));
            (
                text(&target["name"]).expect("a name"),
                status.expect("a status"),
            )
        })
        .collect()
}

/// How often each target's world was written to, by the target's run.
pub fn writes(state: &Path, fleet: &Json) -> BTreeMap<String, usize> {
    let targets = fleet["targets"].as_array().expect("targets");
    targets
        .iter()
        .filter_map(|target| {
            let run = target["run"].as_str()?;
            let memory = state.join("runs").join(format!("{run}.world.jsonl"));
            let text = std::fs::read_to_string(memory).unwrap_or_default();
            let made = text
                .lines()
                .filter_map(|line| serde_json::from_str::<Json>(line).ok())
                .map(|line| line["call"].clone())
                .filter(|call| call.is_object() && call["effects"] != serde_json::json!(["read"]))
                .filter(|call| call["repeat"] == false)
                .count();
            Some((target["name"].as_str()?.to_owned(), made))
        })
        .collect()
}

pub fn state() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Kills a fleet once so many targets have ended.
pub fn killed_after(state: &Path, ended: usize, words: &[&str]) {
    let mut child = command(state, words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let out = child.stdout.take().expect("its output");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    for (number, _) in lines.enumerate() {
        if number >= ended {
            break;
        }
    }
    child.kill().expect("it is killed");
    child.wait().expect("it is over");
}

/// All that a program said.
pub fn both(output: &Output) -> String {
    format!("{}{}", stdout(output), stderr(output))
}

/// The program in another folder, with calendars for every run.
pub fn runbook_in(folder: &Path, state: &Path, words: &[&str], freeze: Option<&str>) -> Output {
    let mut program = command(state, words);
    program.current_dir(folder);
    if let Some(freeze) = freeze {
        program.env("RUNBOOK_FREEZE", freeze);
    }
    program.output().expect("the program runs")
}
