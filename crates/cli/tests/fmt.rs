//! `runbook fmt` as people and programs meet it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const WRITTEN: &str = "playbook:   v1\ntitle: 'Queue'\n\n\n\nsymptom:\n    # why\n    full:\n        when: true   # always\n        title: x\n";
const LAID: &str = "playbook: v1\ntitle: \"Queue\"\n\nsymptom:\n  # why\n  full:\n    when: true # always\n    title: x\n";

fn runbook(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("standard input");
    stdin.write_all(input.as_bytes()).expect("read");
    drop(stdin);
    child.wait_with_output().expect("ends")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("queue.yaml"), WRITTEN).expect("written");
    fs::write(folder.path().join("other.yaml"), "a:   b\n").expect("written");
    folder
}

#[test]
fn a_folder_is_laid_out_and_other_peoples_files_are_left_alone() {
    let folder = folder();
    let looked = runbook(folder.path(), &["fmt", "--check", "."], "");
    assert_eq!(looked.status.code(), Some(1), "{}", err(&looked));
    assert_eq!(out(&looked), "queue.yaml\n");
    let shown = runbook(folder.path(), &["fmt", "--diff", "."], "");
    assert_eq!(shown.status.code(), Some(1));
    assert!(out(&shown).contains("-playbook:   v1\n"), "{}", out(&shown));
    assert!(out(&shown).contains("+playbook: v1\n"), "{}", out(&shown));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("reads");
    assert_eq!(read("queue.yaml"), WRITTEN);
    let laid = runbook(folder.path(), &["fmt", "."], "");
    assert_eq!(laid.status.code(), Some(0), "{}", err(&laid));
    assert_eq!(read("queue.yaml"), LAID);
    assert_eq!(read("other.yaml"), "a:   b\n");
    let again = runbook(folder.path(), &["fmt", "--check", "."], "");
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
}

#[test]
fn standard_input_is_laid_out_onto_standard_output() {
    let folder = folder();
    let laid = runbook(folder.path(), &["fmt", "-"], WRITTEN);
    assert_eq!(laid.status.code(), Some(0), "{}", err(&laid));
    assert_eq!(out(&laid), LAID);
    let looked = runbook(folder.path(), &["fmt", "--check", "-"], WRITTEN);
    assert_eq!(
        (looked.status.code(), out(&looked)),
        (Some(1), String::new())
    );
}

#[test]
fn a_file_that_does_not_parse_is_left_alone_with_an_error() {
    let folder = folder();
    let wrong = "playbook:   v1\ntitle: a: b\n";
    fs::write(folder.path().join("wrong.yaml"), wrong).expect("written");
    let laid = runbook(folder.path(), &["fmt", "."], "");
    assert_eq!(laid.status.code(), Some(2));
    assert!(err(&laid).contains("wrong.yaml:2"), "{}", err(&laid));
    let kept = fs::read_to_string(folder.path().join("wrong.yaml"));
    assert_eq!(kept.expect("reads"), wrong);
    let named = runbook(folder.path(), &["fmt", "other.yaml"], "");
    assert_eq!(named.status.code(), Some(2), "{}", err(&named));
}
