//! Nothing that a client says, and no text, breaks the server.

use super::editor::{Editor, PLAYBOOK, address, has, position};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn what_is_malformed_or_unknown_kills_nothing() {
    let mut editor = Editor::with(PLAYBOOK);
    editor.write(b"Content-Length: 5\r\n\r\n{oops");
    editor.write(b"Something: else\r\n\r\n");
    editor.send(&json!({"jsonrpc": "2.0", "id": 77}));
    editor.tell(
        "textDocument/didChange",
        &json!({"textDocument": {"uri": 1}, "contentChanges": 3}),
    );
    editor.tell("$/cancelRequest", &json!({"id": 5}));
    let unknown = editor.answer("textDocument/nothing", &json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    let invalid = editor.answer("textDocument/hover", &json!({}));
    assert_eq!(invalid["error"]["code"], -32602);
    has(
        &editor.labels(&json!({"line": 7, "character": 4})),
        &["title"],
    );
    assert_eq!(editor.ask("shutdown", &Json::Null), Json::Null);
    editor.tell("exit", &Json::Null);
    assert_eq!(editor.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn leaving_without_shutdown_is_no_good_end() {
    let mut editor = Editor::start();
    editor.tell("exit", &Json::Null);
    assert_ne!(editor.child.wait().expect("it ends").code(), Some(0));
}

/// The YAML files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn shipped_files_are_without_errors_and_answer_everywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks");
    let folder = folder.canonicalize().expect("the playbooks");
    let mut editor = Editor::start();
    let mut seen = 0;
    for file in files(&folder) {
        seen += 1;
        let text = fs::read_to_string(&file).expect("readable");
        editor.address = address(&file);
        let document = json!({
            "uri": editor.address, "languageId": "yaml", "version": 1, "text": text,
        });
        editor.tell("textDocument/didOpen", &json!({"textDocument": document}));
        let found = editor.diagnostics();
        let errors = found.iter().filter(|found| found["severity"] == 1);
        assert_eq!(errors.count(), 0, "{}: {found:?}", file.display());
        let inside = text.char_indices().map(|(at, _)| at);
        for at in inside.step_by(1 + text.len() / 4) {
            let position = position(&text, at);
            assert!(editor.about("completion", &position).is_array());
            for what in ["hover", "definition", "references", "prepareRename"] {
                editor.about(what, &position);
            }
        }
        let whole = json!({"textDocument": {"uri": editor.address}});
        editor.tell("textDocument/didClose", &whole);
        editor.diagnostics();
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn half_a_playbook_at_any_byte_is_answered() {
    let mut editor = Editor::with("");
    let places = PLAYBOOK.char_indices().map(|(at, _)| at).step_by(7);
    for at in places {
        editor.change(&PLAYBOOK[..at]);
        let end = position(PLAYBOOK, at);
        assert!(editor.about("completion", &end).is_array(), "{at}");
        editor.about("hover", &end);
    }
}
