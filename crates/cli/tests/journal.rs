//! What a run leaves to the disk, and what it does when the disk or the files do not let it.
#![cfg(unix)]

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PLAYBOOK: &str = r#"playbook: v1
title: Writes
inputs: {items: {type: list, items: integer, default: [1, 2, 3]}}
resolve:
  all:
    action: ecs:UpdateService
    each: {in: inputs.items, as: item, max: 1000}
    with: {cluster: c, service: web, desiredCount: "${{ item }}"}
"#;

const SCENARIOS: &str =
    "scenarios:\n  fine:\n    actions:\n      ecs:UpdateService: [{return: {}}]\n";

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.write("writes.yaml", PLAYBOOK);
        desk.write("writes.scenarios.yaml", SCENARIOS);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    fn starts(&self, program: &str, words: &[&str]) -> Output {
        Command::new(program)
            .current_dir(self.0.path())
            .env("XDG_STATE_HOME", self.path("home"))
            .args(words)
            .output()
            .expect("it starts")
    }

    fn runbook(&self, words: &[&str]) -> Output {
        self.starts(env!("CARGO_BIN_EXE_runbook"), words)
    }
}

const RUN: [&str; 7] = [
    "run",
    "writes",
    "--scenario",
    "fine",
    "--yes",
    "--state-dir",
    "state",
];

fn said(output: &Output) -> String {
    let bytes = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_file_system_without_room_is_told_and_what_was_kept_stays() {
    let desk = Desk::new();
    assert_eq!(desk.runbook(&RUN).status.code(), Some(0));
    // Files may not grow beyond what they are: the next write finds no room.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let words: Vec<&str> = ["-c", script, env!("CARGO_BIN_EXE_runbook")]
        .into_iter()
        .chain(RUN)
        .collect();
    let refused = desk.starts("sh", &words);
    let why = said(&refused);
    assert!(matches!(refused.status.code(), Some(1 | 4)), "{why}");
    assert!(
        why.contains("journal.sqlite") && why.contains("cannot be"),
        "{why}"
    );
    let listed = desk.runbook(&["runs", "--format", "json", "--state-dir", "state"]);
    let runs: Json = serde_json::from_slice(&listed.stdout).expect("JSON");
    let ended = |run: &&Json| run["verdict"] == "done";
    let all = runs.as_array().expect("runs");
    assert_eq!(all.iter().filter(ended).count(), 1, "{}", said(&listed));
    assert_eq!(
        desk.runbook(&RUN).status.code(),
        Some(0),
        "with room it goes on"
    );
}

#[test]
fn a_folder_that_is_only_read_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    let state = desk.path("state");
    std::fs::create_dir(&state).expect("a folder");
    let allow = |mode| {
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(mode)).expect("changed");
    };
    allow(0o500);
    let may_write_anyway = std::fs::write(state.join("probe"), "").is_ok();
    let refused = desk.runbook(&RUN);
    allow(0o700);
    // Whoever may write everything, as root does, meets no such folder.
    if may_write_anyway {
        return;
    }
    assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
    assert!(said(&refused).contains("--state-dir"), "{}", said(&refused));
}

/// How often a run of so many writes asks the system to bring something to the disk.
fn syncs(desk: &Desk, writes: usize) -> Option<usize> {
    let items: Vec<String> = (0..writes).map(|item| item.to_string()).collect();
    desk.write(
        "items.json",
        &format!("{{\"items\": [{}]}}", items.join(",")),
    );
    let _ = std::fs::remove_dir_all(desk.path("state"));
    let trace = desk.path("trace");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_runbook"))
        .args(RUN)
        .args(["--inputs", "items.json"])
        .current_dir(desk.0.path());
    // Where the tracer is not there, or may not trace, nothing is counted.
    let traced = strace.output().ok()?;
    if traced.status.code() != Some(0) {
        return None;
    }
    let text = std::fs::read_to_string(&trace).ok()?;
    Some(text.lines().filter(|line| line.contains("sync(")).count())
}

#[test]
fn a_write_is_brought_to_the_disk_once_before_it_is_sent_and_its_answer_not_by_itself() {
    let desk = Desk::new();
    let (Some(few), Some(many)) = (syncs(&desk, 20), syncs(&desk, 60)) else {
        return;
    };
    let more = many - few;
    assert!((40..=44).contains(&more), "{more} syncs for 40 writes more");
}

/// A playbook that runs what a link names.
fn linked(desk: &Desk, target: &Path) -> Output {
    std::fs::create_dir_all(desk.path("playbooks")).expect("a folder");
    std::os::unix::fs::symlink(target, desk.path("playbooks/link.yaml")).expect("a link");
    desk.write(
        "playbooks/caller.yaml",
        "playbook: v1\ntitle: Calls\nresolve:\n  other: {action: playbook:Run, with: {path: link.yaml}}\n",
    );
    desk.runbook(&["run", "caller", "--yes", "--state-dir", "state"])
}

#[test]
fn a_link_leads_no_playbook_out_of_its_root() {
    let desk = Desk::new();
    desk.write(
        "outside.yaml",
        "playbook: v1\ntitle: Outside\ndiagnose:\n  same: {action: data:Diff, with: {expected: 1, actual: 1}}\n",
    );
    let refused = linked(&desk, &desk.path("outside.yaml"));
    assert_ne!(refused.status.code(), Some(0), "{}", said(&refused));
    assert!(said(&refused).contains("link.yaml"), "{}", said(&refused));
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("playbooks")).expect("a folder");
    desk.write(
        "playbooks/inside.yaml",
        "playbook: v1\ntitle: Inside\ndiagnose:\n  same: {action: data:Diff, with: {expected: 1, actual: 1}}\n",
    );
    let done = linked(&desk, &desk.path("playbooks/inside.yaml"));
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
}
