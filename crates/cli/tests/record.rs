//! `runbook run --record`: a run becomes a scenario that comes out the same.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PLAYBOOK: &str = "playbook: v1\ntitle: Queue\n\ninputs:\n  token: {type: secret, default: none}\n  queue: {type: string}\n\nsymptom:\n  full:\n    title: Messages wait\n    action: sqs:GetQueueAttributes\n    with: {QueueUrl: \"${{ inputs.queue }}\", AttributeNames: [All]}\n    capture:\n      waiting: {path: $.Attributes.ApproximateNumberOfMessages, as: integer}\n    assert:\n      - that: waiting > 10\n        message: ${{ waiting }} messages wait\n\ndiagnose:\n  why:\n    title: Why\n    causes:\n      stuck: {title: Nobody reads, that: symptom.full.waiting > 10}\n\nverify: {after: 1s, every: 1s, within: 10s}\n\nresolve:\n  purge:\n    title: Purge it\n    for: [stuck]\n    action: sqs:PurgeQueue\n    with: {QueueUrl: \"${{ inputs.queue }}\"}\n";

const SCENARIOS: &str = "# by hand\nplaybook: queue.yaml\nscenarios:\n  stuck:\n    inputs: {token: hunter2hunter2, queue: \"https://sqs.us-east-1.amazonaws.com/999988887777/orders\"}\n    actions:\n      sqs:GetQueueAttributes:\n        - {unless: purged, return: {Attributes: {ApproximateNumberOfMessages: \"50\", QueueArn: \"arn:aws:sqs:us-east-1:999988887777:hunter2hunter2\"}}}\n        - {if: purged, return: {Attributes: {ApproximateNumberOfMessages: \"0\"}}}\n      sqs:PurgeQueue:\n        - {set: purged, return: {}}\n    answers: {approve: all}\n    expect: {verdict: resolved}\n";

fn runbook(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("XDG_STATE_HOME", folder.join("state"))
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("queue.yaml"), PLAYBOOK).expect("written");
    fs::write(folder.path().join("queue.scenarios.yaml"), SCENARIOS).expect("written");
    folder
}

const RUN: [&str; 4] = ["run", "queue.yaml", "--yes=write,destroy", "--record"];

#[test]
fn a_run_is_added_to_the_scenarios_under_a_new_name_without_secrets_and_accounts() {
    let folder = folder();
    let file = "queue.scenarios.yaml";
    let mut line = RUN.to_vec();
    line.extend([file, "--scenario", "stuck"]);
    let run = runbook(folder.path(), &line, &[]);
    assert!(err(&run).contains("scenario `recorded`"), "{}", err(&run));
    assert!(err(&run).contains("it comes out the same"), "{}", err(&run));
    let text = fs::read_to_string(folder.path().join(file)).expect("reads");
    assert!(text.starts_with(SCENARIOS.trim_end()), "{text}");
    let recorded = text.get(SCENARIOS.len()..).expect("more");
    assert!(!recorded.contains("hunter2"), "{recorded}");
    assert!(!recorded.contains("999988887777"), "{recorded}");
    assert!(recorded.contains("causes: [stuck]"), "{recorded}");
    let again = runbook(folder.path(), &["test", file], &[]);
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    let check = runbook(folder.path(), &["check", file], &[]);
    assert_eq!(check.status.code(), Some(0), "{}", err(&check));
    runbook(folder.path(), &line, &[]);
    let text = fs::read_to_string(folder.path().join(file)).expect("reads");
    assert!(text.contains("\n  recorded_2:\n"), "{text}");
}

#[test]
fn nothing_runs_where_the_recording_cannot_be_written() {
    let folder = folder();
    let cases = [
        (vec!["run.yaml"], "NAME.scenarios.yaml"),
        (vec!["none/x.scenarios.yaml"], "no folder"),
        (
            vec!["queue.scenarios.yaml", "--record-as", "stuck"],
            "has a scenario `stuck` already",
        ),
        (vec!["other.scenarios.yaml"], "has the scenarios of"),
        (vec!["x.scenarios.yaml", "--record-as", "a b"], "no name"),
    ];
    let other = SCENARIOS.replace("queue.yaml", "other.yaml");
    fs::write(folder.path().join("other.scenarios.yaml"), other).expect("written");
    for (more, why) in cases {
        let mut line = RUN.to_vec();
        line.extend(more);
        line.extend(["-i", "queue=x"]);
        let run = runbook(folder.path(), &line, &[]);
        assert_eq!(run.status.code(), Some(2), "{}", err(&run));
        assert!(err(&run).contains(why), "{}", err(&run));
    }
}

/// Answers as a queue does that is full until it is purged.
fn stub() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let mut purged = false;
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
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let body = if text.contains("purgequeue") {
                purged = true;
                "{}".to_owned()
            } else {
                let waiting = if purged { 0 } else { 50 };
                format!("{{\"Attributes\":{{\"ApproximateNumberOfMessages\":\"{waiting}\"}}}}")
            };
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_run_over_the_wire_is_recorded_and_comes_out_the_same() {
    let folder = folder();
    let stub = stub();
    let variables = [
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", stub.as_str()),
    ];
    let mut line = RUN.to_vec();
    let queue = "queue=https://sqs.eu-west-1.amazonaws.com/999988887777/orders";
    line.extend(["wire.scenarios.yaml", "--record-as", "wire", "-i", queue]);
    let run = runbook(folder.path(), &line, &variables);
    assert_eq!(run.status.code(), Some(0), "{}", err(&run));
    assert!(err(&run).contains("it comes out the same"), "{}", err(&run));
    let text = fs::read_to_string(folder.path().join("wire.scenarios.yaml")).expect("reads");
    assert!(text.contains("target: {region: eu-west-1}"), "{text}");
    assert!(text.contains("verdict: resolved"), "{text}");
    assert!(!text.contains("999988887777"), "{text}");
    let again = runbook(folder.path(), &["test", "wire.scenarios.yaml"], &[]);
    assert_eq!(again.status.code(), Some(0), "{}", err(&again));
    let laid = runbook(
        folder.path(),
        &["fmt", "--check", "wire.scenarios.yaml"],
        &[],
    );
    assert_eq!(laid.status.code(), Some(0), "{}", err(&laid));
}
