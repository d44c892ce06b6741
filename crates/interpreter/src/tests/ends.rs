//! How runs end early, and what the environment has to do with it.

use super::script::{checked, script, status};
use crate::approval::{Decision, Question};
use crate::journal::memory::Entry;
use crate::journal::{CallRecord, Durability, JournalError, RunRecord, Step, Worked};
use crate::plan::{Options, Plan};
use crate::verdict::{Reason, Verdict};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::call::FailureKind;
use runbook_registry::world::{Pending, World};
use serde_json::json;

#[test]
fn a_cancelled_run_finishes_the_write_in_flight_and_runs_finally() {
    let world = script().cancel_during("t:WriteA");
    let outcome = world.run(
        "
resolve:
  block:
    steps: {a: {action: t:WriteA}, b: {action: t:WriteB}}
    finally: {last: {action: t:ReadLast}}
",
    );
    assert_eq!(outcome.verdict, Verdict::Aborted);
    assert_eq!(world.called(), ["t:WriteA", "t:ReadLast"]);
    assert!(outcome.changes[0].confirmed);
    assert_eq!(status(&outcome, "resolve.block.b"), "skipped stopped");
}

#[test]
fn a_read_in_flight_is_dropped_and_the_run_is_aborted() {
    let world = script().cancel_during("t:ReadSlow");
    let outcome = world.run(
        "
resolve:
  a: {action: t:WriteA}
  slow: {action: t:ReadSlow, until: [{path: $.ok, equals: true}]}
",
    );
    assert_eq!(outcome.verdict, Verdict::Aborted);
    assert_eq!(world.called(), ["t:WriteA", "t:ReadSlow"]);
}

#[test]
fn the_time_of_a_run_ends_its_steps_and_finally_still_runs() {
    let world = script().on("t:ReadA", json!({"ok": false}));
    let outcome = world.run(
        "
timeout: 1m
resolve:
  block:
    steps:
      wait: {action: t:ReadA, until: [{path: $.ok, equals: true}], every: 50s, within: 1h}
      b: {action: t:WriteB}
    finally: {last: {action: t:ReadLast}}
",
    );
    assert_eq!(
        (outcome.verdict, outcome.reason),
        (Verdict::Aborted, Some(Reason::Timeout))
    );
    assert_eq!(status(&outcome, "resolve.block.wait"), "blocked stopped");
    assert_eq!(
        world.called().last().map(String::as_str),
        Some("t:ReadLast")
    );
}

#[test]
fn the_environment_is_to_blame_only_while_no_call_was_answered() {
    let check = "check: {a: {action: t:ReadA, assert: [{that: true}]}, b: {action: t:ReadB, assert: [{that: true}]}}";
    let broken = |world: super::script::Script| {
        world.fails_as("t:ReadA", "credentials", FailureKind::Environment)
    };
    let all = broken(script()).fails_as("t:ReadB", "credentials", FailureKind::Environment);
    assert!(all.run(check).environment);
    let outcome = broken(script()).run(check);
    assert!(!outcome.environment);
    assert_eq!(outcome.verdict, Verdict::Failed);
}

#[test]
fn a_write_is_journalled_before_it_is_sent_and_after() {
    let world = script().on("t:WriteOnce", json!({"ok": true}));
    world.run("resolve: {a: {action: t:WriteOnce}}");
    let entries = world.journal.entries();
    let sending = entries
        .iter()
        .position(|entry| matches!(entry, Entry::Sending(call) if call.token.is_some()))
        .expect("the record before");
    let answered = entries
        .iter()
        .position(|entry| matches!(entry, Entry::Answered(..)))
        .expect("the record after");
    assert!(sending < answered);
}

/// A journal on a full disk.
struct Full;

impl Durability for Full {
    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError> {
        Ok(run.started)
    }
    fn file(&self, _: &str, _: &str) -> Result<(), JournalError> {
        Ok(())
    }
    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        _: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(std::future::ready(Ok(world.now())))
    }
    fn step<'a>(
        &'a self,
        _: &'a dyn World,
        _: CallRecord,
        _: Pending<'a, Worked>,
    ) -> Pending<'a, Result<Step, JournalError>> {
        let error = JournalError::Failed {
            path: "j".into(),
            why: "disk full".into(),
        };
        Box::pin(std::future::ready(Err(error)))
    }
    fn sleep<'a>(
        &'a self,
        world: &'a dyn World,
        _: &'a str,
        _: SignedDuration,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(std::future::ready(Ok(world.now())))
    }
    fn gate<'a>(
        &'a self,
        world: &'a dyn World,
        _: &'a str,
        _: &'a Question,
        _: Option<SignedDuration>,
        ask: Pending<'a, Decision>,
    ) -> Pending<'a, Result<(Decision, Timestamp), JournalError>> {
        Box::pin(async move { Ok((ask.await, world.now())) })
    }
    fn event(&self, _: &str, _: &crate::event::Event) -> Result<(), JournalError> {
        Ok(())
    }
    fn end(&self, _: &crate::outcome::Outcome) -> Result<(), JournalError> {
        Ok(())
    }
}

#[test]
fn a_write_that_cannot_be_journalled_is_not_sent() {
    let world = script();
    let outcome = world.run_with("resolve: {a: {action: t:WriteA}}", &Full);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(world.called().is_empty());
    assert!(outcome.changes.is_empty());
    assert!(
        outcome.explanation.contains("disk full"),
        "{}",
        outcome.explanation
    );
}

#[test]
fn only_and_skip_leave_steps_out() {
    let playbook = "
resolve:
  a: {action: t:WriteA}
  b: {action: t:WriteB}
  c: {action: t:WriteC}
";
    let run = |only: &[&str], skip: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let options = Options {
            only: names(only),
            skip: names(skip),
            ..Options::default()
        };
        let world = script().with_options(options);
        world.run(playbook);
        world.called()
    };
    assert_eq!(run(&["b"], &[]), ["t:WriteB"]);
    assert_eq!(run(&[], &["resolve.b"]), ["t:WriteA", "t:WriteC"]);
}

#[test]
fn an_unknown_step_is_refused_with_a_suggestion() {
    let options = Options {
        skip: vec!["restat".into()],
        ..Options::default()
    };
    let checked = checked("resolve: {restart: {action: t:WriteA}}");
    let error = Plan::new(checked, IndexMap::new(), options).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "`--skip restat` names no step of `test`; did you mean `resolve.restart`?"
    );
}
