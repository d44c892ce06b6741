//! `runbook diff` on a real git repository.

use std::path::Path;
use std::process::Command;

const BASE: &str = r#"playbook: v1
title: Restart a service
inputs:
  service: {type: string}
target: {accounts: ["123456789012"]}
symptom:
  short:
    action: ecs:DescribeServices
    with: {cluster: prod, services: ["${{ inputs.service }}"]}
    capture:
      running: $.services[0].runningCount
    assert:
      - that: running < 2
diagnose:
  why:
    causes:
      stuck: {title: It is stuck, that: symptom.short.holds}
resolve:
  restart:
    for: stuck
    action: ecs:UpdateService
    with: {cluster: prod, service: "${{ inputs.service }}", forceNewDeployment: true}
    approve: {people: 2}
    undo: {action: ecs:UpdateService, with: {cluster: prod, service: "${{ inputs.service }}", desiredCount: 2}}
verify: {every: 30s, within: 5m, times: 2}
"#;

const SCENARIOS: &str = "playbook: restart.yaml
scenarios:
  short:
    inputs: {service: web}
    actions:
      ecs:DescribeServices:
        - {unless: restarted, return: {services: [{runningCount: 1}]}}
        - {return: {services: [{runningCount: 2}]}}
      ecs:UpdateService:
        - {set: restarted, return: {}}
    answers: {approve: all}
    expect: {verdict: resolved, writes: [{ecs:UpdateService: {forceNewDeployment: true}}]}
";

fn git(folder: &Path, words: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(words)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    std::fs::write(file, text).expect("is written");
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", message]);
}

/// A repository with the playbook on `main`.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "-q", "-b", "main"]);
    write(folder.path(), "playbooks/restart.yaml", BASE);
    write(folder.path(), "playbooks/restart.scenarios.yaml", SCENARIOS);
    commit(folder.path(), "Add a playbook");
    folder
}

/// The exit code, standard output and standard error of `runbook diff`.
fn diff(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
        .current_dir(folder)
        .arg("diff")
        .args(words)
        .output()
        .expect("runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The document is what its schema says.
fn fits_schema(document: &serde_json::Value) {
    let schema = include_str!("../../../schemas/diff.schema.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let problems: Vec<String> = schema
        .iter_errors(document)
        .map(|one| format!("{one} at {}", one.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn what_reads_alike_is_no_difference_however_it_is_written() {
    let folder = repository();
    let other = format!(
        "# a comment\n{}",
        BASE.replace("title: Restart a service", "title: Start it again")
    );
    write(folder.path(), "playbooks/restart.yaml", &other);
    let (code, out, _) = diff(
        folder.path(),
        &["main:playbooks", "playbooks", "--exit-code"],
    );
    assert_eq!((code, out.as_str()), (0, "no difference in behaviour\n"));
}

#[test]
fn weakened_safety_stands_first_and_the_exit_code_tells() {
    let folder = repository();
    let weaker = BASE
        .replace("    approve: {people: 2}\n", "")
        .replace("target: {accounts: [\"123456789012\"]}\n", "")
        .replace("times: 2", "times: 1")
        .replace(
            "cluster: prod, service: \"${{ inputs.service }}\", forceNewDeployment",
            "cluster: production, service: \"${{ inputs.service }}\", forceNewDeployment",
        );
    let start = weaker.find("    undo:").expect("an undo");
    let end = weaker.find("verify:").expect("a verify");
    let weaker = format!("{}{}", &weaker[..start], &weaker[end..]);
    write(folder.path(), "playbooks/restart.yaml", &weaker);
    let (code, out, err) = diff(
        folder.path(),
        &[
            "main:playbooks/restart.yaml",
            "playbooks/restart.yaml",
            "--exit-code",
        ],
    );
    assert_eq!(code, 1, "{err}");
    let first = out.lines().next().unwrap_or_default();
    assert!(first.starts_with("Safety weakened"), "{out}");
    let words = [
        "main:playbooks/restart.yaml",
        "playbooks/restart.yaml",
        "--format",
        "json",
    ];
    let document = serde_json::from_str(&diff(folder.path(), &words).1).expect("JSON");
    fits_schema(&document);
    assert!(
        document["counts"]["weakened"].as_u64() >= Some(4),
        "{document:#}"
    );
    for due in [
        "it cannot be taken back any more",
        "people who must agree: “2” → “1”",
        "accounts that it may act on: “123456789012” → “any”",
        "verify: clear readings in a row: “2” → “1”",
        "cluster: “prod” → “production”",
        "needs ecs:UpdateService on arn:*:ecs:*:*:service/production/*",
    ] {
        assert!(out.contains(due), "{due} is not in\n{out}");
    }
    let (code, ..) = diff(
        folder.path(),
        &["main:playbooks/restart.yaml", "playbooks/restart.yaml"],
    );
    assert_eq!(code, 0, "without --exit-code a difference is no failure");
}

#[test]
fn scenarios_of_the_base_run_against_the_head() {
    let folder = repository();
    let broken = BASE.replace("running < 2", "running < 1");
    write(folder.path(), "playbooks/restart.yaml", &broken);
    std::fs::remove_file(folder.path().join("playbooks/restart.scenarios.yaml")).expect("is there");
    let (_, out, _) = diff(folder.path(), &["main:playbooks", "playbooks"]);
    assert!(out.contains("the scenario short is gone"), "{out}");
    assert!(out.contains("the base's scenario short fails"), "{out}");
}

#[test]
fn playbooks_that_are_new_gone_or_renamed_are_told() {
    let folder = repository();
    write(
        folder.path(),
        "playbooks/other.yaml",
        "playbook: v1\ntitle: Other\ndiagnose:\n  read: {action: ecs:ListClusters}\n",
    );
    commit(folder.path(), "Add another");
    git(
        folder.path(),
        &["mv", "playbooks/restart.yaml", "playbooks/again.yaml"],
    );
    std::fs::remove_file(folder.path().join("playbooks/other.yaml")).expect("is there");
    write(
        folder.path(),
        "playbooks/new.yaml",
        "playbook: v1\ntitle: New\ndiagnose:\n  read: {action: sqs:ListQueues}\n",
    );
    let (_, out, _) = diff(
        folder.path(),
        &["main:playbooks", "playbooks", "--format", "json"],
    );
    let found: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    fits_schema(&found);
    let pairs: Vec<(Option<&str>, Option<&str>)> = found["playbooks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["base"].as_str(), one["head"].as_str()))
        .collect();
    assert!(
        pairs.contains(&(Some("restart"), Some("again"))),
        "{pairs:?}"
    );
    assert!(pairs.contains(&(Some("other"), None)), "{pairs:?}");
    assert!(pairs.contains(&(None, Some("new"))), "{pairs:?}");
}

#[test]
fn the_base_of_a_branch_is_where_it_parted() {
    let folder = repository();
    git(folder.path(), &["checkout", "-q", "-b", "topic"]);
    git(folder.path(), &["checkout", "-q", "main"]);
    write(
        folder.path(),
        "playbooks/restart.yaml",
        &BASE.replace("times: 2", "times: 3"),
    );
    commit(folder.path(), "Read three times");
    let words = ["main:playbooks", "topic:playbooks"];
    assert!(
        diff(folder.path(), &words)
            .1
            .contains("clear readings in a row")
    );
    let words = ["main:playbooks", "topic:playbooks", "--merge-base"];
    assert_eq!(
        diff(folder.path(), &words).1,
        "no difference in behaviour\n"
    );
    git(folder.path(), &["checkout", "-q", "--orphan", "alone"]);
    commit(folder.path(), "Begin anew");
    let (code, _, err) = diff(
        folder.path(),
        &["main:playbooks", "alone:playbooks", "--merge-base"],
    );
    assert_eq!(code, 2);
    assert!(err.contains("have no commit in common"), "{err}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let folder = repository();
    let outside = tempfile::tempdir().expect("a folder");
    write(outside.path(), "playbooks/a.yaml", BASE);
    write(
        folder.path(),
        "broken/a.yaml",
        "playbook: v1\nsymptom: {}\n",
    );
    for (at, words, due) in [
        (
            folder.path(),
            ["nowhere:playbooks", "playbooks"],
            "has no revision `nowhere`",
        ),
        (
            folder.path(),
            ["main:elsewhere", "playbooks"],
            "there is no `elsewhere`",
        ),
        (
            folder.path(),
            ["missing", "playbooks"],
            "there is no such file or folder",
        ),
        (
            folder.path(),
            ["main:playbooks", "playbooks/restart.yaml"],
            "compare two files or two folders",
        ),
        (
            folder.path(),
            ["broken/a.yaml", "playbooks/restart.yaml"],
            "broken/a.yaml cannot be compared: it does not check",
        ),
        (
            outside.path(),
            ["main:playbooks", "playbooks"],
            "is not in a git repository",
        ),
    ] {
        let (code, out, err) = diff(at, &words);
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}: {err}");
        assert!(err.contains(due), "{words:?}: {err}");
    }
}

#[test]
fn text_of_authors_does_nothing_in_differences_and_policies() {
    let folder = repository();
    let hostile = r"web\e[2J\u202e<img src=x>@team [a](https://example.com) ``` </details>";
    let changed = BASE.replace("cluster: prod", &format!("cluster: \"{hostile}\""));
    write(folder.path(), "playbooks/restart.yaml", &changed);
    let steers = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
    let words = ["main:playbooks", "playbooks"];
    let (_, out, _) = diff(folder.path(), &words);
    assert!(!out.contains(steers), "{out}");
    assert!(out.contains(r"\u{202e}"), "{out}");
    let (_, out, _) = diff(
        folder.path(),
        &[&words[..], &["--format", "markdown"]].concat(),
    );
    assert!(!out.contains(steers), "{out}");
    for line in out.lines().filter(|line| line.contains("@team")) {
        // All of it is within a code span whose fence is longer than any run of backticks in it.
        let (before, inside) = line.split_once("```` ").expect("a code span");
        assert!(
            inside.contains("@team") && !before.contains("@team"),
            "{line}"
        );
    }
    assert!(out.contains("@team"), "{out}");
    for format in ["text", "json", "iam"] {
        let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .current_dir(folder.path())
            .args(["policy", "playbooks/restart.yaml", "--format", format])
            .output()
            .expect("runs");
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        let controls = |one: char| one.is_control() && one != '\n';
        assert!(!out.contains(controls), "{format}: {out}");
        assert!(format != "text" || !out.contains(steers), "{out}");
    }
}

#[test]
fn markdown_is_for_a_comment() {
    let folder = repository();
    write(
        folder.path(),
        "playbooks/restart.yaml",
        &BASE.replace("    approve: {people: 2}\n", ""),
    );
    let (_, out, _) = diff(
        folder.path(),
        &["main:playbooks", "playbooks", "--format", "markdown"],
    );
    assert!(
        out.starts_with("## What changes when these playbooks run"),
        "{out}"
    );
    assert!(
        out.contains("<details open><summary>Safety weakened: restart"),
        "{out}"
    );
}
