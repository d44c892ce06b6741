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
fn an_update_writes_no_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write(
        "token.yaml",
        "playbook: v1\ntitle: Token\ninputs:\n  token: {type: secret}\nresolve:\n  put:\n    action: ssm:PutParameter\n    with: {Name: /api/token, Value: \"${{ inputs.token }}\", Type: SecureString}\n",
    );
    write(
        "token.scenarios.yaml",
        "scenarios:\n  put:\n    inputs: {token: hunter2hunter2}\n    actions:\n      ssm:PutParameter:\n        - return: {}\n    answers: {approve: all}\n    expect:\n      writes:\n        - ssm:PutParameter: {Name: /other}\n",
    );
    let output = command(folder.path(), &["test", "token.yaml"]).output();
    let out = String::from_utf8_lossy(&output.expect("starts").stdout).into_owned();
    let line = "expected write 1, ssm:PutParameter, to have {\"Name\":\"/other\"}, got {\"Name\":\"/api/token\"}";
    assert!(out.contains(line), "{out}");
    let output = command(folder.path(), &["test", "--update", "token.yaml"]).output();
    let out = String::from_utf8_lossy(&output.expect("starts").stdout).into_owned();
    assert!(out.contains("1 passed, 0 failed"), "{out}");
    assert!(!out.contains("hunter2"), "{out}");
    let text = fs::read_to_string(folder.path().join("token.scenarios.yaml")).expect("reads");
    assert!(
        text.contains("ssm:PutParameter: {Name: /api/token, Type: SecureString}"),
        "{text}"
    );
}

#[test]
fn a_playbook_that_runs_a_wrong_one_is_not_tested() {
    let folder = folder();
    let nested = "playbook: v1\ntitle: N\nresolve:\n  s: {action: sqs:PurgeQueu}\n";
    fs::write(folder.path().join("nested.yaml"), nested).expect("written");
    let file = folder.path().join("x.yaml");
    let text = fs::read_to_string(&file).expect("reads");
    let calls = text.replace(
        "resolve:\n",
        "resolve:\n  other:\n    for: [left_over]\n    action: playbook:Run\n    with: {path: nested.yaml}\n",
    );
    fs::write(&file, calls).expect("written");
    let output = command(folder.path(), &["test", "x.yaml"])
        .output()
        .expect("starts");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("error[unknown-action]"), "{err}");
    assert!(err.contains("nested.yaml:4:15"), "{err}");
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
