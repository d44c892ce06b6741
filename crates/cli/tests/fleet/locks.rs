//! One run at a time of a playbook on a target: between fleets, and between a fleet and a single run.

use crate::aws;
use crate::desk::{both, command, report, runbook, state};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

const SINGLE: [&str; 4] = ["run", "restart.yaml", "--scenario", "stuck"];
const FLEET: [&str; 7] = [
    "fleet",
    "run",
    "restart.yaml",
    "--targets",
    "three.yaml",
    "--scenario",
    "stuck",
];

/// Starts something that waits for people, until it does.
fn waiting(state: &std::path::Path, words: &[&str]) -> Child {
    let mut words = words.to_vec();
    words.push("--wait-for-approval");
    let mut child = command(state, &words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let ask = |out: Box<dyn std::io::Read + Send>| {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        lines
            .filter(|line| line.contains("approve"))
            .take(1)
            .count()
    };
    let first: Box<dyn std::io::Read + Send> = match words[0] {
        "fleet" => Box::new(child.stdout.take().expect("its output")),
        _ => Box::new(child.stderr.take().expect("its errors")),
    };
    assert_eq!(ask(first), 1, "it asks for somebody");
    child
}

fn end(mut child: Child) {
    child.kill().expect("it is killed");
    child.wait().expect("it is over");
}

#[test]
fn a_fleet_does_not_run_where_a_single_run_acts() {
    let state = state();
    let single = waiting(state.path(), &SINGLE);
    let refused = runbook(state.path(), &[&FLEET[..], &["--yes"]].concat());
    assert_eq!(refused.status.code(), Some(1), "{}", both(&refused));
    let fleet = report(state.path());
    let target = &fleet["targets"][0];
    assert_eq!(target["not_run"]["code"], "locked", "{target}");
    let why = target["not_run"]["message"].as_str().expect("why");
    assert!(
        why.contains("is being run already") && why.contains(&format!("process {}", single.id())),
        "{why}"
    );
    end(single);
    let resumed = ["fleet", "resume", "last", "--yes"];
    let resumed = runbook(state.path(), &resumed);
    assert_eq!(resumed.status.code(), Some(0), "{}", both(&resumed));
}

#[test]
fn a_single_run_does_not_begin_where_a_fleet_acts() {
    let (state, aws) = (state(), aws::Aws::start());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.yaml");
    std::fs::write(&file, "targets: v1\nlist: [{name: web}]\n").expect("written");
    let file = file.display().to_string();
    let there = ["--endpoint-url", &aws.url, "--region", "eu-west-1"];
    let more = ["-i", "wanted=3", "--no-verify", "--yes"];
    let fleet = ["fleet", "run", "restart.yaml", "--targets", &file];
    let mut fleet = aws::known(command(state.path(), &[&fleet[..], &there, &more].concat()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    aws.until_it_is_asked_to_write();
    let single = ["run", "restart.yaml"];
    let mut single = aws::known(command(
        state.path(),
        &[&single[..], &there, &more].concat(),
    ));
    let refused = single.output().expect("the program runs");
    assert_eq!(refused.status.code(), Some(4), "{}", both(&refused));
    for due in ["is being run already", &format!("process {}", fleet.id())] {
        assert!(both(&refused).contains(due), "{due}: {}", both(&refused));
    }
    assert!(fleet.wait().expect("it is over").success());
    let after = single.output().expect("the program runs");
    assert_eq!(after.status.code(), Some(0), "{}", both(&after));
}
