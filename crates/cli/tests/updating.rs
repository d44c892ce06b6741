//! `runbook test --update` and `--watch`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const SCENARIOS: &str = "playbook: x.yaml\nscenarios:\n  absent: # the first\n    actions:\n      cloudwatch:DescribeAlarms:\n        - return: {MetricAlarms: []}\n    expect:\n      # what comes out\n      verdict: resolved # so it was\n      causes: [left_over]\n      writes: [sqs:PurgeQueue]\n";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null());
    command
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let made = command(folder.path(), &["new", "x"])
        .output()
        .expect("starts");
    assert_eq!(made.status.code(), Some(0));
    folder
}

#[test]
fn expectations_become_what_came_out_and_each_change_is_shown() {
    let folder = folder();
    let file = folder.path().join("x.scenarios.yaml");
    fs::write(&file, SCENARIOS).expect("written");
    let output = command(folder.path(), &["test", "--update", "."]).output();
    let output = output.expect("starts");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{out}");
    for line in [
        "verdict: expected resolved, got absent",
        "writes: expected write 1 to be sqs:PurgeQueue {}, got only 0",
        "-      verdict: resolved # so it was",
        "+      verdict: absent # so it was",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let expected = SCENARIOS
        .replace("verdict: resolved", "verdict: absent")
        .replace("[left_over]", "[]")
        .replace("[sqs:PurgeQueue]", "[]");
    assert_eq!(fs::read_to_string(&file).expect("reads"), expected);
}

#[test]
fn a_changed_file_is_tested_again() {
    let folder = folder();
    let mut child = command(folder.path(), &["test", "--watch", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
    let mut until = |wanted: &str| {
        let mut lines = lines.by_ref().map_while(Result::ok);
        lines.any(|line| line.contains(wanted))
    };
    assert!(until("2 passed, 0 failed"));
    let changed = SCENARIOS.replace("      writes: [sqs:PurgeQueue]\n", "");
    fs::write(folder.path().join("x.scenarios.yaml"), changed).expect("written");
    assert!(until("0 passed, 1 failed"));
    child.kill().expect("ends");
    child.wait().expect("ends");
}
