//! Rules 10 to 12: claims, gates, statuses.

use super::script::{script, status, step};
use crate::truth::Truth;
use crate::verdict::{Reason, Verdict};
use serde_json::json;

const LEAK: &str = "
symptom:
  leak: {action: t:ReadMemory, assert: [{path: $.size, gt: 80}]}
diagnose:
  look:
    action: t:ReadLog
    causes: {oom: {path: '$.items[*]', any: {matches: OutOfMemory}}}
resolve:
  restart: {for: [oom], action: t:WriteService, with: {name: web}}
verify: {times: 1}
";

#[test]
fn a_symptom_that_does_not_hold_is_absent_and_nothing_else_is_read() {
    let world = script().on("t:ReadMemory", json!({"size": 10}));
    let outcome = world.run(LEAK);
    assert_eq!(outcome.verdict, Verdict::Absent);
    assert_eq!(world.called(), ["t:ReadMemory"]);
}

#[test]
fn a_cause_that_is_found_is_mended_and_verified() {
    let world = script()
        .on("t:ReadMemory", json!({"size": 93}))
        .on("t:ReadMemory", json!({"size": 40}))
        .on(
            "t:ReadLog",
            json!({"items": ["fine", "java.lang.OutOfMemoryError"]}),
        );
    let outcome = world.run(LEAK);
    assert_eq!(
        outcome.verdict,
        Verdict::Resolved,
        "{}",
        outcome.explanation
    );
    assert_eq!(
        world.called(),
        [
            "t:ReadMemory",
            "t:ReadLog",
            "t:WriteService",
            "t:ReadMemory"
        ]
    );
    let cause = outcome.causes.first().expect("cause");
    assert_eq!((cause.name.as_str(), cause.found), ("oom", Truth::True));
    let found = &cause.evidence.first().expect("evidence").found;
    assert!(
        found.contains("1 of 2: \"java.lang.OutOfMemoryError\""),
        "{found}"
    );
    assert_eq!(outcome.changes.len(), 1);
}

#[test]
fn a_symptom_that_could_not_be_read_is_never_absent() {
    let world = script().fails("t:ReadMemory", "Denied");
    let outcome = world.run(LEAK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(step(&outcome, "symptom.leak").holds, Some(Truth::Unknown));
    assert!(
        outcome.explanation.contains("symptom.leak"),
        "{}",
        outcome.explanation
    );
    assert!(!world.called().contains(&"t:WriteService".to_owned()));
}

#[test]
fn a_cause_that_could_not_be_read_blocks_its_remedy() {
    let world = script()
        .on("t:ReadMemory", json!({"size": 93}))
        .fails("t:ReadLog", "Denied");
    let outcome = world.run(LEAK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(status(&outcome, "resolve.restart"), "blocked for");
}

#[test]
fn a_symptom_without_a_cause_is_unexplained() {
    let world = script()
        .on("t:ReadMemory", json!({"size": 93}))
        .on("t:ReadLog", json!({"items": []}));
    let outcome = world.run(LEAK);
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    assert_eq!(outcome.reason, Some(Reason::Unexplained));
    assert_eq!(status(&outcome, "resolve.restart"), "skipped for");
}

#[test]
fn one_symptom_that_holds_is_enough_unless_all_are_asked_for() {
    let symptoms = "
symptom:
  a: {action: t:ReadA, assert: [{path: $.ok, equals: true}]}
  b: {action: t:ReadB, assert: [{path: $.ok, equals: true}]}
";
    let world = || {
        script()
            .on("t:ReadA", json!({"ok": true}))
            .on("t:ReadB", json!({"ok": false}))
    };
    assert_eq!(world().run(symptoms).verdict, Verdict::Diagnosed);
    let all = format!("match: all{symptoms}");
    assert_eq!(world().run(&all).verdict, Verdict::Absent);
    let unread = script()
        .on("t:ReadA", json!({"ok": true}))
        .fails("t:ReadB", "Denied");
    assert_eq!(unread.run(symptoms).verdict, Verdict::Diagnosed);
    assert_eq!(unread.run(&all).verdict, Verdict::Failed);
}

#[test]
fn a_failure_blocks_its_readers_and_nobody_else() {
    let world = script().fails("t:ReadA", "Denied");
    let outcome = world.run(
        "
check:
  a: {action: t:ReadA, capture: {name: $.name}}
  reader: {action: t:ReadB, with: {name: '${{ a.name }}'}, assert: [{that: result is defined}]}
  other: {action: t:ReadC, assert: [{that: true}]}
",
    );
    assert_eq!(status(&outcome, "check.reader"), "blocked needs");
    assert_eq!(status(&outcome, "check.other"), "done");
    assert_eq!(outcome.verdict, Verdict::Failed);
}

#[test]
fn a_skipped_step_skips_its_readers() {
    let outcome = script().run(
        "
check:
  a: {action: t:ReadA, when: 'false', capture: {name: {path: $.name, default: x}}}
  reader: {action: t:ReadB, with: {name: '${{ a.name }}'}, assert: [{that: result is defined}]}
  other: {action: t:ReadC, assert: [{that: true}]}
",
    );
    assert_eq!(status(&outcome, "check.reader"), "skipped needs");
    assert_eq!(outcome.verdict, Verdict::Healthy);
}

#[test]
fn a_when_that_is_unknown_blocks() {
    let outcome = script().fails("t:ReadA", "Denied").run(
        "
diagnose:
  a: {action: t:ReadA, causes: {c: {path: $.ok, equals: true, remedy: none}}}
  b: {action: t:ReadB, when: cause.c, causes: {d: {path: $.ok, equals: true, remedy: none}}}
",
    );
    assert_eq!(status(&outcome, "diagnose.b"), "blocked when");
}

#[test]
fn a_cut_list_leaves_unknown_what_more_items_could_overturn() {
    let claim = |assertion: &str| {
        let outcome = script()
            .cut("t:ListA", json!({"items": ["a", "b"]}))
            .run(&format!(
                "
check:
  a: {{action: t:ListA, limit: 2, assert: [{{path: '$.items[*]', {assertion}}}]}}
"
            ));
        step(&outcome, "check.a").holds.expect("a claim")
    };
    assert_eq!(claim("any: {equals: a}"), Truth::True);
    assert_eq!(claim("any: {equals: z}"), Truth::Unknown);
    assert_eq!(claim("none: {equals: z}"), Truth::Unknown);
    assert_eq!(claim("none: {equals: a}"), Truth::False);
    assert_eq!(claim("all: {matches: '[ab]'}"), Truth::Unknown);
    assert_eq!(claim("all: {equals: a}"), Truth::False);
    assert_eq!(claim("count: {gt: 1}"), Truth::True);
    assert_eq!(claim("count: {gt: 2}"), Truth::Unknown);
    assert_eq!(claim("count: {lt: 5}"), Truth::Unknown);
    assert_eq!(claim("count: {equals: 1}"), Truth::False);
    assert_eq!(claim("count: {equals: 2}"), Truth::Unknown);
}

#[test]
fn a_condition_shows_the_values_that_it_compares() {
    let outcome = script()
        .on("t:ReadA", json!({"size": 93, "items": ["x"]}))
        .run(
            "
check:
  a:
    action: t:ReadA
    capture: {size: $.size, items: '$.items[*]'}
    assert:
      - that: size > 90 and items | length == 2
      - that: >-
          size > 90 and items
          | length == 2
      - that: \"size > 90 and items | length == 2 and '\\x41' == 'A'\"
",
        );
    let found: Vec<&str> = step(&outcome, "check.a")
        .assertions
        .iter()
        .map(|one| one.found.as_str())
        .collect();
    let shown = "size = 93, items | length = 1";
    assert_eq!(found, [shown, shown, "false"]);
}

#[test]
fn predicates_over_nothing() {
    let claim = |assertion: &str| {
        let outcome = script().on("t:ReadA", json!({"name": null})).run(&format!(
            "
check:
  a: {{action: t:ReadA, assert: [{{{assertion}}}]}}
"
        ));
        step(&outcome, "check.a").holds.expect("a claim")
    };
    assert_eq!(claim("path: '$.items[*]', any: {equals: a}"), Truth::False);
    assert_eq!(claim("path: '$.items[*]', all: {equals: a}"), Truth::False);
    assert_eq!(claim("path: '$.items[*]', none: {equals: a}"), Truth::True);
    assert_eq!(claim("path: '$.items[*]', empty: true"), Truth::True);
    assert_eq!(claim("path: '$.items[*]', count: {equals: 0}"), Truth::True);
    assert_eq!(claim("path: $.name, not_equals: a"), Truth::False);
    assert_eq!(claim("path: $.name, exists: true"), Truth::False);
    assert_eq!(claim("path: $.name, exists: false"), Truth::True);
}

#[test]
fn predicates_over_values() {
    let claim = |assertion: &str| {
        let result = json!({"name": "acso-web", "size": 7, "items": ["x", "y"], "ok": true});
        let outcome = script().on("t:ReadA", result).run(&format!(
            "
check:
  a: {{action: t:ReadA, assert: [{{{assertion}}}]}}
"
        ));
        step(&outcome, "check.a")
            .holds
            .unwrap_or_else(|| panic!("{assertion}: {}", outcome.explanation))
    };
    for (assertion, expected) in [
        ("path: $.name, equals: acso-web", true),
        ("path: $.name, in: [a, acso-web]", true),
        ("path: $.name, contains: so-w", true),
        ("path: $.name, starts_with: acso", true),
        ("path: $.name, ends_with: acso", false),
        ("path: $.name, matches: 'w.b$'", true),
        ("path: $.name, type: text", true),
        ("path: $.size, gt: 6, lte: 7", true),
        ("path: $.size, lt: 7", false),
        ("path: $.size, gte: 8", false),
        ("path: $.items, contains: y", true),
        ("path: $.items, count: {equals: 2}", true),
        ("path: $.items, empty: false", true),
        ("path: $.ok, equals: true", true),
        ("value: result.size, equals: 7", true),
        ("that: result.size | default(0) == 7", true),
    ] {
        assert_eq!(claim(assertion), Truth::from(expected), "{assertion}");
    }
}

#[test]
fn causes_of_one_step_are_looked_for_in_written_order_and_see_those_before() {
    for (size, expected) in [(95, ["huge"].as_slice()), (85, &["large"]), (10, &[])] {
        let world = script().on("t:Read", json!({ "size": size }));
        let outcome = world.run(
            "
diagnose:
  other: {causes: {huge: {that: 'false'}}}
  look:
    action: t:Read
    causes:
      huge: {path: $.size, gt: 90}
      large:
        - {path: $.size, gt: 80}
        - that: not cause.huge
",
        );
        let found: Vec<&str> = outcome
            .causes
            .iter()
            .filter(|cause| cause.found == Truth::True)
            .map(|cause| cause.name.as_str())
            .collect();
        assert_eq!(found, expected, "{size}");
    }
}

#[test]
fn a_cause_that_its_step_could_not_tell_is_unknown_to_the_next_one() {
    let world = script()
        .on("t:Read", json!({"size": 85}))
        .fails("t:ReadMemory", "Denied");
    let outcome = world.run(
        "
symptom:
  denied: {action: t:ReadMemory, assert: [{path: $.size, gt: 80}]}
diagnose:
  look:
    action: t:Read
    causes:
      first: {that: symptom.denied.holds}
      second: {that: not cause.first}
",
    );
    let found: Vec<(&str, Truth)> = outcome
        .causes
        .iter()
        .map(|cause| (cause.name.as_str(), cause.found))
        .collect();
    assert_eq!(
        found,
        [("first", Truth::Unknown), ("second", Truth::Unknown)]
    );
}

#[test]
fn of_a_list_the_element_that_tells_is_shown() {
    let world = script().on(
        "t:ReadLog",
        json!({"items": ["fine", "OutOfMemory", "fine"]}),
    );
    let outcome = world.run(
        "
symptom:
  look:
    action: t:ReadLog
    capture: {lines: '$.items[*]'}
    assert: [{value: lines, any: {matches: Memory}}]
",
    );
    let found: Vec<&str> = step(&outcome, "symptom.look")
        .assertions
        .iter()
        .map(|assertion| assertion.found.as_str())
        .collect();
    assert_eq!(found, ["1 of 3: \"OutOfMemory\""]);
}
