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

/// A playbook that waits in all ways for what it wrote: by a poll, a pause, a waiter, and in `verify`.
const WAITS: &str = r#"playbook: v1
title: Service

symptom:
  down:
    title: Tasks are missing
    action: ecs:DescribeServices
    with: {cluster: main, services: [api]}
    capture: {running: "$.services[0].runningCount"}
    assert:
      - {that: running < 2, message: too few}

diagnose:
  why:
    title: Why
    causes:
      stopped: {title: It is scaled down, that: symptom.down.running < 2}

resolve:
  scale:
    title: Scale it up
    for: [stopped]
    steps:
      up:
        title: Set the count
        action: ecs:UpdateService
        with: {cluster: main, service: api, desiredCount: 2}
      started:
        title: Wait for the tasks
        action: ecs:ListTasks
        with: {cluster: main, serviceName: api}
        until: {path: "$.taskArns", count: {equals: 2}}
        every: 10s
        within: 5m
      pause:
        title: Let them settle
        action: time:Sleep
        with: {for: 20s}
      stable:
        title: Wait until it is stable
        action: ecs:WaitUntilServicesStable
        with: {cluster: main, services: [api]}

verify: {after: 30s, every: 30s, within: 10m}
"#;

const SHOWS_LATER: &str = r#"playbook: waits.yaml
scenarios:
  later:
    actions:
      ecs:DescribeServices:
        - {unless: running, return: {services: [{status: ACTIVE, desiredCount: 2, runningCount: 0, deployments: [{status: PRIMARY}, {status: ACTIVE}]}]}}
        - {unless: settled, return: {services: [{status: ACTIVE, desiredCount: 2, runningCount: 1, deployments: [{status: PRIMARY}]}]}}
        - {return: {services: [{status: ACTIVE, desiredCount: 2, runningCount: 2, deployments: [{status: PRIMARY}]}]}}
      ecs:ListTasks:
        - {unless: started, return: {taskArns: []}}
        - {return: {taskArns: ["arn:aws:ecs:us-east-1:123456789012:task/main/1", "arn:aws:ecs:us-east-1:123456789012:task/main/2"]}}
      ecs:UpdateService:
        - {set: {started: 45s, running: 75s, settled: 2m}, return: {}}
    answers: {approve: all}
    expect: {verdict: resolved}
"#;

#[test]
fn what_shows_some_time_after_a_write_shows_after_it_in_the_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let file = "waits.scenarios.yaml";
    fs::write(path.join("waits.yaml"), WAITS).expect("written");
    fs::write(path.join(file), SHOWS_LATER).expect("written");
    let mut line = vec!["run", "waits.yaml", "--yes=write,destroy", "--scenario"];
    line.extend(["later", "--record", file]);
    let run = runbook(path, &line, &[]);
    assert!(err(&run).contains("it comes out the same"), "{}", err(&run));
    let text = fs::read_to_string(path.join(file)).expect("reads");
    let (_, recorded) = text.split_once("\n  recorded:").expect("a recording");
    let set = "set: {update_service_shows: 50s, update_service_shows_2: 1m20s, update_service_shows_3: 2m}";
    assert!(recorded.contains(set), "{recorded}");
    assert!(!recorded.contains("times:"), "{recorded}");
    // It holds where the playbook looks more often than in the run that was recorded, and fails where it gives up sooner.
    let variants = [
        (
            vec![("every: 10s", "every: 1s"), ("every: 30s", "every: 5s")],
            0,
        ),
        (vec![("within: 5m", "within: 30s")], 1),
    ];
    for (changes, code) in variants {
        let changed = changes
            .into_iter()
            .fold(WAITS.to_owned(), |text, (from, to)| text.replace(from, to));
        fs::write(path.join("waits.yaml"), changed).expect("written");
        let again = runbook(path, &["test", file], &[]);
        assert_eq!(again.status.code(), Some(code), "{}", err(&again));
    }
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

/// Answers as a queue does that is full until it is purged, and once more after that.
fn stub() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut purged, mut readings) = (false, 0);
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
                readings += i32::from(purged);
                let waiting = if readings > 1 { 0 } else { 50 };
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
    let shows = text
        .split_once("set: purge_queue_shows\n          after: ")
        .and_then(|(_, rest)| rest.split_once("s\n")?.0.parse::<u32>().ok());
    assert!(shows >= Some(2), "the second reading saw it: {text}");
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
