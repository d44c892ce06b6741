//! `runbook import` as people and programs meet it.

use serde_json::Value as Json;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PAGE: &str = "# Queues\n\n## Issue: Queue is full\n\n**Symptoms:**\n- Depth grows\n\n**Diagnosis:**\n```bash\n# Ask how many wait\naws sqs get-queue-attributes --queue-url $QUEUE_URL --attribute-names All\naws sqs list-queues --queue-prefix api\n```\n\n**Resolution:**\n1. **Purge it:**\n   ```bash\n   aws sqs purge-queue --queue-url $QUEUE_URL\n   ```\n";

fn runbook(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("page.md"), PAGE).expect("written");
    folder
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_page_becomes_playbooks_that_check() {
    let folder = folder();
    let output = runbook(folder.path(), &["import", "page.md", "--out", "drafts"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    insta::assert_snapshot!(err(&output));
    let draft = fs::read_to_string(folder.path().join("drafts/queue-is-full.yaml"));
    insta::assert_snapshot!("draft", draft.expect("a draft"));
    let check = runbook(folder.path(), &["check", "drafts"]);
    assert_eq!(check.status.code(), Some(0), "{}", err(&check));
}

#[test]
fn files_that_are_there_are_left_alone() {
    let folder = folder();
    let first = runbook(folder.path(), &["import", "page.md", "--out", "."]);
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    let draft = folder.path().join("queue-is-full.yaml");
    fs::write(&draft, "mine").expect("written");
    let again = runbook(folder.path(), &["import", "page.md", "--out", "."]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        err(&again).contains("queue-is-full.yaml is there already"),
        "{}",
        err(&again)
    );
    assert_eq!(fs::read_to_string(&draft).expect("a file"), "mine");
    let forced = runbook(
        folder.path(),
        &["import", "page.md", "--out", ".", "--force"],
    );
    assert_eq!(forced.status.code(), Some(0), "{}", err(&forced));
}

#[test]
fn a_check_writes_nothing_and_fails_where_a_command_is_refused() {
    let folder = folder();
    let output = runbook(
        folder.path(),
        &["import", "--check", "page.md", "--format", "json"],
    );
    assert_eq!(output.status.code(), Some(2));
    let document: Json = serde_json::from_slice(&output.stdout).expect("a document");
    let text = document.to_string();
    assert!(
        text.contains("unknown-argument") && text.contains("queue-name-prefix"),
        "{text}"
    );
    let sarif = runbook(
        folder.path(),
        &["import", "--check", "page.md", "--format", "sarif"],
    );
    let log: Json = serde_json::from_slice(&sarif.stdout).expect("a log");
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn one_command_is_a_playbook_on_standard_output() {
    let folder = folder();
    let line = [
        "import",
        "--",
        "aws",
        "ecs",
        "describe-services",
        "--cluster",
        "main",
        "--services",
        "a b",
        "--query",
        "services[].status",
    ];
    let output = runbook(folder.path(), &line);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    insta::assert_snapshot!("command", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn standard_input_is_read_and_what_has_no_commands_is_refused() {
    let folder = folder();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["import", "-"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(b"nothing to see\n# at all\n")
        .expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(!output.stdout.is_empty() || output.status.code() == Some(2));
    fs::write(folder.path().join("words.md"), "# Words\n\nonly\n").expect("written");
    let output = runbook(folder.path(), &["import", "words.md", "gone.md"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("gone.md cannot be read")
            || err(&output).contains("no commands here"),
        "{}",
        err(&output)
    );
}
