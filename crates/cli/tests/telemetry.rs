//! What runs tell other systems: spans, as a receiver of OTLP gets them; metrics; logs.

mod receiver;

use opentelemetry_proto::tonic::trace::v1::Span;
use receiver::{Receiver, attribute, named};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = r#"playbook: v1
title: Too few tasks
symptom:
  few:
    title: Tasks that run
    action: ecs:DescribeServices
    with: {cluster: c, services: [web]}
    capture: {running: "$.services[0].runningCount"}
    assert: [{that: running < 2, message: "${{ running }} run"}]
diagnose:
  why:
    causes: {scaled_in: {that: symptom.few.running == 1}}
resolve:
  mend:
    for: [scaled_in]
    steps:
      more:
        action: ecs:UpdateService
        with: {cluster: c, service: web, desiredCount: 2}
verify:
  after: 1s
  every: 1s
  times: 1
  within: 10s
"#;

const SCENARIOS: &str = r"scenarios:
  few:
    clock: 2026-01-15T12:00:00Z
    actions:
      ecs:DescribeServices:
        - {if: mended, return: {services: [{runningCount: 2}]}}
        - {return: {services: [{runningCount: 1}]}}
      ecs:UpdateService: [{set: mended, return: {service: {serviceName: web}}}]
    answers: {approve: all}
";

/// It needs no account.
const SLOW: &str = r"playbook: v1
title: Slow
check:
  same:
    action: data:Diff
    with: {expected: 1, actual: 1}
    capture: {equal: $.same}
    assert: [{that: equal}]
  later:
    needs: [same]
    action: data:Diff
    with: {expected: 1, actual: 2}
    capture: {equal: $.same}
    until: [{that: equal}]
    every: 30s
    within: 5m
    assert: [{that: equal}]
";

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write("few.yaml", PLAYBOOK);
        write("few.scenarios.yaml", SCENARIOS);
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        for (name, _) in std::env::vars() {
            if name.starts_with("OTEL_") || name.starts_with("TRACE") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.path())
            .env_remove("RUNBOOK_LOG")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAFAKE")
            .env("AWS_SECRET_ACCESS_KEY", "x")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(words);
        command
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

const RUN: [&str; 5] = ["run", "few", "--scenario", "few", "--yes"];

/// Bytes as ids are written.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Every span has its parent among the others, but for the first.
fn one_root(spans: &[Span]) -> &Span {
    let ids: Vec<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
    let mut roots = spans
        .iter()
        .filter(|span| !ids.contains(&span.parent_span_id.as_slice()));
    let root = roots.next().expect("a root");
    assert!(roots.next().is_none(), "{spans:#?}");
    root
}

#[test]
fn a_run_is_a_trace_of_its_steps_and_calls() {
    let desk = Desk::new();
    let receiver = Receiver::new("200 OK");
    for (protocol, headers) in [
        ("http/protobuf", "x-key=k%201"),
        ("http/json", "x-key=k%201"),
    ] {
        let run = desk
            .command(&RUN)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address())
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
            .env("OTEL_EXPORTER_OTLP_HEADERS", headers)
            .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
            .env("OTEL_SERVICE_NAME", "ops")
            .env(
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=test",
            )
            .env(
                "TRACEPARENT",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            )
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), Some(0), "{}", said(&run));
        let got = receiver.take();
        assert!(got.heads.iter().all(|head| head.contains("x-key: k 1")));
        assert!(
            got.heads
                .iter()
                .all(|head| head.starts_with("post /v1/traces "))
        );
        let spans = &got.spans;
        assert_eq!(attribute(&got.resource, "service.name"), "ops");
        assert_eq!(
            attribute(&got.resource, "deployment.environment.name"),
            "test"
        );

        let root = one_root(spans);
        assert_eq!(root.name, "run");
        assert_eq!(hexadecimal(&root.parent_span_id), "00f067aa0ba902b7");
        assert_eq!(attribute(&root.attributes, "runbook.verdict"), "resolved");
        assert_eq!(attribute(&root.attributes, "runbook.causes"), "scaled_in");
        assert_eq!(attribute(&root.attributes, "runbook.changes"), "1");
        for span in spans {
            assert_eq!(
                hexadecimal(&span.trace_id),
                "4bf92f3577b34da6a3ce929d0e0e4736"
            );
            assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
        }
        let step = named(spans, "step resolve.mend.more");
        let call = named(spans, "ECS.UpdateService");
        assert_eq!(call.parent_span_id, step.span_id);
        assert_eq!(
            step.parent_span_id,
            named(spans, "step resolve.mend").span_id
        );
        for (name, value) in [
            ("rpc.system", "aws-api"),
            ("rpc.service", "ECS"),
            ("rpc.method", "UpdateService"),
            ("cloud.region", "us-east-1"),
            ("runbook.step", "resolve.mend.more"),
            ("runbook.graph", "resolve"),
            ("runbook.attempt", "1"),
            ("runbook.effect", "write"),
        ] {
            assert_eq!(attribute(&call.attributes, name), value, "{name}");
        }
        let asked: Vec<&str> = step
            .events
            .iter()
            .map(|event| event.name.as_str())
            .collect();
        assert!(
            asked.contains(&"asked") && asked.contains(&"answered"),
            "{asked:?}"
        );
    }
}

#[test]
fn a_run_that_goes_on_stays_in_its_trace_and_tells_nothing_twice() {
    let desk = Desk::new();
    let receiver = Receiver::new("200 OK");
    let with = |words: &[&str]| {
        let mut command = desk.command(words);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address());
        command.output().expect("it runs")
    };
    let state = ["--state-dir", "state"];
    let paused = with(&[&RUN[..4], &state].concat());
    assert_eq!(paused.status.code(), Some(3), "{}", said(&paused));
    let first = receiver.take().spans;
    assert_eq!(
        attribute(&one_root(&first).attributes, "runbook.verdict"),
        "paused"
    );

    let resumed = with(&[
        "resume",
        "last",
        "--yes",
        "--metrics",
        "-",
        "--state-dir",
        "state",
    ]);
    assert_eq!(resumed.status.code(), Some(0), "{}", said(&resumed));
    let second = receiver.take().spans;
    let root = named(&second, "resume");
    assert_eq!(root.trace_id, first[0].trace_id);
    assert_eq!(root.links[0].span_id, one_root(&first).span_id);
    assert_eq!(attribute(&root.attributes, "runbook.verdict"), "resolved");
    named(&second, "ECS.UpdateService");
    // The call of the symptom was made, and told, by the first process.
    let calls = |spans: &[Span], step: &str| {
        let of_step = |span: &&Span| {
            span.name.starts_with("ECS.") && attribute(&span.attributes, "runbook.step") == step
        };
        spans.iter().filter(of_step).count()
    };
    assert_eq!(
        (calls(&first, "symptom.few"), calls(&second, "symptom.few")),
        (1, 0)
    );
    // Counts are of what this process did.
    let text = said(&resumed);
    let document = text
        .lines()
        .find(|line| line.contains("\"ActionCalls\"") && line.contains("UpdateService"));
    assert!(
        document.is_some_and(|line| line.contains("\"ActionCalls\":1")),
        "{text}"
    );
}

#[test]
fn a_receiver_that_is_down_changes_nothing_about_the_run() {
    let desk = Desk::new();
    let plain = desk.command(&RUN).output().expect("it runs");
    for endpoint in [
        "http://127.0.0.1:9",
        &Receiver::new("503 Service Unavailable").address(),
    ] {
        let began = Instant::now();
        let run = desk
            .command(&RUN)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .output()
            .expect("it runs");
        assert_eq!(run.status.code(), plain.status.code(), "{}", said(&run));
        assert_eq!(run.stdout, plain.stdout);
        let err = String::from_utf8_lossy(&run.stderr);
        assert_eq!(err.matches("warning:").count(), 1, "{err}");
        assert!(err.contains("the run is not affected"), "{err}");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_receiver_that_never_answers_is_not_waited_for_long() {
    let desk = Desk::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let began = Instant::now();
    let run = desk
        .command(&RUN)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"))
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
        .output()
        .expect("it runs");
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert!(said(&run).contains("warning:"), "{}", said(&run));
    assert!(began.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_run_that_is_killed_has_told_what_it_had_done() {
    let desk = Desk::new();
    std::fs::write(desk.path().join("few.yaml"), SLOW).expect("written");
    let receiver = Receiver::new("200 OK");
    let mut run = desk
        .command(&["run", "few", "--yes", "--state-dir", "state"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address())
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it runs");
    let began = Instant::now();
    let mut spans = Vec::new();
    while began.elapsed() < Duration::from_secs(30)
        && !spans
            .iter()
            .any(|span: &Span| span.name == "step check.same")
    {
        std::thread::sleep(Duration::from_millis(20));
        spans.extend(receiver.take().spans);
    }
    run.kill().expect("it can be killed");
    let _ = run.wait();
    let step = named(&spans, "step check.same");
    assert_eq!(named(&spans, "data:Diff").parent_span_id, step.span_id);
}

#[test]
fn retries_and_throttles_are_events_of_their_call() {
    let desk = Desk::new();
    let refusal = "{\"__type\":\"ThrottlingException\",\"message\":\"slow down\"}";
    let answered = "{\"services\":[{\"runningCount\":3}],\"failures\":[]}";
    // Who calls is asked before anything that may write.
    let who = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let aws = Receiver::answering(&[
        ("200 OK", who),
        ("400 Bad Request", refusal),
        ("200 OK", answered),
    ]);
    let receiver = Receiver::new("200 OK");
    let run = desk
        .command(&[
            "run",
            "few",
            "--state-dir",
            "state",
            "--metrics",
            "metrics.jsonl",
            "--log-level",
            "debug",
            "--log-format",
            "json",
            "--log-file",
            "log.jsonl",
        ])
        .env("AWS_ENDPOINT_URL", aws.address())
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address())
        .output()
        .expect("it runs");
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let spans = receiver.take().spans;
    let call = named(&spans, "ECS.DescribeServices");
    let events: Vec<&str> = call
        .events
        .iter()
        .map(|event| event.name.as_str())
        .filter(|name| *name != "credentials found")
        .collect();
    assert_eq!(events, ["answered", "throttled", "answered"]);
    let throttled = call
        .events
        .iter()
        .find(|event| event.name == "throttled")
        .expect("one");
    assert_eq!(
        attribute(&call.attributes, "http.response.status_code"),
        "200"
    );
    assert_eq!(
        attribute(&call.attributes, "http.request.resend_count"),
        "1"
    );
    assert_eq!(attribute(&call.attributes, "server.address"), "127.0.0.1");
    assert_eq!(attribute(&call.attributes, "aws.request_id"), "id-1");
    assert_eq!(
        attribute(&throttled.attributes, "error.type"),
        "ThrottlingException"
    );

    let lines = |name: &str| -> Vec<Json> {
        let text = std::fs::read_to_string(desk.path().join(name)).expect("a file");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let metrics = lines("metrics.jsonl");
    assert_eq!(
        (&metrics[0]["Throttles"], &metrics[0]["Retries"]),
        (&1.into(), &1.into())
    );
    assert_eq!(metrics[0]["verdict"], "absent");
    assert_eq!(metrics[1]["action"], "ecs:DescribeServices");
    let log = lines("log.jsonl");
    let of: HashMap<&str, &Json> = log
        .iter()
        .filter_map(|line| Some((line["message"].as_str()?, line)))
        .collect();
    assert_eq!(of["run ended"]["verdict"], "absent");
    assert_eq!(of["throttled"]["error.type"], "ThrottlingException");
    let around = of["throttled"]["spans"].to_string();
    for due in [
        "\"playbook\":\"few\"",
        "\"step\":\"symptom.few\"",
        "\"action\":\"ecs:DescribeServices\"",
    ] {
        assert!(around.contains(due), "{around}");
    }
    assert!(of.contains_key("credentials found"), "{log:#?}");
    assert!(log.iter().all(|line| {
        line["target"]
            .as_str()
            .is_some_and(|target| target.starts_with("runbook"))
    }));
}

#[test]
fn what_is_wrong_with_a_log_is_said_before_anything_runs() {
    let desk = Desk::new();
    let run = desk
        .command(&RUN)
        .env("RUNBOOK_LOG", "hyper=trace")
        .output()
        .expect("it runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(said(&run).contains("says nothing"), "{}", said(&run));
    let run = desk
        .command(&[&RUN[..], &["--log-format", "text"]].concat())
        .output()
        .expect("it runs");
    let err = String::from_utf8_lossy(&run.stderr);
    assert!(err.contains("run ended verdict=\"resolved\""), "{err}");
}

#[test]
fn the_examples_of_the_documentation_do_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/telemetry.md")).expect("the page");
    let desk = Desk::new();
    let receiver = Receiver::new("200 OK");
    let commands = page.split("```sh\n").skip(1);
    let commands = commands.filter_map(|rest| rest.split_once("\n```"));
    let mut ran = 0;
    for (line, _) in commands {
        let words = line.split_whitespace();
        let (variables, words): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with("OTEL_"));
        let mut command = desk.command(&words[1..]);
        command.env("RUNBOOK_PATH", root.join("playbooks"));
        for variable in variables {
            let (name, value) = variable.split_once('=').expect("a value");
            command.env(
                name,
                value.replace("http://localhost:4318", &receiver.address()),
            );
        }
        let run = command.output().expect("it runs");
        assert_eq!(run.status.code(), Some(0), "{line}: {}", said(&run));
        ran += 1;
    }
    assert_eq!(ran, 3);
    let lines = |name: &str| std::fs::read_to_string(desk.path().join(name)).expect(name);
    assert!(lines("runbook.log").contains("\"verdict\":\"resolved\""));
    assert!(lines("metrics.jsonl").contains("\"Runs\":1"));
    // What the page says of spans is what they have.
    let spans = receiver.take().spans;
    one_root(&spans);
    for attribute in spans.iter().flat_map(|span| &span.attributes) {
        assert!(
            page.contains(&format!("`{}`", attribute.key)),
            "{}",
            attribute.key
        );
    }
    for event in spans.iter().flat_map(|span| &span.events) {
        assert!(
            page.contains(&format!("`{}`", event.name)),
            "{}",
            event.name
        );
    }
}
