//! Every command that there is says none of the secrets, and so does every new one: the table must have it.

use crate::desk::{Desk, absent, files, records, text};
use std::collections::BTreeSet;

/// Where secrets lie, as they are given to what takes inputs.
const GIVEN: &str = "-i from_env=env:TOKEN -i from_file=file:token.txt -i from_ssm=ssm:/acso/token -i from_store=secretsmanager:acso#token";

/// Commands in the order in which they are called, each with words, the exit code that is due and what it must say, so that
/// it is known to have come by what it does. `GIVEN` stands for the inputs; all but those about files alone have the state
/// folder with what came before.
const COMMANDS: &[(&str, &str, i32, &str)] = &[
    ("plan", "canary --scenario down GIVEN", 0, "/acso/token"),
    (
        "policy",
        "canary --scenario down GIVEN",
        0,
        "ssm:GetParameter",
    ),
    (
        "preflight",
        "canary --scenario down GIVEN",
        4,
        "sts:GetCallerIdentity",
    ),
    ("check", "canary.yaml", 0, ""),
    ("fmt", "--diff canary.yaml", 1, "escalate"),
    ("diff", "canary.yaml other.yaml", 0, "desiredCount"),
    ("list", ". --format json", 0, "Canaries"),
    ("test", "canary.scenarios.yaml", 2, "from_env"),
    ("test", "given.scenarios.yaml -v", 0, "1 passed"),
    ("test", "--update given.scenarios.yaml", 0, ""),
    ("test", "--coverage given.scenarios.yaml", 0, "resolve"),
    ("triage", "playbooks --scenario down GIVEN", 1, "1 run"),
    (
        "triage",
        "playbooks --scenario down GIVEN --format json",
        1,
        "1 run",
    ),
    (
        "run",
        "canary --scenario down GIVEN STATE --yes --log-level trace --log-file log.txt --metrics metrics.txt",
        3,
        "mend",
    ),
    ("runs", "STATE", 0, "paused"),
    ("approve", "last STATE --show", 0, "resolve.mend.refused"),
    (
        "approve",
        "last resolve.mend.refused STATE --yes --no-identity",
        0,
        "",
    ),
    (
        "resume",
        "last STATE --yes --log-level trace",
        1,
        "ClientException",
    ),
    ("show", "last STATE", 0, "ClientException"),
    (
        "show",
        "last resolve.mend.given STATE",
        0,
        "secretsmanager:PutSecretValue",
    ),
    ("logs", "last STATE", 0, "ClientException"),
    ("logs", "last STATE --format json", 0, "ClientException"),
    ("report", "last STATE --format html", 0, "ClientException"),
    (
        "report",
        "last STATE --format markdown",
        0,
        "ClientException",
    ),
    ("report", "last STATE --format json", 0, "ClientException"),
    ("report", "last STATE --format junit", 0, "ClientException"),
    ("report", "last STATE --bundle bundle", 0, ""),
    ("undo", "last STATE --yes", 1, "taken back"),
    (
        "fleet plan",
        "canary --targets targets.yaml --scenario down GIVEN",
        0,
        "ssm:GetParameter",
    ),
    (
        "fleet run",
        "canary --targets targets.yaml --scenario down GIVEN STATE --yes --log-level trace",
        3,
        "canary",
    ),
    ("fleet status", "last STATE --format json", 0, "canary"),
    ("fleet approve", "last STATE --yes", 0, "approved"),
    ("fleet pause", "last STATE", 0, "no process"),
    ("fleet resume", "last STATE --yes", 1, "canary"),
    ("fleet cancel", "last STATE", 2, "is over"),
    ("fleet watch", "last STATE", 2, "--on"),
    ("fleet report", "last STATE", 0, "canary"),
    ("fleet report", "last STATE --format json", 0, "canary"),
    ("fleet report", "last STATE --format html", 0, "canary"),
    ("fleet report", "last STATE --format junit", 0, "canary"),
    ("doctor", "--offline STATE", 4, "journal"),
    (
        "prune",
        "--older-than 0s --unfinished STATE",
        0,
        "forgotten",
    ),
    // These are given no secret, and have them in their environment and in files beside them.
    (
        "worker",
        "--restate http://127.0.0.1:1 --listen 127.0.0.1:0 STATE",
        0,
        "",
    ),
    (
        "call",
        "secretsmanager:PutSecretValue --with @secret.json",
        3,
        "was not sent",
    ),
    ("import", "-- aws sqs list-queues", 0, "sqs:ListQueues"),
    ("new", "fresh", 0, "fresh.yaml"),
    ("lsp", "", 1, ""),
    ("explain", "never-true", 0, "never"),
    ("actions list", "ssm", 0, "ssm:GetParameter"),
    ("actions show", "ssm:GetParameter", 0, "WithDecryption"),
    ("actions search", "get parameter", 0, "ssm:GetParameter"),
    ("completions", "bash", 0, "runbook"),
];

/// The commands that a help page lists.
fn listed(desk: &Desk, command: &str) -> Vec<String> {
    let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
    let page = text(&desk.says(&words));
    let lines = page.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        // What is said of a command goes on below, further in.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| format!("{command} {name}").trim().to_owned())
        .collect()
}

/// Every command of the program that has none below it.
fn all(desk: &Desk, below: &str) -> BTreeSet<String> {
    let listed = listed(desk, below);
    if listed.is_empty() {
        return BTreeSet::from([below.to_owned()]);
    }
    listed
        .iter()
        .flat_map(|command| all(desk, command))
        .collect()
}

#[test]
fn no_command_says_a_secret_and_none_is_left_out() {
    let desk = Desk::new("always");
    let known: BTreeSet<String> = COMMANDS.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(
        all(&desk, ""),
        known,
        "on the left what the program has, on the right what this test calls: give the new command its words"
    );
    desk.others();
    for (command, words, code, due) in COMMANDS {
        let given = words
            .replace("GIVEN", GIVEN)
            .replace("STATE", "--state-dir state");
        let words: Vec<&str> = command
            .split_whitespace()
            .chain(given.split_whitespace())
            .collect();
        if *command == "worker" {
            desk.serves(&words);
            continue;
        }
        let output = desk.says(&words);
        let said = text(&output);
        assert_eq!(output.status.code(), Some(*code), "{words:?}: {said}");
        assert!(said.contains(due), "{words:?} lacks {due}: {said}");
        if given.contains("state") {
            records(&desk);
        }
    }
    for written in ["log.txt", "metrics.txt", "given.scenarios.yaml"] {
        let bytes = std::fs::read(desk.path(written)).expect(written);
        absent(&bytes, written);
    }
    for part in files(&desk.path("bundle")) {
        absent(
            &std::fs::read(&part).expect("a file"),
            &part.display().to_string(),
        );
    }
}
