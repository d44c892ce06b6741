//! Runs in real time: frames in their midst, questions, ctrl-C, a terminal that changes its width, and terminals that cannot
//! move.

use crate::pty::{Pty, Size};
use std::fs;
use tempfile::TempDir;

const PLAYBOOK: &str = "
playbook: v1
title: Two pauses
inputs: {long: {type: duration, default: 1s}}
diagnose:
  first: {title: The first of two, action: time:Sleep, with: {for: \"${{ inputs.long }}\"}}
  second: {title: The second of two, action: time:Sleep, with: {for: \"${{ inputs.long }}\"}}
  said:
    needs: [first]
    title: Whether anybody is there
    action: human:Ask
    with: {question: Is anybody there?, type: boolean}
    capture: {answer: $.answer}
";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("pauses.yaml"), PLAYBOOK).expect("written");
        Self(folder)
    }

    fn start(&self, columns: u16, words: &[&str], variables: &[(&str, &str)]) -> Pty {
        let file = self.0.path().join("pauses.yaml");
        let state = self.0.path().join("state");
        let mut line = vec!["run", file.to_str().expect("a path")];
        line.extend(["--state-dir", state.to_str().expect("a path")]);
        line.extend(words);
        Pty::start(Size(columns, 40), &line, variables)
    }
}

#[test]
fn steps_side_by_side_move_until_a_person_is_asked_and_then_go_on() {
    let desk = Desk::new();
    let mut pty = desk.start(80, &["-i", "long=1500ms"], &[]);
    let frame = pty.until("ctrl-C stops");
    for due in [
        "first  The first of two",
        "second  The second of two",
        " left",
    ] {
        assert!(frame.contains(due), "{due}: {frame}");
    }
    let asked = pty.until("yes or no:");
    assert!(!asked.contains("ctrl-C stops"), "nothing moves: {asked}");
    assert!(asked.ends_with("yes or no:"), "nothing is said: {asked}");
    pty.types("maybe\n");
    pty.until("`maybe` is not yes or no");
    pty.types("yes\n");
    let ended = pty.end();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(
        ended.screen.contains("✓ said  Whether anybody is there"),
        "{}",
        ended.screen
    );
    assert!(
        !ended.screen.contains('┄'),
        "nothing is left: {}",
        ended.screen
    );
}

#[test]
fn ctrl_c_says_how_to_go_on_and_leaves_the_terminal_clean() {
    let desk = Desk::new();
    let mut pty = desk.start(80, &["-i", "long=1h"], &[]);
    pty.until("59m5");
    pty.types("\u{3}");
    let ended = pty.end();
    assert_eq!(ended.code, 1, "{}", ended.screen);
    assert!(ended.cursor, "the cursor is shown");
    assert!(
        ended.screen.contains("to go on:\n  runbook resume"),
        "{}",
        ended.screen
    );
    assert!(!ended.screen.contains("ctrl-C stops"), "{}", ended.screen);
}

#[test]
fn a_terminal_that_becomes_narrower_is_drawn_anew() {
    let desk = Desk::new();
    let mut pty = desk.start(80, &["-i", "long=1h"], &[]);
    pty.until("┄ 59m");
    pty.resize(Size(40, 40));
    pty.until("…  59m");
    let screen = pty.screen();
    assert_eq!(screen.matches("ctrl-C stops").count(), 1, "{screen}");
    for line in screen.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
    pty.types("\u{3}");
    assert!(pty.end().cursor);
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_color_has_none() {
    let desk = Desk::new();
    for (variables, words, moves, colours) in [
        (&[("TERM", "dumb")][..], &[][..], false, false),
        (&[("NO_COLOR", "1")], &[], true, false),
        (&[], &["--color", "never"], true, false),
        (&[], &["--quiet"], false, true),
        (&[], &[], true, true),
    ] {
        let mut pty = desk.start(80, words, variables);
        let ended = pty.end_with(&[("yes or no: ", "y\n")]);
        let what = format!("{variables:?} {words:?}: {:?}", ended.raw);
        assert_eq!(ended.code, 0, "{what}");
        assert_eq!(ended.raw.contains("\u{1b}[?2026h"), moves, "{what}");
        assert_eq!(ended.raw.contains("\u{1b}[32m"), colours, "{what}");
    }
}
