//! Playbooks that playbooks run: their writes are the caller's, to take back and to lead to its run.

use super::script::{Script, script, status};
use crate::journal::fault::Fault;
use crate::journal::{Mode, SqliteJournal};
use crate::outcome::Outcome;
use crate::verdict::Verdict;
use serde_json::{Value as Json, json};

const CHILD: &str = "
inputs: {name: {type: string}}
resolve:
  grow:
    action: t:WriteA
    with: {name: '${{ inputs.name }}', note: '${{ run.id }}'}
    undo: {action: t:WriteBack, with: {name: '${{ inputs.name }}'}}
  more:
    action: t:WriteB
    undo: {action: t:WriteBack, with: {name: more}}
";

const CALLER: &str = "
symptom: {s: {action: t:ReadA, assert: [{that: true}]}}
resolve:
  all:
    steps:
      own: {action: t:WriteOwn, undo: {action: t:WriteBack, with: {name: own}}}
      first: {action: playbook:Run, with: {path: child.yaml, inputs: {name: first}}}
      last: {action: playbook:Run, with: {path: child.yaml, inputs: {name: last}}}
verify: {every: 10s, within: 20s, otherwise: undo}
";

fn world() -> Script {
    script().holding("child.yaml", CHILD)
}

fn taken_back(world: &Script) -> Vec<Json> {
    let all = world.arguments("t:WriteBack");
    all.iter()
        .map(|arguments| arguments["name"].clone())
        .collect()
}

#[test]
fn a_verification_that_fails_takes_back_what_nested_playbooks_did_newest_first() {
    let world = world();
    let outcome = world.run(CALLER);
    assert_eq!(taken_back(&world), ["more", "last", "more", "first", "own"]);
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert!(
        outcome
            .changes
            .iter()
            .all(|change| change.undone || change.undoes.is_some())
    );
    assert_eq!(status(&outcome, "resolve.all.last"), "undone");
    let steps: Vec<&str> = outcome
        .changes
        .iter()
        .skip(5)
        .map(|change| change.step.as_str())
        .collect();
    assert_eq!(
        steps.first().copied(),
        Some("resolve.all.last/resolve.more.undo.more")
    );
}

#[test]
fn a_failure_after_a_nested_playbook_takes_it_back() {
    let world = world().fails("t:WriteLate", "Denied");
    let outcome = world.run(
        "
resolve:
  all:
    steps:
      child: {action: playbook:Run, with: {path: child.yaml, inputs: {name: x}}}
      late: {action: t:WriteLate, on_error: undo}
",
    );
    assert_eq!(taken_back(&world), ["more", "x"]);
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
}

#[test]
fn what_a_nested_playbook_did_before_it_failed_is_taken_back_too() {
    let world = world().fails("t:WriteB", "Denied");
    let outcome = world.run(
        "
resolve:
  all:
    steps:
      child: {action: playbook:Run, with: {path: child.yaml, inputs: {name: x}}, on_error: undo}
",
    );
    assert_eq!(taken_back(&world), ["x"]);
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
}

#[test]
fn an_undo_that_fails_in_a_nested_playbook_stops_and_names_what_is_left() {
    let world = world().fails("t:WriteBack", "Denied");
    let outcome = world.run(CALLER);
    assert_eq!(taken_back(&world), ["more"]);
    assert_eq!(outcome.verdict, Verdict::Failed);
    for left in [
        "the undo of resolve.all.last failed",
        "t:WriteOwn of resolve.all.own",
        "t:WriteA of resolve.all.first/resolve.grow",
    ] {
        assert!(
            outcome.explanation.contains(left),
            "{}",
            outcome.explanation
        );
    }
}

#[test]
fn what_is_left_behind_leads_to_the_outermost_run() {
    let world = world();
    let outcome = world.run(CALLER);
    let notes: Vec<Json> = world
        .arguments("t:WriteA")
        .iter()
        .map(|arguments| arguments["note"].clone())
        .collect();
    assert_eq!(notes, [json!(outcome.run), json!(outcome.run)]);
}

#[test]
fn a_nested_playbook_looks_no_further_back_than_the_callers_last_write() {
    let world = script().holding(
        "look.yaml",
        "
inputs: {window: {type: duration, default: 1h}}
diagnose: {look: {action: t:ReadA, with: {since: '${{ since(inputs.window) }}'}}}
",
    );
    world.run(
        "
resolve:
  write: {action: t:WriteA}
  pause: {action: time:Sleep, with: {for: 10m}}
  look: {action: playbook:Run, with: {path: look.yaml}}
",
    );
    assert_eq!(
        world.arguments("t:ReadA"),
        [json!({"since": "2026-01-15T12:00:00Z"})]
    );
}

fn open(path: &std::path::Path) -> SqliteJournal {
    let file = SqliteJournal::open(path).expect("a journal");
    file.unsynced().expect("unsynced");
    file
}

#[test]
fn a_run_on_record_is_taken_back_with_what_nested_playbooks_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = open(&folder.path().join("journal.sqlite"));
    let world = world();
    let text = CALLER.replace(", otherwise: undo", "");
    let journal = file.start("run".into(), json!({}));
    world.run_with(&text, &journal);
    assert_eq!(taken_back(&world), [""; 0]);
    let undo = || -> Outcome {
        let journal = file.again("run", Mode::Frozen).expect("again");
        world
            .undo_with(&text, &journal, || journal.thaw())
            .expect("an end")
    };
    let outcome = undo();
    assert_eq!(outcome.verdict, Verdict::Undone, "{}", outcome.explanation);
    assert_eq!(taken_back(&world), ["more", "last", "more", "first", "own"]);
    undo();
    assert_eq!(taken_back(&world).len(), 5, "nothing is taken back twice");
}

#[test]
fn a_death_in_the_midst_of_taking_nested_playbooks_back_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    // What takes back has a token here, so that a repeated write is known as one.
    let child = CHILD.replace("t:WriteBack", "t:WriteOnce");
    let caller = CALLER.replace("t:WriteBack", "t:WriteOnce");
    let back = |world: &Script| {
        let mut seen: Vec<Json> = Vec::new();
        for arguments in world.arguments("t:WriteOnce") {
            if !seen.contains(&arguments) {
                seen.push(arguments);
            }
        }
        seen
    };
    let fresh = || script().holding("child.yaml", &child);
    let run = |name: &str, world: &Script, point: u64, again: bool| {
        let file = open(&folder.path().join(name));
        let journal = if again {
            file.again("run", Mode::Live).expect("again")
        } else {
            file.start("run".into(), json!({}))
        };
        let fault = Fault::at(&journal, point, || {});
        let outcome = world.run_until(&caller, &fault, &|| fault.is_dead());
        (outcome.filter(|_| !fault.is_dead()), fault.points())
    };
    let whole = fresh();
    let (_, points) = run("whole", &whole, u64::MAX, false);
    let expected = back(&whole);
    assert_eq!(expected.len(), 5);
    for point in (points / 2..points).step_by(3) {
        let world = fresh();
        let name = point.to_string();
        run(&name, &world, point, false);
        // Writes without a token are in doubt where the process died in them; these points are not about them.
        let (outcome, _) = run(&name, &world, u64::MAX, true);
        let outcome = outcome.expect("an end");
        if outcome.verdict == Verdict::Paused {
            continue;
        }
        assert_eq!(
            outcome.verdict,
            Verdict::Undone,
            "{point}: {}",
            outcome.explanation
        );
        assert_eq!(back(&world), expected, "{point}");
    }
}

#[test]
fn a_playbook_acts_where_those_that_run_it_may() {
    let child = "
target: {regions: [us-east-1, eu-west-1]}
resolve:
  here: {action: t:WriteA, with: {name: here}}
  there: {action: t:WriteB, with: {name: there}, target: {region: eu-west-1}}
";
    let run = |bounds: &str| {
        let world = script().holding("child.yaml", child);
        let text = format!(
            "{bounds}\nresolve: {{all: {{action: playbook:Run, with: {{path: child.yaml}}}}}}"
        );
        let outcome = world.run(&text);
        (world.called(), outcome)
    };
    let (called, outcome) = run("limits: {writes: 9}");
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(called, ["t:WriteA", "t:WriteB"]);
    let (called, outcome) = run("target: {regions: [us-east-1]}");
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(called, ["t:WriteA"]);
    let due = "region eu-west-1 is not among those that the playbook allows: us-east-1";
    assert!(outcome.explanation.contains(due), "{}", outcome.explanation);
}
