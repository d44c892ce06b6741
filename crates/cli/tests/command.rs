//! The command as people meet it: exit code, standard output and standard error together.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the command among the fixtures, with an empty environment and nobody at the terminal.
fn runbook(arguments: &[&str]) -> Output {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(fixtures)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

/// What was said, and the exit code.
fn said(arguments: &[&str]) -> String {
    let output = runbook(arguments);
    format!(
        "$ runbook {}\n{}--- stderr\n{}--- exit {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().unwrap_or(-1),
    )
}

/// A snapshot of one command line a test.
macro_rules! says {
    ($($name:ident: $arguments:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(said(&$arguments));
        }
    )*};
}

says! {
    help: ["--help"];
    help_of_run: ["run", "--help"];
    no_command: ["rn"];
    run_to_the_end: ["run", "restart", "--scenario", "stuck", "--yes"];
    run_quietly: ["run", "restart.yaml", "--scenario", "stuck", "--yes", "--quiet"];
    run_with_calls: ["run", "restart", "--scenario", "stuck", "--yes", "-v"];
    run_as_json: ["run", "restart", "--scenario", "stuck", "--yes", "--format", "json"];
    run_without_consent_pauses: ["run", "restart", "--scenario", "stuck"];
    consent_to_other_effects_is_no_consent: ["run", "restart", "--scenario", "stuck", "--yes=destroy", "-q"];
    run_until_diagnose: ["run", "restart", "--scenario", "stuck", "--until", "diagnose", "-q"];
    text_of_apis_cannot_steer_the_terminal: ["run", "restart", "--scenario", "hostile", "-q"];
    missing_playbook: ["run", "restrat"];
    playbook_is_a_folder: ["run", "playbooks"];
    malformed_yaml: ["run", "malformed"];
    wrong_playbook: ["run", "broken"];
    unknown_and_wrong_inputs: ["run", "restart", "-i", "servce=web", "-i", "wanted=many"];
    input_below_its_bound: ["run", "restart", "-i", "wanted=0"];
    input_without_value: ["run", "restart", "-i", "wanted"];
    inputs_file_is_missing: ["run", "restart", "--inputs", "none.yaml"];
    unknown_scenario: ["run", "restart", "--scenario", "stock"];
    unknown_step: ["run", "restart", "--skip", "restat"];
    unknown_effect: ["run", "restart", "--yes=wirte"];
    consent_is_no_answer_to_an_author_who_wants_a_person: ["run", "approvals", "--scenario", "all", "-i", "token=hunter22", "--yes", "-q"];
    two_people_are_not_at_one_terminal: ["run", "approvals", "--scenario", "all", "-i", "token=hunter22", "-i", "people=true", "-q"];
    a_call_that_the_scenario_does_not_answer: ["run", "unanswered", "--scenario", "nothing", "--yes", "-q"];
    a_wrong_playbook_leaves_standard_output_empty: ["run", "broken", "--format", "json"];
    check_well: ["check", "restart"];
    tests_pass: ["test", "playbooks/restart.yaml"];
    tests_show_what_scenarios_are_about: ["test", "approvals", "-v", "--filter", "all"];
    tests_fail: ["test", "wrong"];
    test_of_nothing: ["test", "playbooks/restart.yaml", "--filter", "nothing"];
    call_of_unknown_action: ["call", "ecs:DescribeServces"];
    call_with_wrong_arguments: ["call", "ecs:DescribeServices", "--with", r#"{"service": "web", "include": ["TAG"]}"#];
    call_with_malformed_json: ["call", "ecs:DescribeServices", "--with", "{services"];
    call_that_writes_asks: ["call", "ecs:UpdateService", "--with", r#"{"service": "web"}"#];
    call_with_a_secret_asks_without_it: ["call", "secretsmanager:PutSecretValue", "--with", r#"{"SecretId": "s", "SecretString": "hunter22"}"#];
    call_without_region: ["call", "ecs:ListClusters"];
    call_of_a_local_action: ["call", "data:Diff", "--with", r#"{"expected": {"a": 1}, "actual": {"a": 2}}"#];
    show_an_operation: ["actions", "show", "ecs:StopTask"];
    show_an_operation_as_json: ["actions", "show", "sqs:PurgeQueue", "--format", "json"];
    search_by_what_people_say: ["actions", "search", "scale", "service"];
    show_a_waiter: ["actions", "show", "s3:WaitUntilBucketExists"];
    show_a_local_action: ["actions", "show", "time:Sleep"];
    list_local_actions: ["actions", "list", "data"];
    search: ["actions", "search", "ecs", "update", "service"];
}

#[test]
fn unreachable_endpoint_is_the_environments_fault() {
    let output = runbook(&[
        "run",
        "restart",
        "--region",
        "us-east-1",
        "--endpoint-url",
        "http://127.0.0.1:9",
        "--state-dir",
        &std::env::temp_dir()
            .join("runbook-test")
            .display()
            .to_string(),
    ]);
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn an_empty_endpoint_is_refused() {
    let output = runbook(&["call", "sts:GetCallerIdentity", "--endpoint-url", ""]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("a value is required for '--endpoint-url <URL>'"),
        "{said}"
    );
}

#[test]
fn a_missing_region_is_told_once_with_the_step_and_the_call() {
    let state = tempfile::tempdir().expect("a folder");
    let state_dir = state.path().display().to_string();
    let output = runbook(&["run", "restart", "--state-dir", &state_dir]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert_eq!(said.matches("no AWS region is known").count(), 1, "{said}");
    assert!(
        said.contains("✗ too_few  ecs:DescribeServices: region: "),
        "{said}"
    );
    assert!(said.contains("mend that, then run it again:"), "{said}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["run", "restart", "--scenario", "stuck", "--yes"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_run_in_a_scenario_is_the_same_byte_for_byte() {
    let line = [
        "run",
        "restart",
        "--scenario",
        "stuck",
        "--yes",
        "--format",
        "json",
    ];
    assert_eq!(runbook(&line).stdout, runbook(&line).stdout);
}

#[cfg(unix)]
#[test]
fn a_call_that_writes_is_on_record_before_it_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("made");
    let call = |state_dir: &Path| {
        let with = format!(r#"{{"command": ["/usr/bin/touch", "{}"]}}"#, made.display());
        let state_dir = state_dir.display().to_string();
        runbook(&[
            "call",
            "local:Exec",
            "--with",
            &with,
            "--yes=execute",
            "--state-dir",
            &state_dir,
        ])
    };
    let output = call(Path::new("/dev/null/journal"));
    assert_eq!(output.status.code(), Some(4));
    assert!(!made.exists(), "without a record nothing is sent");
    let state = folder.path().join("state");
    let output = call(&state);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(made.exists());
    let kept: Vec<u8> = std::fs::read_dir(&state)
        .expect("the folder")
        .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"))
        .collect();
    let record = b"call local:Exec";
    assert!(kept.windows(record.len()).any(|bytes| bytes == record));
}

#[cfg(unix)]
#[test]
fn the_record_of_a_call_has_the_token_that_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["call", "efs:CreateAccessPoint", "--yes"])
        .args(["--with", r#"{"FileSystemId": "fs-12345678"}"#])
        .args([
            "--endpoint-url",
            "http://127.0.0.1:1",
            "--region",
            "eu-west-3",
        ])
        .arg("--state-dir")
        .arg(folder.path())
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .stdin(Stdio::null())
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let kept: Vec<u8> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .flat_map(|file| std::fs::read(file.expect("a file").path()).expect("its bytes"))
        .collect();
    let token = b"ClientToken";
    assert!(kept.windows(token.len()).any(|bytes| bytes == token));
}

/// Starts a playbook that writes for a second, then waits for an hour; presses ctrl-C once a line says so.
#[cfg(unix)]
fn interrupted_at(sign: &str) -> (String, String, Option<i32>) {
    use std::io::{BufRead, BufReader, Read};
    let state = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["run", "slow", "-v", "--yes=execute", "--state-dir"])
        .arg(state.path())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains(sign) {
        let read = out.read_line(&mut said).expect("text");
        assert!(read > 0, "it ended before `{sign}`: {said}");
    }
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status();
    assert!(sent.expect("kill starts").success());
    out.read_to_string(&mut said).expect("text");
    let output = child.wait_with_output().expect("it ends");
    let noted = String::from_utf8_lossy(&output.stderr).into_owned();
    (said, noted, output.status.code())
}

#[cfg(unix)]
#[test]
fn ctrl_c_lets_the_write_in_flight_end() {
    let (said, noted, code) = interrupted_at("→ write  local:Exec");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✓ write"), "{said}");
    assert!(said.contains("✓ last"), "`finally` runs: {said}");
    assert!(said.contains("\naborted after "), "{said}");
    assert!(!said.contains("not confirmed"), "{said}");
    assert!(noted.contains("press ctrl-C again"), "{noted}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_wait_at_once() {
    let (said, _, code) = interrupted_at("wait waits 1h");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("aborted after "), "{said}");
}

#[test]
fn errors_name_what_to_do_next() {
    for (line, next) in [
        (&["run", "zzzzzzzzzz"][..], "`runbook list`"),
        (&["run", "unanswered", "--scenario", "none"], "it has "),
        (&["plan", "broken"], "`runbook explain CODE`"),
        (
            &["call", "zzzz:Zzzzzzzzz"],
            "`runbook actions search WORDS`",
        ),
        (&["actions", "list", "zzzzzz"], "`runbook actions"),
        (&["explain", "zzzzzzzz"], "`runbook explain` lists"),
        (
            &["run", "--plan", "playbooks/restart.yaml"],
            "`runbook plan PLAYBOOK --out FILE`",
        ),
        (&["triage", "-i", "zzzzzz=1"], "they have "),
        (&["new", "a", "--for", "zzz"], "`runbook actions list`"),
    ] {
        let output = runbook(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line:?}: {said}");
        assert!(said.contains(next), "{line:?}: {said}");
    }
}
