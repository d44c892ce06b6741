//! Completion keeps up with typing.

use super::editor::{Editor, PLAYBOOK, position};
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

/// How long the server has worked: the processor's time, which other programs do not lengthen, where the system tells it.
fn worked(editor: &Editor, since: Instant) -> Duration {
    let told = fs::read_to_string(format!("/proc/{}/schedstat", editor.child.id())).ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "what was measured, for whoever asks with --nocapture"
)]
fn five_hundred_lines_are_completed_quickly() {
    let head = PLAYBOOK.split("resolve:").next().unwrap_or_default();
    let mut text = head.to_owned();
    let mut count = 0;
    while text.lines().count() < 500 {
        count += 1;
        let _ = write!(
            text,
            "  more_{count}:\n    action: ecs:ListTasks\n    with:\n      cluster: ${{{{ inputs.cluster }}}}\n      desiredStatus: STOPPED\n    capture:\n      arns: $.taskArns[*]\n    causes:\n      cause_{count}:\n        that: arns | length > 0\n        remedy: none\n"
        );
    }
    let mut editor = Editor::with(&text);
    let begun = Instant::now();
    let document = json!({"textDocument": {"uri": editor.address}});
    let mut taken = Vec::new();
    for typed in [
        "when: i",
        "when: inputs.",
        "action: ecs:",
        "action: ecs:ListTasks\n    with:\n      ",
        "action: ecs:ListTasks\n    capture: {x: $.",
    ] {
        let half = format!("{text}  last:\n    {typed}");
        let at = position(&half, half.len());
        // What was typed before is checked by now.
        editor.ask("textDocument/documentSymbol", &document);
        let before = worked(&editor, begun);
        editor.change(&half);
        let items = editor.about("completion", &at);
        taken.push(worked(&editor, begun).saturating_sub(before));
        assert!(
            items.as_array().is_some_and(|items| !items.is_empty()),
            "{typed}"
        );
    }
    taken.sort();
    println!("the completions took {taken:?}");
    // Without optimization it is ten times as slow; the release is asked for 30 ms. One of them may meet a pause.
    let bound = if cfg!(debug_assertions) { 300 } else { 30 };
    assert!(taken[3] < Duration::from_millis(bound), "{taken:?}");
}
