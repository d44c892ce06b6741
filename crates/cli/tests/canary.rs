//! Secrets that come in by every way are in nothing that comes out: one for each source of an input, a member and an argument
//! that models call sensitive, a `sensitive:` path, and an error that says one back. Searched as they are, in Base64 and
//! percent-encoded.

mod receiver;

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CANARIES: [&str; 7] = [
    "env+canary/1-Zq8",
    "file+canary/2-Zq8",
    "ssm+canary/3-Zq8",
    "store+canary/4-Zq8",
    "member+canary/5-Zq8",
    "path+canary/6-Zq8",
    "argument+canary/7-Zq8",
];

const PLAYBOOK: &str = r#"playbook: v1
title: Canaries
inputs:
  from_env: {type: secret, pattern: "[a-zA-Z0-9+/ -]+"}
  from_file: {type: secret}
  from_ssm: {type: secret}
  from_store: {type: secret}
symptom:
  member:
    action: ssm:GetParameter
    with: {Name: other}
    capture: {value: $.Parameter.Value}
  path:
    action: ecs:DescribeServices
    with: {cluster: c, services: [web]}
    sensitive: ["$.services[*].roleArn"]
    capture: {role: "$.services[0].roleArn", running: "$.services[0].runningCount"}
    assert: [{that: running < 2, message: "${{ running }} run"}]
diagnose:
  why:
    causes: {few: {that: symptom.path.running == 1}}
resolve:
  mend:
    for: [few]
    steps:
      argument:
        action: secretsmanager:PutSecretValue
        with: {SecretId: s, SecretString: "${{ 'argument+canary' ~ '/7-Zq8' }}"}
        undo: {action: secretsmanager:PutSecretValue, with: {SecretId: s, SecretString: "${{ inputs.from_env }}"}}
      given:
        action: secretsmanager:PutSecretValue
        with: {SecretId: s, SecretString: "all ${{ inputs.from_env }}, ${{ inputs.from_file }}, ${{ inputs.from_ssm }}, ${{ inputs.from_store }}"}
      read:
        action: secretsmanager:PutSecretValue
        with: {SecretId: s, SecretString: "${{ symptom.member.value }} ${{ symptom.path.role }}"}
      refused:
        action: ecs:UpdateService
        approve: APPROVE
        with: {cluster: c, service: web, desiredCount: 2}
escalate:
  level: 2
  notify:
    tell:
      action: sns:Publish
      with: {TopicArn: "arn:aws:sns:us-east-1:123456789012:team", Subject: "${{ run.verdict }}", Message: "${{ run.explanation }}"}
"#;

/// What the service says when it refuses: the secrets, as they are, in Base64 and percent-encoded.
fn refusal() -> String {
    let said = CANARIES.iter().flat_map(|canary| forms(canary));
    let said: Vec<String> = said.map(|form| escaped(&form)).collect();
    format!("no such thing as {}", said.join(" or "))
}

/// A text as YAML reads it from between double quotes, written so that it does not stand there itself: the journal keeps the
/// scenarios by which a run goes.
fn escaped(text: &str) -> String {
    let first = text.chars().next().map_or(0, u32::from);
    format!("\\u{first:04x}{}", text.get(1..).unwrap_or_default())
}

fn scenarios() -> String {
    let [_, _, ssm, store, member, path, _] = CANARIES.map(escaped);
    format!(
        r#"scenarios:
  down:
    clock: 2026-01-15T12:00:00Z
    actions:
      ssm:GetParameter:
        - {{with: {{Name: /acso/token}}, return: {{Parameter: {{Name: /acso/token, Type: SecureString, Value: "{ssm}"}}}}}}
        - {{return: {{Parameter: {{Name: other, Type: String, Value: "{member}"}}}}}}
      secretsmanager:GetSecretValue: [{{return: {{SecretString: "{{\"token\": \"{store}\"}}"}}}}]
      ecs:DescribeServices: [{{return: {{services: [{{runningCount: 1, roleArn: "{path}"}}]}}}}]
      secretsmanager:PutSecretValue: [{{return: {{Name: s}}}}]
      ecs:UpdateService: [{{error: {{code: ClientException, message: "{}"}}}}]
      sns:Publish: [{{return: {{MessageId: m}}}}]
    answers: {{approve: all}}
"#,
        refusal()
    )
}

/// A text, in Base64 (RFC 4648) and percent-encoded (RFC 3986).
fn forms(text: &str) -> [String; 3] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let base64 = text
        .as_bytes()
        .chunks(3)
        .flat_map(|three| {
            let bits = three
                .iter()
                .chain([&0, &0])
                .take(3)
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
            (0..=three.len()).map(move |at| {
                let digit = bits >> (18 - 6 * at) & 63;
                char::from(DIGITS[digit as usize])
            })
        })
        .collect();
    let percent = text.replace('+', "%2B").replace('/', "%2F");
    [text.to_owned(), base64, percent]
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(approve: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write("canary.yaml", &PLAYBOOK.replace("APPROVE", approve));
        write("canary.scenarios.yaml", &scenarios());
        write("token.txt", &format!("{}\n", CANARIES[1]));
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.path("home"))
            .env("TOKEN", CANARIES[0]);
        command
    }

    /// Runs the program; what it says must have no canary in it.
    fn says(&self, words: &[&str]) -> Output {
        let output = self.command().args(words).output();
        let output = output.expect("the program runs");
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        absent(&said, &words.join(" "));
        output
    }

    /// The same, of the run's playbook in its scenario, with every input given.
    fn of_playbook(&self, command: &str, more: &[&str]) -> Output {
        self.says(&Self::words(command, more))
    }

    /// A command about the run's playbook in its scenario, with every input given.
    fn words<'w>(command: &'w str, more: &[&'w str]) -> Vec<&'w str> {
        let given = [
            command,
            "canary",
            "--scenario",
            "down",
            "-i",
            "from_env=env:TOKEN",
            "-i",
            "from_file=file:token.txt",
            "-i",
            "from_ssm=ssm:/acso/token",
            "-i",
            "from_store=secretsmanager:acso#token",
        ];
        [&given, more].concat()
    }
}

/// Fails where bytes hold a canary in any form.
fn absent(bytes: &[u8], where_: &str) {
    let text = String::from_utf8_lossy(bytes);
    for canary in CANARIES {
        for form in forms(canary) {
            if let Some(at) = text.find(&form) {
                let from = text.floor_char_boundary(at.saturating_sub(200));
                panic!("{where_}: {form} in …{}", &text[from..at + form.len()]);
            }
        }
    }
}

fn text(output: &Output) -> String {
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The files of the state folder but for what a scenario's world keeps of itself, which holds secrets as the real one does;
/// of that what was told to people.
fn records(desk: &Desk) {
    let mut journals = 0;
    for file in files(&desk.path("state")) {
        let bytes = std::fs::read(&file).expect("a file");
        let name = file.display().to_string();
        if name.ends_with(".world.jsonl") {
            for line in String::from_utf8_lossy(&bytes).lines() {
                let line: Json = serde_json::from_str(line).unwrap_or_default();
                if line["call"]["action"] == "sns:Publish" {
                    absent(
                        line["call"]["arguments"].to_string().as_bytes(),
                        "sns:Publish",
                    );
                }
            }
            continue;
        }
        journals += usize::from(name.contains("journal.sqlite"));
        absent(&bytes, &name);
    }
    assert!(journals > 0, "there is a journal");
}

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
