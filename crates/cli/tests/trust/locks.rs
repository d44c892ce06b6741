//! One run at a time of a playbook on a target.

use crate::desk::{Desk, both, end, err, signal};

const PLAYBOOK: &str = "playbook: v1
title: Two writes
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
  second:
    action: ecs:UpdateService
    approve: always
    with: {cluster: c, service: web, desiredCount: 3}
";
const SCENARIOS: &str = "scenarios:
  fine:
    actions:
      ecs:UpdateService: [{return: {}}]
    expect: {verdict: done}
  other:
    actions:
      ecs:UpdateService: [{return: {}}]
    expect: {verdict: done}
";

#[test]
fn a_second_run_is_refused_while_the_first_goes_on_and_after_it_died() {
    let desk = Desk::with(&[("two.yaml", PLAYBOOK), ("two.scenarios.yaml", SCENARIOS)]);
    let state = desk.state();
    let on =
        |scenario: &'static str| ["run", "two", "--scenario", scenario, "--yes", "--state-dir"];
    let run = |scenario, more: &[&str]| {
        let mut words = on(scenario).to_vec();
        words.push(&state);
        words.extend(more);
        desk.runbook(&words)
    };
    let mut words = on("fine").to_vec();
    words.extend([state.as_str(), "--wait-for-approval"]);
    let first = desk.spawn(&words);
    let id = desk.until_it_waits_for("resolve.second")["run"]
        .as_str()
        .expect("an id")
        .to_owned();

    let refused = run("fine", &[]);
    assert_eq!(refused.status.code(), Some(4), "{}", both(&refused));
    let why = err(&refused);
    for due in [
        "is being run already",
        &id,
        &format!("process {}", first.id()),
        "since",
        "--override lock=REASON",
    ] {
        assert!(why.contains(due), "{due}: {why}");
    }
    let elsewhere = run("other", &[]);
    assert_eq!(
        elsewhere.status.code(),
        Some(3),
        "another target: {}",
        both(&elsewhere)
    );
    let beside = run("fine", &["--override", "lock=the other one hangs"]);
    assert_eq!(beside.status.code(), Some(3), "{}", both(&beside));
    assert!(
        desk.shown()["events"]
            .to_string()
            .contains("the other one hangs")
    );
    let looks = run("fine", &["--read-only"]);
    assert_eq!(
        looks.status.code(),
        Some(1),
        "who only reads is in nobody's way: {}",
        both(&looks)
    );

    signal(&first, "KILL");
    end(first);
    let refused = run("fine", &[]);
    assert_eq!(refused.status.code(), Some(4), "{}", both(&refused));
    let why = err(&refused);
    for due in [
        "was left in the middle, after one write",
        "is gone",
        &format!("runbook resume {id}"),
        "runbook undo",
    ] {
        assert!(why.contains(due), "{due}: {why}");
    }
    let resumed = desk.runbook(&["resume", &id]);
    assert_eq!(resumed.status.code(), Some(3), "{}", both(&resumed));
    let anew = run("fine", &[]);
    assert_eq!(
        anew.status.code(),
        Some(3),
        "a run that paused in order is in nobody's way: {}",
        both(&anew)
    );
}
