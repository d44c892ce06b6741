//! `runbook prune`: old fleets are forgotten with their runs, those that go on stay.

use crate::desk::{run, runbook, state, stdout};

#[test]
fn fleets_that_are_over_are_forgotten_and_those_that_wait_stay() {
    let state = state();
    run(state.path(), "three.yaml", &["--yes"]);
    run(state.path(), "three.yaml", &[]);
    let listed = || stdout(&runbook(state.path(), &["fleet", "status"]));
    assert_eq!(listed().lines().count(), 3, "{}", listed());
    let young = runbook(state.path(), &["prune"]);
    // A scenario's clock stands in the past: so do its runs.
    let old = stdout(&young).contains("forgotten");
    assert!(old, "{}", stdout(&young));
    let dry = stdout(&runbook(
        state.path(),
        &["prune", "--older-than", "0s", "--dry-run", "--unfinished"],
    ));
    assert!(dry.contains("1 fleet would be forgotten"), "{dry}");
    assert!(listed().contains("waiting"), "{}", listed());
    assert_eq!(listed().lines().count(), 2, "{}", listed());
    let all = stdout(&runbook(
        state.path(),
        &["prune", "--older-than", "0s", "--unfinished"],
    ));
    assert!(all.contains("1 fleet forgotten"), "{all}");
    assert!(listed().contains("no fleet is on record"), "{}", listed());
}
