//! What people see of runs: in pseudo-terminals of 80 and of 40 columns, drawn by an emulator of a terminal, and where there
//! is no terminal. Scenarios have a clock of their own, so that what is seen is the same each time.

#[path = "terminal/live.rs"]
mod live;
#[path = "terminal/pty.rs"]
mod pty;

use pty::{Pty, Size, root};
use std::fs;
use std::process::{Command, Stdio};

/// The lines of a terminal from which nothing scrolls away that a run prints.
const LINES: u16 = 1500;

/// A scenario: its name, and its text.
type Scenario = (String, String);

/// The scenarios of a playbook, in written order.
fn scenarios(playbook: &str) -> Vec<Scenario> {
    let file = root().join(format!("playbooks/{playbook}.scenarios.yaml"));
    let text = fs::read_to_string(file).expect("the scenarios");
    let below = text.split_once("\nscenarios:\n").expect("scenarios").1;
    let mut scenarios: Vec<Scenario> = Vec::new();
    for line in below.lines() {
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(':'));
        match name.filter(|name| !name.starts_with([' ', '#'])) {
            Some(name) => scenarios.push((name.to_owned(), String::new())),
            None => {
                if let Some((_, text)) = scenarios.last_mut() {
                    text.push_str(line);
                }
            }
        }
    }
    scenarios
}

/// Whether somebody can be told in a scenario.
fn tells((_, text): &Scenario) -> bool {
    text.contains("sns:Publish")
}

/// The screen at the end of each scenario. Whoever is asked says yes, unless the scenario is about a no.
fn screens(playbook: &str, columns: u16) -> String {
    let mut screens = Vec::new();
    for scenario in scenarios(playbook) {
        let name = scenario.0.as_str();
        let line = ["run", playbook, "--scenario", name];
        let mut pty = Pty::start(Size(columns, LINES), &line, &[]);
        let telling = if tells(&scenario) { "y\n" } else { "n\n" };
        let doing = if name.contains("declined") {
            "n\n"
        } else {
            "y\n"
        };
        let ended = pty.end_with(&[
            ("told? [y]es, [n]o, [a]bort the run: ", telling),
            ("do it? [y]es, [n]o, [a]bort the run: ", doing),
        ]);
        for row in ended.screen.lines() {
            let moves = row.contains("ctrl-C stops") || row.trim_start().starts_with('⠙');
            assert!(!moves, "{name}: {row} is left behind");
        }
        assert!(ended.cursor, "{name}: the cursor is hidden");
        let screen = anonymous(&ended.screen);
        screens.push(format!("=== {name}, exit {}\n{screen}", ended.code));
    }
    screens.join("\n\n")
}

/// Text without the name of whoever runs the test.
fn anonymous(text: &str) -> String {
    let id = Command::new("id").arg("-un").output().expect("a user");
    let name = String::from_utf8(id.stdout).expect("text");
    text.replace(&format!("by {}", name.trim()), "by somebody")
}

/// What is written where there is no terminal.
fn pages(playbook: &str) -> String {
    let mut pages = Vec::new();
    for scenario in scenarios(playbook) {
        let name = scenario.0.as_str();
        let yes = match (name.contains("declined"), tells(&scenario)) {
            (true, _) => None,
            (false, false) => Some("--yes=write,destroy,permission,execute"),
            (false, true) => Some("--yes=write,destroy,permission,execute,notify"),
        };
        let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .args(["run", playbook, "--scenario", name])
            .args(yes)
            .current_dir(root())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!out.contains(['\u{1b}', '\r']), "{name}: {out}");
        let code = output.status.code().expect("a code");
        pages.push(format!("=== {name}, exit {code}\n{out}{err}"));
    }
    pages.join("\n")
}

/// The examples of the page about the terminal are what comes out.
#[test]
fn the_page_shows_what_comes_out() {
    let page = root().join("docs/terminal.md");
    let text = fs::read_to_string(&page).expect("the page");
    let mut mended = text.clone();
    let mut checked = 0;
    for block in text.split("```console\n").skip(1) {
        let block = block.split("```").next().expect("a block");
        let line = block.lines().next().expect("a command");
        let words = line.strip_prefix("$ runbook ").expect("a command");
        let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
            .args(words.split_whitespace())
            .current_dir(root())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let said = String::from_utf8(output.stdout).expect("text");
        mended = mended.replace(block, &format!("{line}\n{said}"));
        checked += 1;
    }
    assert_eq!(checked, 2);
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&page, &mended).expect("the page");
    } else {
        assert_eq!(mended, text, "UPDATE_PAGES=1 writes it");
    }
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
