//! `runbook new`: what it writes checks, is laid out, and passes its scenarios.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn runbook(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

fn ends_well(folder: &Path, arguments: &[&str]) {
    let output = runbook(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{arguments:?}\n{said}\n{out}"
    );
}

#[test]
fn every_kind_for_several_services_checks_and_passes() {
    let folder = tempfile::tempdir().expect("a folder");
    for service in ["ecs", "sqs", "lambda", "rds", "cloudwatch", "dynamodb"] {
        for kind in ["check", "procedure", "problem"] {
            let name = format!("{service}/{kind}-of-it");
            ends_well(
                folder.path(),
                &["new", &name, "--for", service, "--kind", kind],
            );
        }
    }
    ends_well(folder.path(), &["check", ".", "--deny", "warnings"]);
    ends_well(folder.path(), &["test", "."]);
    ends_well(folder.path(), &["fmt", "--check", "."]);
}

#[test]
fn nothing_is_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenarios = folder.path().join("x.scenarios.yaml");
    fs::write(&scenarios, "mine").expect("written");
    for (arguments, why) in [
        (["new", "x", "--for", "ecs"], "is there already"),
        (["new", "../x", "--for", "ecs"], "no name"),
        (["new", "y", "--for", "esc"], "did you mean"),
    ] {
        let output = runbook(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(fs::read_to_string(&scenarios).expect("reads"), "mine");
    assert!(!folder.path().join("x.yaml").exists());
}
