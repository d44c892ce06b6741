//! A playbook with secrets from everywhere, its scenario, and the search for what must not come out.

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

pub const CANARIES: [&str; 7] = [
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

pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub fn new(approve: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write("canary.yaml", &PLAYBOOK.replace("APPROVE", approve));
        write("canary.scenarios.yaml", &scenarios());
        write("token.txt", &format!("{}\n", CANARIES[1]));
        Self { folder }
    }

    /// Files for commands that take others.
    pub fn others(&self) {
        let write = |name: &str, text: &str| {
            std::fs::write(self.path(name), text).expect("written");
        };
        let playbook = PLAYBOOK.replace("APPROVE", "always");
        write(
            "other.yaml",
            &playbook.replace("desiredCount: 2", "desiredCount: 3"),
        );
        let inputs = ["from_env", "from_file", "from_ssm", "from_store"];
        let inputs: Vec<String> = inputs
            .iter()
            .zip(CANARIES)
            .map(|(name, canary)| format!("{name}: \"{}\"", escaped(canary)))
            .collect();
        let given = scenarios()
            .replacen("scenarios:", "playbook: canary.yaml\nscenarios:", 1)
            .replacen(
                "  down:",
                &format!("  down:\n    inputs: {{{}}}", inputs.join(", ")),
                1,
            );
        write("given.scenarios.yaml", &given);
        write(
            "targets.yaml",
            "targets: v1\naccounts: {\"123456789012\": {name: shop}}\nlist: [{name: canary-a, account: shop, region: us-east-1}]\n",
        );
        let secret = format!(
            "{{\"SecretId\": \"s\", \"SecretString\": \"{}\"}}",
            CANARIES[6]
        );
        write("secret.json", &secret);
        std::fs::create_dir(self.path("playbooks")).expect("a folder");
        write("playbooks/canary.yaml", &playbook);
        write("playbooks/canary.scenarios.yaml", &scenarios());
    }

    /// Calls a command that serves until it is ended; what it says must have no canary in it.
    pub fn serves(&self, words: &[&str]) -> Output {
        let mut child = self
            .command()
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_secs(1));
        let _ = child.kill();
        let output = child.wait_with_output().expect("it ends");
        absent(&output.stdout, &words.join(" "));
        absent(&output.stderr, &words.join(" "));
        output
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("HOME", self.folder.path())
            .env_remove("AWS_ENDPOINT_URL")
            .env("XDG_STATE_HOME", self.path("home"))
            .env("TOKEN", CANARIES[0]);
        command
    }

    /// Runs the program; what it says must have no canary in it.
    pub fn says(&self, words: &[&str]) -> Output {
        let output = self.command().args(words).output();
        let output = output.expect("the program runs");
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        absent(&said, &words.join(" "));
        output
    }

    /// The same, of the run's playbook in its scenario, with every input given.
    pub fn of_playbook(&self, command: &str, more: &[&str]) -> Output {
        self.says(&Self::words(command, more))
    }

    /// A command about the run's playbook in its scenario, with every input given.
    pub fn words<'w>(command: &'w str, more: &[&'w str]) -> Vec<&'w str> {
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
pub fn absent(bytes: &[u8], where_: &str) {
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

pub fn text(output: &Output) -> String {
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
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
pub fn records(desk: &Desk) {
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
