//! `approve: {within: …}`: an answer that comes too late is none.

use super::script::{script, status};
use crate::approval::Decision;
use crate::journal::{Mode, SqliteJournal};
use crate::verdict::Verdict;
use jiff::SignedDuration;
use serde_json::json;

const PLAYBOOK: &str = "resolve: {a: {action: t:WriteA, approve: {within: 4h}}}";

#[test]
fn a_question_that_nobody_answers_in_time_ends_the_run() {
    let world = script().never_answering();
    let outcome = world.run(PLAYBOOK);
    assert_eq!(outcome.verdict, Verdict::Aborted);
    assert!(
        outcome.explanation.contains("nobody answered resolve.a"),
        "{}",
        outcome.explanation
    );
    assert_eq!(status(&outcome, "resolve.a"), "blocked stopped");
    assert!(world.called().is_empty());
    assert_eq!(*world.waits.borrow(), [SignedDuration::from_hours(4)]);
}

#[test]
fn the_time_counts_from_when_it_was_first_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let world = script().decide(&[Decision::Nobody, Decision::Approved { by: "ann".into() }]);
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(PLAYBOOK, &journal).verdict, Verdict::Paused);
    world.passes(SignedDuration::from_hours(5));
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(PLAYBOOK, &journal);
    assert_eq!(outcome.verdict, Verdict::Aborted, "{}", outcome.explanation);
    assert!(world.called().is_empty());
}
