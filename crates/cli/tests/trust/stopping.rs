//! Signals, and the time of a whole run.

use crate::aws::Aws;
use crate::desk::{Desk, both, end, err, signal};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = "playbook: v1
title: Two writes
resolve:
  block:
    steps:
      first:
        action: ecs:UpdateService
        with: {cluster: c, service: web, desiredCount: 2}
        undo: {action: ecs:UpdateService, with: {cluster: c, service: web, desiredCount: 1}}
      second:
        action: ecs:UpdateService
        with: {cluster: c, service: web, desiredCount: 3}
    finally:
      last:
        action: ecs:UpdateService
        with: {cluster: c, service: web, desiredCount: 9}
";

fn writes(aws: &Aws) -> Vec<String> {
    let asked = aws.asked("UpdateService");
    let count = |body: &String| {
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        body["desiredCount"].to_string()
    };
    asked.iter().map(count).collect()
}

fn until_asked(aws: &Aws, count: usize) {
    let start = Instant::now();
    while aws.asked("UpdateService").len() < count {
        assert!(start.elapsed() < Duration::from_secs(30), "never asked");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_signal_finishes_the_call_in_flight_and_cleans_up() {
    for name in ["INT", "TERM"] {
        let aws = Aws::start().slow(Duration::from_millis(800));
        let desk = Desk::with(&[("two.yaml", PLAYBOOK)]).at(&aws.url);
        let run = desk.spawn(&["run", "two", "--yes"]);
        until_asked(&aws, 1);
        signal(&run, name);
        let ended = end(run);
        assert_eq!(ended.status.code(), Some(1), "{name}: {}", both(&ended));
        assert_eq!(
            writes(&aws),
            ["2", "9"],
            "{name}: the call in flight, then `finally`"
        );
        let said = both(&ended);
        for due in [
            "stopping: what was sent is waited for",
            "to go on:\n  runbook resume",
            "to take back",
        ] {
            assert!(said.contains(due), "{name}: {due}: {said}");
        }
        let shown = desk.shown();
        assert_eq!(shown["verdict"], "aborted");
        assert_eq!(
            shown["calls"][0]["error"],
            serde_json::Value::Null,
            "its answer is on record"
        );
        let resumed = desk.runbook(&["resume", "last", "--yes"]);
        assert_eq!(resumed.status.code(), Some(0), "{name}: {}", both(&resumed));
        assert_eq!(
            writes(&aws)[..3],
            ["2", "9", "3"],
            "{name}: what was done is not done again"
        );
    }
}

#[test]
fn two_signals_end_it_at_once_with_the_journal_intact() {
    let aws = Aws::start().slow(Duration::from_secs(20));
    let desk = Desk::with(&[("two.yaml", PLAYBOOK)]).at(&aws.url);
    let run = desk.spawn(&["run", "two", "--yes"]);
    until_asked(&aws, 1);
    let start = Instant::now();
    signal(&run, "INT");
    std::thread::sleep(Duration::from_millis(500));
    signal(&run, "INT");
    let ended = end(run);
    assert_eq!(ended.status.code(), Some(130), "{}", both(&ended));
    assert!(start.elapsed() < Duration::from_secs(10));
    for due in [
        "may have been carried out",
        "runbook resume",
        "runbook undo",
    ] {
        assert!(err(&ended).contains(due), "{due}: {}", err(&ended));
    }
    let shown = desk.shown();
    assert_eq!(shown["status"], "interrupted");
    assert_eq!(
        shown["calls"][0]["ended"],
        serde_json::Value::Null,
        "the write in flight is known"
    );
    let second = desk.runbook(&["run", "two", "--yes"]);
    assert!(
        err(&second).contains("was left in the middle"),
        "{}",
        err(&second)
    );
}

#[test]
fn the_time_of_a_run_ends_it_and_it_cannot_go_on() {
    let playbook = "playbook: v1
title: Slow
timeout: 1h
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
    undo: {action: ecs:UpdateService, with: {cluster: c, service: web, desiredCount: 1}}
  pause:
    action: time:Sleep
    with: {for: 2h}
";
    let scenarios = "scenarios: {fine: {actions: {ecs:UpdateService: [{return: {}}]}, answers: {approve: all}, expect: {verdict: aborted, reason: timeout}}}\n";
    let desk = Desk::with(&[("slow.yaml", playbook), ("slow.scenarios.yaml", scenarios)]);
    let tested = desk.runbook(&["test", "slow.scenarios.yaml"]);
    assert_eq!(tested.status.code(), Some(0), "{}", both(&tested));
    let state = desk.state();
    let run = desk.runbook(&[
        "run",
        "slow",
        "--scenario",
        "fine",
        "--yes",
        "--state-dir",
        &state,
    ]);
    assert_eq!(run.status.code(), Some(1), "{}", both(&run));
    assert!(
        both(&run).contains("the time of 1h that the playbook gives the whole run is over"),
        "{}",
        both(&run)
    );
    let shown = desk.shown();
    assert_eq!(
        (&shown["verdict"], &shown["reason"]),
        (&"aborted".into(), &"timeout".into())
    );
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(2), "{}", both(&resumed));
    assert!(err(&resumed).contains("is over"), "{}", err(&resumed));
    let undone = desk.runbook(&["undo", "last", "--yes"]);
    assert_eq!(undone.status.code(), Some(0), "{}", both(&undone));
}
