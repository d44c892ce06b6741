//! `runbook list` and `runbook triage` over a folder of playbooks: in a scenario, against a stub of AWS, and for texts.

use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// Two that ask the same, one whose read is denied, one that lacks an input, one that starts a program, and a procedure.
const PLAYBOOKS: [(&str, &str); 7] = [
    (
        "short.yaml",
        r"playbook: v1
title: Too few tasks
severity: P1
tags: [ecs, capacity]
inputs:
  cluster: {type: string, default: prod}
symptom:
  short:
    title: Tasks are missing
    action: ecs:DescribeServices
    with: {services: [web], cluster: '${{ inputs.cluster }}'}
    capture: {running: '$.services[0].runningCount'}
    assert: [{that: running < 2, message: '${{ running }} of 2 run'}]
diagnose:
  why:
    action: ecs:ListTasks
    with: {cluster: '${{ inputs.cluster }}', serviceName: web, desiredStatus: STOPPED}
    causes:
      stopped: {title: Tasks were stopped, path: '$.taskArns[*]', count: {gt: 0}, remedy: none}
",
    ),
    (
        "unstable.yaml",
        r"playbook: v1
title: A deployment does not settle
severity: P2
tags: [ecs]
inputs:
  cluster: {type: string, default: prod}
symptom:
  two:
    action: ecs:DescribeServices
    with: {cluster: '${{ inputs.cluster }}', services: [web]}
    capture: {state: '$.services[0].status'}
    assert: [{that: state != 'ACTIVE'}]
resolve:
  again: {action: ecs:UpdateService, with: {cluster: prod, service: web, forceNewDeployment: true}}
",
    ),
    (
        "errors.yaml",
        r"playbook: v1
title: Errors in the log
severity: P0
symptom:
  errors:
    title: The log has errors
    action: logs:FilterLogEvents
    with: {logGroupName: app, filterPattern: ERROR}
    assert: [{path: '$.events[*]', count: {gt: 0}}]
escalate: {contacts: {me: {phone: 1}}, levels: [{level: 1, at: start}], notify: {tell: {action: sns:Publish, with: {TopicArn: 'arn:aws:sns:us-east-1:123456789012:t', Message: x}}}}
",
    ),
    (
        "table.yaml",
        r"playbook: v1
title: A table is throttled
severity: P1
inputs:
  table: {type: string}
symptom:
  throttled:
    action: dynamodb:DescribeTable
    with: {TableName: '${{ inputs.table }}'}
    assert: [{path: $.Table.TableStatus, equals: UPDATING}]
",
    ),
    (
        "program.yaml",
        r"playbook: v1
title: A program says so
runs: [touch]
symptom:
  says:
    action: local:Exec
    effect: read
    with: {command: [touch, was-started]}
    assert: [{path: $.exit, equals: 0}]
",
    ),
    (
        "deploy.yaml",
        "playbook: v1\ntitle: Deploy\nseverity: P3\nresolve:\n  go: {action: ecs:UpdateService, with: {service: web}}\n",
    ),
    ("notes.yaml", "title: not a playbook\n"),
];

const SCENARIOS: &str = "playbook: short.yaml
scenarios:
  short:
    actions:
      ecs:DescribeServices: [{return: {services: [{status: ACTIVE, runningCount: 1}]}}]
      logs:FilterLogEvents: [{error: {code: AccessDeniedException, message: you may not}}]
    expect: {verdict: diagnosed}
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let playbooks = folder.path().join("playbooks/team");
    std::fs::create_dir_all(&playbooks).expect("is made");
    for (name, text) in PLAYBOOKS {
        std::fs::write(playbooks.join(name), text).expect("is written");
    }
    std::fs::write(playbooks.join("short.scenarios.yaml"), SCENARIOS).expect("is written");
    folder
}

fn runbook(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "a")
        .env("AWS_SECRET_ACCESS_KEY", "b")
        .env("AWS_REGION", "us-east-1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("is piped");
    // Whoever does not read it has closed it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    format!(
        "{}--- stderr\n{}--- exit {}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().unwrap_or(-1)
    )
}

fn document(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// `name: status` of each playbook, in order.
fn standings(document: &Json) -> String {
    let playbooks = document["playbooks"].as_array().expect("a list");
    let mut text = String::new();
    for one in playbooks {
        let _ = write!(text, "{} {}; ", one["playbook"], one["status"]);
    }
    text.replace('"', "")
}

#[test]
fn list_says_what_playbooks_are_about() {
    let folder = folder();
    insta::assert_snapshot!(said(&runbook(folder.path(), &["list"], "")));
    let tagged = runbook(
        folder.path(),
        &["list", "team", "--tag", "ecs,capacity", "--format", "json"],
        "",
    );
    let tagged = document(&tagged);
    assert_eq!(tagged["playbooks"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        tagged["playbooks"][0]["causes"][0]["title"],
        "Tasks were stopped"
    );
    let severe = runbook(
        folder.path(),
        &["list", "--severity", "p0,P3", "--format", "json"],
        "",
    );
    assert_eq!(
        document(&severe)["playbooks"].as_array().map(Vec::len),
        Some(2)
    );
    let none = runbook(folder.path(), &["list", "elsewhere"], "");
    assert_eq!(none.status.code(), Some(2), "{}", said(&none));
}

#[test]
fn list_names_what_it_cannot_read_and_lists_the_rest() {
    let folder = folder();
    let broken = folder.path().join("playbooks/broken.yaml");
    std::fs::write(broken, "playbook: v1\ntitel: x\n").expect("is written");
    let output = runbook(folder.path(), &["list"], "");
    let text = said(&output);
    assert!(
        text.contains("team/short") && text.contains("runbook check playbooks/broken.yaml"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn triage_ranks_what_shows_and_names_the_rest() {
    let folder = folder();
    insta::assert_snapshot!(said(&runbook(
        folder.path(),
        &["triage", "--scenario", "short"],
        ""
    )));
}

#[test]
fn triage_shares_reads_makes_nothing_else_and_takes_denied_for_unknown() {
    let folder = folder();
    let output = runbook(
        folder.path(),
        &[
            "triage",
            "--scenario",
            "team/short:short",
            "-i",
            "cluster=staging",
            "--format",
            "json",
        ],
        "",
    );
    let document = document(&output);
    assert_eq!(
        standings(&document),
        "team/short holds; team/errors unknown; team/program unknown; team/table not_asked; team/unstable clear; "
    );
    assert_eq!(document["reads"], 2);
    assert_eq!(document["shared_reads"], 1);
    assert_eq!(document["playbooks"][3]["lacks"], json!(["table"]));
    assert_eq!(
        document["playbooks"][0]["next"],
        "runbook run team/short -i cluster=staging --scenario short"
    );
    assert!(!folder.path().join("playbooks/team/was-started").exists());
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_input_that_no_playbook_has_is_a_slip() {
    let folder = folder();
    let output = runbook(
        folder.path(),
        &["triage", "-i", "tabel=x", "--scenario", "short"],
        "",
    );
    let text = said(&output);
    assert!(
        text.contains("did you mean `table`?") && text.ends_with("exit 2"),
        "{text}"
    );
}

/// A stub of AWS for services that speak JSON: what each operation answers, and which were asked for.
fn stub(answers: &'static [(&str, &str, &str)]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let (mut target, mut length) = (String::new(), 0);
                    let mut line = String::new();
                    while reader.read_line(&mut line).is_ok_and(|read| read > 0) && line != "\r\n" {
                        let lower = line.to_lowercase();
                        if let Some(value) = lower.strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap_or(0);
                        }
                        if lower.starts_with("x-amz-target:") {
                            let name = line.trim().rsplit('.').next().unwrap_or_default();
                            name.clone_into(&mut target);
                        }
                        line.clear();
                    }
                    let mut body = vec![0; length];
                    if target.is_empty() || reader.read_exact(&mut body).is_err() {
                        return;
                    }
                    let found = answers.iter().find(|(operation, ..)| *operation == target);
                    let (_, status, answer) = found.unwrap_or(&("", "200 OK", "{}"));
                    log.lock().expect("is free").push(target);
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n",
                        answer.len()
                    );
                    let stream = reader.get_mut();
                    if stream.write_all(head.as_bytes()).is_err()
                        || stream.write_all(answer.as_bytes()).is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    (url, asked)
}

#[test]
fn the_same_read_goes_to_aws_once_and_no_write_does() {
    let folder = folder();
    let (url, asked) = stub(&[
        (
            "DescribeServices",
            "200 OK",
            r#"{"services": [{"status": "DRAINING", "runningCount": 0}], "failures": []}"#,
        ),
        (
            "FilterLogEvents",
            "400 Bad Request",
            r#"{"__type": "AccessDeniedException", "message": "you may not"}"#,
        ),
        (
            "DescribeTable",
            "200 OK",
            r#"{"Table": {"TableStatus": "ACTIVE"}}"#,
        ),
    ]);
    let output = runbook(
        folder.path(),
        &[
            "triage",
            "--endpoint-url",
            &url,
            "-i",
            "table=t",
            "--format",
            "json",
        ],
        "",
    );
    let document = document(&output);
    assert_eq!(
        standings(&document),
        "team/short holds; team/unstable holds; team/errors unknown; team/program unknown; team/table clear; ",
        "{}",
        said(&output)
    );
    assert!(
        document["playbooks"][2]["symptoms"][0]["found"]
            .as_str()
            .is_some_and(|found| found.contains("AccessDenied"))
    );
    let next = document["playbooks"][0]["next"]
        .as_str()
        .unwrap_or_default();
    assert_eq!(next, format!("runbook run team/short --endpoint-url {url}"));
    let mut asked = asked.lock().expect("is free").clone();
    asked.sort();
    assert_eq!(
        asked,
        ["DescribeServices", "DescribeTable", "FilterLogEvents"]
    );
}

#[test]
fn without_credentials_the_environment_is_to_blame() {
    let folder = folder();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["triage", "team/short.yaml"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "us-east-1")
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
}

#[test]
fn a_text_finds_its_playbook_and_the_reason() {
    let folder = folder();
    let output = runbook(
        folder.path(),
        &["triage", "--text", "tasks were stopped: capacity"],
        "",
    );
    insta::assert_snapshot!(said(&output));
    let none = runbook(folder.path(), &["triage", "--text", "zebra"], "");
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
}

#[test]
fn an_alarm_gives_inputs_and_region() {
    let folder = folder();
    let alarm = json!({
        "AlarmName": "web is short of tasks",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:x",
        "Trigger": {
            "MetricName": "RunningTaskCount",
            "Namespace": "ECS/ContainerInsights",
            "Dimensions": [{"name": "ClusterName", "value": "blue"}],
        },
    });
    let output = runbook(
        folder.path(),
        &["triage", "--text", "-", "--format", "json"],
        &alarm.to_string(),
    );
    let document = document(&output);
    assert_eq!(
        document["matches"][0]["next"],
        "runbook run team/short -i cluster=blue --region eu-west-1"
    );
    assert_eq!(document["dimensions"]["ClusterName"], "blue");
    std::fs::write(folder.path().join("alarm.json"), alarm.to_string()).expect("is written");
    let from_file = runbook(
        folder.path(),
        &["triage", "--text", "alarm.json", "--format", "json"],
        "",
    );
    assert_eq!(from_file.stdout, output.stdout);
}
