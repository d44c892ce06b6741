//! `resolve`: written order, blocks, `finally`, `on_error`, undo.

use super::script::{script, status};
use crate::verdict::Verdict;
use runbook_registry::call::FailureKind;
use serde_json::json;

const BLOCK: &str = "
resolve:
  block:
    steps:
      one: {action: t:WriteA, with: {name: a}, undo: {action: t:WriteUndoA, with: {name: a}}}
      two: {action: t:WriteB, with: {name: b}, undo: {action: t:WriteUndoB, with: {name: b}}}
      three: {action: t:WriteC, with: {name: c}, on_error: undo}
      four: {action: t:WriteD, with: {name: d}}
    finally:
      last: {action: t:ReadLast}
  next: {action: t:WriteNext}
";

#[test]
fn steps_run_in_written_order() {
    let world = script();
    let outcome = world.run(BLOCK);
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(
        world.called(),
        [
            "t:WriteA",
            "t:WriteB",
            "t:WriteC",
            "t:WriteD",
            "t:ReadLast",
            "t:WriteNext"
        ]
    );
}

#[test]
fn undo_takes_back_newest_first_and_finally_still_runs() {
    let world = script().fails("t:WriteC", "Denied");
    let outcome = world.run(BLOCK);
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert_eq!(
        world.called(),
        [
            "t:WriteA",
            "t:WriteB",
            "t:WriteC",
            "t:WriteUndoB",
            "t:WriteUndoA",
            "t:ReadLast"
        ]
    );
    assert_eq!(
        outcome.explanation,
        "resolve.block.three failed: t:WriteC: it said no (Denied); everything that was done was taken back"
    );
    assert_eq!(status(&outcome, "resolve.block.one"), "undone");
    assert_eq!(status(&outcome, "resolve.block.four"), "skipped stopped");
    assert_eq!(status(&outcome, "resolve.next"), "skipped stopped");
    assert_eq!(
        world.questions.borrow().len(),
        3,
        "an undo is covered by its write's approval"
    );
}

#[test]
fn a_remedy_that_is_taken_back_leaves_what_another_did_and_says_so() {
    let world = script().fails("t:WriteC", "Denied");
    let outcome = world.run(
        "
resolve:
  first: {action: t:WriteA, with: {name: a}, undo: {action: t:WriteUndoA, with: {name: a}}}
  second:
    steps:
      two: {action: t:WriteB, with: {name: b}, undo: {action: t:WriteUndoB, with: {name: b}}}
      three: {action: t:WriteC, with: {name: c}, on_error: undo}
",
    );
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert_eq!(
        world.called(),
        ["t:WriteA", "t:WriteB", "t:WriteC", "t:WriteUndoB"]
    );
    assert_eq!(
        outcome.explanation,
        "resolve.second.three failed: t:WriteC: it said no (Denied); its remedy was taken back; what stays: t:WriteA of resolve.first"
    );
}

#[test]
fn a_failing_undo_stops_and_says_what_is_left() {
    let world = script()
        .fails("t:WriteC", "Denied")
        .fails("t:WriteUndoB", "Denied");
    let outcome = world.run(BLOCK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(!world.called().contains(&"t:WriteUndoA".to_owned()));
    assert!(
        outcome
            .explanation
            .contains("t:WriteA of resolve.block.one, t:WriteB of resolve.block.two"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_write_whose_answer_is_lost_counts_as_left() {
    let world = script().fails_as("t:WriteC", "timeout", FailureKind::Unanswered);
    let outcome = world.run(BLOCK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(
        outcome.explanation.contains("was not answered"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn on_error_continue_goes_on() {
    let world = script().fails("t:WriteA", "Denied");
    let outcome = world.run(
        "
resolve:
  a: {action: t:WriteA, on_error: continue}
  b: {action: t:WriteB}
",
    );
    assert_eq!(world.called(), ["t:WriteA", "t:WriteB"]);
    assert_eq!(outcome.verdict, Verdict::Done);
    assert_eq!(status(&outcome, "resolve.a"), "failed Denied");
}

#[test]
fn an_assert_that_is_false_fails_the_step_and_what_follows_does_not_run() {
    let world = script().on("t:WriteA", json!({"ok": false}));
    let outcome = world.run(
        "
resolve:
  a: {action: t:WriteA, assert: [{path: $.ok, equals: true}]}
  b: {action: t:WriteB}
",
    );
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(status(&outcome, "resolve.a"), "failed assert");
    assert_eq!(world.called(), ["t:WriteA"]);
    assert!(
        outcome.explanation.contains("resolve.a"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn an_undo_sees_captures_and_before() {
    let world = script()
        .on("t:ReadNow", json!({"size": 1}))
        .on("t:WriteA", json!({"name": "made"}))
        .fails("t:WriteB", "Denied");
    let outcome = world.run(
        "
resolve:
  a:
    action: t:WriteA
    before: {action: t:ReadNow}
    with: {size: 2}
    capture: {name: $.name}
    undo: {action: t:DeleteA, with: {name: '${{ name }}', size: '${{ before.size | default(0) }}'}}
  b: {action: t:WriteB, on_error: undo}
",
    );
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert_eq!(
        world.arguments("t:DeleteA"),
        [json!({"name": "made", "size": 1})]
    );
    let questions = world.questions.borrow();
    let change = &questions[0].calls[0].changes[0];
    assert_eq!(
        (change.path.as_str(), &change.from, &change.to),
        ("size", &json!(1), &json!(2))
    );
    assert_eq!(
        questions[0].undo[0].arguments,
        json!({"name": "${{ name }}", "size": 1})
    );
    assert_eq!(
        questions.len(),
        2,
        "the undo was shown and is not asked about again"
    );
}

#[test]
fn limits_bound_the_writes_of_a_run() {
    let world = script();
    let outcome = world.run(
        "
limits: {writes: 1}
resolve:
  a: {action: t:WriteA}
  b: {action: t:WriteB}
",
    );
    assert_eq!(world.called(), ["t:WriteA"]);
    assert_eq!(status(&outcome, "resolve.b"), "failed limit");
    assert_eq!(outcome.changes.len(), 1);
}
