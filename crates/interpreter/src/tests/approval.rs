//! Rule 14: who is asked, and what the answer means.

use super::script::{script, status};
use crate::approval::Decision;
use crate::verdict::{Reason, Verdict};
use jiff::SignedDuration;
use runbook_playbook::catalog::Effect;
use serde_json::json;

fn declined() -> Decision {
    Decision::Declined { by: "ann".into() }
}

fn yes(by: &str) -> Decision {
    Decision::Approved { by: by.into() }
}

const REMEDIES: &str = "
symptom: {s: {assert: [{that: true}]}}
diagnose: {d: {causes: {c: {that: true}}}}
resolve:
  one:
    for: [c]
    steps:
      a: {action: t:WriteA}
      b: {action: t:WriteB}
    finally: {last: {action: t:ReadLast}}
";

#[test]
fn a_declined_write_ends_its_remedy_and_finally_runs() {
    let world = script().decide(&[declined()]);
    let outcome = world.run(REMEDIES);
    assert_eq!(
        (outcome.verdict, outcome.reason),
        (Verdict::Unresolved, Some(Reason::Declined))
    );
    assert_eq!(world.called(), ["t:ReadLast"]);
    assert_eq!(status(&outcome, "resolve.one.b"), "skipped stopped");
}

#[test]
fn where_nobody_can_be_asked_the_run_pauses() {
    let world = script().decide(&[Decision::Nobody]);
    let outcome = world.run(REMEDIES);
    assert_eq!(outcome.verdict, Verdict::Paused);
    let waiting = outcome.waiting.expect("a question");
    assert_eq!(waiting.step, "resolve.one.a");
    assert!(
        waiting.question.contains("t:WriteA"),
        "{}",
        waiting.question
    );
    assert!(
        world.called().is_empty(),
        "finally belongs to a run that ends"
    );
}

#[test]
fn a_run_stopped_at_a_question_is_aborted() {
    let world = script().decide(&[Decision::Abort]);
    assert_eq!(world.run(REMEDIES).verdict, Verdict::Aborted);
    assert_eq!(world.called(), ["t:ReadLast"]);
}

#[test]
fn each_is_asked_once_with_all_calls() {
    let world = script().on("t:ReadA", json!({"items": ["a", "b"]}));
    let outcome = world.run(
        "
resolve:
  list: {action: t:ReadA, capture: {items: '$.items[*]'}}
  each: {each: item in list.items, action: t:WriteA, with: {name: '${{ item }}'}}
",
    );
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    let questions = world.questions.borrow();
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].calls.len(), 2);
    assert_eq!(questions[0].place, "account 123456789012, region us-east-1");
}

#[test]
fn effects_are_raised_by_members_and_by_the_author() {
    let world = script();
    world.run(
        "
resolve:
  a: {action: t:WriteA, with: {role: admin}}
  b: {action: t:WriteB, effect: destroy}
  c: {action: t:ReadC, approve: always}
",
    );
    let effects: Vec<Vec<Effect>> = world
        .questions
        .borrow()
        .iter()
        .map(|question| question.effects.iter().copied().collect())
        .collect();
    assert_eq!(
        effects,
        [
            vec![Effect::Write, Effect::Permission],
            vec![Effect::Write, Effect::Destroy],
            vec![Effect::Read],
        ]
    );
}

#[test]
fn code_that_its_author_calls_a_read_is_asked_about_once_a_run() {
    let world = script()
        .on("t:Execute", json!({"ok": true}))
        .on("t:Execute", json!({"ok": false}));
    let outcome = world.run(
        "
symptom: {s: {action: t:Execute, effect: read, assert: [{path: $.ok, equals: true}]}}
resolve: {r: {action: t:WriteA}}
verify: {times: 1}
",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Resolved,
        "{}",
        outcome.explanation
    );
    assert_eq!(
        world.questions.borrow().len(),
        2,
        "the code once, the write once"
    );
    assert_eq!(outcome.changes.len(), 1, "code that reads is no change");
}

#[test]
fn two_people_are_two_people() {
    let playbook = "
resolve: {a: {action: t:WriteA, approve: {people: 2}}}
";
    let world = script().decide(&[yes("ann"), yes("bob")]);
    assert_eq!(world.run(playbook).verdict, Verdict::Done);
    let world = script().decide(&[yes("ann"), yes("ann")]);
    assert_eq!(world.run(playbook).verdict, Verdict::Paused);
}

#[test]
fn what_changed_while_people_thought_is_asked_again() {
    let playbook = "
resolve: {a: {action: t:WriteA, before: {action: t:ReadNow}, with: {size: 3}}}
";
    let world = || {
        script()
            .on("t:ReadNow", json!({"size": 1}))
            .on("t:ReadNow", json!({"size": 2}))
    };
    let quick = world();
    assert_eq!(quick.run(playbook).verdict, Verdict::Done);
    assert_eq!(quick.called(), ["t:ReadNow", "t:WriteA"]);
    let slow = world().thinking(SignedDuration::from_mins(3));
    assert_eq!(slow.run(playbook).verdict, Verdict::Done);
    let shown: Vec<_> = slow
        .questions
        .borrow()
        .iter()
        .map(|question| question.calls[0].changes[0].from.clone())
        .collect();
    assert_eq!(shown, [json!(1), json!(2)]);
}

#[test]
fn a_change_says_from_which_value_to_which() {
    let world = script().on("t:ReadNow", json!({"size": 1}));
    let outcome = world.run(
        "
resolve: {a: {action: t:WriteA, before: {action: t:ReadNow}, with: {size: 3}}}
",
    );
    let values = &outcome.changes[0].values;
    assert_eq!(values.len(), 1);
    assert_eq!(
        (values[0].path.as_str(), &values[0].from, &values[0].to),
        ("size", &json!(1), &json!(3))
    );
}

#[test]
fn an_author_who_insists_on_people_says_so_in_the_question() {
    let world = script().decide(&[yes("ann"), yes("ann"), yes("bob"), yes("ann")]);
    world.run(
        "
resolve:
  a: {action: t:WriteA}
  b: {action: t:WriteB, approve: always}
  c: {action: t:WriteC, approve: {people: 2, from: [ann, bob]}}
",
    );
    let asked: Vec<_> = world
        .questions
        .borrow()
        .iter()
        .map(|question| (question.insists, question.people, question.from.len()))
        .collect();
    assert_eq!(
        asked,
        [(false, 1, 0), (true, 1, 0), (true, 2, 2), (true, 2, 2)]
    );
}
