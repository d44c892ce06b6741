//! What holds the writes of a run back holds those of fleets back: the same calendars, from the same places.

use crate::desk::{both, fixtures, runbook_in, standing, state};
use serde_json::Value as Json;
use std::path::Path;

const FREEZE: &str = "BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Year end
DTSTART:20000101T000000Z
DTEND:20990101T000000Z
END:VEVENT
END:VCALENDAR
";

/// A folder with the playbook, its scenarios and three targets.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["restart.yaml", "restart.scenarios.yaml", "three.yaml"] {
        std::fs::copy(fixtures().join(name), folder.path().join(name)).expect("copied");
    }
    folder
}

/// Runs the three targets; how they stand.
fn run(folder: &Path, state: &Path, freeze: Option<&str>, more: &[&str]) -> Json {
    let mut words = vec![
        "fleet",
        "run",
        "restart.yaml",
        "--targets",
        "three.yaml",
        "--scenario",
        "stuck",
        "--yes",
    ];
    words.extend(more);
    told(folder, state, freeze, &words)
}

fn told(folder: &Path, state: &Path, freeze: Option<&str>, words: &[&str]) -> Json {
    let output = runbook_in(folder, state, words, freeze);
    assert!(output.status.code() < Some(4), "{}", both(&output));
    let status = ["fleet", "status", "last", "--format", "json"];
    let output = runbook_in(folder, state, &status, None);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn all(fleet: &Json, how: &str) -> bool {
    standing(fleet).values().all(|stands| stands == how)
}

#[test]
fn calendars_of_the_folder_the_environment_and_the_command_line_hold_fleets_back() {
    let freeze = |folder: &Path, name: &str| {
        std::fs::write(folder.join(name), FREEZE).expect("written");
    };
    let (of_all, by_variable, given) = (folder(), folder(), folder());
    freeze(of_all.path(), "all.freeze.ics");
    freeze(by_variable.path(), "here.ics");
    freeze(given.path(), "here.ics");
    for (folder, variable, more) in [
        (&of_all, None, &[][..]),
        (&by_variable, Some("here.ics"), &[]),
        (&given, None, &["--freeze", "here.ics"]),
    ] {
        let (folder, state) = (folder.path(), state());
        let fleet = run(folder, state.path(), variable, more);
        assert!(all(&fleet, "paused"), "{fleet}");
        let why = fleet["targets"][0]["person"]["why"].to_string();
        assert!(why.contains("Year end"), "{fleet}");
        let resume = ["fleet", "resume", "last", "--yes"];
        let fleet = told(folder, state.path(), variable, &resume);
        assert!(all(&fleet, "paused"), "{fleet}");
        let mut words = resume.to_vec();
        words.extend(["--override", "freeze=the board knows"]);
        let fleet = told(folder, state.path(), variable, &words);
        assert!(all(&fleet, "resolved"), "{fleet}");
    }
}
