//! The journal keeps what guards a write, and says clearly what is wrong with its file.

use super::*;
use crate::event::EventKind;
use jiff::Timestamp;
use runbook_playbook::catalog::Effect;
use runbook_registry::call::Target;
use serde_json::json;

fn run() -> RunRecord {
    RunRecord {
        id: "run-1".into(),
        playbook: "acso/memory-leak".into(),
        source: "playbook: v1".into(),
        digest: "00".into(),
        inputs: json!({"service": "web"}),
        started: Timestamp::UNIX_EPOCH,
    }
}

fn call(effect: Effect) -> CallRecord {
    CallRecord {
        run: "run-1".into(),
        step: "resolve.restart".into(),
        element: None,
        action: "ecs:UpdateService".into(),
        arguments: json!({"service": "web"}),
        target: Target::default(),
        effect,
        before: Some(json!({"desiredCount": 1})),
        token: Some("token".into()),
        attempt: 1,
        at: Timestamp::UNIX_EPOCH,
    }
}

fn other_process(path: &Path) -> Connection {
    Connection::open(path).expect("second connection")
}

#[test]
fn a_write_and_the_events_before_it_can_be_read_by_others_before_it_is_sent() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.sqlite");
    let journal = SqliteJournal::open(&path).expect("journal");
    journal.begin(&run()).expect("begin");
    journal
        .event(
            "run-1",
            &Event {
                at: Timestamp::UNIX_EPOCH,
                kind: EventKind::GraphStarted {
                    graph: "resolve",
                    reading: None,
                },
            },
        )
        .expect("event");
    let id = journal.sending(&call(Effect::Write)).expect("sending");

    let others = other_process(&path);
    let (token, ended): (String, Option<String>) = others
        .query_row("SELECT token, ended FROM calls", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .expect("call");
    assert_eq!((token.as_str(), ended), ("token", None));
    let events: i64 = others
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .expect("events");
    assert_eq!(events, 1);

    journal
        .answered(
            id,
            &CallEnd {
                answer: Err(("Throttled".into(), "slow down".into())),
                request_id: Some("r".into()),
                at: Timestamp::UNIX_EPOCH,
            },
        )
        .expect("answered");
    let code: String = others
        .query_row("SELECT error_code FROM calls", [], |row| row.get(0))
        .expect("code");
    assert_eq!(code, "Throttled");
}

#[test]
fn a_journal_is_opened_again_with_what_it_holds() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.sqlite");
    SqliteJournal::open(&path)
        .expect("first")
        .begin(&run())
        .expect("begin");
    let again = SqliteJournal::open(&path).expect("again");
    let runs: i64 = again
        .connection
        .query_row("SELECT count(*) FROM runs", [], |row| row.get(0))
        .expect("runs");
    assert_eq!(runs, 1);
}

#[test]
fn a_replay_with_the_same_id_takes_the_place_of_the_last_one() {
    let folder = tempfile::tempdir().expect("folder");
    let journal = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("journal");
    for _ in 0..2 {
        journal.begin(&run()).expect("begin");
        journal.sending(&call(Effect::Read)).expect("sending");
    }
    let calls: i64 = journal
        .connection
        .query_row("SELECT count(*) FROM calls", [], |row| row.get(0))
        .expect("calls");
    assert_eq!(calls, 1);
}

#[test]
fn a_file_that_is_no_journal_is_called_damaged() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.sqlite");
    std::fs::write(
        &path,
        "not a database, but long enough to look like a file".repeat(40),
    )
    .expect("write");
    assert!(matches!(
        SqliteJournal::open(&path),
        Err(JournalError::Corrupted { .. })
    ));
}

#[test]
fn a_folder_that_is_not_there_is_called_unwritable() {
    let folder = tempfile::tempdir().expect("folder");
    let error =
        SqliteJournal::open(&folder.path().join("missing/journal.sqlite")).expect_err("no folder");
    assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
}

#[test]
fn a_journal_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("journal.sqlite");
    drop(SqliteJournal::open(&path).expect("journal"));
    other_process(&path)
        .execute_batch("PRAGMA user_version = 99")
        .expect("newer");
    assert!(matches!(
        SqliteJournal::open(&path),
        Err(JournalError::TooNew { found: 99, .. })
    ));
}

#[test]
fn processes_that_make_a_journal_at_the_same_time_all_find_it_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.db");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| SqliteJournal::open(&path).map(|_| ())))
            .collect();
        makers
            .into_iter()
            .map(|maker| maker.join().expect("no panic"))
            .collect()
    });
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}
