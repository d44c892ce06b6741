//! What an interpreter is told about the steps of `ok/order.yaml` and `ok/memory-leak.yaml`.

use super::{folder, read};
use runbook_playbook::checked::{Checked, CheckedStep};

fn checked(name: &str) -> Checked {
    let (checked, _) = read(&folder("ok").join(name));
    checked.expect("a playbook without errors")
}

fn step<'c>(checked: &'c Checked, path: &str) -> &'c CheckedStep {
    let paths: Vec<&String> = checked.steps.keys().collect();
    checked
        .steps
        .get(path)
        .unwrap_or_else(|| panic!("no step {path} in {paths:?}"))
}

#[test]
fn reading_steps_wait_for_what_they_name() {
    let playbook = checked("order.yaml");
    let late = step(&playbook, "symptom.late");
    assert_eq!(late.after, ["symptom.early", "symptom.tasks"]);
    assert_eq!(
        late.reads,
        ["symptom.early"],
        "how a step ended is no value"
    );
    assert!(step(&playbook, "symptom.tasks").after.is_empty());
}

#[test]
fn a_step_waits_for_all_finders_of_a_cause_that_it_names() {
    let playbook = checked("order.yaml");
    assert_eq!(
        step(&playbook, "diagnose.none_at_all").after,
        ["diagnose.few"]
    );
    let leak = checked("memory-leak.yaml");
    let growth = step(&leak, "diagnose.growth");
    assert_eq!(
        growth.after,
        ["diagnose.stop_reasons", "diagnose.memory_errors"]
    );
    assert!(growth.reads.is_empty());
}

#[test]
fn values_of_earlier_graphs_are_read_but_not_waited_for() {
    let playbook = checked("order.yaml");
    let few = step(&playbook, "diagnose.few");
    assert!(few.after.is_empty());
    assert_eq!(few.reads, ["symptom.early"]);
}

#[test]
fn other_steps_run_in_written_order_unless_they_say_what_they_need() {
    let playbook = checked("order.yaml");
    assert_eq!(step(&playbook, "resolve.scale").after, ["resolve.guard"]);
    assert_eq!(step(&playbook, "resolve.report").after, ["resolve.guard"]);
    let end = step(&playbook, "resolve.end");
    assert_eq!(end.after, ["resolve.scale", "resolve.report"]);
    assert_eq!(end.reads, ["resolve.scale.up"]);
}

#[test]
fn steps_below_a_step_have_its_path() {
    let playbook = checked("order.yaml");
    let up = step(&playbook, "resolve.scale.up");
    assert_eq!(up.reads, ["resolve.guard"]);
    let before = up.before.as_ref().expect("a signature");
    assert_eq!(before.name, "ecs:DescribeServices");
    let stable = step(&playbook, "resolve.scale.stable");
    assert_eq!(stable.after, ["resolve.scale.up"]);
    let seen = step(&playbook, "resolve.scale.up.undo.seen");
    assert_eq!(seen.after, ["resolve.scale.up.undo.down"]);
    let note = step(&playbook, "resolve.scale.finally.note");
    assert_eq!(note.reads, ["resolve.scale.up"]);
    step(&playbook, "verify.gone");
    let leak = checked("memory-leak.yaml");
    step(&leak, "resolve.more_memory.register.undo.register");
}

#[test]
fn a_step_handles_what_it_or_others_look_at() {
    let playbook = checked("order.yaml");
    assert!(step(&playbook, "symptom.tasks").reads_truncated);
    assert!(!step(&playbook, "verify.gone").reads_truncated);
    assert_eq!(
        step(&playbook, "symptom.early").reads_failures,
        ["failures"]
    );
    assert!(step(&playbook, "resolve.guard").reads_failures.is_empty());
}

#[test]
fn causes_know_who_finds_and_who_mends_them() {
    let leak = checked("memory-leak.yaml");
    let names: Vec<&String> = leak.causes.keys().collect();
    assert_eq!(names, ["out_of_memory", "steady_growth"]);
    let cause = &leak.causes["out_of_memory"];
    assert_eq!(cause.title, "Tasks are killed for running out of memory");
    assert_eq!(
        cause.finders,
        ["diagnose.stop_reasons", "diagnose.memory_errors"]
    );
    assert_eq!(cause.remedies, ["resolve.restart", "resolve.more_memory"]);
}
