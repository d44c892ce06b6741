//! Reports of runs: of every end that a run can have, in every format, with nothing in them that is secret; and bundles.

#[expect(dead_code, reason = "spans are read by other tests")]
mod receiver;

use receiver::Receiver;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder for a journal and what is written.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("RUNBOOK_PATH", root().join("playbooks"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .args(words);
        command
    }

    fn runbook(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    /// Runs in a scenario, with a journal.
    fn run(&self, playbook: &str, scenario: &str, more: &[&str]) -> Output {
        let state = self.path("state/runbook");
        let state = state.to_str().expect("text");
        let words = [
            "run",
            playbook,
            "--scenario",
            scenario,
            "--state-dir",
            state,
        ];
        self.runbook(&[&words, more].concat())
    }

    fn report(&self) -> Json {
        let output = self.runbook(&["report", "last", "--format", "json"]);
        assert!(output.status.success(), "{}", err(&output));
        let report = serde_json::from_slice(&output.stdout).expect("JSON");
        valid(&report);
        report
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The document is what its schema says, with no member that the schema does not know.
fn valid(report: &Json) {
    let text = fs::read_to_string(root().join("schemas/report.schema.json")).expect("a schema");
    let mut schema: Json = serde_json::from_str(&text).expect("JSON");
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

fn close(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            if members.contains_key("properties") && members.contains_key("required") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        Json::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

const ALL: &str = "--yes=write,destroy,permission,execute,notify";

#[test]
fn every_end_of_a_run_is_told_and_is_what_the_schema_says() {
    let desk = Desk::new();
    for (playbook, scenario, verdict) in [
        ("acso/memory-leak", "leaking", "resolved"),
        ("acso/memory-leak", "does_not_settle", "undone"),
        ("acso/memory-leak", "keeps_leaking", "unresolved"),
        ("acso/memory-leak", "logs_denied", "failed"),
        ("acso/memory-leak", "absent", "absent"),
        (
            "agent-runtime/health-check",
            "one_service_down",
            "unhealthy",
        ),
    ] {
        desk.run(playbook, scenario, &[ALL]);
        let report = desk.report();
        assert_eq!(report["status"], verdict, "{playbook} {scenario}");
        assert_eq!(report["format_version"], 1);
        let steps = report["steps"].as_array().expect("steps");
        assert!(!steps.is_empty());
        let running: Vec<&Json> = steps
            .iter()
            .filter(|step| step["status"] == "running")
            .collect();
        assert!(running.is_empty(), "{running:?}");
        // Every call on record belongs to a step.
        let calls: usize = steps
            .iter()
            .filter_map(|step| step["calls"].as_array())
            .map(Vec::len)
            .sum();
        assert_eq!(report["totals"]["calls"], calls);
    }
}

#[test]
fn a_report_has_what_was_found_done_and_asked() {
    let desk = Desk::new();
    desk.run("acso/memory-leak", "leaking", &[ALL]);
    let report = desk.report();
    assert_eq!(report["causes"][0]["found"], true);
    assert_eq!(
        report["causes"][0]["title"],
        "Tasks are killed for running out of memory"
    );
    assert_eq!(report["changes"][0]["action"], "ecs:UpdateService");
    assert_eq!(report["environment"]["account"], "123456789012");
    assert_eq!(report["environment"]["region"], "us-east-1");
    assert_eq!(report["environment"]["inputs"]["environment"], "production");
    assert_eq!(
        report["approvals"][1]["by"],
        ALL.split('=').next().expect("a word")
    );
    for format in ["html", "markdown", "junit"] {
        let told = desk.runbook(&["report", "last", "--format", format]);
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(text.contains("approved by"), "{format}: {text}");
    }
    assert_eq!(report["charts"][0]["threshold"], 80.0);
    assert_eq!(
        report["charts"][0]["points"].as_array().map(Vec::len),
        Some(288)
    );
    assert_eq!(report["escalation"]["levels"], serde_json::json!([2]));
    let steps = report["steps"].as_array().expect("steps");
    let rising = &steps[0];
    assert_eq!(rising["path"], "symptom.memory_rising");
    assert_eq!(rising["title"], "Memory utilization keeps rising");
    assert_eq!(rising["assertions"][0]["asked"], "points | length >= 4");
    assert_eq!(rising["assertions"][0]["found"], "points | length = 288");
    // The steps of a playbook that a step runs stand inside of it, each reading of `verify` has its own call.
    let named = |path: &str| steps.iter().position(|step| step["path"] == path);
    let outer = named("resolve.restart").expect("a step");
    let inner = named("resolve.restart/resolve.restart").expect("a step");
    assert_eq!(steps[inner]["inside"], outer);
    let readings: Vec<&Json> = steps
        .iter()
        .filter(|step| step["path"] == "verify.memory_rising")
        .collect();
    let calls: Vec<usize> = readings
        .iter()
        .filter_map(|step| step["calls"].as_array())
        .map(Vec::len)
        .collect();
    assert_eq!(calls, [1, 1]);
}

const TWO: &str = "playbook: v1
title: Two writes
inputs:
  token: {type: secret}
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
    undo: {action: ecs:UpdateService, with: {cluster: c, service: web, desiredCount: 1}}
  told:
    action: sqs:SendMessage
    with: {QueueUrl: 'https://sqs.us-east-1.amazonaws.com/1/q', MessageBody: 'with ${{ inputs.token }}'}
  second:
    action: ecs:UpdateService
    approve: always
    with: {cluster: c, service: web, desiredCount: 3}
";

const TWO_SCENARIOS: &str = "scenarios:
  fine:
    inputs: {token: hush-hush-8f1c}
    actions:
      ecs:UpdateService: [{return: {}}]
      sqs:SendMessage: [{return: {MessageId: 'hush-hush-8f1c came back'}}]
    answers: {approve: all}
    expect: {verdict: done}
";

#[test]
fn a_paused_run_says_how_to_go_on_and_an_undone_one_what_was_taken_back() {
    let desk = Desk::new();
    desk.write("two.yaml", TWO);
    desk.write("two.scenarios.yaml", TWO_SCENARIOS);
    desk.run("two.yaml", "fine", &["--yes=write,destroy"]);
    let report = desk.report();
    assert_eq!(report["status"], "paused");
    assert_eq!(report["tone"], "attention");
    assert!(
        report["left"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("resolve.second"))
    );
    let id = report["run"].as_str().expect("an id");
    let resume = report["left"][0]["command"].as_str().expect("a command");
    assert!(
        resume.starts_with(&format!("runbook resume {id}")),
        "{resume}"
    );
    assert!(resume.ends_with("-i token=…"), "{resume}");
    let undo = report["left"][1]["command"].as_str().expect("a command");
    assert!(undo.starts_with(&format!("runbook undo {id}")), "{undo}");
    let resumed = desk.runbook(&[
        "resume",
        "last",
        "--yes=write,destroy",
        "-i",
        "token=hush-hush-8f1c",
    ]);
    assert_eq!(resumed.status.code(), Some(3), "{}", err(&resumed));
    let again = desk.report();
    assert_eq!(again["sessions"], 2);
    // What was done in the first session is not told twice.
    let count = |report: &Json| report["steps"].as_array().map(Vec::len);
    assert_eq!(count(&again), count(&report));
    desk.runbook(&[
        "undo",
        "last",
        "--yes=write,destroy",
        "-i",
        "token=hush-hush-8f1c",
    ]);
    let undone = desk.report();
    let changes = undone["changes"].as_array().expect("changes");
    assert!(
        changes.iter().any(|change| change["undone"] == true),
        "{changes:?}"
    );
    assert!(
        changes
            .iter()
            .any(|change| change["undoes"] == "resolve.first"),
        "{changes:?}"
    );
    let steps = undone["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| {
        step["path"] == "resolve.first.undo.first"
            || step["path"]
                .as_str()
                .is_some_and(|path| path.contains(".undo"))
    }));
}

#[test]
fn no_format_holds_a_secret() {
    let desk = Desk::new();
    desk.write("two.yaml", TWO);
    desk.write("two.scenarios.yaml", TWO_SCENARIOS);
    let bundle = desk.path("bundle");
    desk.run("two.yaml", "fine", &["--yes=write,destroy"]);
    for format in ["html", "markdown", "json", "junit"] {
        let output = desk.runbook(&["report", "last", "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.len() > 500, "{format}: {}", err(&output));
        assert!(!text.contains("hush-hush"), "{format}");
    }
    desk.runbook(&["report", "last", "--bundle", bundle.to_str().expect("text")]);
    let mut folders = vec![bundle];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                let text = fs::read_to_string(&path).expect("text");
                assert!(!text.contains("hush-hush"), "{}", path.display());
            }
        }
    }
    assert!(files >= 8, "{files} files");
}

#[test]
fn a_run_whose_process_was_killed_can_be_told() {
    let desk = Desk::new();
    desk.write(
        "slow.yaml",
        "playbook: v1\ntitle: Slow\nruns: [sleep]\nresolve:\n  wait:\n    action: local:Exec\n    with: {command: [sleep, '60']}\n",
    );
    let mut child = desk
        .command(&["run", "slow.yaml", "--yes=execute,write"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let begun = std::time::Instant::now();
    loop {
        let listed = desk.runbook(&["show", "last", "--format", "json"]);
        let shown: Json = serde_json::from_slice(&listed.stdout).unwrap_or_default();
        if shown["calls"]
            .as_array()
            .is_some_and(|calls| !calls.is_empty())
        {
            break;
        }
        assert!(begun.elapsed().as_secs() < 30, "{}", err(&listed));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let running = desk.report();
    assert_eq!(
        (&running["status"], &running["tone"]),
        (&"running".into(), &"quiet".into())
    );
    child.kill().expect("killed");
    child.wait().expect("gone");
    let report = desk.report();
    assert_eq!(report["status"], "interrupted");
    assert_eq!(report["verdict"], Json::Null);
    assert_eq!(report["changes"][0]["confirmed"], false);
    assert_eq!(report["steps"][0]["status"], "running");
    let left: Vec<&str> = report["left"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|left| left["text"].as_str())
        .collect();
    assert!(left[0].contains("took effect"), "{left:?}");
    assert_eq!(left[1], "go on where it was");
    let page = desk.runbook(&["report", "last"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains("its process ended before the run did"));
}

#[test]
fn escalation_leaves_its_evidence_below_the_state_folder() {
    let desk = Desk::new();
    let output = desk.run(
        "acso/memory-leak",
        "keeps_leaking",
        &[ALL, "--report", "a.html"],
    );
    let said = err(&output);
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("evidence: "))
        .expect("a line");
    let bundle = desk.folder.path().join(line);
    let page = fs::read_to_string(desk.path("a.html")).expect("a report");
    assert!(page.contains("Evidence for whoever takes over"));
    let index = fs::read_to_string(bundle.join("README.md")).expect("an index");
    for due in [
        "## Environment",
        "environment: **production**",
        "## Affected services and endpoints",
        "service: acso-production-supervisor",
        "## Timeline",
        "When did it start?",
        "What changed recently?",
        "## System status and health check output",
        "## Error messages and logs",
        "## Performance metrics",
        "## Recent changes and deployments",
        "cloudtrail:LookupEvents",
        "cloudformation:ListStacks",
        "## Troubleshooting that was done",
        "## Steps to reproduce",
        "## Escalation",
    ] {
        assert!(index.contains(due), "{due} in {index}");
    }
    for path in index
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
    {
        assert!(bundle.join(path.0).exists(), "{}", path.0);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(
            (mode(&bundle), mode(&bundle.join("report.json"))),
            (0o700, 0o600)
        );
    }
    // People are told where it is.
    let report = desk.report();
    let told = report["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .find(|step| step["path"] == "escalation/notify.tell")
        .expect("a step");
    let message = told["calls"][0]["arguments"]["Message"]
        .as_str()
        .expect("text");
    assert!(message.contains("a.html"), "{message}");
    desk.runbook(&["prune", "--older-than", "0s", "--unfinished"]);
    assert!(!bundle.exists(), "what is forgotten leaves nothing behind");
}

/// A table of everything that is deployed, with text that must not become markup.
const DEPLOYED: &str = r#"playbook: v1
title: What is deployed
check:
  services:
    title: Services of the <cluster>
    action: ecs:DescribeServices
    with: {cluster: c, services: [web, api]}
    capture: {services: "$.services[*]"}
    assert: [{that: services | length > 0}]
    show: {table: services, columns: [serviceName, status, runningCount]}
"#;

#[test]
fn every_report_shows_the_tables_of_steps_and_who_ran() {
    let desk = Desk::new();
    desk.write("deployed.yaml", DEPLOYED);
    let who = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
        <Arn>arn:aws:sts::111122223333:assumed-role/ops/ann</Arn><UserId>A:ann</UserId><Account>111122223333</Account>\
        </GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>";
    let services = r#"{"services":[{"serviceName":"web|<b>","status":"ACTIVE","runningCount":2},{"serviceName":"api","status":"DRAINING"}],"failures":[]}"#;
    let aws = Receiver::answering(&[("200 OK", who), ("200 OK", services)]);
    let files = ["a.html", "a.md", "a.json", "a.xml"];
    let mut words = vec!["run", "deployed"];
    for file in files {
        words.extend(["--report", file]);
    }
    let output = desk
        .command(&words)
        .env("AWS_ENDPOINT_URL", aws.address())
        .env("AWS_ACCESS_KEY_ID", "AKIAFAKE")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", err(&output));
    for file in files {
        let text = desk.read(file).replace("&#58;", ":");
        assert!(text.contains("assumed-role/ops/ann"), "{file}: {text}");
        assert!(text.contains("111122223333"), "{file}");
    }
    let report: Json = serde_json::from_str(&desk.read("a.json")).expect("JSON");
    valid(&report);
    let table = &report["tables"][0];
    assert_eq!(
        table["columns"],
        json!(["serviceName", "status", "runningCount"])
    );
    assert_eq!(
        table["rows"],
        json!([["web|<b>", "ACTIVE", 2], ["api", "DRAINING", null]])
    );
    let page = desk.read("a.html");
    assert!(
        page.contains(
            "<h3>Services of the &lt;cluster&gt; <span class=\"soft\">2 rows</span></h3>"
        ),
        "{page}"
    );
    assert!(
        page.contains("<td>web|&lt;b&gt;</td><td>ACTIVE</td><td>2</td>"),
        "{page}"
    );
    let markdown = desk.read("a.md");
    assert!(
        markdown.contains("| serviceName | status | runningCount |\n| --- | --- | --- |"),
        "{markdown}"
    );
    assert!(
        markdown.contains(r"| web\|&lt;b&gt; | ACTIVE | 2 |"),
        "{markdown}"
    );
}

#[test]
fn a_bundle_is_a_folder_or_a_zip_file_and_nothing_else_is_overwritten() {
    let desk = Desk::new();
    desk.run("acso/memory-leak", "absent", &[]);
    for name in ["one", "one", "two.zip"] {
        let output = desk.runbook(&["report", "last", "--bundle", name]);
        assert!(
            output.status.success() && output.stdout.is_empty(),
            "{}",
            err(&output)
        );
    }
    assert!(desk.path("one/report.html").is_file());
    let packed = fs::read(desk.path("two.zip")).expect("a file");
    assert!(packed.starts_with(b"PK\x03\x04"));
    desk.write("mine.txt", "x");
    fs::create_dir(desk.path("mine")).expect("a folder");
    desk.write("mine/notes.txt", "x");
    let output = desk.runbook(&["report", "last", "--bundle", "mine"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("holds something else"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_report_with_an_ending_of_no_format_is_refused_before_anything_runs() {
    let desk = Desk::new();
    let output = desk.run("acso/memory-leak", "absent", &["--report", "a.pdf"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains(".html, .md, .json or .xml"),
        "{}",
        err(&output)
    );
}

#[test]
fn markdown_fits_a_comment_however_long_the_run_was() {
    use std::fmt::Write as _;
    let desk = Desk::new();
    let mut text = "playbook: v1\ntitle: Long\ncheck:\n".to_owned();
    for number in 0..600 {
        let long = "word ".repeat(40);
        let _ = write!(
            text,
            "  step_{number}:\n    title: {long}\n    assert: [{{that: 'now == now', message: \"{long}\"}}]\n"
        );
    }
    desk.write("long.yaml", &text);
    desk.write(
        "long.scenarios.yaml",
        "scenarios: {a: {expect: {verdict: healthy}}}\n",
    );
    let output = desk.run("long.yaml", "a", &["-q", "--report", "long.md"]);
    assert!(output.status.success(), "{}", err(&output));
    let page = desk.read("long.md");
    assert!(page.chars().count() <= 65_536);
    assert!(page.contains("The rest is cut"));
    assert_eq!(
        page.matches("<details>").count(),
        page.matches("</details>").count()
    );
}

#[test]
fn the_example_of_the_documentation_is_what_is_written() {
    let page = fs::read_to_string(root().join("docs/reports.md")).expect("the page");
    let quoted = page
        .split("````markdown\n")
        .nth(1)
        .and_then(|rest| rest.split("````").next())
        .expect("an example");
    let desk = Desk::new();
    let output = desk.runbook(&[
        "run",
        "acso/memory-leak.yaml",
        "--scenario",
        "leaking",
        "--yes=write,notify",
        "--report",
        "report.md",
    ]);
    assert!(output.status.success(), "{}", err(&output));
    let written = desk.read("report.md");
    assert!(written.starts_with(quoted), "{written}");
}
