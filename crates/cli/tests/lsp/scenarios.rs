//! Files of scenarios.

use super::editor::{Editor, PLAYBOOK, address, has, position};
use serde_json::{Value as Json, json};

#[test]
fn scenarios_are_completed() {
    let offered = |text: &str| {
        let mut editor = Editor::start();
        editor.address = address(&editor.folder.path().join("stuck.scenarios.yaml"));
        let at = text.find('‸').expect("a cursor");
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text.replace('‸', ""),
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        editor.labels(&position(text, at))
    };
    has(
        &offered("scenarios:\n  a:\n    ‸"),
        &["clock", "actions", "expect"],
    );
    has(
        &offered("scenarios:\n  a:\n    inputs: {‸"),
        &["cluster", "service"],
    );
    has(
        &offered("scenarios:\n  a:\n    actions:\n      ecs:Li‸"),
        &["ecs:ListTasks"],
    );
    has(
        &offered("scenarios:\n  a:\n    actions:\n      ecs:ListTasks:\n        - {return: {‸"),
        &["taskArns"],
    );
    has(
        &offered("scenarios:\n  a:\n    expect:\n      verdict: ‸"),
        &["resolved"],
    );
    has(
        &offered("scenarios:\n  a:\n    expect:\n      causes: [‸"),
        &["crashed"],
    );
}

const SCENARIOS: &str = "playbook: stuck.yaml\nscenarios:\n  down:\n    inputs: {cluster: x}\n    actions:\n      ecs:DescribeServices:\n        - {unless: restarted, return: {services: [{runningCount: 0}]}}\n      ecs:UpdateService:\n        - set: [restarted]\n          return: {}\n    answers: {approve: [restart]}\n    expect:\n      causes: [crashed]\n      steps: {diagnose.stopped: done}\n      writes:\n        - ecs:UpdateService: {forceNewDeployment: true}\n";

/// An editor in which scenarios are open.
fn open(text: &str) -> Editor {
    let mut editor = Editor::start();
    editor.address = address(&editor.folder.path().join("stuck.scenarios.yaml"));
    let document = json!({
        "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
    });
    editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
    editor
}

/// The position of the first of some text in the scenarios.
fn at(text: &str) -> Json {
    position(SCENARIOS, SCENARIOS.find(text).expect("it is there") + 1)
}

#[test]
fn what_scenarios_name_is_shown() {
    let mut editor = open(SCENARIOS);
    for (part, shown) in [
        ("ecs:DescribeServices", "**ecs:DescribeServices** · read"),
        ("runningCount", "`runningCount`: integer"),
        ("forceNewDeployment", "`forceNewDeployment`: boolean"),
        ("cluster: x", "input `cluster`: text"),
        ("crashed", "cause `crashed`"),
        ("diagnose.stopped", "step `diagnose.stopped` "),
        ("restart]}", "step `resolve.restart` "),
        ("restarted,", "flag `restarted`, set by `ecs:UpdateService`"),
        ("unless", "`unless`: Fits until one of these flags is set."),
        ("expect", "`expect`: What must come out."),
    ] {
        let found = editor.about("hover", &at(part));
        let text = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(text.starts_with(shown), "{part}: {found}");
    }
}

#[test]
fn what_scenarios_name_leads_to_the_playbook_and_flags_to_where_they_are_set() {
    let mut editor = open(SCENARIOS);
    let own = editor.address.clone();
    let playbook = own.replace(".scenarios.yaml", ".yaml");
    for (part, defined) in [
        ("cluster: x", "cluster: {type"),
        ("crashed", "crashed: {that"),
        ("diagnose.stopped", "stopped:"),
        ("restart]}", "restart:"),
    ] {
        let found = editor.about("definition", &at(part));
        let start = PLAYBOOK.find(defined).expect("it is there");
        assert_eq!(found[0]["uri"], playbook, "{part}");
        assert_eq!(found[0]["range"]["start"], position(PLAYBOOK, start));
    }
    let flag = editor.about("definition", &at("restarted,"));
    let set = SCENARIOS.find("restarted]").expect("it is there");
    assert_eq!(flag[0]["uri"], own);
    assert_eq!(flag[0]["range"]["start"], position(SCENARIOS, set));
    let both = editor.about("references", &at("restarted,"));
    assert_eq!(both.as_array().map(Vec::len), Some(2));
    assert_eq!(
        editor.about("definition", &at("stuck.yaml"))["uri"],
        playbook
    );
}

#[test]
fn flags_and_steps_are_completed() {
    for (text, wanted) in [
        ("unless: restarted", "restarted"),
        ("approve: [restart", "resolve.restart"),
    ] {
        let place = SCENARIOS.find(text).expect("it is there") + text.find(' ').unwrap_or(0) + 1;
        let cut = SCENARIOS.replacen(text, text.split(' ').next().unwrap_or_default(), 1);
        let cut = cut.replacen("unless:", "unless: ", 1);
        let cut = cut.replacen("approve:", "approve: [", 1);
        let place = place + usize::from(text.starts_with("approve"));
        let mut editor = open(&cut);
        has(&editor.labels(&position(&cut, place)), &[wanted]);
    }
}
