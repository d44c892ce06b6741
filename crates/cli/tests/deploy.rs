//! The files in `examples/deploy`: what is for AWS fits the operations whose arguments it is, and they agree with each other.

use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/deploy")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("the file is there")
}

/// What the types of an operation say of a document.
fn judged(document: &Json, operation: &str) -> Json {
    let with = json!({"document": document, "as": operation}).to_string();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["call", "data:Validate", "--with", &with])
        .output()
        .expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{operation}: {said}"))
}

#[test]
fn documents_for_ecs_are_what_its_operations_take() {
    for (name, operation) in [
        (
            "ecs/worker.task-definition.json",
            "ecs:RegisterTaskDefinition",
        ),
        ("ecs/worker.service.json", "ecs:CreateService"),
        ("ecs/target-group.json", "elbv2:CreateTargetGroup"),
    ] {
        let document: Json = serde_json::from_str(&read(name)).expect("JSON");
        let right = judged(&document, operation);
        assert_eq!(right["valid"], true, "{name}: {right:#}");
        // The judge is awake.
        let mut wrong = document;
        wrong["familly"] = "worker".into();
        assert_eq!(judged(&wrong, operation)["valid"], false, "{name}");
    }
}

#[test]
fn runs_have_more_time_to_end_than_workers_give_them() {
    let task: Json = serde_json::from_str(&read("ecs/worker.task-definition.json")).expect("JSON");
    let container = &task["containerDefinitions"][0];
    let drain = container["command"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .find_map(|word| word.strip_prefix("--drain=")?.strip_suffix('s'))
        .and_then(|seconds| seconds.parse::<i64>().ok());
    assert!(drain < container["stopTimeout"].as_i64(), "{container:#}");
    let pods = read("kubernetes/worker.yaml");
    let number = |before: &str| -> Option<i64> {
        let rest = pods.split(before).nth(1)?;
        let digits = rest
            .trim_start()
            .split(|c: char| !c.is_ascii_digit())
            .next();
        digits?.parse().ok()
    };
    assert!(
        number("--drain=") < number("terminationGracePeriodSeconds:"),
        "{pods}"
    );
}

#[test]
fn a_version_is_named_the_same_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let dashed = format!("runbook-worker-{}", version.replace('.', "-"));
    for name in [
        "kubernetes/worker.yaml",
        "ecs/worker.task-definition.json",
        "ecs/worker.service.json",
        "ecs/target-group.json",
    ] {
        assert!(read(name).contains(&dashed), "{name} is not of {version}");
    }
    for name in ["kubernetes/worker.yaml", "ecs/worker.task-definition.json"] {
        assert!(
            read(name).contains(&format!("/runbook:{version}")),
            "{name} is not of {version}"
        );
    }
}
