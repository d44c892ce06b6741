//! The journal keeps what guards a write, and says clearly what is wrong with its file.

use super::*;
use crate::event::{Event, EventKind};
use crate::journal::{
    CallRecord, Durability, Filter, Mode, Repeat, RunJournal, RunRecord, Step, Worked,
};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::Effect;
use runbook_registry::call::{Answer, Call, CallError, Target};
use runbook_registry::world::{Pending, Place, World};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

/// A world in which it is always the same time.
struct Still;

impl World for Still {
    fn send<'a>(&'a self, _: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(std::future::ready(Ok(Answer::default())))
    }
    fn answers(&self, _: &str) -> bool {
        true
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
        Box::pin(std::future::ready(()))
    }
    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        "id".into()
    }
    fn place(&self) -> Place {
        Place::default()
    }
}

fn run(id: &str) -> RunRecord {
    RunRecord {
        id: id.into(),
        playbook: "acso/memory-leak".into(),
        title: "Memory leak".into(),
        source: "playbook: v1".into(),
        digest: "00".into(),
        inputs: json!({"service": "web"}),
        options: json!({}),
        started: Timestamp::UNIX_EPOCH,
    }
}

fn call(effect: Effect, repeat: Repeat) -> CallRecord {
    CallRecord {
        key: "resolve.restart@1".into(),
        step: "resolve.restart".into(),
        element: None,
        action: "ecs:UpdateService".into(),
        arguments: json!({"service": "web"}),
        target: Target::default(),
        effect,
        before: Some(json!({"desiredCount": 1})),
        token: None,
        attempt: 1,
        repeat,
    }
}

fn answer() -> Worked {
    Worked {
        answer: Ok(Answer {
            result: json!({"ok": true}),
            ..Answer::default()
        }),
        shown: Ok(json!({"ok": true}).into()),
        masked: false,
        keep: true,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(future)
}

fn step(journal: &RunJournal<'_>, call: CallRecord) -> Result<Step, JournalError> {
    block_on(journal.step(&Still, call, Box::pin(async { answer() })))
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.sqlite");
    (folder, path)
}

fn other_process(path: &Path) -> Connection {
    Connection::open(path).expect("second connection")
}

fn count(connection: &Connection, table: &str) -> i64 {
    connection
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
            row.get(0)
        })
        .expect("a count")
}

#[test]
fn a_write_and_the_events_before_it_can_be_read_by_others_before_it_is_sent() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        kind: EventKind::GraphStarted {
            graph: "resolve",
            reading: None,
        },
    };
    journal
        .event("resolve:graph_started", &event)
        .expect("event");
    let others = other_process(&path);
    let work: Pending<'_, Worked> = Box::pin(async {
        let open: i64 = others
            .query_row(
                "SELECT count(*) FROM steps WHERE ended IS NULL",
                [],
                |row| row.get(0),
            )
            .expect("the call");
        assert_eq!((open, count(&others, "events")), (1, 1));
        answer()
    });
    block_on(journal.step(&Still, call(Effect::Write, Repeat::Never), work)).expect("made");
    assert_eq!(count(&others, "steps WHERE ended IS NOT NULL"), 1);
}

/// A read with a name of its own.
fn read(name: &str) -> CallRecord {
    CallRecord {
        key: name.into(),
        ..call(Effect::Read, Repeat::Free)
    }
}

#[test]
fn a_read_is_seen_by_others_while_the_run_goes_on() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, read("check.a@1")).expect("made");
    let others = other_process(&path);
    let since = Instant::now();
    while count(&others, "steps") == 0 {
        assert!(since.elapsed() < Duration::from_secs(20), "nobody sees it");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn reads_that_were_kept_back_are_on_record_before_a_write_is_sent() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    // Nothing is committed but what something waits for.
    file.unsynced().expect("unsynced");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, read("check.a@1")).expect("made");
    step(&journal, read("check.b@1")).expect("made");
    let others = other_process(&path);
    assert_eq!(
        count(&others, "steps"),
        0,
        "a process that is killed here has not read"
    );
    let work: Pending<'_, Worked> = Box::pin(async {
        let mut keys = others
            .prepare("SELECT key FROM steps ORDER BY number")
            .expect("a query");
        let keys: Vec<String> = keys
            .query_map([], |row| row.get(0))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("texts");
        assert_eq!(keys, ["check.a@1", "check.b@1", "resolve.restart@1"]);
        answer()
    });
    block_on(journal.step(&Still, call(Effect::Write, Repeat::Never), work)).expect("made");
    assert_eq!(count(&others, "steps WHERE ended IS NOT NULL"), 3);
}

#[test]
fn what_is_kept_back_and_finds_no_room_is_told_with_what_comes_next_and_stays() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    file.bound(1).expect("bounded");
    let big = CallRecord {
        arguments: json!({"text": "x".repeat(1_000_000)}),
        ..read("check.big@1")
    };
    let told = |step: Result<Step, JournalError>| match step.expect("it was made") {
        Step::Done { unkept, .. } => unkept,
        Step::InFlight { .. } => panic!("it was made before"),
    };
    assert_eq!(told(step(&journal, big)), None);
    let since = Instant::now();
    let mut made = 0;
    let error = loop {
        made += 1;
        if let Some(error) = told(step(&journal, read(&format!("check.{made}@1")))) {
            break error;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "nobody is told");
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    let work: Pending<'_, Worked> = Box::pin(async { panic!("it was sent") });
    let write = call(Effect::Write, Repeat::Never);
    block_on(journal.step(&Still, write, work)).expect_err("no write without its record");
    file.bound(1_000_000).expect("room again");
    let again = file.again("run-1", Mode::Frozen).expect("again");
    assert!(again.has_answer("check.big@1"));
    assert!(again.has_answer(&format!("check.{made}@1")));
}

#[test]
fn what_is_on_record_is_given_back_without_being_done() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, call(Effect::Read, Repeat::Free)).expect("made");
    let again = file.again("run-1", Mode::Frozen).expect("again");
    let work: Pending<'_, Worked> = Box::pin(async { panic!("it was done") });
    let step = block_on(again.step(&Still, call(Effect::Read, Repeat::Free), work));
    assert!(
        matches!(step, Ok(Step::Done { answer: Ok(answer), .. }) if answer.result["ok"] == true)
    );
    let other = CallRecord {
        key: "resolve.other@1".into(),
        ..call(Effect::Read, Repeat::Free)
    };
    let work: Pending<'_, Worked> = Box::pin(async { panic!("it was done") });
    let error = block_on(again.step(&Still, other, work)).expect_err("not on record");
    assert_eq!(error, JournalError::Unrecorded);
}

#[test]
fn a_call_that_is_not_the_one_on_record_is_refused_with_the_reason() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, call(Effect::Write, Repeat::Never)).expect("made");
    let again = file.again("run-1", Mode::Live).expect("again");
    let changed = CallRecord {
        arguments: json!({"service": "api"}),
        ..call(Effect::Write, Repeat::Never)
    };
    let error = step(&again, changed).expect_err("another call").to_string();
    assert!(
        error.contains("resolve.restart") && error.contains("api"),
        "{error}"
    );
}

#[test]
fn a_call_that_another_catalogue_knows_otherwise_is_refused() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, call(Effect::Read, Repeat::Free)).expect("made");
    let again = file.again("run-1", Mode::Live).expect("again");
    let error = step(&again, call(Effect::Destroy, Repeat::Never)).expect_err("another effect");
    assert!(
        error
            .to_string()
            .contains("was a read, and now is a destroy"),
        "{error}"
    );
}

#[test]
fn a_write_in_flight_is_repeated_only_where_that_is_harmless() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    let dies: Pending<'_, Worked> = Box::pin(std::future::pending());
    let mut sent = journal.step(&Still, call(Effect::Write, Repeat::Never), dies);
    let waker = std::task::Waker::noop();
    assert!(
        sent.as_mut()
            .poll(&mut std::task::Context::from_waker(waker))
            .is_pending()
    );
    drop(sent);
    let again = file.again("run-1", Mode::Live).expect("again");
    let unsure = step(&again, call(Effect::Write, Repeat::Never)).expect("told");
    assert!(matches!(unsure, Step::InFlight { .. }), "{unsure:?}");
    let repeated = step(&again, call(Effect::Write, Repeat::Token)).expect("made");
    assert!(matches!(repeated, Step::Done { .. }), "{repeated:?}");
    assert_eq!(count(&file.connection(), "steps WHERE sent = 2"), 1);
}

#[test]
fn a_wait_ends_when_it_was_to_end() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    block_on(journal.sleep(&Still, "verify/every", SignedDuration::from_mins(5))).expect("waits");
    let until: String = other_process(&path)
        .query_row("SELECT at FROM marks WHERE kind = 'until'", [], |row| {
            row.get(0)
        })
        .expect("a deadline");
    assert_eq!(until, "1970-01-01T00:05:00Z");
}

#[test]
fn runs_are_found_by_the_beginning_of_their_id() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    for id in ["abc-1", "abd-2"] {
        file.start(id.into(), json!({}))
            .begin(&run(id))
            .expect("begin");
    }
    assert_eq!(file.find("abd").expect("one").id, "abd-2");
    assert_eq!(file.find("last").expect("the newest").id, "abd-2");
    let several = file.find("ab").expect_err("two").to_string();
    assert!(
        several.contains("abc-1") && several.contains("abd-2"),
        "{several}"
    );
    assert!(
        file.find("x")
            .expect_err("none")
            .to_string()
            .contains("runbook runs")
    );
    let running = Filter {
        verdict: Some("running".into()),
        ..Filter::default()
    };
    let runs = file.runs(&running).expect("runs");
    assert_eq!(runs.len(), 2);
    file.forget(&runs).expect("forgotten");
    assert!(file.find("last").is_err());
}

#[test]
fn a_full_disk_is_told_and_what_was_kept_stays() {
    let (_folder, path) = place();
    let file = SqliteJournal::open(&path).expect("journal");
    let journal = file.start("run-1".into(), json!({}));
    journal.begin(&run("run-1")).expect("begin");
    step(&journal, call(Effect::Read, Repeat::Free)).expect("made");
    file.bound(1).expect("bounded");
    let big = CallRecord {
        key: "resolve.big@1".into(),
        arguments: json!({"text": "x".repeat(1_000_000)}),
        ..call(Effect::Write, Repeat::Never)
    };
    let work: Pending<'_, Worked> = Box::pin(async { panic!("it was sent") });
    let error = block_on(journal.step(&Still, big, work)).expect_err("full");
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(error.to_string().contains("disk is full"));
    drop(journal);
    file.bound(1_000_000).expect("room again");
    let again = file.again("run-1", Mode::Frozen).expect("again");
    assert!(again.has_answer("resolve.restart@1"));
}

#[test]
fn processes_that_make_a_journal_at_the_same_moment_all_open_it() {
    for _ in 0..20 {
        let (_folder, path) = place();
        let start = std::sync::Barrier::new(4);
        let open = || {
            start.wait();
            SqliteJournal::open(&path).map(drop)
        };
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            for opener in openers {
                opener.join().expect("no panic").expect("a journal");
            }
        });
    }
}

#[test]
fn a_short_log_is_left_to_the_next_and_a_long_one_is_brought_into_the_file() {
    let (_folder, path) = place();
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let record = |id: &str, length: usize| {
        let file = SqliteJournal::open(&path).expect("journal");
        file.start(id.to_owned(), json!({"text": "x".repeat(length)}))
            .begin(&run(id))
            .expect("begin");
    };
    record("short", 10);
    assert!(log.exists(), "nothing was brought into the file");
    record("long", 2 << 20);
    assert!(!log.exists(), "all is in the file");
    let file = SqliteJournal::open(&path).expect("journal");
    assert_eq!(count(&file.connection(), "runs"), 2);
}

#[test]
fn a_file_that_is_no_journal_is_called_damaged() {
    let (_folder, path) = place();
    let text = "not a database, but long enough to look like a file".repeat(40);
    std::fs::write(&path, text).expect("write");
    assert!(matches!(
        SqliteJournal::open(&path),
        Err(JournalError::Corrupted { .. })
    ));
}

#[test]
fn a_journal_that_was_cut_is_called_damaged() {
    let (_folder, path) = place();
    {
        let file = SqliteJournal::open(&path).expect("journal");
        for number in 0..200 {
            let id = format!("run-{number}");
            file.start(id.clone(), json!({"text": "x".repeat(500)}))
                .begin(&run(&id))
                .expect("begin");
        }
        file.connection()
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
            .expect("one file");
    }
    let length = std::fs::metadata(&path).expect("the file").len();
    let cut = std::fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .expect("opened");
    cut.set_len(length / 2).expect("cut");
    drop(cut);
    let error = SqliteJournal::open(&path)
        .and_then(|file| file.verify())
        .expect_err("damaged");
    assert!(matches!(error, JournalError::Corrupted { .. }), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_called_unwritable() {
    let (folder, _) = place();
    let error =
        SqliteJournal::open(&folder.path().join("missing/journal.sqlite")).expect_err("no folder");
    assert!(matches!(error, JournalError::ReadOnly { .. }), "{error}");
}

#[test]
fn a_journal_of_a_newer_program_is_refused() {
    let (_folder, path) = place();
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
    let (_folder, path) = place();
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
