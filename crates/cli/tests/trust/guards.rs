//! Freezes, alarms, `--read-only`, and bounds on writes, with the program.

use crate::aws::Aws;
use crate::desk::{Desk, both};

const PLAYBOOK: &str = "playbook: v1
title: One write
GUARDS
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
  second:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 3}
";
const FREEZE: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Year end
ORGANIZER;CN=Change board:mailto:change@example.com
DTSTART:20000101T000000Z
DTEND:20990101T000000Z
END:VEVENT
END:VCALENDAR
";
const SCENARIOS: &str = "scenarios:
  fine:
    actions:
      ecs:UpdateService: [{return: {}}]
    expect: {verdict: done}
  alarming:
    actions:
      cloudwatch:DescribeAlarms:
        - {unless: changed, return: {MetricAlarms: [{AlarmName: api-errors, StateValue: OK}]}}
        - {if: changed, return: {MetricAlarms: [{AlarmName: api-errors, StateValue: ALARM, StateReason: 5 errors}]}}
      ecs:UpdateService: [{set: changed, return: {}}]
    answers: {approve: all}
    expect:
      verdict: aborted
      writes: [{ecs:UpdateService: {desiredCount: 2}}]
";

fn desk(guards: &str) -> Desk {
    Desk::with(&[
        ("one.yaml", &PLAYBOOK.replace("GUARDS\n", guards)),
        ("one.scenarios.yaml", SCENARIOS),
        ("freeze.ics", FREEZE),
    ])
}

#[test]
fn inside_a_freeze_nothing_is_written_unless_somebody_says_why() {
    let desk = desk("guards: {freeze: freeze.ics}\n");
    let state = desk.state();
    let run = [
        "run",
        "one",
        "--scenario",
        "fine",
        "--yes",
        "--state-dir",
        &state,
    ];
    let held = desk.runbook(&run);
    assert_eq!(held.status.code(), Some(3), "{}", both(&held));
    let said = both(&held);
    for due in [
        "resolve.first is held back",
        "Year end",
        "Change board",
        "until 2099-01-01",
        "--override freeze=REASON",
    ] {
        assert!(said.contains(due), "{due}: {said}");
    }
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(3), "{}", both(&resumed));
    let resumed = desk.runbook(&[
        "resume",
        "last",
        "--yes",
        "--override",
        "freeze=CHG-9 approved by the board",
    ]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
    let events = desk.shown()["events"].to_string();
    let logs = both(&desk.runbook(&["logs", "last"]));
    assert!(
        logs.contains("CHG-9 approved by the board (freeze.ics is closed"),
        "{logs}"
    );
    assert!(
        events.contains("\"overridden\"") && events.contains("CHG-9"),
        "{events}"
    );
}

#[test]
fn a_calendar_of_the_command_line_holds_also_when_the_run_is_resumed() {
    let desk = desk("");
    let state = desk.state();
    let run = [
        "run",
        "one",
        "--scenario",
        "fine",
        "--yes",
        "--state-dir",
        &state,
        "--freeze",
        "freeze.ics",
    ];
    assert_eq!(desk.runbook(&run).status.code(), Some(3));
    assert_eq!(
        desk.runbook(&["resume", "last", "--yes"]).status.code(),
        Some(3)
    );
    std::fs::write(
        desk.path("freeze.ics"),
        FREEZE.replace("20990101", "20010101"),
    )
    .expect("written");
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
    let missing = desk.runbook(&["run", "one", "--scenario", "fine", "--freeze", "none.ics"]);
    assert_eq!(missing.status.code(), Some(2), "{}", both(&missing));
}

#[test]
fn a_calendar_of_the_folder_or_of_the_environment_holds_for_every_playbook() {
    let run = ["run", "one", "--scenario", "fine", "--yes"];
    let desk = desk("");
    let state = desk.state();
    let on_record = [&run[..], &["--state-dir", &state]].concat();
    std::fs::write(desk.path("all.freeze.ics"), FREEZE).expect("written");
    let held = desk.runbook(&on_record);
    assert_eq!(held.status.code(), Some(3), "{}", both(&held));
    assert!(
        both(&held).contains("all.freeze.ics is closed: Year end"),
        "{}",
        both(&held)
    );
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(3), "{}", both(&resumed));
    std::fs::remove_file(desk.path("all.freeze.ics")).expect("removed");
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
    let with = |named: &str| {
        let mut command = desk.command(&run);
        let output = command.env("RUNBOOK_FREEZE", named).output();
        output.expect("the program runs")
    };
    let held = with("freeze.ics");
    assert_eq!(held.status.code(), Some(3), "{}", both(&held));
    // A freeze that is not known could be in force.
    let missing = with("freeze.ics, none.ics");
    assert_eq!(missing.status.code(), Some(2), "{}", both(&missing));
    assert!(
        both(&missing).contains("RUNBOOK_FREEZE: "),
        "{}",
        both(&missing)
    );
    assert_eq!(with("").status.code(), Some(0));
}

#[test]
fn a_change_calendar_of_ssm_is_asked_before_each_write() {
    let aws = Aws::start();
    let arn = "arn:aws:ssm:us-east-1:123456789012:document/Freeze";
    let desk = desk(&format!("guards: {{freeze: '{arn}'}}\n")).at(&aws.url);
    aws.calendar("CLOSED");
    let held = desk.runbook(&["run", "one", "--yes"]);
    assert_eq!(held.status.code(), Some(3), "{}", both(&held));
    assert!(
        both(&held).contains("is closed, until 2027-01-02"),
        "{}",
        both(&held)
    );
    assert!(aws.asked("UpdateService").is_empty());
    aws.calendar("OPEN");
    let resumed = desk.runbook(&["resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
    assert!(aws.asked("GetCalendarState").len() >= 3);
}

#[test]
fn a_calendar_that_is_not_there_is_an_error_of_the_playbook() {
    let desk = desk("guards: {freeze: frost.ics, alarms: ['api-*']}\n");
    let checked = desk.runbook(&["check", "one.yaml"]);
    assert_eq!(checked.status.code(), Some(2), "{}", both(&checked));
    let said = both(&checked);
    assert!(
        said.contains("the calendar `frost.ics` cannot be read"),
        "{said}"
    );
    assert!(said.contains("`api-*` is a pattern"), "{said}");
}

#[test]
fn an_alarm_stops_a_run_in_a_scenario_too() {
    let desk = desk("guards: {alarms: [api-errors]}\n");
    let tested = desk.runbook(&["test", "one.scenarios.yaml"]);
    let said = both(&tested);
    assert!(
        said.contains("cloudwatch:DescribeAlarms"),
        "`fine` answers no alarm: {said}"
    );
    let run = desk.runbook(&["run", "one", "--scenario", "alarming", "--yes"]);
    assert_eq!(run.status.code(), Some(1), "{}", both(&run));
    assert!(
        both(&run).contains("the alarm `api-errors` is on: 5 errors"),
        "{}",
        both(&run)
    );
}

#[test]
fn a_run_that_only_reads_changes_nothing_and_says_so() {
    let desk = desk("");
    let run = desk.runbook(&[
        "run",
        "one",
        "--scenario",
        "fine",
        "--yes",
        "--read-only",
        "--format",
        "json",
    ]);
    assert_eq!(run.status.code(), Some(1), "{}", both(&run));
    let document: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(document["verdict"], "unresolved");
    assert_eq!(document["reason"], "read_only");
}
