//! How fleets go on, and what stops them.

use crate::desk::{report, run, runbook, standing, state, stderr, stdout};
use std::collections::BTreeSet;

#[test]
fn every_target_is_run_and_each_has_a_run_of_its_own() {
    let state = state();
    let output = run(state.path(), "three.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("[3/3]") && text.contains("3 resolved"),
        "{text}"
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let all: BTreeSet<String> = standing(&fleet).into_values().collect();
    assert_eq!(all, ["resolved".to_owned()].into());
    let cart = &fleet["targets"][2];
    assert_eq!(cart["account"], "111111111111");
    assert_eq!(cart["labels"]["team"], "basket");
    assert_eq!(cart["causes"][0]["title"], "The deployment is stuck");
    assert_eq!(cart["changes"][0]["action"], "ecs:UpdateService");
    // What is known of single runs is known of these.
    let run = cart["run"].as_str().expect("a run");
    let shown = stdout(&runbook(state.path(), &["show", run]));
    assert!(
        shown.contains("cart") && shown.contains("resolved"),
        "{shown}"
    );
    let logged = runbook(state.path(), &["logs", run]);
    assert!(logged.status.success(), "{}", stderr(&logged));
    let again = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("has ended"), "{}", stderr(&again));
}

#[test]
fn one_error_more_than_may_be_stops_the_fleet_and_more_may_be_allowed_later() {
    let state = state();
    let output = run(state.path(), "mixed.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("stopped: 2 targets ended badly, and 1 may"),
        "{}",
        stdout(&output)
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "stopped");
    assert_eq!(fleet["stopped"]["code"], "max_errors");
    assert_eq!(
        fleet["targets"][0]["error"]["code"],
        "AccessDeniedException"
    );
    assert_eq!(fleet["targets"][2]["not_run"]["code"], "stopped");
    assert!(fleet["targets"][2]["run"].is_null());
    let resumed = runbook(
        state.path(),
        &["fleet", "resume", "last", "--max-errors", "2", "--yes"],
    );
    assert_eq!(resumed.status.code(), Some(1), "{}", stdout(&resumed));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let how: Vec<String> = standing(&fleet).into_values().collect();
    assert_eq!(how, ["failed", "failed", "resolved", "absent"]);
}

#[test]
fn an_alarm_stops_a_fleet_before_anything_is_written() {
    let state = state();
    let output = run(state.path(), "three.yaml", &["--yes", "--alarm", "errors"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let fleet = report(state.path());
    assert_eq!(
        fleet["stopped"]["message"],
        "the alarm errors is on: too many errors"
    );
    assert!(standing(&fleet).values().all(|status| status == "not_run"));
    let quiet = run(state.path(), "three.yaml", &["--yes", "--alarm", "quiet"]);
    assert_eq!(quiet.status.code(), Some(0), "{}", stdout(&quiet));
}

#[test]
fn a_cancelled_fleet_starts_nothing_more() {
    let state = state();
    let more = ["--yes", "--waves", "1,100%", "--approve-waves"];
    run(state.path(), "three.yaml", &more);
    let cancelled = runbook(state.path(), &["fleet", "cancel", "last"]);
    assert_eq!(cancelled.status.code(), Some(0), "{}", stderr(&cancelled));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "stopped");
    assert_eq!(fleet["stopped"]["code"], "cancelled");
    assert_eq!(standing(&fleet)["search"], "not_run");
    let resumed = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(resumed.status.code(), Some(2), "{}", stderr(&resumed));
}
