//! Playbooks that only look: a symptom alone, a diagnosis alone, and what a caller gets of them.

use super::script::{script, step};
use crate::approval::Decision;
use crate::truth::Truth;
use crate::verdict::Verdict;
use runbook_playbook::value::Value;
use serde_json::json;

const SHORT: &str = "
symptom: {short: {action: t:ReadA, capture: {size: $.size}, assert: [{that: size < 3}]}}
outputs: {missing: 3 - symptom.short.size}
";

#[test]
fn a_symptom_alone_that_holds_is_diagnosed() {
    let outcome = script().on("t:ReadA", json!({"size": 1})).run(SHORT);
    assert_eq!(outcome.verdict, Verdict::Diagnosed);
    assert_eq!(outcome.outputs["missing"], Value::Integer(2));
    let outcome = script().on("t:ReadA", json!({"size": 3})).run(SHORT);
    assert_eq!(outcome.verdict, Verdict::Absent);
    let outcome = script().fails("t:ReadA", "Denied").run(SHORT);
    assert_eq!(outcome.verdict, Verdict::Failed);
}

#[test]
fn a_caller_gets_the_verdict_and_the_outputs() {
    let world = script()
        .holding("short.yaml", SHORT)
        .on("t:ReadA", json!({"size": 1}));
    let outcome = world.run(
        "
diagnose:
  service:
    action: playbook:Run
    with: {path: short.yaml, only: symptom}
    capture: {verdict: $.verdict, missing: $.outputs.missing}
    causes: {short: {that: verdict == 'diagnosed' and missing > 0, remedy: none}}
",
    );
    assert_eq!(
        outcome.verdict,
        Verdict::Diagnosed,
        "{}",
        outcome.explanation
    );
    assert_eq!(step(&outcome, "diagnose.service").holds, Some(Truth::True));
}

#[test]
fn a_diagnosis_that_could_not_be_read_is_failed_even_without_causes() {
    let outcome = script()
        .fails("t:ReadA", "Denied")
        .run("diagnose: {a: {action: t:ReadA}, b: {action: t:ReadB}}");
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(
        outcome.explanation,
        "diagnose.a failed: t:ReadA: it said no (Denied)"
    );
    let outcome = script()
        .fails("t:ReadA", "Denied")
        .run("diagnose: {a: {action: t:ReadA}, b: {causes: {c: {that: 1 > 2, remedy: none}}}}");
    assert_eq!(outcome.verdict, Verdict::Failed);
}

#[test]
fn what_a_diagnosis_expects_to_fail_is_an_answer() {
    let outcome = script()
        .fails("t:ReadA", "NotFound")
        .run("diagnose: {a: {action: t:ReadA, expect_error: [NotFound]}}");
    assert_eq!(outcome.verdict, Verdict::Done);
}

#[test]
fn a_cause_whose_finder_waits_for_a_person_is_not_known() {
    let world = script().decide(&[Decision::Nobody]);
    let outcome = world.run(
        "
diagnose:
  ask: {action: t:ReadA, approve: always, causes: {odd: {path: $.size, equals: 1, remedy: none}}}
",
    );
    assert_eq!(outcome.verdict, Verdict::Paused);
    assert_eq!(outcome.causes[0].found, Truth::Unknown);
}
