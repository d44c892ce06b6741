//! The scripts behind the GitHub Action, on a real git repository and with a stub in place of GitHub.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

const PLAYBOOK: &str = r"playbook: v1
title: Restart a service
symptom:
  short:
    action: ecs:DescribeServices
    with: {cluster: prod, services: [web]}
    capture:
      running: $.services[0].runningCount
    assert:
      - that: running < 2
resolve:
  restart:
    action: ecs:UpdateService
    with: {cluster: prod, service: web, forceNewDeployment: true}
    approve: {people: 2}
";

const SCENARIOS: &str = "playbook: restart.yaml
scenarios:
  well:
    actions:
      ecs:DescribeServices: [{return: {services: [{runningCount: 2}]}}]
    expect: {verdict: absent}
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn git(folder: &Path, words: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(words)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("is made");
    std::fs::write(file, text).expect("is written");
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "Change playbooks"]);
}

/// A repository with a base on `main`, on a branch for the head.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    git(folder.path(), &["init", "-q", "-b", "main"]);
    write(folder.path(), "playbooks/restart.yaml", PLAYBOOK);
    write(folder.path(), "playbooks/restart.scenarios.yaml", SCENARIOS);
    commit(folder.path());
    git(folder.path(), &["checkout", "-q", "-b", "topic"]);
    folder
}

fn review(folder: &Path, more: &[(&str, &str)]) -> Output {
    Command::new("bash")
        .arg(root().join("ci/review.sh"))
        .current_dir(folder)
        .env("RUNBOOK", env!("CARGO_BIN_EXE_runbook"))
        .env("RUNBOOK_BASE", "main")
        .env("RUNBOOK_OUT", folder.join("out"))
        .envs(more.iter().copied())
        .output()
        .expect("bash runs")
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("out").join(name)).expect("is read")
}

#[test]
fn a_change_is_checked_tested_planned_and_compared() {
    let folder = repository();
    write(
        folder.path(),
        "playbooks/restart.yaml",
        &PLAYBOOK.replace("    approve: {people: 2}\n", ""),
    );
    commit(folder.path());
    let output = review(folder.path(), &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let comment = read(folder.path(), "comment.md");
    for due in [
        "<!-- runbook-review -->\n",
        "Safety weakened: restart",
        "Scenarios: 1 passed, 0 failed",
        "Plan: playbooks/restart.yaml",
    ] {
        assert!(comment.contains(due), "{due} is not in\n{comment}");
    }
    assert!(comment.len() <= 65_536);
    assert_eq!(read(folder.path(), "failed"), "0\n");
    review(folder.path(), &[("RUNBOOK_FAIL_ON", "weakened")]);
    assert_eq!(read(folder.path(), "failed"), "1\n");
}

#[test]
fn what_is_wrong_is_annotated_where_it_stands() {
    let folder = repository();
    write(
        folder.path(),
        "playbooks/restart.yaml",
        &PLAYBOOK.replace("forceNewDeployment", "forceDeployment"),
    );
    commit(folder.path());
    review(folder.path(), &[]);
    assert_eq!(read(folder.path(), "failed"), "1\n");
    let annotations = read(folder.path(), "annotations.txt");
    assert!(
        annotations.starts_with("::error file=playbooks/restart.yaml,line=14,"),
        "{annotations}"
    );
}

#[test]
fn text_of_authors_is_never_run_and_cannot_leave_its_fence() {
    let folder = repository();
    let marked = folder.path().join("ran");
    let evil = format!("$(touch {0})`touch {0}`", marked.display());
    let text = PLAYBOOK
        .replace(
            "Restart a service",
            &format!("'{evil} ```` </details> @everyone'"),
        )
        .replace("web, force", "web`````, force");
    let name = "playbooks/a $(touch ran) b.yaml";
    write(folder.path(), name, &text);
    commit(folder.path());
    let output = review(folder.path(), &[("RUNBOOK_PATHS", "playbooks\n")]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!marked.exists() && !folder.path().join("ran").exists());
    assert!(read(folder.path(), "comment.md").contains("a $(touch ran) b"));
}

#[test]
fn playbooks_that_were_renamed_or_deleted_are_told_and_fail_nothing() {
    let folder = repository();
    git(folder.path(), &["checkout", "-q", "main"]);
    let other = "playbook: v1\ntitle: Other\ndiagnose:\n  read: {action: ecs:ListClusters}\n";
    write(folder.path(), "playbooks/other.yaml", other);
    commit(folder.path());
    git(folder.path(), &["checkout", "-q", "topic"]);
    git(folder.path(), &["merge", "-q", "main"]);
    git(folder.path(), &["rm", "-q", "playbooks/other.yaml"]);
    for ending in ["yaml", "scenarios.yaml"] {
        let from = format!("playbooks/restart.{ending}");
        let to = format!("playbooks/again.{ending}");
        git(folder.path(), &["mv", &from, &to]);
    }
    let scenarios = SCENARIOS.replace("restart.yaml", "again.yaml");
    write(folder.path(), "playbooks/again.scenarios.yaml", &scenarios);
    commit(folder.path());
    let output = review(folder.path(), &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(read(folder.path(), "failed"), "0\n");
    let comment = read(folder.path(), "comment.md");
    for due in ["other (gone)", "Plan: playbooks/again.yaml"] {
        assert!(comment.contains(due), "{due} is not in\n{comment}");
    }
    assert!(
        !comment.contains("restart (gone)"),
        "it was renamed:\n{comment}"
    );
}

#[test]
fn a_base_that_is_not_there_is_refused() {
    let folder = repository();
    let refused = |base: &str| {
        let output = review(folder.path(), &[("RUNBOOK_BASE", base)]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused("nowhere").contains("the base nowhere is not here"));
    git(folder.path(), &["checkout", "-q", "--orphan", "alone"]);
    // Alike in everything, it would be the same commit.
    write(folder.path(), "alone.txt", "alone");
    commit(folder.path());
    assert!(refused("main").contains("have no commit in common"));
}

/// What was asked of the stub: method, path, body.
type Asked = Arc<Mutex<Vec<(String, String, String)>>>;

/// Answers like GitHub's API for comments of issues; `comments` is what is already there.
fn stub(comments: &'static str, status: &'static str) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let asked: Asked = Arc::default();
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, comments, status, &seen);
        }
    });
    (address, asked)
}

fn answer(stream: TcpStream, comments: &str, status: &str, asked: &Asked) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).expect("a request");
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).expect("a header");
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let text = if method == "GET" { comments } else { "{}" };
    asked.lock().expect("unlocked").push((
        method,
        path,
        String::from_utf8_lossy(&body).into_owned(),
    ));
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .expect("is sent");
}

fn comment(folder: &Path, api: &str, more: &[(&str, &str)]) -> Output {
    write(folder, "out/comment.md", "<!-- runbook-review -->\nnew");
    Command::new("bash")
        .arg(root().join("ci/comment.sh"))
        .env_remove("GITHUB_TOKEN")
        .env("GITHUB_API_URL", api)
        .env("GITHUB_REPOSITORY", "owner/name")
        .env("RUNBOOK_NUMBER", "7")
        .env("RUNBOOK_OUT", folder.join("out"))
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .env("NO_PROXY", "127.0.0.1")
        .envs(more.iter().copied())
        .output()
        .expect("bash runs")
}

fn sent(asked: &Asked) -> Vec<(String, String)> {
    let asked = asked.lock().expect("unlocked");
    asked
        .iter()
        .map(|(method, path, _)| (method.clone(), path.clone()))
        .collect()
}

const LIST: &str = "/repos/owner/name/issues/7/comments?per_page=100&page=1";

#[test]
fn the_comment_is_made_once_and_then_kept_up_to_date() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = [("GITHUB_TOKEN", "t")];
    let due = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    let (api, asked) = stub(r#"[{"id": 1, "body": "hello"}]"#, "200 OK");
    assert!(comment(folder.path(), &api, &token).status.success());
    assert_eq!(
        sent(&asked),
        [
            due("GET", LIST),
            due("POST", "/repos/owner/name/issues/7/comments")
        ]
    );
    assert!(
        asked.lock().expect("unlocked")[1]
            .2
            .contains("<!-- runbook-review -->\\nnew")
    );
    let (api, asked) = stub(
        r#"[{"id": 1, "body": "hello"}, {"id": 2, "body": "<!-- runbook-review -->\nold"}]"#,
        "200 OK",
    );
    assert!(comment(folder.path(), &api, &token).status.success());
    assert_eq!(
        sent(&asked),
        [
            due("GET", LIST),
            due("PATCH", "/repos/owner/name/issues/comments/2")
        ]
    );
    let (api, asked) = stub(
        r#"[{"id": 2, "body": "<!-- runbook-review -->\nnew"}]"#,
        "200 OK",
    );
    assert!(comment(folder.path(), &api, &token).status.success());
    assert_eq!(
        sent(&asked),
        [due("GET", LIST)],
        "what is the same is not sent again"
    );
}

#[test]
fn without_a_token_or_its_permission_the_summary_has_it_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let (api, asked) = stub("[]", "200 OK");
    assert!(comment(folder.path(), &api, &[]).status.success());
    assert!(sent(&asked).is_empty());
    let summary = std::fs::read_to_string(folder.path().join("summary.md")).expect("is read");
    assert!(summary.contains("new"));
    let (api, _) = stub("{}", "403 Forbidden");
    let output = comment(folder.path(), &api, &[("GITHUB_TOKEN", "t")]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("may not comment"));
}

#[test]
fn the_action_puts_nothing_of_an_event_into_a_script() {
    let text = std::fs::read_to_string(root().join("action.yml")).expect("is read");
    let mut in_script = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if in_script && indent <= 6 && !line.trim().is_empty() {
            in_script = false;
        }
        assert!(!(in_script && line.contains("${{")), "{line}");
        in_script |= line.trim() == "run: |";
    }
}
