//! Runs on record: paused and resumed, interrupted, taken back, listed, forgotten; and journals that cannot be used.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PLAYBOOK: &str = r"playbook: v1
title: Two writes
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
    undo: {action: ecs:UpdateService, with: {cluster: c, service: web, desiredCount: 1}}
  second:
    action: ecs:UpdateService
    approve: always
    with: {cluster: c, service: web, desiredCount: 3}
";

const SCENARIOS: &str = "scenarios:
  fine:
    actions:
      ecs:UpdateService: [{return: {}}]
    answers: {approve: all}
    expect: {verdict: done}
";

/// A folder with a playbook and a place for the journal.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("two.yaml"), PLAYBOOK).expect("written");
        std::fs::write(folder.path().join("two.scenarios.yaml"), SCENARIOS).expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn runbook(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_runbook"))
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .args(words)
            .output()
            .expect("the program runs")
    }

    /// Runs until the question that nobody answers.
    fn paused(&self) -> Output {
        let state = self.path("state/runbook");
        let state = state.to_str().expect("text");
        self.runbook(&[
            "run",
            "two",
            "--scenario",
            "fine",
            "--yes",
            "--state-dir",
            state,
        ])
    }

    fn runs(&self) -> Vec<Json> {
        let listed = self.runbook(&["runs", "--format", "json"]);
        serde_json::from_slice(&listed.stdout).expect("JSON")
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn journal(desk: &Desk) -> PathBuf {
    desk.path("state/runbook/journal.sqlite")
}

#[test]
fn a_run_that_pauses_prints_a_command_that_goes_on() {
    let desk = Desk::new();
    let paused = desk.paused();
    assert_eq!(
        paused.status.code(),
        Some(3),
        "{}{}",
        out(&paused),
        err(&paused)
    );
    let id = desk.runs()[0]["run"].as_str().expect("an id").to_owned();
    let said = out(&paused);
    let command = said
        .lines()
        .find(|line| line.contains("runbook resume"))
        .expect("a command");
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    assert_eq!(words[1], id);
    // Nobody is there to answer now either: what was done is not done again, and the question is the same.
    let again = desk.runbook(&words);
    assert_eq!(
        again.status.code(),
        Some(3),
        "{}{}",
        out(&again),
        err(&again)
    );
    let run = &desk.runs()[0];
    assert_eq!(run["sessions"], 2);
    assert_eq!(run["status"], "paused");
    let world = std::fs::read_to_string(desk.path(&format!("state/runbook/runs/{id}.world.jsonl")));
    let sent = world
        .expect("a memory")
        .matches("ecs:UpdateService")
        .count();
    assert_eq!(sent, 1);
}

#[test]
fn what_a_run_did_is_taken_back_once() {
    let desk = Desk::new();
    desk.paused();
    let undone = desk.runbook(&["undo", "last", "--yes"]);
    assert_eq!(
        undone.status.code(),
        Some(0),
        "{}{}",
        out(&undone),
        err(&undone)
    );
    assert_eq!(desk.runs()[0]["verdict"], "undone");
    let again = desk.runbook(&["undo", "last", "--yes"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(
        err(&again).contains("taken back already"),
        "{}",
        err(&again)
    );
    let resumed = desk.runbook(&["resume", "last"]);
    assert!(
        err(&resumed).contains("has ended: undone"),
        "{}",
        err(&resumed)
    );
}

#[test]
fn a_changed_playbook_is_used_only_where_what_was_done_is_the_same() {
    let desk = Desk::new();
    desk.paused();
    let later = PLAYBOOK.replace("desiredCount: 3", "desiredCount: 4");
    std::fs::write(desk.path("later.yaml"), later).expect("written");
    let resumed = desk.runbook(&["resume", "last", "--playbook", "later.yaml"]);
    assert_eq!(
        resumed.status.code(),
        Some(3),
        "{}{}",
        out(&resumed),
        err(&resumed)
    );
    assert!(
        out(&resumed).contains("desiredCount: 4"),
        "{}",
        out(&resumed)
    );
    let done = PLAYBOOK.replacen("desiredCount: 2", "desiredCount: 9", 1);
    std::fs::write(desk.path("done.yaml"), done).expect("written");
    let refused = desk.runbook(&["resume", "last", "--playbook", "done.yaml"]);
    assert_eq!(refused.status.code(), Some(2), "{}", out(&refused));
    let why = err(&refused);
    assert!(why.contains("resolve.first") && why.contains('9'), "{why}");
    let gone = PLAYBOOK.replace("  first:", "  other:");
    std::fs::write(desk.path("gone.yaml"), gone).expect("written");
    let refused = desk.runbook(&["resume", "last", "--playbook", "gone.yaml"]);
    assert!(err(&refused).contains("resolve.first"), "{}", err(&refused));
}

#[test]
fn a_second_process_on_a_run_is_refused_and_told_who_has_it() {
    let desk = Desk::new();
    desk.paused();
    let id = desk.runs()[0]["run"].as_str().expect("an id").to_owned();
    let lock = desk.path(&format!("state/runbook/runs/{id}.lock"));
    let held = std::fs::OpenOptions::new()
        .write(true)
        .open(lock)
        .expect("the lock");
    held.try_lock().expect("free");
    let refused = desk.runbook(&["resume", &id]);
    assert_eq!(refused.status.code(), Some(4));
    let why = err(&refused);
    assert!(
        why.contains("held by another process: process ") && why.contains("since"),
        "{why}"
    );
    assert_eq!(desk.runs()[0]["status"], "paused");
    let pruned = desk.runbook(&["prune", "--older-than", "0s", "--unfinished"]);
    assert!(
        out(&pruned).contains("0 runs forgotten"),
        "{}",
        out(&pruned)
    );
}

#[test]
fn runs_are_listed_shown_and_forgotten() {
    let desk = Desk::new();
    desk.paused();
    let listed = out(&desk.runbook(&["runs", "--verdict", "paused"]));
    assert!(listed.contains("two (scenario fine)"), "{listed}");
    assert!(out(&desk.runbook(&["runs", "--verdict", "done"])).contains("no runs"));
    assert!(out(&desk.runbook(&["runs", "--since", "1h"])).contains("no runs"));
    let shown = out(&desk.runbook(&["show", "last"]));
    assert!(
        shown.contains("resolve.first") && shown.contains("runbook resume"),
        "{shown}"
    );
    let step = out(&desk.runbook(&["show", "last", "first"]));
    assert!(
        step.contains("ecs:UpdateService") && !step.contains("second"),
        "{step}"
    );
    let logs = out(&desk.runbook(&["logs", "last", "--follow"]));
    assert!(logs.contains("run_ended      paused"), "{logs}");
    let kept = out(&desk.runbook(&["prune", "--older-than", "0s"]));
    assert!(kept.contains("could still be resumed"), "{kept}");
    let dry = out(&desk.runbook(&["prune", "--older-than", "0s", "--unfinished", "--dry-run"]));
    assert!(dry.contains("1 run would be forgotten"), "{dry}");
    assert_eq!(desk.runs().len(), 1);
    desk.runbook(&["prune", "--older-than", "0s", "--unfinished"]);
    assert!(desk.runs().is_empty());
    assert_eq!(desk.runbook(&["show", "last"]).status.code(), Some(2));
}

#[test]
fn the_same_scenario_leaves_the_same_journal_but_for_the_id() {
    let record = || {
        let desk = Desk::new();
        desk.paused();
        let id = desk.runs()[0]["run"].as_str().expect("an id").to_owned();
        let shown = out(&desk.runbook(&["show", "last", "--format", "json"]));
        let world = desk.path(&format!("state/runbook/runs/{id}.world.jsonl"));
        let world = std::fs::read_to_string(world).expect("a memory");
        let folder = desk.folder.path().to_str().expect("text").to_owned();
        let plain = |text: String| text.replace(&id, "ID").replace(&folder, "FOLDER");
        (plain(shown), plain(world))
    };
    assert_eq!(record(), record());
}

#[test]
fn secrets_are_not_on_record_and_are_given_again() {
    let desk = Desk::new();
    let playbook = PLAYBOOK
        .replace("resolve:", "inputs: {token: {type: secret}}\nresolve:")
        .replace("desiredCount: 3}", "desiredCount: 3, serviceConnectConfiguration: {enabled: true, namespace: \"${{ inputs.token }}\"}}");
    std::fs::write(desk.path("two.yaml"), playbook).expect("written");
    let state = desk.path("state/runbook");
    let state = state.to_str().expect("text");
    let secret = "token=hunter2-canary";
    let paused = desk.runbook(&[
        "run",
        "two",
        "--scenario",
        "fine",
        "--yes",
        "-i",
        secret,
        "--state-dir",
        state,
    ]);
    assert_eq!(
        paused.status.code(),
        Some(3),
        "{}{}",
        out(&paused),
        err(&paused)
    );
    let asked = desk.runbook(&["resume", "last"]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(err(&asked).contains("-i token=…"), "{}", err(&asked));
    let resumed = desk.runbook(&["resume", "last", "-i", secret]);
    assert_eq!(
        resumed.status.code(),
        Some(3),
        "{}{}",
        out(&resumed),
        err(&resumed)
    );
    let files = walk(&desk.path("state"));
    assert!(files.len() >= 2);
    for file in files
        .iter()
        .filter(|file| !file.to_string_lossy().ends_with(".world.jsonl"))
    {
        let bytes = std::fs::read(file).expect("read");
        let canary = b"hunter2-canary";
        assert!(
            !bytes.windows(canary.len()).any(|part| part == canary),
            "{}",
            file.display()
        );
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_journal_that_cannot_be_used_is_said_and_nothing_is_run() {
    let desk = Desk::new();
    desk.paused();
    let whole = std::fs::read(journal(&desk)).expect("the journal");
    // Cut in the middle of its first page.
    std::fs::write(journal(&desk), &whole[..whole.len().min(1500)]).expect("cut");
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{beside}", journal(&desk).display()));
    }
    let damaged = desk.paused();
    assert_eq!(
        damaged.status.code(),
        Some(4),
        "{}{}",
        out(&damaged),
        err(&damaged)
    );
    assert!(err(&damaged).contains("is damaged"), "{}", err(&damaged));
    std::fs::remove_file(journal(&desk)).expect("moved away");
    let file = desk.path("file");
    std::fs::write(&file, "").expect("written");
    let state = file.join("below");
    let state = state.to_str().expect("text");
    let unwritable = desk.runbook(&["run", "two", "--scenario", "fine", "--state-dir", state]);
    assert_eq!(unwritable.status.code(), Some(4));
    assert!(
        err(&unwritable).contains("--state-dir"),
        "{}",
        err(&unwritable)
    );
}
