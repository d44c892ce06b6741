//! Secrets that a run reads itself, and what an author states not to be one.

use super::script::{Script, script, status};
use crate::journal::{Mode, SqliteJournal};
use crate::outcome::Outcome;
use crate::verdict::Verdict;
use serde_json::json;

const PLAYBOOK: &str = "
inputs: {token: {type: secret, pattern: '[a-z0-9]+'}}
resolve:
  use: {action: t:WriteA, with: {name: '${{ inputs.token }}'}}
";

fn shown(world: &Script, outcome: &Outcome) -> String {
    format!(
        "{outcome:?} {:?} {:?} {:?}",
        world.events.borrow(),
        world.journal.entries(),
        world.questions.borrow()
    )
}

#[test]
fn a_secret_is_read_by_a_call_of_the_run() {
    for (source, action, answer, arguments) in [
        (
            "ssm:/acso/token",
            "ssm:GetParameter",
            json!({"Parameter": {"Value": "hunter22"}}),
            json!({"Name": "/acso/token", "WithDecryption": true}),
        ),
        (
            "secretsmanager:acso#token",
            "secretsmanager:GetSecretValue",
            json!({"SecretString": "{\"token\": \"hunter22\"}"}),
            json!({"SecretId": "acso"}),
        ),
    ] {
        let world = script().on(action, answer).input("token", json!(source));
        let outcome = world.run(PLAYBOOK);
        assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
        assert_eq!(world.arguments(action), [arguments]);
        assert_eq!(world.arguments("t:WriteA"), [json!({"name": "hunter22"})]);
        assert_eq!(status(&outcome, "inputs.token"), "done");
        let shown = shown(&world, &outcome);
        assert!(!shown.contains("hunter22"), "{shown}");
        assert!(shown.contains(source), "where it lies is no secret");
    }
}

#[test]
fn a_secret_that_cannot_be_read_ends_the_run_before_anything_is_done() {
    let world = script()
        .fails("ssm:GetParameter", "AccessDeniedException")
        .input("token", json!("ssm:/acso/token"));
    let outcome = world.run(PLAYBOOK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    let said = &outcome.explanation;
    assert!(
        said.contains("`token`") && said.contains("AccessDenied"),
        "{said}"
    );
    assert_eq!(world.called(), ["ssm:GetParameter"]);
}

#[test]
fn a_secret_that_was_read_is_held_against_the_inputs_own_rules() {
    let world = script()
        .on(
            "ssm:GetParameter",
            json!({"Parameter": {"Value": "HUNTER-22"}}),
        )
        .input("token", json!("ssm:/acso/token"));
    let outcome = world.run(PLAYBOOK);
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert!(!shown(&world, &outcome).contains("HUNTER-22"));
    assert!(world.arguments("t:WriteA").is_empty());
}

#[test]
fn a_run_that_goes_on_reads_the_secret_again_for_it_is_not_on_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let world = script()
        .on(
            "ssm:GetParameter",
            json!({"Parameter": {"Value": "hunter22"}}),
        )
        .input("token", json!("ssm:/acso/token"))
        .decide(&[
            crate::approval::Decision::Nobody,
            crate::approval::Decision::Approved { by: "ann".into() },
        ]);
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(PLAYBOOK, &journal).verdict, Verdict::Paused);
    // A rehearsal goes through what is on record without a call.
    let rehearsal = file.again("run", Mode::Rehearsal).expect("again");
    world.run_until(PLAYBOOK, &rehearsal, &|| true);
    assert_eq!(rehearsal.difference(), None);
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(PLAYBOOK, &journal);
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(world.arguments("t:WriteA"), [json!({"name": "hunter22"})]);
    assert_eq!(world.arguments("ssm:GetParameter").len(), 2);
}

/// A write that is taken back with a secret.
const TAKEN_BACK: &str = "
inputs: {token: {type: secret}}
resolve:
  use:
    action: t:WriteA
    with: {name: x}
    undo: {action: t:WriteBack, with: {name: '${{ inputs.token }}'}}
";

#[test]
fn what_takes_back_with_a_secret_reads_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let secret = json!({"Parameter": {"Value": "hunter22"}});
    let world = script()
        .on("ssm:GetParameter", secret)
        .input("token", json!("ssm:/acso/token"));
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(TAKEN_BACK, &journal).verdict, Verdict::Done);
    let journal = file.again("run", Mode::Frozen).expect("again");
    let undone = world
        .undo_with(TAKEN_BACK, &journal, || journal.thaw())
        .expect("gone through");
    assert_eq!(undone.verdict, Verdict::Undone, "{}", undone.explanation);
    let sent = world.arguments("t:WriteBack");
    assert_eq!(sent, [json!({"name": "hunter22"})]);
    assert_eq!(world.arguments("ssm:GetParameter").len(), 2);
    assert!(!shown(&world, &undone).contains("hunter22"));
}

#[test]
fn a_secret_that_can_no_longer_be_read_is_asked_for_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let secret = json!({"Parameter": {"Value": "hunter22"}});
    let world = script()
        .on("ssm:GetParameter", secret)
        .fails("ssm:GetParameter", "ParameterNotFound")
        .input("token", json!("ssm:/acso/token"));
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(TAKEN_BACK, &journal).verdict, Verdict::Done);
    let journal = file.again("run", Mode::Frozen).expect("again");
    let undone = world
        .undo_with(TAKEN_BACK, &journal, || journal.thaw())
        .expect("gone through");
    assert_eq!(undone.verdict, Verdict::Failed);
    let undo = "resolve.use.undo.use";
    assert_eq!(status(&undone, undo), "failed secret_lost");
    let error = super::script::step(&undone, undo).error.clone();
    let said = error.expect("an error").message;
    assert!(said.contains("`-i token=env:VARIABLE`"), "{said}");
    // It is given in another way.
    let given = script().input("token", json!("hunter22"));
    let rehearsal = file.again("run", Mode::Rehearsal).expect("again");
    given.run_until(TAKEN_BACK, &rehearsal, &|| true);
    assert_eq!(rehearsal.difference(), None);
    let journal = file.again("run", Mode::Frozen).expect("again");
    let undone = given
        .undo_with(TAKEN_BACK, &journal, || journal.thaw())
        .expect("gone through");
    assert_eq!(undone.verdict, Verdict::Undone, "{}", undone.explanation);
    let sent = given.arguments("t:WriteBack");
    assert_eq!(sent, [json!({"name": "hunter22"})]);
}

#[test]
fn what_the_model_calls_sensitive_is_masked_unless_the_author_states_otherwise() {
    let text = "
resolve:
  set:
    action: t:WriteA
    with: {hidden: new-value}
    before: {action: t:ReadA}
    SENSITIVE
";
    let run = |stated: &str| {
        let world = script().on("t:ReadA", json!({"hidden": "old-value"}));
        let outcome = world.run(&text.replace("SENSITIVE", stated));
        assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
        let question = world.questions.borrow()[0].clone();
        (question, shown(&world, &outcome))
    };
    let (question, shown) = run("title: Set");
    assert!(!shown.contains("old-value"), "{shown}");
    assert!(question.stated.is_empty());
    let (question, _) = run("sensitive: false");
    assert_eq!(question.calls[0].arguments, json!({"hidden": "new-value"}));
    assert_eq!(question.calls[0].changes[0].from, json!("old-value"));
    assert_eq!(question.stated, ["nothing in it is secret"]);
}

#[test]
fn what_a_document_declares_as_secret_stays_so_whatever_the_author_states() {
    let answer = json!({"parameter": {"Type": "SecureString", "Value": "hunter22"}});
    let world = script().on("t:ReadA", answer);
    let outcome = world.run(
        "
diagnose:
  look: {action: t:ReadA, sensitive: false, capture: {value: $.parameter}}
",
    );
    let shown = shown(&world, &outcome);
    assert!(!shown.contains("hunter22"), "{shown}");
}

#[test]
fn a_masked_read_that_is_made_again_ends_when_it_did() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let text = "
diagnose:
  a: {action: t:ReadA, sensitive: true}
  b: {action: t:ReadB, needs: [a], with: {since: '${{ now }}'}}
resolve:
  write: {action: t:WriteA}
";
    let world = script().on("t:ReadA", json!({"name": "x"})).decide(&[
        crate::approval::Decision::Nobody,
        crate::approval::Decision::Approved { by: "ann".into() },
    ]);
    let journal = file.start("run".into(), json!({}));
    assert_eq!(world.run_with(text, &journal).verdict, Verdict::Paused);
    world.passes(jiff::SignedDuration::from_hours(1));
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = world.run_with(text, &journal);
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(world.arguments("t:ReadA").len(), 2);
    assert_eq!(world.arguments("t:ReadB").len(), 1);
}
