//! `runbook approve`: an answer from another process, for exactly what was asked.

use crate::aws::Aws;
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
    answers: {approve: all}
    expect: {verdict: done}
";

fn desk() -> Desk {
    Desk::with(&[("two.yaml", PLAYBOOK), ("two.scenarios.yaml", SCENARIOS)])
}

/// A run in a scenario, on record.
fn run<'a>(state: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "run",
        "two",
        "--scenario",
        "fine",
        "--yes",
        "--state-dir",
        state,
    ];
    words.extend(more);
    words
}

/// The writes that the world of the newest run saw.
fn sent(desk: &Desk) -> usize {
    let id = desk.runs()[0]["run"].as_str().expect("an id").to_owned();
    let world = desk.path(&format!("state/runbook/runs/{id}.world.jsonl"));
    let world = std::fs::read_to_string(world).expect("a memory");
    world.matches("\"action\":\"ecs:UpdateService\"").count()
}

#[test]
fn an_answer_from_another_process_lets_a_waiting_run_go_on() {
    let desk = desk();
    let state = desk.state();
    let waiting = desk.spawn(&run(&state, &["--wait-for-approval"]));
    desk.until_it_waits_for("resolve.second");
    let listed = both(&desk.runbook(&["runs"]));
    assert!(
        listed.contains("waits for somebody to approve resolve.second"),
        "{listed}"
    );
    let shown = desk.runbook(&["approve", "last", "second", "--show"]);
    assert!(both(&shown).contains("desiredCount: 3"), "{}", both(&shown));
    let silent = desk.runbook(&["approve", "last", "second"]);
    assert_eq!(
        silent.status.code(),
        Some(2),
        "silence approves nothing: {}",
        both(&silent)
    );
    let said = desk.runbook(&["approve", "last", "second", "--yes", "--reason", "CHG-7"]);
    assert_eq!(said.status.code(), Some(0), "{}", both(&said));
    let ended = end(waiting);
    assert_eq!(ended.status.code(), Some(0), "{}", both(&ended));
    let shown = desk.shown();
    let approval = &shown["approvals"][1];
    assert_eq!(approval["answer"], "approved");
    assert_eq!(approval["reason"], "CHG-7");
    assert!(
        approval["from"]
            .as_str()
            .is_some_and(|from| from.contains("process"))
    );
    let again = desk.runbook(&["approve", "last", "second", "--yes"]);
    assert!(err(&again).contains("has ended: done"), "{}", err(&again));
}

#[test]
fn a_no_from_another_process_declines_the_write() {
    let desk = desk();
    let state = desk.state();
    let waiting = desk.spawn(&run(&state, &["--wait-for-approval"]));
    desk.until_it_waits_for("resolve.second");
    desk.runbook(&["approve", "last", "--deny", "--reason", "not tonight"]);
    let ended = end(waiting);
    assert!(both(&ended).contains("declined by"), "{}", both(&ended));
    assert_eq!(sent(&desk), 1);
}

#[test]
fn an_answer_outlives_the_process_that_asked() {
    let desk = desk();
    let state = desk.state();
    let waiting = desk.spawn(&run(&state, &["--wait-for-approval"]));
    desk.until_it_waits_for("resolve.second");
    signal(&waiting, "KILL");
    end(waiting);
    desk.until("interrupted", |run| run["status"] == "interrupted");
    let said = desk.runbook(&["approve", "last", "--yes"]);
    assert!(both(&said).contains("runbook resume"), "{}", both(&said));
    let resumed = desk.runbook(&["resume", "last"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
    assert_eq!(sent(&desk), 2);
}

#[test]
fn an_answer_holds_for_the_call_that_was_shown_and_no_other() {
    let desk = desk();
    let state = desk.state();
    assert_eq!(desk.runbook(&run(&state, &[])).status.code(), Some(3));
    let said = desk.runbook(&["approve", "last", "--yes"]);
    assert_eq!(said.status.code(), Some(0), "{}", both(&said));
    let twice = desk.runbook(&["approve", "last", "--yes"]);
    assert!(
        err(&twice).contains("has said yes already"),
        "{}",
        err(&twice)
    );
    let other = PLAYBOOK.replace("desiredCount: 3", "desiredCount: 30");
    std::fs::write(desk.path("other.yaml"), other).expect("written");
    let resumed = desk.runbook(&["resume", "last", "--playbook", "other.yaml"]);
    assert_eq!(
        resumed.status.code(),
        Some(3),
        "it asks again: {}",
        both(&resumed)
    );
    assert_eq!(sent(&desk), 1);
    let resumed = desk.runbook(&["resume", "last", "--playbook", "two.yaml"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
}

#[test]
fn two_people_are_two_identities() {
    let aws = Aws::start();
    let playbook = PLAYBOOK.replace("approve: always", "approve: {people: 2, within: 1h}");
    let desk = Desk::with(&[("two.yaml", &playbook)]).at(&aws.url);
    let waiting = desk.spawn(&["run", "two", "--yes", "--wait-for-approval"]);
    desk.until_it_waits_for("resolve.second");
    let approve = |key: &str| {
        let mut command = desk.command(&["approve", "last", "second", "--yes"]);
        command
            .env("AWS_ACCESS_KEY_ID", key)
            .output()
            .expect("runs")
    };
    let first = approve("ANN");
    assert!(
        both(&first).contains("one person more must say yes"),
        "{}",
        both(&first)
    );
    let again = approve("ANN");
    assert_eq!(again.status.code(), Some(2), "{}", both(&again));
    assert!(
        err(&again).contains("somebody else has to"),
        "{}",
        err(&again)
    );
    let mut nameless = desk.command(&["approve", "last", "second", "--yes", "--no-identity"]);
    let nameless = nameless.output().expect("runs");
    assert_eq!(
        nameless.status.code(),
        Some(2),
        "the same user: {}",
        both(&nameless)
    );
    assert_eq!(aws.asked("UpdateService").len(), 1);
    let second = approve("BOB");
    assert_eq!(second.status.code(), Some(0), "{}", both(&second));
    let ended = end(waiting);
    assert_eq!(ended.status.code(), Some(0), "{}", both(&ended));
    assert_eq!(aws.asked("UpdateService").len(), 2);
    let shown = both(&desk.runbook(&["show", "last"]));
    assert!(
        shown.contains("assumed-role/ops/ann") && shown.contains("assumed-role/ops/bob"),
        "{shown}"
    );
}

#[test]
fn only_those_who_are_named_may_say_yes() {
    let aws = Aws::start();
    let playbook = PLAYBOOK.replace("approve: always", "approve: {from: [bob]}");
    let desk = Desk::with(&[("two.yaml", &playbook)]).at(&aws.url);
    let paused = desk.runbook(&["run", "two", "--yes"]);
    assert_eq!(paused.status.code(), Some(3), "{}", both(&paused));
    assert!(
        both(&paused).contains("runbook approve"),
        "{}",
        both(&paused)
    );
    let refused = desk.runbook(&["approve", "last", "--yes"]);
    assert!(
        err(&refused).contains("bob may say yes"),
        "{}",
        err(&refused)
    );
    let mut bob = desk.command(&["approve", "last", "--yes"]);
    let bob = bob.env("AWS_ACCESS_KEY_ID", "BOB").output().expect("runs");
    assert_eq!(bob.status.code(), Some(0), "{}", both(&bob));
    let resumed = desk.runbook(&["resume", "last"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
}

#[test]
fn nobody_is_waited_for_longer_than_the_author_gives() {
    let aws = Aws::start();
    let playbook = PLAYBOOK.replace("approve: always", "approve: {within: 1s}");
    let desk = Desk::with(&[("two.yaml", &playbook)]).at(&aws.url);
    let ended = desk.runbook(&["run", "two", "--yes", "--wait-for-approval"]);
    assert_eq!(ended.status.code(), Some(1), "{}", both(&ended));
    assert!(
        both(&ended).contains("nobody answered resolve.second"),
        "{}",
        both(&ended)
    );
    let late = desk.runbook(&["approve", "last", "--yes"]);
    assert_eq!(late.status.code(), Some(2), "{}", both(&late));
}
