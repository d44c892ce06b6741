//! Rule 19: whether the symptom is gone.

use super::script::{Script, script, step};
use crate::plan::{Options, Until};
use crate::truth::Truth;
use crate::verdict::Verdict;
use serde_json::json;

const FIX: &str = "
symptom: {s: {action: t:ReadA, with: {since: '${{ since(duration(\"24h\")) }}'}, assert: [{path: $.ok, equals: false}]}}
resolve: {fix: {action: t:WriteA, undo: {action: t:WriteBack}}}
";

fn readings(readings: &[Option<bool>]) -> Script {
    readings.iter().fold(
        script().on("t:ReadA", json!({"ok": false})),
        |world, ok| match ok {
            Some(ok) => world.on("t:ReadA", json!({"ok": ok})),
            None => world.fails("t:ReadA", "Denied"),
        },
    )
}

#[test]
fn clear_readings_in_a_row_are_needed() {
    let world = readings(&[Some(true), None, Some(true), Some(true)]);
    let outcome = world.run(&format!(
        "{FIX}verify: {{after: 1m, every: 30s, within: 10m, times: 2}}"
    ));
    assert_eq!(
        outcome.verdict,
        Verdict::Resolved,
        "{}",
        outcome.explanation
    );
    let waits: Vec<i64> = world
        .waits
        .borrow()
        .iter()
        .map(jiff::SignedDuration::as_secs)
        .collect();
    assert_eq!(waits, [60, 30, 30, 30]);
    assert_eq!(step(&outcome, "symptom.s").holds, Some(Truth::True));
    assert_eq!(step(&outcome, "verify.s").holds, Some(Truth::False));
}

#[test]
fn what_still_shows_is_unresolved_and_what_cannot_be_read_is_failed() {
    let verify = format!("{FIX}verify: {{every: 1m, within: 3m, times: 2}}");
    let outcome = readings(&[Some(false)]).run(&verify);
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    assert_eq!(outcome.reason, None);
    let outcome = readings(&[None]).run(&verify);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(
        outcome.explanation.contains("at the end"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn since_never_looks_before_the_last_write() {
    let world = readings(&[Some(true)]);
    world.run(&format!("{FIX}verify: {{after: 5m, times: 1}}"));
    let sinces: Vec<serde_json::Value> = world
        .arguments("t:ReadA")
        .iter()
        .map(|arguments| arguments["since"].clone())
        .collect();
    assert_eq!(
        sinces,
        [json!("2026-01-14T12:00:00Z"), json!("2026-01-15T12:00:00Z")]
    );
}

#[test]
fn otherwise_undo_takes_back_what_did_not_help() {
    let world = readings(&[Some(false)]);
    let outcome = world.run(&format!(
        "{FIX}verify: {{every: 1m, within: 1m, otherwise: undo}}"
    ));
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert!(world.called().contains(&"t:WriteBack".to_owned()));
}

#[test]
fn own_steps_assert_the_problem() {
    let outcome = script().on("t:ReadB", json!({"ok": true})).run(
        "
resolve: {fix: {action: t:WriteA}}
verify: {times: 1, steps: {gone: {action: t:ReadB, assert: [{path: $.ok, equals: false}]}}}
",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Resolved,
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_run_ends_where_it_is_told_to() {
    let until = |until| {
        let options = Options {
            until: Some(until),
            ..Options::default()
        };
        let world = readings(&[Some(true)]).with_options(options);
        (world.run(FIX).verdict, world.called().len())
    };
    assert_eq!(until(Until::Symptom), (Verdict::Diagnosed, 1));
    assert_eq!(until(Until::Resolve), (Verdict::Done, 2));
    let options = Options {
        verify: false,
        ..Options::default()
    };
    assert_eq!(
        readings(&[]).with_options(options).run(FIX).verdict,
        Verdict::Done
    );
}

#[test]
fn force_resolves_although_no_symptom_holds() {
    let options = Options {
        force: true,
        ..Options::default()
    };
    let world = script()
        .on("t:ReadA", json!({"ok": true}))
        .with_options(options);
    assert_eq!(world.run(FIX).verdict, Verdict::Resolved);
}

#[test]
fn readings_that_could_not_be_made_are_not_the_problem_that_is_still_there() {
    let world = script()
        .on("t:ReadA", json!({"size": 9}))
        .fails("t:ReadA", "Denied")
        .fails("t:ReadA", "Denied")
        .on("t:ReadA", json!({"size": 1}));
    let outcome = world.run(
        "
symptom: {s: {action: t:ReadA, capture: {size: $.size}, assert: [{that: size > 5}]}}
resolve: {mend: {action: t:WriteA}}
verify: {every: 10s, within: 20s, times: 2}
",
    );
    assert_eq!(outcome.verdict, Verdict::Failed, "{}", outcome.explanation);
    assert!(
        outcome.explanation.contains("could not be made"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn what_still_shows_is_told_by_the_claim_and_not_by_what_it_requires() {
    let outcome = readings(&[Some(false)]).run(
        "
symptom:
  s:
    action: t:ReadA
    require: [{path: $.ok, exists: true, message: enough to tell}]
    assert: [{path: $.ok, equals: false, message: it is not ok}]
resolve: {fix: {action: t:WriteA}}
verify: {every: 1m, within: 3m}
",
    );
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    assert!(
        outcome.explanation.ends_with("verify.s, it is not ok"),
        "{}",
        outcome.explanation
    );
}
