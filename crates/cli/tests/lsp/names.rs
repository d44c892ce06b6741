//! Names are explained, lead to where they are defined, and are changed everywhere.

use super::editor::{Editor, PLAYBOOK, address, has, place_of, position};
use serde_json::json;
use std::fs;

#[test]
fn hover_shows_actions_types_and_codes() {
    let mut editor = Editor::with(PLAYBOOK);
    let mut text = |part: &str| {
        let shown = editor.about("hover", &place_of(part));
        shown["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let action = text("ecs:UpdateService");
    assert!(
        action.contains("write") && action.contains("`ecs:UpdateService`"),
        "{action}"
    );
    assert!(action.contains("- `service`: text (required)"), "{action}");
    assert_eq!(
        text("running:"),
        "capture `running` of `symptom.slow`: integer"
    );
    assert_eq!(text("cluster: {type"), "input `cluster`: text");
    assert!(text("desiredStatus").contains("RUNNING | PENDING | STOPPED"));
    assert!(text("forceNewDeployment").contains("boolean"));
    assert!(text("needs").contains("replaces the order"));
}

#[test]
fn names_lead_to_their_definitions() {
    let mut editor = Editor::with(PLAYBOOK);
    let at = position(
        PLAYBOOK,
        PLAYBOOK.find("stopped.arns").expect("it is there") + 2,
    );
    let step = editor.about("definition", &at);
    assert_eq!(
        step["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("stopped:").expect("a step"))
    );
    let input = editor.about(
        "definition",
        &position(
            PLAYBOOK,
            PLAYBOOK.find("inputs.service").expect("it is there") + 8,
        ),
    );
    assert_eq!(
        input["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("service: {").expect("an input"))
    );
    let cause = editor.about("definition", &place_of("crashed]"));
    assert_eq!(
        cause["range"]["start"],
        position(PLAYBOOK, PLAYBOOK.find("crashed:").expect("a cause"))
    );
    let input = place_of("service: {type");
    assert_eq!(
        editor.about("references", &input).as_array().map(Vec::len),
        Some(3)
    );
}

#[test]
fn a_playbook_that_is_run_is_found() {
    let (mut editor, at) = Editor::typing(
        "action: ecs:ListTasks\n    with:\n      cluster: ${{ inputs.cluster }}\n      desiredStatus: STOPPED",
        "action: playbook:Run\n    with:\n      path: ot‸her.yaml",
    );
    let found = editor.about("definition", &at);
    assert!(
        found["uri"]
            .as_str()
            .is_some_and(|uri| uri.ends_with("/other.yaml")),
        "{found}"
    );
    let (mut editor, at) = Editor::typing("      desiredStatus: STOPPED", "      path: ‸");
    editor.change(
        &PLAYBOOK
            .replace("ecs:ListTasks", "playbook:Run")
            .replace("      desiredStatus: STOPPED", "      path: "),
    );
    has(&editor.labels(&at), &["other.yaml"]);
}

#[test]
fn names_in_filters_of_paths_are_names() {
    let text = PLAYBOOK.replace(
        "$.services[0].",
        "$.services[?@.serviceName == inputs.service].",
    );
    let mut editor = Editor::with(&text);
    let at = position(
        &text,
        text.find("== inputs.service").expect("a filter") + 12,
    );
    let places = editor.about("references", &at);
    assert_eq!(places.as_array().map(Vec::len), Some(4), "{places}");
}

#[test]
fn a_rename_changes_every_place() {
    let mut editor = Editor::with(PLAYBOOK);
    for (at, name, old, places) in [
        ("stopped:", "halted", "stopped", 2),
        ("cluster: {", "ecs_cluster", "cluster", 4),
        ("crashed:", "died", "crashed", 2),
        ("arns:", "tasks", "arns", 3),
    ] {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": name,
        });
        let edit = editor.ask("textDocument/rename", &parameters);
        let edits = edit["changes"][&editor.address]
            .as_array()
            .expect("edits")
            .clone();
        assert_eq!(edits.len(), places, "{old}: {edits:?}");
        assert!(edits.iter().all(|edit| edit["newText"] == name));
    }
    let parameters = json!({
        "textDocument": {"uri": editor.address}, "position": place_of("stopped:"), "newName": "inputs",
    });
    let refused = editor.answer("textDocument/rename", &parameters);
    assert_eq!(
        refused["error"]["message"],
        "`inputs` means something already"
    );
}

#[test]
fn a_rename_of_an_input_or_a_cause_reaches_the_scenarios() {
    let mut editor = Editor::with(PLAYBOOK);
    let scenarios =
        "scenarios:\n  down:\n    inputs: {cluster: x}\n    expect:\n      causes: [crashed]\n";
    let file = editor.folder.path().join("stuck.scenarios.yaml");
    fs::write(&file, scenarios).expect("written");
    for (at, old) in [("cluster: {", "cluster"), ("crashed:", "crashed")] {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": "other",
        });
        let edit = editor.ask("textDocument/rename", &parameters);
        let edits = &edit["changes"][address(&file)];
        let start = position(scenarios, scenarios.find(old).expect("it is there"));
        assert_eq!(edits[0]["range"]["start"], start);
        assert_eq!(edits.as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn the_outline_and_the_types_are_told() {
    let mut editor = Editor::with(PLAYBOOK);
    let document = json!({"textDocument": {"uri": editor.address}});
    let symbols = editor.ask("textDocument/documentSymbol", &document);
    let names: Vec<&str> = symbols
        .as_array()
        .expect("symbols")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "inputs.cluster",
            "inputs.service",
            "symptom.slow",
            "diagnose.stopped",
            "resolve.restart"
        ]
    );
    let whole = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let parameters = json!({"textDocument": {"uri": editor.address}, "range": whole});
    let hints = editor.ask("textDocument/inlayHint", &parameters);
    assert_eq!(hints[0]["label"], " ‹integer›");
    assert_eq!(hints[1]["label"], " ‹list of text›");
}
