//! Texts are laid out as `runbook fmt` does it.

use super::editor::Editor;
use serde_json::{Value as Json, json};

fn format(editor: &mut Editor) -> Json {
    let parameters = json!({
        "textDocument": {"uri": editor.address},
        "options": {"tabSize": 2, "insertSpaces": true},
    });
    editor.answer("textDocument/formatting", &parameters)
}

#[test]
fn only_the_lines_that_differ_are_changed() {
    let laid =
        "playbook: v1\ntitle: Stuck\n\nresolve:\n  wait: {action: time:Sleep, with: {for: 5m}}\n";
    let mut editor = Editor::with(laid);
    assert_eq!(format(&mut editor)["result"], json!([]));
    editor.change(&laid.replace("title: Stuck\n", "title:   Stuck   \n"));
    let end = json!({"line": 2, "character": 0});
    assert_eq!(
        format(&mut editor)["result"],
        json!([{
            "range": {"start": {"line": 1, "character": 0}, "end": end},
            "newText": "title: Stuck\n",
        }])
    );
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let mut editor = Editor::with("playbook: v1\ntitle: [a\n");
    let answer = format(&mut editor);
    let why = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(why.starts_with("this cannot be laid out: "), "{answer}");
}
