//! Fleets that are killed and asked to end, and go on.

use crate::desk::{command, killed_after, report, runbook, standing, state, stderr, writes};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[test]
fn ctrl_c_ends_what_runs_in_order_and_the_fleet_goes_on_later() {
    let state = state();
    let words = [
        "fleet",
        "run",
        "restart.yaml",
        "--targets",
        "thousand.yaml",
        "--scenario",
        "stuck",
        "--yes",
        "--waves",
        "60",
    ];
    let mut child = command(state.path(), &words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let out = child.stdout.take().expect("its output");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    assert_eq!(lines.by_ref().take(20).count(), 20);
    let interrupt = Command::new("kill")
        .arg("-INT")
        .arg(child.id().to_string())
        .status();
    assert!(interrupt.expect("it is sent").success());
    let rest = lines.count();
    assert!(rest < 900, "{rest} lines after it was asked to stop");
    assert_eq!(child.wait().expect("it is over").code(), Some(1));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "interrupted");
    let counts = |fleet: &Json| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for how in standing(fleet).into_values() {
            *counts.entry(how).or_default() += 1;
        }
        counts
    };
    let before = counts(&fleet);
    assert!(
        before
            .keys()
            .all(|how| how == "resolved" || how == "waiting"),
        "{before:?}"
    );
    killed_after(state.path(), 30, &["fleet", "resume", "last", "--yes"]);
    let after = report(state.path());
    assert!(counts(&after)["resolved"] > before["resolved"]);
    assert!(writes(state.path(), &after).values().all(|made| *made <= 1));
}

#[test]
fn a_thousand_targets_survive_three_kills_and_no_write_is_doubled() {
    let state = state();
    let begun = Instant::now();
    killed_after(
        state.path(),
        100,
        &[
            "fleet",
            "run",
            "restart.yaml",
            "--targets",
            "thousand.yaml",
            "--scenario",
            "stuck",
            "--yes",
        ],
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "interrupted");
    for ended in [150, 333] {
        killed_after(state.path(), ended, &["fleet", "resume", "last", "--yes"]);
    }
    let resumed = runbook(state.path(), &["fleet", "resume", "last", "--yes"]);
    assert_eq!(resumed.status.code(), Some(0), "{}", stderr(&resumed));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let standing = standing(&fleet);
    assert_eq!(standing.len(), 1000);
    assert!(
        standing.values().all(|how| how == "resolved"),
        "{standing:?}"
    );
    let writes = writes(state.path(), &fleet);
    assert_eq!(writes.len(), 1000);
    assert!(writes.values().all(|made| *made == 1), "{writes:?}");
    assert!(begun.elapsed() < Duration::from_mins(5));
}

#[test]
fn answers_that_were_given_before_a_crash_still_count() {
    let state = state();
    let words = [
        "fleet",
        "run",
        "restart.yaml",
        "--targets",
        "thousand.yaml",
        "--scenario",
        "stuck",
        "--waves",
        "100",
        "-i",
        "wanted=2",
    ];
    let output = runbook(state.path(), &words);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let approved = runbook(state.path(), &["fleet", "approve", "last", "--yes"]);
    assert_eq!(approved.status.code(), Some(0), "{}", stderr(&approved));
    killed_after(state.path(), 40, &["fleet", "resume", "last"]);
    let resumed = runbook(state.path(), &["fleet", "resume", "last"]);
    // The second wave waits for people, and nothing of the first does any more.
    assert_eq!(resumed.status.code(), Some(3), "{}", stderr(&resumed));
    let fleet = report(state.path());
    let of_wave = |wave: u64| {
        let targets = fleet["targets"].as_array().expect("targets");
        targets
            .iter()
            .filter(move |target| target["wave"] == wave)
            .map(|target| target["verdict"].as_str().unwrap_or_default())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(of_wave(1), ["resolved"].into());
    assert_eq!(of_wave(2), ["paused"].into());
    let writes = writes(state.path(), &fleet);
    assert_eq!(writes.values().sum::<usize>(), 100);
    assert!(writes.values().all(|made| *made <= 1));
}
