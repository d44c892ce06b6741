//! Saved plans, in scenarios' worlds.

use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

const PLAYBOOK: &str = r#"playbook: v1
title: Scale a service
inputs:
  service: {type: string, default: web}
  token: {type: secret, default: none}
target: {accounts: ["123456789012"]}
diagnose:
  size:
    action: ecs:DescribeServices
    with: {cluster: prod, services: ["${{ inputs.service }}"]}
    capture:
      wanted: $.services[0].desiredCount
    causes:
      small: {title: Too small, that: wanted < 4}
resolve:
  grow:
    for: small
    action: ecs:UpdateService
    with: {cluster: prod, service: "${{ inputs.service }}", desiredCount: "${{ diagnose.size.wanted + 1 }}"}
"#;

const SCENARIOS: &str = "playbook: scale.yaml
scenarios:
  two:
    actions:
      ecs:DescribeServices: [{return: {services: [{desiredCount: 2}]}}]
      ecs:UpdateService: [{return: {}}]
    answers: {approve: all}
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "scale.yaml", PLAYBOOK);
    write(folder.path(), "scale.scenarios.yaml", SCENARIOS);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("is written");
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("is read")
}

/// The exit code and everything that was said.
fn runbook(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
        .current_dir(folder)
        .args(words)
        .output()
        .expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

fn saved(folder: &Path, more: &[&str]) {
    let mut words = vec![
        "plan",
        "scale.yaml",
        "--scenario",
        "two",
        "--live",
        "--out",
        "plan.json",
    ];
    words.extend(more);
    let (code, said) = runbook(folder, &words);
    assert_eq!(code, 0, "{said}");
}

const RUN: [&str; 6] = ["run", "--plan", "plan.json", "--scenario", "two", "--yes"];

#[test]
fn a_saved_plan_is_run() {
    let folder = folder();
    saved(folder.path(), &[]);
    let (code, said) = runbook(folder.path(), &RUN);
    assert_eq!(code, 0, "{said}");
    let document: Json = serde_json::from_str(&read(folder.path(), "plan.json")).expect("JSON");
    let schema: Json =
        serde_json::from_str(include_str!("../../../schemas/saved-plan.schema.json"))
            .expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let problems: Vec<String> = schema
        .iter_errors(&document)
        .map(|one| format!("{one} at {}", one.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
    let mut other = document.clone();
    other["plan"]["graphs"][0]["graph"] = "somewhere".into();
    assert!(!schema.is_valid(&other), "the plan in it is judged too");
    let writes = document["writes"].as_array().expect("a list");
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0]["arguments"]["known"]["desiredCount"], 3);
}

#[test]
fn a_plan_is_refused_when_what_it_rests_on_has_changed() {
    type Case<'c> = (&'c str, &'c dyn Fn(&Path), &'c str);
    let changes: [Case<'_>; 6] = [
        (
            "the file was edited",
            &|folder| {
                let text = read(folder, "plan.json").replacen(
                    "\"desiredCount\": 3",
                    "\"desiredCount\": 9",
                    1,
                );
                write(folder, "plan.json", &text);
            },
            "it was edited after it was made",
        ),
        (
            "the playbook has changed",
            &|folder| write(folder, "scale.yaml", &PLAYBOOK.replace("+ 1", "+ 2")),
            "scale.yaml has changed since",
        ),
        (
            "the playbook was renamed",
            &|folder| {
                std::fs::rename(folder.join("scale.yaml"), folder.join("other.yaml"))
                    .expect("is renamed");
            },
            "scale.yaml is gone",
        ),
        (
            "the evidence has changed",
            &|folder| {
                write(
                    folder,
                    "scale.scenarios.yaml",
                    &SCENARIOS.replace("desiredCount: 2", "desiredCount: 3"),
                );
            },
            "rests on evidence that has changed",
        ),
        (
            "the evidence now says that nothing is to be done",
            &|folder| {
                write(
                    folder,
                    "scale.scenarios.yaml",
                    &SCENARIOS.replace("desiredCount: 2", "desiredCount: 7"),
                );
            },
            "would not be made any more",
        ),
        (
            "it is another account",
            &|folder| {
                let other = SCENARIOS.replacen(
                    "  two:\n",
                    "  two:\n    target: {account: \"111111111111\"}\n",
                    1,
                );
                write(folder, "scale.scenarios.yaml", &other);
            },
            "it was made for the account 123456789012, and this is 111111111111",
        ),
    ];
    for (what, change, due) in changes {
        let folder = folder();
        saved(folder.path(), &[]);
        change(folder.path());
        let (code, said) = runbook(folder.path(), &RUN);
        assert_eq!(code, 2, "{what}: {said}");
        assert!(said.contains(due), "{what}: {said}");
    }
}

#[test]
fn inputs_of_a_plan_are_fixed_and_secrets_are_never_in_it() {
    let folder = folder();
    saved(
        folder.path(),
        &["-i", "service=api", "-i", "token=hush-hush"],
    );
    assert!(!read(folder.path(), "plan.json").contains("hush-hush"));
    let (code, said) = runbook(folder.path(), &RUN);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("give it again with `-i token=…`"), "{said}");
    let mut words = RUN.to_vec();
    words.extend(["-i", "token=hush-hush"]);
    let (code, said) = runbook(folder.path(), &words);
    assert_eq!(code, 0, "{said}");
    words.extend(["-i", "service=web"]);
    let (code, said) = runbook(folder.path(), &words);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("its inputs are fixed"), "{said}");
}

/// Writes a plan with another value, as the program that made it would have written it.
fn remade(folder: &Path, name: &str, value: Json) {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let mut plan: Json = serde_json::from_str(&read(folder, "plan.json")).expect("JSON");
    let members = plan.as_object_mut().expect("an object");
    members.insert(name.to_owned(), value);
    members.shift_remove("digest");
    let digest = Sha256::digest(plan.to_string().as_bytes());
    let digest = digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    plan["digest"] = digest.into();
    write(folder, "plan.json", &plan.to_string());
}

#[test]
fn a_plan_of_another_program_catalogue_or_target_is_refused() {
    let other = "0".repeat(64);
    let target = |account: &str, region: &str| serde_json::json!({"account": account, "region": region, "principal": null});
    for (name, value, due) in [
        (
            "format_version",
            serde_json::json!(2),
            "another version of this program wrote it",
        ),
        (
            "catalogue",
            serde_json::json!(other),
            "this program knows another catalogue of AWS operations",
        ),
        (
            "target",
            target("123456789012", "eu-west-1"),
            "it was made for the region eu-west-1, and this is us-east-1",
        ),
        (
            "target",
            target("111111111111", "us-east-1"),
            "it was made for the account 111111111111, and this is 123456789012",
        ),
        (
            "scenario",
            serde_json::json!("other"),
            "it was made for another scenario",
        ),
    ] {
        let folder = folder();
        saved(folder.path(), &[]);
        remade(folder.path(), name, value);
        let (code, said) = runbook(folder.path(), &RUN);
        assert_eq!(code, 2, "{name}: {said}");
        assert!(said.contains(due), "{name}: {said}");
        assert!(
            said.contains("make a new plan with `runbook plan --out`"),
            "{said}"
        );
    }
}

#[test]
fn a_plan_of_a_playbook_that_is_gone_is_refused() {
    let folder = folder();
    saved(folder.path(), &[]);
    std::fs::remove_file(folder.path().join("scale.yaml")).expect("is there");
    let (code, said) = runbook(folder.path(), &RUN);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("scale.yaml is gone or cannot be read"),
        "{said}"
    );
}

#[test]
fn what_is_no_plan_is_refused() {
    let folder = folder();
    for (text, due) in [("{", "it is not JSON"), ("{}", "is no saved plan")] {
        write(folder.path(), "plan.json", text);
        let (code, said) = runbook(folder.path(), &RUN);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(due), "{said}");
    }
    let (code, said) = runbook(folder.path(), &["run"]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn reads_of_a_playbook_under_review_are_those_of_its_base() {
    let folder = folder();
    let base = PLAYBOOK.replace("cluster: prod, services", "cluster: other, services");
    write(folder.path(), "base.yaml", &base);
    let words = [
        "plan",
        "scale.yaml",
        "--scenario",
        "two",
        "--live",
        "--format",
        "json",
        "--live-only-as",
    ];
    let calls = |base: &str| -> (Json, String) {
        let mut words = words.to_vec();
        words.push(base);
        let (code, said) = runbook(folder.path(), &words);
        assert_eq!(code, 0, "{said}");
        let document: Json = serde_json::from_str(&said).expect("JSON");
        (document["reading"]["failures"].clone(), said)
    };
    let (failures, _) = calls("scale.yaml");
    assert_eq!(failures, serde_json::json!([]));
    let (failures, said) = calls("base.yaml");
    assert!(
        failures
            .to_string()
            .contains("the base version does not make it"),
        "{said}"
    );
}
