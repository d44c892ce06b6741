//! What holds a run's writes back: freezes, alarms, `--read-only`, bounds on writes and on time.

use super::script::{script, status};
use crate::approval::Decision;
use crate::event::EventKind;
use crate::guard::{Guards, Kind, Override};
use crate::journal::{Mode, SqliteJournal};
use crate::plan::Options;
use crate::verdict::{Reason, Verdict};
use jiff::SignedDuration;
use runbook_playbook::calendar::Calendar;
use serde_json::json;

/// The script's clock stands in this year's January.
fn freeze() -> Guards {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:year end\nORGANIZER;CN=ops:mailto:x\nDTSTART:20000101T000000Z\nDTEND:21000101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n";
    Guards {
        calendars: vec![(
            "freeze.ics".to_owned(),
            Calendar::read(text).expect("a calendar"),
        )],
        ..Guards::default()
    }
}

fn read_only() -> Options {
    Options {
        read_only: true,
        ..Options::default()
    }
}

const TWO: &str = "resolve: {a: {action: t:WriteA}, b: {action: t:WriteB}}";

#[test]
fn a_freeze_holds_a_write_back_before_anybody_is_asked() {
    let world = script().guarded(freeze());
    let outcome = world.run("resolve: {look: {action: t:ReadX}, a: {action: t:WriteA}}");
    assert_eq!(outcome.verdict, Verdict::Paused);
    assert_eq!(
        outcome.explanation,
        "resolve.a is held back: freeze.ics is closed: year end (ops), until 2100-01-01 00:00 UTC"
    );
    assert_eq!(world.called(), ["t:ReadX"]);
    assert!(world.questions.borrow().is_empty());
    let waiting = outcome.waiting.expect("what it waits for");
    assert_eq!(waiting.next, "again without the freeze");
}

#[test]
fn a_freeze_that_is_overridden_is_told_of_once_with_its_reason() {
    let mut guards = freeze();
    let why = Override {
        reason: "CHG-1".to_owned(),
        by: "ann".to_owned(),
    };
    guards.overridden.insert(Kind::Freeze, why);
    let world = script().guarded(guards);
    assert_eq!(world.run(TWO).verdict, Verdict::Done);
    assert_eq!(world.called(), ["t:WriteA", "t:WriteB"]);
    let events = world.events.borrow();
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Overridden {
                step, by, reason, ..
            } => Some(format!("{step} {by} {reason}")),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["resolve.a ann CHG-1"]);
}

#[test]
fn a_run_that_was_held_back_goes_on_when_the_freeze_is_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let frozen = script().guarded(freeze());
    let journal = file.start("run".into(), json!({}));
    assert_eq!(frozen.run_with(TWO, &journal).verdict, Verdict::Paused);
    let world = script();
    let journal = file.again("run", Mode::Live).expect("again");
    assert_eq!(world.run_with(TWO, &journal).verdict, Verdict::Done);
    assert_eq!(world.called(), ["t:WriteA", "t:WriteB"]);
}

const ALARMED: &str =
    "guards: {alarms: [api-errors]}\nresolve: {a: {action: t:WriteA}, b: {action: t:WriteB}}";

fn alarm(state: &str) -> serde_json::Value {
    json!({"MetricAlarms": [{"AlarmName": "api-errors", "StateValue": state, "StateReason": "5 errors"}]})
}

#[test]
fn an_alarm_that_goes_off_after_a_write_stops_the_run_before_the_next() {
    let world = script()
        .on("cloudwatch:DescribeAlarms", alarm("OK"))
        .on("cloudwatch:DescribeAlarms", alarm("ALARM"));
    let outcome = world.run(ALARMED);
    assert_eq!(outcome.verdict, Verdict::Aborted);
    assert_eq!(
        outcome.explanation,
        "the alarm `api-errors` is on: 5 errors"
    );
    assert_eq!(
        world.called(),
        [
            "cloudwatch:DescribeAlarms",
            "t:WriteA",
            "cloudwatch:DescribeAlarms"
        ]
    );
}

#[test]
fn an_alarm_that_is_not_there_holds_writes_back() {
    let world = script().on("cloudwatch:DescribeAlarms", json!({"MetricAlarms": []}));
    let outcome = world.run(ALARMED);
    assert_eq!(outcome.verdict, Verdict::Paused);
    assert!(
        outcome
            .explanation
            .contains("there is no alarm `api-errors`"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn a_run_that_only_reads_asks_for_nothing_and_says_so() {
    let world = script().with_options(read_only());
    let outcome = world.run(TWO);
    assert_eq!(
        (outcome.verdict, outcome.reason),
        (Verdict::Unresolved, Some(Reason::ReadOnly))
    );
    assert!(
        outcome.explanation.contains("--read-only"),
        "{}",
        outcome.explanation
    );
    assert_eq!(status(&outcome, "resolve.a"), "skipped read_only");
    assert!(world.called().is_empty() && world.questions.borrow().is_empty());
}

#[test]
fn writes_are_bounded_over_elements_and_resumes() {
    let playbook = "
limits: {writes: 2}
resolve:
  a: {each: 'n in [1, 2, 3]', concurrency: 2, action: t:WriteA}
";
    let outcome = script().run(playbook);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(
        outcome
            .explanation
            .contains("the 2 writes that `limits` allows"),
        "{}",
        outcome.explanation
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let bounded = format!("limits: {{writes: 1}}\n{TWO}");
    let world = script().decide(&[
        Decision::Approved { by: "ann".into() },
        Decision::Nobody,
        Decision::Approved { by: "ann".into() },
    ]);
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(&bounded, &journal).verdict, Verdict::Paused);
    let journal = file.again("run", Mode::Live).expect("again");
    assert_eq!(world.run_with(&bounded, &journal).verdict, Verdict::Failed);
    assert_eq!(world.called(), ["t:WriteA"], "what was done before counts");
}

#[test]
fn the_time_of_the_whole_run_ends_it_with_a_reason_of_its_own() {
    let world = script();
    let outcome = world.run(
        "timeout: 1h\nresolve: {a: {action: t:WriteA}, wait: {action: t:ReadX, until: [{path: $.ok, equals: true}], every: 2h, within: 5h}, b: {action: t:WriteB}}",
    );
    assert_eq!(
        (outcome.verdict, outcome.reason),
        (Verdict::Aborted, Some(Reason::Timeout)),
        "{}",
        outcome.explanation
    );
    assert_eq!(
        outcome.explanation,
        "the time of 1h that the playbook gives the whole run is over"
    );
    assert_eq!(world.called(), ["t:WriteA", "t:ReadX"]);
    assert_eq!(*world.waits.borrow(), [SignedDuration::from_hours(1)]);
}

#[test]
fn nobody_waits_for_an_answer_longer_than_the_run_may_take() {
    let world = script().never_answering();
    let outcome = world.run("timeout: 1h\nresolve: {a: {action: t:WriteA}}");
    assert_eq!(
        (outcome.verdict, outcome.reason),
        (Verdict::Aborted, Some(Reason::Timeout))
    );
}

#[test]
fn the_writes_of_playbooks_that_it_runs_count() {
    let world = script().holding("inner.yaml", TWO);
    let outcome = world.run(
        "limits: {writes: 2}\nresolve: {a: {action: t:WriteA}, in: {action: 'playbook:Run', with: {path: inner.yaml}}}",
    );
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(
        outcome
            .explanation
            .contains("the 2 writes that `limits` allows"),
        "{}",
        outcome.explanation
    );
    assert_eq!(world.called(), ["t:WriteA", "t:WriteA"]);
}

#[test]
fn what_is_taken_back_does_not_count_and_is_not_held_back() {
    let world = script()
        .fails("t:WriteB", "Denied")
        .on("cloudwatch:DescribeAlarms", alarm("OK"));
    let outcome = world.run(
        "limits: {writes: 2}\nguards: {alarms: [api-errors]}\nresolve: {a: {action: t:WriteA, undo: {action: t:WriteUndo}}, b: {action: t:WriteB, on_error: undo}}",
    );
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
}

#[test]
fn calls_go_only_where_the_playbook_allows() {
    let run = |head: &str, step: &str| {
        let world = script();
        let outcome = world.run(&format!(
            "{head}\nresolve: {{a: {{action: t:WriteA{step}}}, after: {{action: t:WriteB}}}}"
        ));
        (outcome.verdict, outcome.explanation, world.called().len())
    };
    let here = "target: {accounts: ['123456789012'], regions: [us-east-1, eu-west-1]}";
    assert_eq!(run(here, "").0, Verdict::Done);
    assert_eq!(run(here, ", target: {region: eu-west-1}").0, Verdict::Done);
    for (head, step, why) in [
        (
            "target: {accounts: ['210987654321']}",
            "",
            "account 123456789012 is not among those that the playbook allows: 210987654321",
        ),
        (
            "target: {regions: [eu-west-1]}",
            "",
            "region us-east-1 is not among",
        ),
        (
            here,
            ", target: {region: us-west-2}",
            "region us-west-2 is not among",
        ),
        (
            here,
            ", target: {role: 'arn:aws:iam::210987654321:role/ops'}",
            "account 210987654321 is not among",
        ),
    ] {
        let (verdict, explanation, calls) = run(head, step);
        assert_eq!(
            (verdict, calls),
            (Verdict::Failed, 0),
            "{head}{step}: {explanation}"
        );
        assert!(explanation.contains(why), "{explanation}");
    }
}
