//! What people see of runs: in pseudo-terminals of 80 and of 40 columns, drawn by an emulator of a terminal, and where there
//! is no terminal. Scenarios have a clock of their own, so that what is seen is the same each time.

#[path = "terminal/live.rs"]
mod live;
#[path = "terminal/pty.rs"]
mod pty;

use pty::{Pty, root};
use std::fs;
use std::process::{Command, Stdio};

/// Every effect, so that only what insists on a person asks.
const YES: &str = "--yes=write,destroy,permission,execute,notify";

/// The scenarios of a playbook, in written order.
fn scenarios(playbook: &str) -> Vec<String> {
    let file = root().join(format!("playbooks/{playbook}.scenarios.yaml"));
    let text = fs::read_to_string(file).expect("the scenarios");
    let below = text.split_once("\nscenarios:\n").expect("scenarios").1;
    below
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with([' ', '#']))
        .map(str::to_owned)
        .collect()
}

/// The screen at the end of each scenario. Whoever is asked says yes.
fn screens(playbook: &str, columns: u16) -> String {
    let mut screens = Vec::new();
    for scenario in scenarios(playbook) {
        let line = ["run", playbook, "--scenario", &scenario, YES];
        let mut pty = Pty::start(columns, &line, &[]);
        let ended = pty.end_with(&[
            ("[a]bort the run: ", "y\n"),
            ("a note may follow: ", "y\n"),
            ("yes or no: ", "y\n"),
        ]);
        for row in ended.screen.lines() {
            let moves = row.contains("ctrl-C stops") || row.trim_start().starts_with('⠙');
            assert!(!moves, "{scenario}: {row} is left behind");
        }
        assert!(ended.cursor, "{scenario}: the cursor is hidden");
        screens.push(format!(
            "=== {scenario}, exit {}\n{}",
            ended.code, ended.screen
        ));
    }
    screens.join("\n\n")
}

/// What is written where there is no terminal.
fn pages(playbook: &str) -> String {
    let mut pages = Vec::new();
    for scenario in scenarios(playbook) {
        let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .args(["run", playbook, "--scenario", &scenario, YES])
            .current_dir(root())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!out.contains(['\u{1b}', '\r']), "{scenario}: {out}");
        let code = output.status.code().expect("a code");
        pages.push(format!("=== {scenario}, exit {code}\n{out}{err}"));
    }
    pages.join("\n")
}

#[test]
fn memory_leak_in_80_columns() {
    insta::assert_snapshot!(screens("acso/memory-leak", 80));
}

#[test]
fn memory_leak_in_40_columns() {
    insta::assert_snapshot!(screens("acso/memory-leak", 40));
}

#[test]
fn memory_leak_without_a_terminal() {
    insta::assert_snapshot!(pages("acso/memory-leak"));
}

/// It works on lists, one after the other, and waits.
#[test]
fn throttling_in_80_columns() {
    insta::assert_snapshot!(screens("agent-runtime/dynamodb-throttling", 80));
}

#[test]
fn throttling_in_40_columns() {
    insta::assert_snapshot!(screens("agent-runtime/dynamodb-throttling", 40));
}

#[test]
fn throttling_without_a_terminal() {
    insta::assert_snapshot!(pages("agent-runtime/dynamodb-throttling"));
}

/// It asks people in the middle, fails, takes back and escalates.
#[test]
fn recovery_in_80_columns() {
    insta::assert_snapshot!(screens("acso/recovery-partial", 80));
}

#[test]
fn recovery_in_40_columns() {
    insta::assert_snapshot!(screens("acso/recovery-partial", 40));
}

#[test]
fn recovery_without_a_terminal() {
    insta::assert_snapshot!(pages("acso/recovery-partial"));
}
