//! Secrets that come in by every way are in nothing that comes out: one for each source of an input, a member and an argument
//! that models call sensitive, a `sensitive:` path, and an error that says one back. Searched as they are, in Base64 and
//! percent-encoded.

mod commands;
mod desk;
#[path = "../receiver/mod.rs"]
mod receiver;

use desk::{CANARIES, Desk, absent, files, records, text};
use serde_json::Value as Json;

#[test]
fn no_output_of_a_run_has_a_secret_in_it() {
    let desk = Desk::new("auto");
    let state = &["--state-dir", "state"];
    for more in [
        &["--yes"][..],
        &["--yes", "--format", "json"],
        &["--yes", "-vv"],
        &["--yes", "-q"],
        &[],
    ] {
        let yes = ["--yes=write,destroy,permission,execute,notify"];
        let words: Vec<&str> = more
            .iter()
            .map(|word| if *word == "--yes" { yes[0] } else { word })
            .chain(*state)
            .collect();
        let run = desk.of_playbook("run", &words);
        let code = if more.is_empty() { 3 } else { 1 };
        assert_eq!(run.status.code(), Some(code), "{}", text(&run));
        records(&desk);
    }
    let listed = desk.says(&["runs", "--format", "json", "--state-dir", "state"]);
    let runs: Json = serde_json::from_slice(&listed.stdout).expect("JSON");
    desk.says(&["runs", "--state-dir", "state"]);
    for run in runs.as_array().expect("runs") {
        let id = run["run"].as_str().expect("an id");
        for format in ["text", "json"] {
            for command in ["show", "logs"] {
                desk.says(&[command, id, "--format", format, "--state-dir", "state"]);
            }
            for step in [
                "inputs.from_ssm",
                "inputs.from_store",
                "symptom.member",
                "symptom.path",
                "resolve.mend.argument",
                "resolve.mend.given",
                "resolve.mend.read",
                "resolve.mend.refused",
            ] {
                desk.says(&["show", id, step, "--format", format, "--state-dir", "state"]);
            }
        }
    }
    // What was done is taken back with the secrets that lie where they did.
    for run in runs.as_array().expect("runs") {
        let id = run["run"].as_str().expect("an id");
        desk.says(&["undo", id, "--yes", "--state-dir", "state"]);
    }
    records(&desk);
}

/// Spans, metrics and lines of the log, in either form.
#[test]
fn nothing_that_other_systems_are_told_has_a_secret_in_it() {
    let desk = Desk::new("auto");
    let receiver = receiver::Receiver::new("200 OK");
    for (protocol, format) in [("http/json", "json"), ("http/protobuf", "text")] {
        let words = [
            "--yes=write,destroy,permission,execute,notify",
            "--log-level",
            "trace",
            "--log-format",
            format,
            "--metrics",
            "-",
        ];
        let mut command = desk.command();
        let run = command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env(
                "OTEL_EXPORTER_OTLP_HEADERS",
                format!("x-key={}", CANARIES[0]),
            )
            .args(Desk::words("run", &words))
            .output()
            .expect("the program runs");
        assert_eq!(run.status.code(), Some(1), "{}", text(&run));
        let said = text(&run);
        for due in ["run ended", "call failed", "ActionErrors"] {
            assert!(said.contains(due), "{said}");
        }
        absent(said.as_bytes(), "logs and metrics");
        let spans = receiver.take().spans;
        let refused = receiver::named(&spans, "ECS.UpdateService");
        let code = receiver::attribute(&refused.attributes, "error.type");
        assert_eq!(code, "ClientException");
        absent(format!("{spans:?}").as_bytes(), "spans");
    }
}

#[test]
fn a_run_that_goes_on_knows_where_its_secrets_lie() {
    let desk = Desk::new("always");
    let paused = desk.of_playbook("run", &["--yes", "--state-dir", "state"]);
    assert_eq!(paused.status.code(), Some(3), "{}", text(&paused));
    assert!(!text(&paused).contains("=…"), "{}", text(&paused));
    for format in ["text", "json"] {
        let resumed = desk.says(&[
            "resume",
            "last",
            "--yes",
            "--format",
            format,
            "--state-dir",
            "state",
        ]);
        assert_eq!(resumed.status.code(), Some(3), "{}", text(&resumed));
    }
    records(&desk);
}

#[test]
fn what_is_taken_back_takes_its_secret_from_where_it_lies_now() {
    const MOVED: &str = "moved+canary/8-Zq8";
    let desk = Desk::new("auto");
    let state = ["--state-dir", "state"];
    let run = desk.of_playbook("run", &[&["--yes"][..], &state].concat());
    assert_eq!(run.status.code(), Some(1), "{}", text(&run));
    let undo = |words: &[&str]| {
        let undo = [&["undo", "last", "--yes"], words, &state].concat();
        let mut command = desk.command();
        let output = command.env_remove("TOKEN").env("MOVED", MOVED).args(undo);
        output.output().expect("the program runs")
    };
    let lost = undo(&[]);
    assert_eq!(lost.status.code(), Some(4), "{}", text(&lost));
    assert!(
        text(&lost).contains("-i from_env=env:VARIABLE"),
        "{}",
        text(&lost)
    );
    let sent = || {
        let world = files(&desk.path("state/runs"))
            .into_iter()
            .find(|file| file.display().to_string().ends_with(".world.jsonl"));
        std::fs::read_to_string(world.expect("a world")).expect("text")
    };
    assert!(!sent().contains(MOVED));
    let undone = undo(&["-i", "from_env=env:MOVED"]);
    assert!(text(&undone).contains("taken back"), "{}", text(&undone));
    assert!(
        sent().contains(&format!("\"SecretString\":\"{MOVED}\"")),
        "{}",
        sent()
    );
    assert!(!text(&undone).contains(MOVED), "{}", text(&undone));
    records(&desk);
    for file in files(&desk.path("state")) {
        if !file.display().to_string().ends_with(".world.jsonl") {
            let bytes = std::fs::read(&file).expect("a file");
            assert!(
                !String::from_utf8_lossy(&bytes).contains(MOVED),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn no_review_has_a_secret_in_it() {
    let desk = Desk::new("auto");
    for format in ["text", "markdown", "json", "html"] {
        for live in [&[][..], &["--live"]] {
            let plan = desk.of_playbook("plan", &[&["--format", format], live].concat());
            assert_eq!(plan.status.code(), Some(0), "{}", text(&plan));
            let said = text(&plan);
            for due in [
                "ssm:GetParameter",
                "/acso/token",
                "secretsmanager:GetSecretValue",
            ] {
                assert!(said.contains(due), "{format} lacks {due}: {said}");
            }
        }
    }
    for format in ["text", "json", "iam"] {
        let policy = desk.of_playbook("policy", &["--format", format]);
        assert!(
            text(&policy).contains("ssm:GetParameter"),
            "{}",
            text(&policy)
        );
    }
    for format in ["text", "json"] {
        desk.of_playbook("preflight", &["--format", format]);
    }
    desk.of_playbook("plan", &["--out", "saved.json"]);
    absent(
        &std::fs::read(desk.path("saved.json")).expect("a plan"),
        "saved plan",
    );
    desk.says(&["test", "canary.scenarios.yaml"]);
    desk.says(&["check", "canary.yaml"]);
}

#[test]
fn a_secret_on_a_command_line_is_refused_without_being_repeated() {
    let desk = Desk::new("auto");
    let given = format!("from_env={}", CANARIES[0]);
    let refused = desk.says(&["run", "canary", "-i", &given]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(
        text(&refused).contains("env:VARIABLE"),
        "{}",
        text(&refused)
    );
    for (source, due) in [
        ("env:NOT_THERE", "NOT_THERE is not set"),
        ("file:not-there", "cannot be read from file:not-there"),
    ] {
        let given = format!("from_env={source}");
        let refused = desk.says(&["run", "canary", "-i", &given]);
        assert_eq!(refused.status.code(), Some(4), "{}", text(&refused));
        assert!(text(&refused).contains(due), "{}", text(&refused));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn processes_that_are_seen_by_everybody_have_no_secret_in_their_arguments() {
    let desk = Desk::new("auto");
    let playbook = r#"playbook: v1
title: Who is there
runs: [sh]
inputs:
  from_env: {type: secret}
  from_file: {type: secret}
resolve:
  look:
    action: local:Exec
    with:
      shell: true
      command: ["cat /proc/$PPID/cmdline /proc/$$/cmdline | tr '\\0' ' '; test \"$ONE\" = \"$(printenv ONE)\""]
      environment: {ONE: "${{ inputs.from_env }}", TWO: "${{ inputs.from_file }}"}
    capture: {seen: $.stdout}
"#;
    std::fs::write(desk.path("who.yaml"), playbook).expect("written");
    let run = desk.says(&[
        "run",
        "who",
        "-i",
        "from_env=env:TOKEN",
        "-i",
        "from_file=file:token.txt",
        "--yes=execute",
        "-vv",
        "--state-dir",
        "state",
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run));
    assert!(text(&run).contains("from_env=env:TOKEN"), "{}", text(&run));
    records(&desk);
}
