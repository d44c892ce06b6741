//! What is wrong is said as one types, and what was meant is put in its place.

use super::editor::{Editor, PLAYBOOK, position};
use serde_json::json;

#[test]
fn a_mistake_is_published_where_it_is_and_goes_with_it() {
    let wrong = PLAYBOOK.replace("inputs.service }}\"]", "inputs.servce }}\"]");
    let mut editor = Editor::with(&wrong);
    let found = editor.diagnostics();
    assert_eq!(found.len(), 1, "{found:?}");
    let at = wrong.find("inputs.servce").expect("the mistake");
    assert_eq!(found[0]["range"]["start"], position(&wrong, at));
    assert_eq!(
        found[0]["range"]["end"],
        position(&wrong, at + "inputs.servce".len())
    );
    assert_eq!(found[0]["code"], "unknown-name");
    assert_eq!(found[0]["severity"], 1);
    let message = found[0]["message"].as_str().expect("a message");
    assert!(message.contains("did you mean `service`?"), "{message}");

    let parameters = json!({
        "textDocument": {"uri": editor.address}, "range": found[0]["range"], "context": {"diagnostics": []},
    });
    let fixes = editor.ask("textDocument/codeAction", &parameters);
    assert_eq!(fixes[0]["title"], "Change to `service`");
    let edit = &fixes[0]["edit"]["changes"][&editor.address][0];
    assert_eq!(
        edit["range"]["start"],
        position(&wrong, at + "inputs.".len())
    );
    assert_eq!(edit["newText"], "service");

    editor.change(PLAYBOOK);
    let errors = editor
        .diagnostics()
        .into_iter()
        .filter(|found| found["severity"] == 1);
    assert_eq!(errors.count(), 0);
}

#[test]
fn what_was_meant_is_put_in_its_place() {
    for (right, wrong) in [
        ("ecs:UpdateService", "ecs:UpdateServce"),
        ("desiredStatus: STOPPED", "desiredStatus: STOPED"),
        ("desiredStatus:", "desiredStatuss:"),
        ("services[0].runningCount", "services[0].runingCount"),
        ("needs: []", "neds: []"),
        ("arns | length", "arns | lenght"),
        ("for: [crashed]", "for: [crashd]"),
        ("diagnose.stopped.arns", "diagnose.stopped.arn"),
        ("diagnose.stopped.arns", "diagnose.stoped.arns"),
        ("type: string", "type: strng"),
    ] {
        assert!(PLAYBOOK.contains(right), "{right}");
        let text = PLAYBOOK.replacen(right, wrong, 1);
        let mut editor = Editor::with(&text);
        let whole =
            json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
        let parameters = json!({
            "textDocument": {"uri": editor.address}, "range": whole, "context": {"diagnostics": []},
        });
        let fixes = editor.ask("textDocument/codeAction", &parameters);
        let edit = &fixes[0]["edit"]["changes"][&editor.address][0];
        assert!(edit.is_object(), "nothing for `{wrong}`");
        let at = |end: &str| {
            let line = edit["range"][end]["line"].as_u64().expect("a line");
            let column = edit["range"][end]["character"].as_u64().expect("a column");
            let before: usize = (0..line)
                .zip(text.lines())
                .map(|(_, line)| line.len() + 1)
                .sum();
            before + usize::try_from(column).expect("a column")
        };
        let mut mended = text.clone();
        let name = edit["newText"].as_str().expect("a text");
        mended.replace_range(at("start")..at("end"), name);
        assert_eq!(mended, PLAYBOOK, "{wrong}: {fixes}");
    }
}

#[test]
fn the_page_of_a_code_is_shown() {
    let text = PLAYBOOK.replacen("inputs.service", "inputs.servce", 1);
    let mut editor = Editor::with(&text);
    let at = position(&text, text.find("inputs.servce").expect("the mistake") + 9);
    let shown = editor.about("hover", &at);
    let page = shown["contents"]["value"].as_str().expect("a page");
    assert!(page.starts_with("# unknown-name"), "{page}");
}
