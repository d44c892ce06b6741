//! Files of targets.

use super::editor::{Editor, PLAYBOOK, address, has, position};
use serde_json::{Value as Json, json};

const TARGETS: &str = r#"targets: v1
of: stuck.yaml

accounts:
  "111111111111": {name: shop}

discover:
  action: ecs:ListServices
  with: {cluster: main}
  path: $.serviceArns[*]
  accounts: [shop]
  name: ${{ item }}
  inputs: {service: "${{ item }}"}

list:
  - {name: one, account: shop, region: eu-west-1, inputs: {cluster: x}}
"#;

/// An editor in which targets are open.
fn open(text: &str) -> Editor {
    let mut editor = Editor::start();
    editor.address = address(&editor.folder.path().join("stuck.targets.yaml"));
    let document = json!({
        "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
    });
    editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
    editor
}

fn offered(from: &str, to: &str) -> Vec<String> {
    assert!(TARGETS.contains(from), "{from}");
    let text = TARGETS.replacen(from, to, 1);
    let at = text.find('‸').expect("a cursor");
    let mut editor = open(&text.replace('‸', ""));
    editor.labels(&position(&text, at))
}

/// The position of the first of some text.
fn at(text: &str) -> Json {
    position(TARGETS, TARGETS.find(text).expect("it is there") + 1)
}

#[test]
fn targets_are_checked_with_their_playbook() {
    assert_eq!(open(TARGETS).diagnostics(), [] as [Json; 0]);
    let wrong = TARGETS
        .replace("inputs: {cluster: x}", "inputs: {clutser: x}")
        .replace("account: shop", "account: shpo");
    let mut editor = open(&wrong);
    let codes: Vec<Json> = editor
        .diagnostics()
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert_eq!(codes, ["unknown-account"]);
    editor.change(&TARGETS.replace("inputs: {cluster: x}", "inputs: {clutser: x}"));
    let found = editor.diagnostics();
    assert_eq!(found[0]["code"], "unknown-input", "{found:?}");
    let fixes = editor.ask(
        "textDocument/codeAction",
        &json!({
            "textDocument": {"uri": editor.address}, "range": found[0]["range"], "context": {"diagnostics": []},
        }),
    );
    let edit = &fixes[0]["edit"]["changes"][&editor.address][0];
    let wrong = TARGETS.replace("inputs: {cluster: x}", "inputs: {clutser: x}");
    let slip = wrong.find("clutser").expect("a slip");
    assert_eq!(edit["range"]["start"], position(&wrong, slip));
    assert_eq!(fixes[0]["title"], "Change to `cluster`", "{fixes}");
}

#[test]
fn targets_are_completed() {
    has(
        &offered("\nlist:", "\n‸\nlist:"),
        &["matrix", "rollout", "exclude"],
    );
    has(
        &offered("of: stuck.yaml", "of: ‸"),
        &["stuck.yaml", "other.yaml"],
    );
    has(&offered("account: shop", "account: ‸"), &["shop"]);
    has(&offered("accounts: [shop]", "accounts: [‸"), &["shop"]);
    has(
        &offered("inputs: {cluster: x}", "inputs: {‸"),
        &["cluster", "service"],
    );
    has(
        &offered("ecs:ListServices", "ecs:ListSer‸"),
        &["ecs:ListServices"],
    );
    has(&offered("with: {cluster", "with: {‸"), &["launchType"]);
    has(&offered("$.serviceArns[*]", "$.‸"), &["serviceArns"]);
    has(
        &offered("name: ${{ item }}", "name: ${{ ‸"),
        &["item", "account", "region"],
    );
    has(
        &offered("\nlist:", "\nrollout:\n  ‸\nlist:"),
        &["concurrency", "waves"],
    );
    has(
        &offered("\nlist:", "\nmatrix:\n  ‸\nlist:"),
        &["region", "service"],
    );
}

#[test]
fn what_targets_name_is_shown_and_leads_to_where_it_is_defined() {
    let mut editor = open(TARGETS);
    for (part, shown) in [
        ("ecs:ListServices", "**ecs:ListServices** · read"),
        ("cluster: main", "`cluster`: text"),
        ("service: \"$", "input `service`: text"),
        ("shop, region", "account `111111111111`, called `shop`"),
        ("stuck.yaml", "the playbook that runs on these targets"),
        ("discover", "`discover`: "),
    ] {
        let found = editor.about("hover", &at(part));
        let text = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(text.starts_with(shown), "{part}: {found}");
    }
    let playbook = address(&editor.folder.path().join("stuck.yaml"));
    let input = editor.about("definition", &at("service: \"$"));
    assert_eq!(input["uri"], playbook);
    let service = PLAYBOOK.find("service: {").expect("an input");
    assert_eq!(input["range"]["start"], position(PLAYBOOK, service));
    assert_eq!(
        editor.about("definition", &at("stuck.yaml"))["uri"],
        playbook
    );
    let account = editor.about("definition", &at("shop, region"));
    let id = TARGETS.find("111111111111").expect("an account");
    assert_eq!(account["range"]["start"], position(TARGETS, id));
}

#[test]
fn targets_are_laid_out() {
    let mut editor = open("# why\ntargets:   v1\nlist: [  {region:   eu-west-1} ] # all\n");
    let parameters = json!({"textDocument": {"uri": editor.address}, "options": {}});
    let edits = editor.ask("textDocument/formatting", &parameters);
    let text = edits[0]["newText"].as_str().expect("text");
    assert!(text.contains("targets: v1"), "{text}");
    assert!(
        text.contains("{region: eu-west-1}") && text.contains("# all"),
        "{text}"
    );
}
