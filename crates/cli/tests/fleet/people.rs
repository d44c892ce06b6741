//! What fleets ask people, and what those say.

use crate::desk::{command, report, run, runbook, standing, state, stderr, stdout, writes};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_target_that_waits_for_a_person_holds_no_other_up_and_goes_on_once_answered() {
    let state = state();
    let output = run(state.path(), "three.yaml", &[]);
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "waiting");
    assert!(standing(&fleet).values().all(|status| status == "paused"));
    assert!(
        fleet["targets"][0]["person"]["next"]
            .as_str()
            .is_some_and(|next| next.starts_with("runbook approve "))
    );
    assert_eq!(writes(state.path(), &fleet).values().sum::<usize>(), 0);
    let shown = runbook(state.path(), &["fleet", "approve", "last", "--show"]);
    assert!(
        stdout(&shown).contains("ecs:UpdateService"),
        "{}",
        stdout(&shown)
    );
    let one = runbook(
        state.path(),
        &[
            "fleet",
            "approve",
            "last",
            "--target",
            "cart",
            "--deny",
            "--reason",
            "not today",
        ],
    );
    assert_eq!(one.status.code(), Some(0), "{}", stderr(&one));
    let rest = runbook(state.path(), &["fleet", "approve", "last", "--yes"]);
    assert_eq!(rest.status.code(), Some(0), "{}", stderr(&rest));
    let resumed = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(resumed.status.code(), Some(1), "{}", stdout(&resumed));
    let fleet = report(state.path());
    let due = [
        ("cart", "unresolved"),
        ("checkout", "resolved"),
        ("search", "resolved"),
    ];
    let due: BTreeMap<String, String> = due
        .map(|(name, how)| (name.to_owned(), how.to_owned()))
        .into();
    assert_eq!(standing(&fleet), due);
    assert_eq!(fleet["targets"][2]["reason"], "declined");
}

#[test]
fn a_wave_waits_for_a_yes_and_a_no_ends_it() {
    for (answer, code, due) in [("--yes", 0, "resolved"), ("--deny", 1, "not_run")] {
        let state = state();
        let more = ["--yes", "--waves", "1,100%", "--approve-waves"];
        let output = run(state.path(), "three.yaml", &more);
        assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
        let fleet = report(state.path());
        assert_eq!(fleet["status"], "waiting");
        assert_eq!(fleet["targets"][0]["verdict"], "resolved");
        assert_eq!(fleet["targets"][1]["status"], "waiting");
        let said = runbook(
            state.path(),
            &[
                "fleet", "approve", "last", "--wave", answer, "--reason", "seen",
            ],
        );
        assert_eq!(said.status.code(), Some(0), "{}", stderr(&said));
        let resumed = runbook(state.path(), &["fleet", "resume", "last", "--yes"]);
        assert_eq!(resumed.status.code(), Some(code), "{}", stdout(&resumed));
        let fleet = report(state.path());
        assert_eq!(standing(&fleet)["search"], due);
        assert!(fleet["waves"][1]["answer"]["by"].is_string());
        assert_eq!(fleet["waves"][1]["answer"]["reason"], "seen");
    }
}

#[test]
fn a_second_process_does_not_have_a_fleet_that_is_rolled_out() {
    let state = state();
    let mut first = command(
        state.path(),
        &[
            "fleet",
            "run",
            "restart.yaml",
            "--targets",
            "three.yaml",
            "--scenario",
            "stuck",
            "--wait-for-approval",
        ],
    );
    let mut first = first
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let out = first.stdout.take().expect("its output");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    // A line about the fleet, and one for each target that waits.
    assert_eq!(lines.take(4).count(), 4);
    let second = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(second.status.code(), Some(4), "{}", stderr(&second));
    let said = runbook(state.path(), &["fleet", "approve", "last", "--yes"]);
    assert_eq!(said.status.code(), Some(0), "{}", stderr(&said));
    let begun = Instant::now();
    while first.try_wait().expect("it is asked").is_none() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it waits although all is answered"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let fleet = report(state.path());
    assert!(
        standing(&fleet).values().all(|how| how == "resolved"),
        "{fleet}"
    );
}
