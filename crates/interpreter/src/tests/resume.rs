//! A run whose process dies goes on where it was; whatever the point at which it died, the world sees the same writes.

use super::script::{Script, script};
use crate::approval::{Decision, Settlement};
use crate::journal::fault::Fault;
use crate::journal::{Durability, Mode, SqliteJournal};
use crate::outcome::Outcome;
use crate::verdict::Verdict;
use serde_json::json;
use std::path::Path;

const PLAYBOOK: &str = "
symptom:
  a: {action: t:ReadA, capture: {name: $.name}, assert: [{that: name == 'x'}]}
  b: {action: t:ReadB, assert: [{that: true}]}
diagnose:
  c: {action: t:ReadC, causes: {leak: {that: true}}}
resolve:
  mend:
    for: [leak]
    steps:
      once: {action: t:WriteOnce, with: {name: '${{ symptom.a.name }}'}, capture: {size: $.size}, undo: {action: t:WriteBack, with: {size: '${{ size }}'}}}
      pause: {action: time:Sleep, with: {for: 5m}}
      each: {action: t:WriteOnce, each: \"n in ['p', 'q']\", with: {name: '${{ n }}'}}
verify: {every: 10s, within: 1m, times: 2}
";

fn world() -> Script {
    script()
        .on("t:ReadA", json!({"name": "x"}))
        .on("t:WriteOnce", json!({"size": 3}))
}

fn open(path: &Path) -> SqliteJournal {
    let file = SqliteJournal::open(path).expect("a journal");
    file.unsynced().expect("unsynced");
    file
}

/// Runs until the process dies at a point; the outcome where it does not.
fn dying(world: &Script, journal: &dyn Durability, point: u64) -> (Option<Outcome>, u64) {
    let fault = Fault::at(journal, point, || {});
    let outcome = world.run_until(PLAYBOOK, &fault, &|| fault.is_dead());
    let outcome = outcome.filter(|_| !fault.is_dead());
    (outcome, fault.points())
}

/// The writes that the world saw, one for each token.
fn writes(world: &Script) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    for (action, arguments) in world.calls.borrow().iter() {
        let write = (
            arguments["name"].to_string(),
            arguments["token"].to_string(),
        );
        if action == "t:WriteOnce" && !seen.contains(&write) {
            seen.push(write);
        }
    }
    seen
}

#[test]
fn a_run_that_dies_at_any_point_ends_as_if_it_had_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = world();
    let file = open(&folder.path().join("whole.sqlite"));
    let journal = file.start("run".into(), json!({}));
    let (outcome, points) = dying(&whole, &journal, u64::MAX);
    let outcome = outcome.expect("an end");
    assert_eq!(
        outcome.verdict,
        Verdict::Unresolved,
        "{}",
        outcome.explanation
    );
    assert!(points > 30, "{points}");
    for point in (0..points).step_by(3) {
        let path = folder.path().join(format!("{point}.sqlite"));
        let died = world();
        {
            let file = open(&path);
            let journal = file.start("run".into(), json!({}));
            assert!(dying(&died, &journal, point).0.is_none(), "{point}");
        }
        // It dies once more a little later, and then goes on to its end.
        {
            let file = open(&path);
            let journal = file.again("run", Mode::Live).expect("again");
            dying(&died, &journal, 7);
        }
        let file = open(&path);
        let journal = file.again("run", Mode::Live).expect("again");
        let (resumed, _) = dying(&died, &journal, u64::MAX);
        let resumed = resumed.expect("an end");
        assert_eq!(
            resumed.verdict, outcome.verdict,
            "{point}: {}",
            resumed.explanation
        );
        assert_eq!(resumed.changes, outcome.changes, "{point}");
        assert_eq!(writes(&died), writes(&whole), "{point}");
    }
}

#[test]
fn a_paused_run_goes_on_when_somebody_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open(&folder.path().join("journal.sqlite"));
    let world = world().decide(&[Decision::Nobody, Decision::Approved { by: "ann".into() }]);
    let journal = file.start("run".into(), json!({}));
    let outcome = world.run_with(PLAYBOOK, &journal);
    assert_eq!(outcome.verdict, Verdict::Paused);
    let reads = world.called().len();
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(PLAYBOOK, &journal);
    assert_eq!(
        outcome.verdict,
        Verdict::Unresolved,
        "{}",
        outcome.explanation
    );
    assert_eq!(
        world.called().get(reads).map(String::as_str),
        Some("t:WriteOnce")
    );
    let row = file.run("run").expect("the run");
    assert_eq!(
        (row.verdict.as_deref(), row.sessions),
        (Some("unresolved"), 2)
    );
}

#[test]
fn an_approval_holds_for_the_principal_it_was_given_for() {
    let text = "
resolve:
  one: {action: t:WriteA, with: {name: one}}
  two: {action: t:WriteB, with: {name: two}}
";
    let world_of = |principal: &str| {
        let world = script().decide(&[Decision::Approved { by: "ann".into() }]);
        let arn = format!("arn:aws:iam::123456789012:role/{principal}");
        world.principal.replace(Some(arn));
        world
    };
    let died = |point: u64| {
        let folder = tempfile::tempdir().expect("a folder");
        let file = open(&folder.path().join("journal.sqlite"));
        let world = world_of("ops");
        let journal = file.start("run".into(), json!({}));
        let fault = Fault::at(&journal, point, || {});
        world.run_until(text, &fault, &|| fault.is_dead());
        drop(journal);
        (folder, file, world)
    };
    // It dies after the second answer is on record, and before its write is.
    let point = (0..60).find(|point| {
        let (_folder, file, world) = died(*point);
        let Ok(row) = file.run("run") else {
            return false;
        };
        let gates = file.gates(&row).expect("gates");
        let answered = gates.iter().filter(|gate| gate.answer.is_some()).count();
        answered == 2 && world.called() == ["t:WriteA"]
    });
    let point = point.expect("a point between the two");
    for (principal, due) in [("ops", &[][..]), ("admin", &["resolve.two"][..])] {
        let (_folder, file, _) = died(point);
        let world = world_of(principal);
        let journal = file.again("run", Mode::Live).expect("again");
        let outcome = world.run_with(text, &journal);
        assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
        assert_eq!(world.called(), ["t:WriteB"]);
        let questions = world.questions.borrow();
        let asked: Vec<&str> = questions.iter().map(|one| one.step.as_str()).collect();
        assert_eq!(asked, due, "{principal}");
        let place = questions.first().map_or("", |one| one.place.as_str());
        assert!(due.is_empty() || place.ends_with("role/admin"), "{place}");
    }
}

#[test]
fn a_run_that_has_ended_is_taken_back_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open(&folder.path().join("journal.sqlite"));
    let world = world();
    let journal = file.start("run".into(), json!({}));
    world.run_with(PLAYBOOK, &journal);
    for _ in 0..2 {
        let journal = file.again("run", Mode::Frozen).expect("again");
        let outcome = world
            .undo_with(PLAYBOOK, &journal, || journal.thaw())
            .expect("gone through");
        // Two writes have no undo.
        assert_eq!(outcome.verdict, Verdict::Failed, "{}", outcome.explanation);
        assert_eq!(world.arguments("t:WriteBack"), [json!({"size": 3})]);
    }
}

#[test]
fn the_same_run_leaves_the_same_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = |name: &str| {
        let path = folder.path().join(name);
        let file = open(&path);
        let world = world();
        let journal = file.start("run".into(), json!({}));
        world.run_with(PLAYBOOK, &journal);
        drop(journal);
        drop(file);
        std::fs::read(&path).expect("the file")
    };
    assert!(rows("one") == rows("two"), "the files differ");
}

const TOKENLESS: &str = "
resolve:
  a: {action: t:WriteA, with: {name: x}, capture: {size: {path: $.size, default: 0}}}
  b: {action: t:ReadB, with: {name: after}}
";

/// A run that died while its only write was sent.
fn in_flight(world: &Script, file: &SqliteJournal) {
    let journal = file.start("run".into(), json!({}));
    let fault = Fault::at(&journal, 8, || {});
    world.run_until(TOKENLESS, &fault, &|| fault.is_dead());
    assert_eq!(
        world.called(),
        ["t:WriteA"],
        "it died after the write was sent"
    );
}

#[test]
fn a_write_in_doubt_waits_for_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open(&folder.path().join("journal.sqlite"));
    let world = script();
    in_flight(&world, &file);
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(TOKENLESS, &journal);
    assert_eq!(outcome.verdict, Verdict::Paused);
    let waiting = outcome.waiting.expect("a question");
    assert!(waiting.why.contains("was interrupted"), "{}", waiting.why);
    assert_eq!(world.called(), ["t:WriteA"]);
}

#[test]
fn a_person_says_what_became_of_a_write_in_doubt() {
    for (said, called) in [
        (
            Settlement::Made { by: "ann".into() },
            vec!["t:WriteA", "t:ReadB"],
        ),
        (
            Settlement::NotMade { by: "ann".into() },
            vec!["t:WriteA", "t:WriteA", "t:ReadB"],
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = open(&folder.path().join("journal.sqlite"));
        let world = script().settling(said);
        in_flight(&world, &file);
        let journal = file.again("run", Mode::Live).expect("again");
        let outcome = world.run_with(TOKENLESS, &journal);
        assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
        assert_eq!(world.called(), called);
        let doubt = world.doubts.borrow();
        assert_eq!(doubt[0].call.action, "t:WriteA");
        // What was said is on record: it is not asked again.
        let journal = file.again("run", Mode::Frozen).expect("again");
        world.run_with(TOKENLESS, &journal);
        assert_eq!(world.doubts.borrow().len(), 1);
    }
}

const SECRETS: &str = "
resolve:
  read: {action: t:ReadA, sensitive: true, capture: {name: $.name}}
  write: {action: t:WriteOnce, sensitive: [$.extra], capture: {extra: $.extra}}
  stop: {action: t:WriteStop, approve: always}
  uses_read: {action: t:ReadUse, with: {name: '${{ read.name }}'}}
  uses_write: {action: t:ReadUse, with: {name: '${{ write.extra }}'}}
";

#[test]
fn secrets_that_are_not_on_record_are_read_again_or_missed_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open(&folder.path().join("journal.sqlite"));
    let yes = Decision::Approved { by: "ann".into() };
    let world = script()
        .on("t:ReadA", json!({"name": "hunter2"}))
        .on("t:WriteOnce", json!({"extra": "hunter3"}))
        .decide(&[yes.clone(), Decision::Nobody, yes]);
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(SECRETS, &journal).verdict, Verdict::Paused);
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(SECRETS, &journal);
    assert_eq!(world.arguments("t:ReadUse"), [json!({"name": "hunter2"})]);
    assert_eq!(
        super::script::status(&outcome, "resolve.uses_write"),
        "failed secret_lost"
    );
    assert_eq!(world.arguments("t:WriteOnce").len(), 1);
}
