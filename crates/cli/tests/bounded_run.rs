//! A run that does what a saved plan says, killed in between: the plan bounds it when it is resumed too.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = r#"playbook: v1
title: Scale a service
diagnose:
  size:
    action: ecs:DescribeServices
    with: {cluster: prod, services: [web]}
    capture:
      wanted: $.services[0].desiredCount
    causes:
      small: {title: Too small, that: wanted < 9}
resolve:
  grow:
    for: small
    action: ecs:UpdateService
    with: {cluster: prod, service: web, desiredCount: "${{ diagnose.size.wanted + 1 }}"}
"#;

/// An account, as its endpoint answers for it.
#[derive(Debug)]
struct Account {
    id: &'static str,
    wanted: u32,
    /// Reads of the service so far.
    reads: usize,
    /// The read that is never answered.
    hangs_at: usize,
    hanging: bool,
    written: Vec<String>,
}

/// An endpoint that answers for an account; its address.
fn endpoint(account: &Arc<Mutex<Account>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let account = Arc::clone(account);
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let (target, body) = request(&stream);
            let answer = answer(&account, &target, &body);
            match answer {
                Some((kind, text)) => {
                    let _ = write!(
                        stream,
                        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                        text.len()
                    );
                }
                // It never answers, and does not hang up either.
                None => open.push(stream),
            }
        }
    });
    address
}

fn request(stream: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(stream);
    let (mut target, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) < 3 {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => value.trim().clone_into(&mut target),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    (target, String::from_utf8_lossy(&body).into_owned())
}

fn answer(account: &Mutex<Account>, target: &str, body: &str) -> Option<(&'static str, String)> {
    let mut account = account.lock().expect("unlocked");
    let json = "application/x-amz-json-1.1";
    if body.contains("Action=GetCallerIdentity") {
        let id = account.id;
        let text = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:sts::{id}:assumed-role/ops/session</Arn><UserId>a</UserId><Account>{id}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        return Some(("text/xml", text));
    }
    if target.ends_with(".DescribeServices") {
        account.reads += 1;
        if account.reads == account.hangs_at {
            account.hanging = true;
            return None;
        }
        let text = format!(
            "{{\"services\": [{{\"desiredCount\": {}}}]}}",
            account.wanted
        );
        return Some((json, text));
    }
    if target.ends_with(".UpdateService") {
        account.written.push(body.to_owned());
    }
    Some((json, "{}".to_owned()))
}

fn command(folder: &Path, address: &str, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command
        .current_dir(folder)
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", address),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ])
        .env("HOME", folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .args(words);
    command
}

fn said(output: &Output) -> (i32, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// A folder with a run that did what a plan said until it was killed while it read; and the account and its endpoint.
fn killed() -> (tempfile::TempDir, Arc<Mutex<Account>>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("scale.yaml"), PLAYBOOK).expect("is written");
    let account = Arc::new(Mutex::new(Account {
        id: "123456789012",
        wanted: 2,
        reads: 0,
        hangs_at: usize::MAX,
        hanging: false,
        written: Vec::new(),
    }));
    let address = endpoint(&account);
    let words = ["plan", "scale.yaml", "--live", "--out", "plan.json"];
    let (code, text) = said(
        &command(folder.path(), &address, &words)
            .output()
            .expect("runs"),
    );
    assert_eq!(code, 0, "{text}");
    {
        // Before the run the plan is made once more; the run's own first read is never answered.
        let mut account = account.lock().expect("unlocked");
        account.hangs_at = account.reads * 2 + 1;
    }
    let words = ["run", "--plan", "plan.json", "--yes"];
    let mut run: Child = command(folder.path(), &address, &words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !account.lock().expect("unlocked").hanging {
        assert!(Instant::now() < deadline, "the run never reads");
        std::thread::sleep(Duration::from_millis(10));
    }
    run.kill().expect("is killed");
    run.wait().expect("has ended");
    (folder, account, address)
}

#[test]
fn a_run_that_is_resumed_does_what_its_plan_says() {
    let (folder, account, address) = killed();
    let words = ["resume", "last", "--yes"];
    let output = command(folder.path(), &address, &words)
        .output()
        .expect("runs");
    let (code, text) = said(&output);
    assert_eq!(code, 0, "{text}");
    let written = &account.lock().expect("unlocked").written;
    assert_eq!(written.len(), 1);
    assert!(written[0].contains("\"desiredCount\":3"), "{written:?}");
}

#[test]
fn a_run_that_is_resumed_writes_nothing_that_its_plan_does_not_have() {
    let (folder, account, address) = killed();
    // What the run reads now is not what the plan rests on.
    account.lock().expect("unlocked").wanted = 6;
    let words = ["resume", "last", "--yes"];
    let output = command(folder.path(), &address, &words)
        .output()
        .expect("runs");
    let (code, text) = said(&output);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("the saved plan has no ecs:UpdateService with these arguments"),
        "{text}"
    );
    assert!(account.lock().expect("unlocked").written.is_empty());
}

#[test]
fn a_run_with_a_plan_goes_on_only_where_and_with_what_the_plan_was_made() {
    let (folder, account, address) = killed();
    std::fs::write(folder.path().join("other.yaml"), PLAYBOOK).expect("is written");
    let words = ["resume", "last", "--yes", "--playbook", "other.yaml"];
    let output = command(folder.path(), &address, &words)
        .output()
        .expect("runs");
    let (code, text) = said(&output);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("it cannot go on with other.yaml"), "{text}");
    account.lock().expect("unlocked").id = "111111111111";
    let words = ["resume", "last", "--yes"];
    let output = command(folder.path(), &address, &words)
        .output()
        .expect("runs");
    let (code, text) = said(&output);
    assert_eq!(code, 2, "{text}");
    let due = "it was made for the account 123456789012, and this is 111111111111";
    assert!(text.contains(due), "{text}");
    assert!(account.lock().expect("unlocked").written.is_empty());
}
