//! `runbook test --coverage` over a playbook that runs another.

use serde_json::Value as Json;
use std::process::{Command, Output};

const PARENT: &str = r"playbook: v1
title: Parent
inputs:
  more: {type: boolean, default: false}
diagnose:
  child:
    action: playbook:Run
    with: {path: child.yaml, only: diagnose}
    capture: {names: '$.causes[*]'}
    causes:
      known: {that: names | length > 0}
      never: {that: names | length > 5, remedy: none}
resolve:
  mend:
    for: [known]
    when: inputs.more
    action: sns:Publish
    with: {TopicArn: 'arn:aws:sns:us-east-1:123456789012:t', Message: x}
    undo: {action: sns:Publish, with: {TopicArn: 'arn:aws:sns:us-east-1:123456789012:t', Message: back}}
";

const CHILD: &str = r"playbook: v1
title: Child
diagnose:
  groups:
    action: logs:DescribeLogGroups
    causes:
      some: {path: '$.logGroups[*]', count: {gt: 0}, remedy: none}
";

const SCENARIOS: &str = r"playbook: parent.yaml
scenarios:
  known:
    actions:
      logs:DescribeLogGroups: [{return: {logGroups: [{logGroupName: a}]}}]
    expect: {causes: [known]}
";

fn test(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("parent.yaml", PARENT),
        ("child.yaml", CHILD),
        ("parent.scenarios.yaml", SCENARIOS),
        ("values.yaml", "a: 1\n"),
    ] {
        std::fs::write(folder.path().join(name), text).expect("is written");
    }
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["test", "."])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("the command starts")
}

#[test]
fn what_is_reached_is_counted_also_in_playbooks_that_are_run() {
    let output = test(&["--coverage"]);
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success());
}

#[test]
fn too_little_fails_and_says_how_much() {
    let output = test(&["--coverage-min", "steps=66,causes=50"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: causes: 33.3 % are reached (1/3), and 50 % must be\n"
    );
    assert!(test(&["--coverage-min", "66"]).status.success());
    assert_eq!(test(&["--coverage-min", "stepps=1"]).status.code(), Some(2));
}

#[test]
fn programs_get_one_document() {
    let output = test(&["--coverage", "--format", "json"]);
    let document: Json = serde_json::from_slice(&output.stdout).expect("a document");
    assert_eq!(document["passed"], 1);
    assert_eq!(document["scenarios"][0]["scenario"], "parent known");
    assert_eq!(document["coverage"]["steps"]["of"], 3);
    assert_eq!(
        document["coverage"]["files"][1]["missing"][0]["name"],
        "never"
    );
}
