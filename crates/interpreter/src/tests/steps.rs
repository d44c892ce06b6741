//! The keys of a step, in graphs that read.

use super::script::{script, status, step};
use crate::event::EventKind;
use crate::outcome::StepStatus;
use crate::truth::Truth;
use crate::verdict::Verdict;
use runbook_playbook::value::Value;
use runbook_registry::call::FailureKind;
use serde_json::json;

#[test]
fn a_singular_path_that_finds_nothing_fails_the_capture_unless_it_has_a_default() {
    let outcome = script().run(
        "
check:
  a: {action: t:ReadA, capture: {name: $.name}, assert: [{that: name == 'x'}]}
  b: {action: t:ReadA, capture: {name: {path: $.name, default: none}}, assert: [{that: name == 'none'}]}
",
    );
    assert_eq!(status(&outcome, "check.a"), "failed capture");
    assert_eq!(step(&outcome, "check.b").holds, Some(Truth::True));
}

#[test]
fn captures_convert_and_take() {
    let outcome = script()
        .on(
            "t:ReadA",
            json!({"name": "42", "items": ["1", "2"], "extra": "{\"a\": 1}"}),
        )
        .run(
            "
check:
  a:
    action: t:ReadA
    capture:
      number: {path: $.name, as: integer}
      numbers: {path: '$.items[*]', as: integer}
      first: {path: '$.items[*]', take: first}
      document: {path: $.extra, as: json}
      nothing: {path: '$.sizes[*]', take: first, default: 9}
    assert: [{that: number + numbers[1] == 44 and first == '1' and nothing == 9}]
  one: {action: t:ReadA, capture: {x: {path: '$.items[*]', take: one}}, assert: [{that: x == '1'}]}
  loud: {action: t:ReadA, capture: {x: {path: $.extra, as: integer}}, assert: [{that: x == 1}]}
",
        );
    assert_eq!(
        step(&outcome, "check.a").holds,
        Some(Truth::True),
        "{}",
        outcome.explanation
    );
    assert_eq!(status(&outcome, "check.one"), "failed capture");
    assert_eq!(status(&outcome, "check.loud"), "failed capture");
}

#[test]
fn a_require_that_is_false_means_that_nothing_can_be_told() {
    let outcome = script().on("t:ReadA", json!({"size": 1})).run(
        "
check:
  a: {action: t:ReadA, require: [{path: $.size, gt: 3, message: too few}], assert: [{path: $.size, gt: 0}]}
",
    );
    assert_eq!(status(&outcome, "check.a"), "failed require");
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(
        outcome.explanation.contains("too few"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_warning_never_counts() {
    let outcome = script().on("t:ReadA", json!({"size": 1})).run(
        "
check:
  a: {action: t:ReadA, assert: [{path: $.size, gt: 0}, {path: $.size, gt: 9, warn: true}]}
",
    );
    assert_eq!(outcome.verdict, Verdict::Healthy);
}

#[test]
fn an_expected_error_is_an_answer() {
    let outcome = script().fails("t:ReadA", "NotFound").run(
        "
check:
  a:
    action: t:ReadA
    expect_error: [NotFound]
    capture: {name: {path: $.name, default: none}}
    assert: [{that: error.code == 'NotFound' and name == 'none'}]
  b: {action: t:ReadB, when: a.error.code == 'NotFound', assert: [{that: true}]}
",
    );
    assert_eq!(outcome.verdict, Verdict::Healthy, "{}", outcome.explanation);
    assert_eq!(step(&outcome, "check.b").status, StepStatus::Done);
}

#[test]
fn a_success_that_carries_failures_fails_unless_they_are_read() {
    let world = || script().on("t:ReadA", json!({"failures": [{"reason": "MISSING"}]}));
    let outcome = world().run("check: {a: {action: t:ReadA, assert: [{that: true}]}}");
    assert_eq!(status(&outcome, "check.a"), "failed failures");
    let outcome = world()
        .run("check: {a: {action: t:ReadA, assert: [{path: '$.failures[*]', count: {lt: 5}}]}}");
    assert_eq!(status(&outcome, "check.a"), "done");
}

#[test]
fn a_cut_result_fails_a_step_that_does_not_know_of_it() {
    let world = || script().cut("t:ListA", json!({"items": ["a"]}));
    let outcome = world()
        .run("check: {a: {action: t:ListA, assert: [{path: '$.items[*]', any: {equals: a}}]}}");
    assert_eq!(status(&outcome, "check.a"), "failed truncated");
    let outcome = world().run(
        "
check:
  a: {action: t:ListA, assert: [{path: '$.items[*]', any: {equals: a}}]}
  b: {assert: [{that: a.truncated}]}
",
    );
    assert_eq!(status(&outcome, "check.a"), "done");
    assert_eq!(outcome.verdict, Verdict::Healthy, "{}", outcome.explanation);
}

#[test]
fn each_keeps_the_order_and_holds_if_any_element_does() {
    let outcome = script()
        .on("t:ReadList", json!({"items": ["a", "b", "c"]}))
        .on("t:ReadA", json!({"name": "A"}))
        .on("t:ReadA", json!({"name": "B"}))
        .on("t:ReadA", json!({"name": "C"}))
        .run(
            "
symptom:
  list: {action: t:ReadList, capture: {items: '$.items[*]'}}
  one:
    each: item in list.items
    action: t:ReadA
    with: {name: '${{ item }}'}
    capture: {name: $.name}
    assert: [{that: name == 'B'}]
",
        );
    let one = step(&outcome, "symptom.one");
    assert_eq!(one.holds, Some(Truth::True));
    assert_eq!(
        one.captures.get("name").map(Value::to_json),
        Some(json!(["A", "B", "C"]))
    );
}

#[test]
fn each_of_a_check_is_true_when_every_element_is() {
    let script = script()
        .on("t:ReadList", json!({"items": ["a", "b"]}))
        .on("t:ReadA", json!({"ok": true}))
        .on("t:ReadA", json!({"ok": false}));
    let outcome = script.run(
        "
check:
  list: {action: t:ReadList, capture: {items: '$.items[*]'}}
  ok:
    each: item in list.items
    action: t:ReadA
    with: {name: '${{ item }}'}
    assert: {path: $.ok, equals: true}
  other:
    when: 'list.items | length > 5'
    assert: {that: 'false'}
",
    );
    assert_eq!(outcome.verdict, Verdict::Unhealthy);
    assert_eq!(outcome.explanation, "not true: check.ok");
}

#[test]
fn each_leaves_out_the_elements_for_which_its_condition_is_false() {
    let script = script().on("t:ReadList", json!({"items": ["a", "b", "c"]}));
    let outcome = script.run(
        "
resolve:
  list: {action: t:ReadList, capture: {items: '$.items[*]'}}
  some:
    each: {in: list.items, as: item, if: item != 'b', max: 2}
    action: t:Write
    with: {name: '${{ item }}'}
",
    );
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(
        script.arguments("t:Write"),
        [json!({"name": "a"}), json!({"name": "c"})]
    );
}

#[test]
fn a_capture_s_default_may_be_what_the_api_never_gives() {
    let outcome = script().run(
        "
symptom:
  read:
    action: t:Read
    capture: {state: {path: $.state, default: UNKNOWN}}
    assert: [{that: state == 'UNKNOWN'}]
",
    );
    assert_eq!(
        step(&outcome, "symptom.read").holds,
        Some(Truth::True),
        "{}",
        outcome.explanation
    );
}

#[test]
fn each_tolerates_as_many_errors_as_it_is_told() {
    let playbook = |max: &str| {
        format!(
            "
check:
  list: {{action: t:ReadList, capture: {{items: '$.items[*]'}}}}
  one: {{each: item in list.items, action: t:ReadA, {max} with: {{name: '${{{{ item }}}}'}}, capture: {{name: $.name}}, assert: [{{that: true}}]}}
"
        )
    };
    let world = || {
        script()
            .on("t:ReadList", json!({"items": ["a", "b"]}))
            .fails("t:ReadA", "Denied")
            .on("t:ReadA", json!({"name": "B"}))
    };
    let outcome = world().run(&playbook(""));
    assert_eq!(status(&outcome, "check.one"), "failed Denied");
    let outcome = world().run(&playbook("max_errors: 50%,"));
    assert_eq!(status(&outcome, "check.one"), "done");
    let outcome = world().run(&playbook("max: 1,"));
    assert_eq!(status(&outcome, "check.one"), "failed max");
}

#[test]
fn until_polls_until_it_is_true() {
    let playbook = "
check:
  a:
    action: t:ReadA
    until: [{path: $.size, gte: 3}]
    every: 10s
    within: 30s
    capture: {size: $.size}
    assert: [{that: size == 3}]
";
    let world = script()
        .on("t:ReadA", json!({}))
        .on("t:ReadA", json!({"size": 1}))
        .on("t:ReadA", json!({"size": 3}));
    let outcome = world.run(playbook);
    assert_eq!(outcome.verdict, Verdict::Healthy, "{}", outcome.explanation);
    assert_eq!(world.waits.borrow().len(), 2);
    let outcome = script().on("t:ReadA", json!({"size": 1})).run(playbook);
    assert_eq!(status(&outcome, "check.a"), "failed timeout");
}

#[test]
fn retry_waits_longer_each_time_and_keeps_the_token() {
    let world = script()
        .fails("t:WriteOnce", "Throttled")
        .fails("t:WriteOnce", "Throttled")
        .on("t:WriteOnce", json!({}));
    let outcome = world.run(
        "
resolve:
  a:
    action: t:WriteOnce
    with: {name: web}
    retry: [{errors: [Throttled], times: 3, delay: 2s, backoff: 3}]
",
    );
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    let waits: Vec<i64> = world
        .waits
        .borrow()
        .iter()
        .map(jiff::SignedDuration::as_secs)
        .collect();
    assert_eq!(waits, [2, 6]);
    let calls = world.arguments("t:WriteOnce");
    assert!(
        calls
            .iter()
            .all(|call| *call == calls[0] && call["token"].is_string())
    );
    assert_eq!(outcome.changes.len(), 1);
}

#[test]
fn a_write_whose_answer_is_lost_is_repeated_only_with_a_token() {
    let run = |action: &str| {
        let world = script()
            .fails_as(action, "timeout", FailureKind::Unanswered)
            .on(action, json!({}));
        let outcome = world.run(&format!(
            "
resolve:
  a: {{action: {action}, with: {{name: web}}, retry: [{{errors: [timeout], times: 3, delay: 1s}}]}}
"
        ));
        (outcome, world.called().len())
    };
    let (outcome, calls) = run("t:Write");
    assert_eq!((outcome.verdict, calls), (Verdict::Failed, 1));
    assert!(!outcome.changes[0].confirmed);
    let (outcome, calls) = run("t:WriteOnce");
    assert_eq!((outcome.verdict, calls), (Verdict::Done, 2));
}

#[test]
fn a_step_that_only_reasons_sees_what_was_read() {
    let outcome = script().on("t:ReadA", json!({"size": 3})).run(
        "
diagnose:
  a: {action: t:ReadA, capture: {size: $.size}}
  growth: {causes: {grows: {that: a.size > 2, remedy: none}}}
",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Diagnosed,
        "{}",
        outcome.explanation
    );
}

#[test]
fn secrets_are_shown_nowhere() {
    let world = script()
        .on(
            "t:ReadA",
            json!({"name": "s3cr3t-result", "extra": "hunter22 inside"}),
        )
        .input("password", json!("hunter22"));
    let outcome = world.run(
        "
inputs: {password: {type: secret}}
check:
  a:
    action: t:ReadA
    with: {name: '${{ inputs.password }}'}
    sensitive: [$.name]
    capture: {name: $.name, extra: $.extra}
    assert: [{path: $.name, equals: s3cr3t-result}]
",
    );
    assert_eq!(outcome.verdict, Verdict::Healthy);
    assert_eq!(world.arguments("t:ReadA"), [json!({"name": "hunter22"})]);
    let shown = format!(
        "{outcome:?} {:?} {:?}",
        world.events.borrow(),
        world.journal.entries()
    );
    // The playbook's own text is journalled as it stands.
    let shown = shown
        .replace("equals: s3cr3t-result", "")
        .replace("equals s3cr3t-result", "");
    assert!(!shown.contains("hunter22"), "{shown}");
    assert!(!shown.contains("s3cr3t-result"), "{shown}");
}

#[test]
fn whoever_watches_is_told_what_a_call_waits_for() {
    let world = script();
    world.run(
        "
diagnose:
  slow: {action: t:ReadSlowly, timeout: 5m}
  pause: {action: time:Sleep, with: {for: 30s}}
",
    );
    let events = world.events.borrow();
    let waits: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Waiting {
                step,
                why,
                length,
                within,
            } => Some(format!("{step} {length} of {within:?}: {why}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        waits,
        [
            "diagnose.slow PT10S of Some(5m): t:ReadSlowly has not come true yet",
            "diagnose.pause PT30S of None: the playbook asks for a pause",
        ]
    );
}

#[test]
fn a_playbook_runs_another() {
    let world = script().on("t:ReadA", json!({"size": 9})).holding(
        "other.yaml",
        "
inputs: {most: {type: integer}}
symptom: {s: {action: t:ReadA, capture: {size: $.size}, assert: [{that: size > inputs.most}]}}
outputs: {size: symptom.s.size}
",
    );
    let outcome = world.run(
        "
diagnose:
  other:
    action: playbook:Run
    with: {path: other.yaml, inputs: {most: 5}, only: symptom}
    capture: {verdict: $.verdict, size: $.outputs.size}
    causes: {c: {that: verdict == 'diagnosed' and size == 9, remedy: none}}
",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Diagnosed,
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_default_of_nothing_is_nothing_whatever_the_capture_is_converted_to() {
    let outcome = script().on("t:ReadA", json!({})).run(
        "
diagnose:
  a:
    action: t:ReadA
    capture: {size: {path: $.size, as: integer, default: null}}
    causes: {small: {that: size is not defined, remedy: none}}
",
    );
    assert_eq!(status(&outcome, "diagnose.a"), "done");
    assert_eq!(
        outcome.verdict,
        Verdict::Diagnosed,
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_step_is_asked_whether_it_was_done() {
    let world = script()
        .on("t:ReadLog", json!({"items": ["a"]}))
        .fails("t:ReadMemory", "Denied");
    let outcome = world.run(
        "
diagnose:
  read: {action: t:ReadLog, capture: {items: '$.items[*]'}}
  denied: {action: t:ReadMemory}
  left: {when: denied is done, action: t:ReadLog}
  asked:
    causes:
      one: {that: read is done}
      none: {that: denied is done or left is done}
      two: {that: denied is failed and left is skipped and not (read is undone)}
",
    );
    let found: Vec<&str> = outcome
        .causes
        .iter()
        .filter(|cause| cause.found == crate::truth::Truth::True)
        .map(|cause| cause.name.as_str())
        .collect();
    assert_eq!(found, ["one", "two"]);
}
