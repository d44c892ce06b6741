//! New names reach every place that has the old one, in all files.

use super::editor::{Editor, PLAYBOOK, address, place_of, position};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Edits by file: where they begin and end in its text, and what is put there.
type Edits = BTreeMap<PathBuf, BTreeSet<(usize, usize, String)>>;

/// The byte of a position; the texts have no signs outside of the first plane.
fn offset(text: &str, position: &Json) -> usize {
    let number = |name: &str| usize::try_from(position[name].as_u64().expect("a number"));
    let (line, column) = (
        number("line").expect("fits"),
        number("character").expect("fits"),
    );
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text[start..].char_indices().nth(column);
    start + rest.map_or(text.len() - start, |(at, _)| at)
}

fn collect(edit: &Json, edits: &mut Edits) {
    for (address, each) in edit["changes"].as_object().expect("changes") {
        let file = PathBuf::from(address.trim_start_matches("file://"));
        let text = fs::read_to_string(&file).expect("reads");
        for one in each.as_array().expect("edits") {
            let at = |end: &str| offset(&text, &one["range"][end]);
            let put = one["newText"].as_str().expect("text").to_owned();
            let place = (at("start"), at("end"), put);
            edits.entry(file.clone()).or_default().insert(place);
        }
    }
}

fn apply(edits: &Edits) {
    for (file, edits) in edits {
        let mut text = fs::read_to_string(file).expect("reads");
        for (start, end, put) in edits.iter().rev() {
            text.replace_range(*start..*end, put);
        }
        fs::write(file, text).expect("written");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let into = to.join(entry.file_name());
        match entry.path() {
            folder if folder.is_dir() => copy(&folder, &into),
            file => {
                fs::copy(file, into).expect("copied");
            }
        }
    }
}

fn runbook(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("XDG_STATE_HOME", folder.join(".state"))
        .stdin(Stdio::null())
        .output()
        .expect("the command starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.into_owned())
}

/// Gives every name of the playbooks in a folder another one, all at once.
fn rename_all(editor: &mut Editor, folder: &Path) -> usize {
    let all = std::env::var("RENAME").is_ok_and(|word| word == "all");
    let mut edits = Edits::new();
    let mut renamed = 0;
    let listed = fs::read_dir(folder).expect("a folder").flatten();
    let mut files: Vec<PathBuf> = listed.map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        let name = file.to_string_lossy().into_owned();
        let wanted = all || FEW.iter().any(|part| name.contains(part));
        let yaml = file.extension().is_some_and(|ending| ending == "yaml");
        if !wanted || !yaml || name.ends_with(".scenarios.yaml") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("reads");
        let uri = address(&file);
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        editor.address.clone_from(&uri);
        let mut done = BTreeSet::new();
        for (at, _) in text.match_indices(':') {
            let start = text[..at]
                .rfind(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'))
                .map_or(0, |before| before + 1);
            if start == at || done.contains(&start) {
                continue;
            }
            let place = position(&text, start);
            let found = editor.about("prepareRename", &place);
            let Some(old) = found["placeholder"].as_str() else {
                continue;
            };
            let parameters = json!({
                "textDocument": {"uri": uri}, "position": place, "newName": format!("{old}_q"),
            });
            let edit = editor.ask("textDocument/rename", &parameters);
            for one in edit["changes"][&uri].as_array().expect("edits") {
                done.insert(offset(&text, &one["range"]["start"]));
            }
            collect(&edit, &mut edits);
            renamed += 1;
        }
        editor.tell(
            "textDocument/didClose",
            &json!({"textDocument": {"uri": uri}}),
        );
    }
    apply(&edits);
    renamed
}

/// Scenarios that expect texts made of names: an idempotency token, and a message that quotes a condition.
const MADE_OF_NAMES: [&str; 2] = [
    "agent-runtime/cross-service-communication stale_registration",
    "escalate did_not_help",
];

/// Whose names are changed. All shipped playbooks take minutes; `RENAME=all` changes them, too.
const FEW: [&str; 4] = [
    "common/ecs-service-health.yaml",
    "acso/escalation.yaml",
    "acso/recovery-partial.yaml",
    "examples/fleet.yaml",
];

#[test]
fn playbooks_stay_right_when_everything_in_them_is_renamed() {
    let mut editor = Editor::start();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = editor.folder.path().to_path_buf();
    fs::remove_file(folder.join("stuck.yaml")).expect("removed");
    fs::remove_file(folder.join("other.yaml")).expect("removed");
    for part in ["playbooks", "examples"] {
        copy(&root.join(part), &folder.join(part));
    }
    let mut renamed = 0;
    for part in [
        "playbooks/common",
        "playbooks/acso",
        "playbooks/agent-runtime",
        "examples",
    ] {
        renamed += rename_all(&mut editor, &folder.join(part));
    }
    assert!(renamed > 50, "{renamed} names");
    let all = std::env::var("RENAME").is_ok_and(|word| word == "all");
    let looked_at = if all {
        vec!["playbooks", "examples"]
    } else {
        vec![
            "playbooks/common",
            "playbooks/acso",
            "examples/fleet.yaml",
            "examples/fleet.targets.yaml",
        ]
    };
    for part in looked_at {
        let (code, said) = runbook(&folder, &["check", part]);
        assert_eq!(code, Some(0), "{said}");
        if part.ends_with(".targets.yaml") {
            continue;
        }
        let (_, said) = runbook(&folder, &["test", part]);
        let mut failed = said.lines().filter(|line| line.starts_with("FAIL"));
        let known = |line: &str| MADE_OF_NAMES.iter().any(|name| line.ends_with(name));
        assert!(failed.all(known), "{said}");
    }
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let mut editor = Editor::with(PLAYBOOK);
    for (at, name) in [
        ("cluster: {", "service"),
        ("stopped:", "9a"),
        ("running:", "result"),
    ] {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": name,
        });
        let refused = editor.answer("textDocument/rename", &parameters);
        assert!(refused["error"]["message"].is_string(), "{at}: {refused}");
    }
}

#[test]
fn a_new_name_reaches_steps_in_scenarios_and_inputs_in_targets_and_callers() {
    let mut editor = Editor::with(PLAYBOOK);
    let folder = editor.folder.path().to_path_buf();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    write(
        "stuck.scenarios.yaml",
        "scenarios:\n  down:\n    answers: {approve: [restart, resolve.restart]}\n    expect: {steps: {resolve.restart: done}, holds: {symptom.slow: true}}\n",
    );
    write(
        "stuck.targets.yaml",
        "targets: v1\nof: stuck.yaml\ninputs: {cluster: main}\nmatrix: {region: [eu-west-1], cluster: [a, b]}\nexclude: [{cluster: a}]\n",
    );
    write(
        "caller.yaml",
        "playbook: v1\ntitle: Caller\nresolve:\n  all:\n    action: playbook:Run\n    with: {path: stuck.yaml, inputs: {cluster: main}}\n    capture: {why: $.causes}\n    assert: [{that: \"'crashed' in why\"}]\n",
    );
    let mut counts = |at: &str| {
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "position": place_of(at), "newName": "other",
        });
        let edit = editor.ask("textDocument/rename", &parameters);
        ["stuck.scenarios.yaml", "stuck.targets.yaml", "caller.yaml"].map(|file| {
            let edits = edit["changes"][address(&folder.join(file))].as_array();
            edits.map_or(0, Vec::len)
        })
    };
    assert_eq!(counts("restart:"), [3, 0, 0]);
    assert_eq!(counts("slow:"), [1, 0, 0]);
    assert_eq!(counts("cluster: {"), [0, 3, 1]);
    assert_eq!(counts("crashed:"), [0, 0, 1]);
}
