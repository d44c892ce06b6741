//! `runbook fleet report`: a fleet on record, told in every format, with the pages of its targets beside its own.

use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Output};

fn runbook(state: &Path, arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .arg("--state-dir")
        .arg(state)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env_clear()
        .env("HOME", state)
        .output()
        .expect("the command starts")
}

/// A fleet of three targets in a scenario's world, on record; what the run ended with.
fn fleet(folder: &Path, scenario: &str, more: &[&str]) -> Option<i32> {
    let targets = folder.join("targets.yaml");
    let text = "targets: v1\nlist:\n  - {name: api, region: eu-west-1}\n  - {name: web, region: us-east-1}\n  - {name: jobs, region: us-east-1}\n";
    std::fs::write(&targets, text).expect("is written");
    let targets = targets.display().to_string();
    let line = [
        "fleet",
        "run",
        "acso/memory-leak",
        "--targets",
        &targets,
        "--scenario",
        scenario,
        "-q",
    ];
    let line: Vec<&str> = line.iter().chain(more).copied().collect();
    runbook(folder, &line).status.code()
}

fn said(folder: &Path, format: &str) -> String {
    let output = runbook(folder, &["fleet", "report", "last", "--format", format]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_folder_has_a_page_for_each_target_that_was_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path();
    // The second target is not run: the first one's end is one error too many.
    let code = fleet(state, "metrics_denied", &["--concurrency", "1"]);
    assert_eq!(code, Some(1));
    let out = state.join("report");
    let shown = out.display().to_string();
    let output = runbook(state, &["fleet", "report", "last", "--out", &shown]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let page = std::fs::read_to_string(out.join("index.html")).expect("a page");
    assert!(page.contains("href=\"runs/api.html\""), "{page}");
    assert!(!page.contains("href=\"runs/web.html\""), "{page}");
    let own = std::fs::read_to_string(out.join("runs/api.html")).expect("its own page");
    assert!(own.contains("AccessDenied"), "{own}");
    assert!(!out.join("runs/web.html").exists());
    let text = std::fs::read_to_string(out.join("report.json")).expect("a document");
    let document: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["status"], "stopped");
    assert_eq!(document["targets"][0]["page"], "runs/api.html");
    assert_eq!(document["targets"][1]["page"], Json::Null);
    let schema =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/fleet-report.schema.json");
    let schema = std::fs::read_to_string(schema).expect("a schema");
    let schema: Json = serde_json::from_str(&schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &document), "{document:#}");
    assert!(out.join("junit.xml").exists());
}

#[test]
fn each_format_tells_who_is_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(fleet(folder.path(), "leaking", &[]), Some(3));
    let text = said(folder.path(), "text");
    for due in [
        "Need a person",
        "api  ",
        "runbook approve ",
        "runbook fleet approve ",
    ] {
        assert!(text.contains(due), "{due} is not in\n{text}");
    }
    let document: Json = serde_json::from_str(&said(folder.path(), "json")).expect("JSON");
    assert_eq!(
        document["people"].as_array().map(Vec::len),
        Some(3),
        "{document:#}"
    );
    assert_eq!(document["tone"], "attention");
    let xml = said(folder.path(), "junit");
    assert!(xml.contains("<error type=\"paused\""), "{xml}");
    assert!(said(folder.path(), "html").contains("Who needs a person"));
}
