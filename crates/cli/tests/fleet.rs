//! Fleets, by the program itself: many targets of a scenario's world, interrupted, answered and gone on with.
#![cfg(unix)]

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fleets")
}

fn command(state: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
    command
        .current_dir(fixtures())
        .args(words)
        .arg("--state-dir")
        .arg(state)
        .stdin(Stdio::null());
    command
}

fn runbook(state: &Path, words: &[&str]) -> Output {
    command(state, words).output().expect("the program runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a file of targets in the scenario `stuck`.
fn run(state: &Path, targets: &str, more: &[&str]) -> Output {
    let mut words = vec![
        "fleet",
        "run",
        "restart.yaml",
        "--targets",
        targets,
        "--scenario",
        "stuck",
    ];
    words.extend(more);
    runbook(state, &words)
}

/// The document of the last fleet.
fn report(state: &Path) -> Json {
    let told = runbook(state, &["fleet", "status", "last", "--format", "json"]);
    serde_json::from_slice(&told.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&told)))
}

/// How the targets of a fleet stand, by their names.
fn standing(fleet: &Json) -> BTreeMap<String, String> {
    let targets = fleet["targets"].as_array().expect("targets");
    let text = |json: &Json| json.as_str().map(str::to_owned);
    targets
        .iter()
        .map(|target| {
            let status = text(&target["verdict"]).or_else(|| text(&target["status"]));
            (
                text(&target["name"]).expect("a name"),
                status.expect("a status"),
            )
        })
        .collect()
}

/// How often each target's world was written to, by the target's run.
fn writes(state: &Path, fleet: &Json) -> BTreeMap<String, usize> {
    let targets = fleet["targets"].as_array().expect("targets");
    targets
        .iter()
        .filter_map(|target| {
            let run = target["run"].as_str()?;
            let memory = state.join("runs").join(format!("{run}.world.jsonl"));
            let text = std::fs::read_to_string(memory).unwrap_or_default();
            let made = text
                .lines()
                .filter_map(|line| serde_json::from_str::<Json>(line).ok())
                .map(|line| line["call"].clone())
                .filter(|call| call.is_object() && call["effects"] != serde_json::json!(["read"]))
                .filter(|call| call["repeat"] == false)
                .count();
            Some((target["name"].as_str()?.to_owned(), made))
        })
        .collect()
}

fn state() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn the_documentation_shows_files_and_commands_that_are_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    let page = read("docs/fleets.md");
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = page.split(&fence).skip(1);
        parts
            .filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()))
            .collect()
    };
    let written: Vec<String> = [
        "examples/fleet.targets.yaml",
        "examples/fleet-discovery.targets.yaml",
    ]
    .map(|file| {
        let text = read(file);
        text.split_once('\n')
            .expect("a line for editors")
            .1
            .to_owned()
    })
    .into();
    assert_eq!(blocks("yaml"), written);
    let state = state();
    let commands = blocks("sh");
    // The second block needs a server: `tests/restate` is about those.
    assert_eq!(commands.len(), 2);
    for line in commands[0].lines() {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let kept = ["run", "status", "report"].contains(&words[1]);
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
        program.current_dir(&root).args(&words);
        if kept {
            program.arg("--state-dir").arg(state.path());
        }
        let output = program.output().expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}: {}{}",
            stdout(&output),
            stderr(&output)
        );
    }
    let check = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .current_dir(&root)
        .args([
            "check",
            "examples/fleet.targets.yaml",
            "examples/fleet-discovery.targets.yaml",
        ])
        .output()
        .expect("it runs");
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn a_plan_says_what_would_run_where_and_what_it_needs() {
    let plan = |targets: &str, more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
        command
            .current_dir(fixtures())
            .args(["fleet", "plan", "restart.yaml", "--targets", targets])
            .args(more);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let document: Json = serde_json::from_str(&plan(
        "three.yaml",
        &["--waves", "1,100%", "--format", "json"],
    ))
    .expect("JSON");
    assert_eq!(document["waves"][1]["targets"][1]["name"], "cart");
    assert_eq!(
        document["calls"]["write"],
        serde_json::json!({"at_least": 0, "at_most": 3})
    );
    let permissions = document["permissions"].to_string();
    for due in ["us-east-1:111111111111:service/", "/cart", "/search"] {
        assert!(permissions.contains(due), "{due}: {permissions}");
    }
    let offline = plan("found.yaml", &[]);
    assert!(offline.contains("not made, --live makes them"), "{offline}");
    let live = plan(
        "found.yaml",
        &["--live", "--scenario", "stuck", "--format", "markdown"],
    );
    assert!(live.contains("3 targets"), "{live}");
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

#[test]
fn inputs_accounts_and_regions_that_do_not_fit_are_refused_where_they_stand() {
    let state = state();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    for (text, due) in [
        (
            "targets: v1\nlist:\n  - {name: a, inputs: {servce: x}}\n  - {name: b, inputs: {wanted: many}}\n",
            [
                "did you mean `service`?",
                "input `wanted`: an integer is due",
            ],
        ),
        (
            "targets: v1\nlist:\n  - {name: a, account: shop, region: europe}\n",
            ["there is no account `shop`", "`europe` is no region"],
        ),
    ] {
        std::fs::write(&file, text).expect("written");
        let output = run(state.path(), &file.to_string_lossy(), &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        for due in due {
            assert!(stderr(&output).contains(due), "{due}: {}", stderr(&output));
        }
    }
}

#[test]
fn every_target_is_run_and_each_has_a_run_of_its_own() {
    let state = state();
    let output = run(state.path(), "three.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("[3/3]") && text.contains("3 resolved"),
        "{text}"
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let all: BTreeSet<String> = standing(&fleet).into_values().collect();
    assert_eq!(all, ["resolved".to_owned()].into());
    let cart = &fleet["targets"][2];
    assert_eq!(cart["account"], "111111111111");
    assert_eq!(cart["labels"]["team"], "basket");
    assert_eq!(cart["causes"][0]["title"], "The deployment is stuck");
    assert_eq!(cart["changes"][0]["action"], "ecs:UpdateService");
    // What is known of single runs is known of these.
    let run = cart["run"].as_str().expect("a run");
    let shown = stdout(&runbook(state.path(), &["show", run]));
    assert!(
        shown.contains("cart") && shown.contains("resolved"),
        "{shown}"
    );
    let logged = runbook(state.path(), &["logs", run]);
    assert!(logged.status.success(), "{}", stderr(&logged));
    let again = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("has ended"), "{}", stderr(&again));
}

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
fn one_error_more_than_may_be_stops_the_fleet_and_more_may_be_allowed_later() {
    let state = state();
    let output = run(state.path(), "mixed.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("stopped: 2 targets ended badly, and 1 may"),
        "{}",
        stdout(&output)
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "stopped");
    assert_eq!(fleet["stopped"]["code"], "max_errors");
    assert_eq!(
        fleet["targets"][0]["error"]["code"],
        "AccessDeniedException"
    );
    assert_eq!(fleet["targets"][2]["not_run"]["code"], "stopped");
    assert!(fleet["targets"][2]["run"].is_null());
    let resumed = runbook(
        state.path(),
        &["fleet", "resume", "last", "--max-errors", "2", "--yes"],
    );
    assert_eq!(resumed.status.code(), Some(1), "{}", stdout(&resumed));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let how: Vec<String> = standing(&fleet).into_values().collect();
    assert_eq!(how, ["failed", "failed", "resolved", "absent"]);
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
fn an_alarm_stops_a_fleet_before_anything_is_written() {
    let state = state();
    let output = run(state.path(), "three.yaml", &["--yes", "--alarm", "errors"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let fleet = report(state.path());
    assert_eq!(
        fleet["stopped"]["message"],
        "the alarm errors is on: too many errors"
    );
    assert!(standing(&fleet).values().all(|status| status == "not_run"));
    let quiet = run(state.path(), "three.yaml", &["--yes", "--alarm", "quiet"]);
    assert_eq!(quiet.status.code(), Some(0), "{}", stdout(&quiet));
}

#[test]
fn targets_are_found_by_reading() {
    let state = state();
    let output = run(state.path(), "found.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let names: Vec<String> = standing(&report(state.path())).into_keys().collect();
    assert_eq!(
        names,
        [
            "shop/eu-west-1/service/main/checkout",
            "shop/eu-west-1/service/main/search",
            "shop/us-east-1/service/main/checkout"
        ]
    );
}

#[test]
fn a_cancelled_fleet_starts_nothing_more() {
    let state = state();
    let more = ["--yes", "--waves", "1,100%", "--approve-waves"];
    run(state.path(), "three.yaml", &more);
    let cancelled = runbook(state.path(), &["fleet", "cancel", "last"]);
    assert_eq!(cancelled.status.code(), Some(0), "{}", stderr(&cancelled));
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "stopped");
    assert_eq!(fleet["stopped"]["code"], "cancelled");
    assert_eq!(standing(&fleet)["search"], "not_run");
    let resumed = runbook(state.path(), &["fleet", "resume", "last"]);
    assert_eq!(resumed.status.code(), Some(2), "{}", stderr(&resumed));
}

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

/// Refuses every call as AWS does.
fn refusing() -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = Vec::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap_or(0);
                request.extend_from_slice(part.get(..read).unwrap_or_default());
                let text = String::from_utf8_lossy(&request).to_lowercase();
                let length = text
                    .split_once("content-length: ")
                    .and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok())
                    .unwrap_or(0);
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                if read == 0 || body.is_some_and(|body| body >= length) {
                    break;
                }
            }
            let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>you may not assume it</Message></Error><RequestId>r</RequestId></ErrorResponse>";
            let _ = write!(
                stream,
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_role_that_cannot_be_assumed_is_said_with_the_targets_name_and_the_others_go_on() {
    let state = state();
    let endpoint = refusing();
    let words = [
        "fleet",
        "run",
        "local.yaml",
        "--targets",
        "places.yaml",
        "--endpoint-url",
        &endpoint,
    ];
    let mut program = command(state.path(), &words);
    program
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    let output = program.output().expect("it runs");
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended");
    let role = &fleet["targets"][0];
    assert_eq!(role["not_run"]["code"], "place", "{role}");
    let said = role["not_run"]["message"].as_str().expect("why");
    assert!(
        said.contains("role/runbook") && said.contains("may not assume"),
        "{said}"
    );
    assert!(role["run"].is_null());
    assert_eq!(fleet["targets"][1]["verdict"], "healthy");
}

/// Kills a fleet once so many targets have ended.
fn killed_after(state: &Path, ended: usize, words: &[&str]) {
    let mut child = command(state, words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let out = child.stdout.take().expect("its output");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(out));
    for (number, _) in lines.enumerate() {
        if number >= ended {
            break;
        }
    }
    child.kill().expect("it is killed");
    child.wait().expect("it is over");
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
