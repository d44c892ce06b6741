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
    check_well: ["check", "restart"];
    tests_pass: ["test", "playbooks/restart.yaml"];
    tests_fail: ["test", "wrong"];
    test_of_nothing: ["test", "playbooks/restart.yaml", "--filter", "nothing"];
    call_of_unknown_action: ["call", "ecs:DescribeServces"];
    call_with_wrong_arguments: ["call", "ecs:DescribeServices", "--with", r#"{"service": "web", "include": ["TAG"]}"#];
    call_with_malformed_json: ["call", "ecs:DescribeServices", "--with", "{services"];
    call_that_writes_asks: ["call", "ecs:UpdateService", "--with", r#"{"service": "web"}"#];
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
