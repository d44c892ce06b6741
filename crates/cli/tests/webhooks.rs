//! The messages of `examples/escalation-webhooks.yaml`, as servers in the place of Slack, Teams and `PagerDuty` get them.
//!
//! Shapes are those of "Reference: blocks" (Slack), "Adaptive Card schema 1.4" and "Post a workflow when a webhook request is
//! received" (Teams), and "Events API v2, send an alert event" (`PagerDuty`).

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

/// A request: its path and its body.
type Request = (String, Json);

/// A server that gives every request the answer that the vendors give, and passes it on.
fn server() -> (u16, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut first = String::new();
            let _ = reader.read_line(&mut first);
            let mut length = 0;
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) <= 2 {
                    break;
                }
                let low = line.to_ascii_lowercase();
                if let Some(value) = low.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let accepted = if path.contains("enqueue") || path.contains("workflows") {
                "202 Accepted"
            } else {
                "200 OK"
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {accepted}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
            );
            let body = serde_json::from_slice(&body).unwrap_or(Json::Null);
            let _ = sender.send((path, body));
        }
    });
    (port, receiver)
}

/// The example with a problem that needs no account: the symptom is a constant, and no cause shows.
fn playbook(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let shared = std::fs::read_to_string(root.join("escalation-webhooks.yaml")).expect("a file");
    std::fs::write(folder.join("escalation-webhooks.yaml"), shared).expect("written");
    let text = std::fs::read_to_string(root.join("webhooks.yaml")).expect("a file");
    let (head, rest) = text.split_once("symptom:").expect("a symptom");
    let (_, escalate) = rest.split_once("escalate:").expect("an escalation");
    let graphs = "symptom:\n  refused:\n    assert: [{that: \"run.id != ''\"}]\ndiagnose:\n  gateway:\n    causes:\n      gateway_down: {title: \"<b>*The gateway* & more</b>\", that: \"run.id == ''\"}\n";
    let file = folder.join("webhooks.yaml");
    std::fs::write(&file, format!("{head}{graphs}escalate:{escalate}")).expect("written");
    file
}

#[test]
fn slack_teams_and_pagerduty_get_what_they_ask_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = playbook(folder.path());
    let (port, requests) = server();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let words = [
        "to=[\"slack\",\"teams\",\"pagerduty\"]".to_owned(),
        "slack=env:SLACK".to_owned(),
        "slack_host=127.0.0.1".to_owned(),
        "teams=env:TEAMS".to_owned(),
        "teams_host=127.0.0.1".to_owned(),
        "pagerduty_key=env:PAGERDUTY_KEY".to_owned(),
        format!("pagerduty={}", at("/v2/enqueue")),
        "pagerduty_host=127.0.0.1".to_owned(),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command
        .current_dir(folder.path())
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAFAKE")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("SLACK", at("/services/T0/B0/x"))
        .env("TEAMS", at("/workflows/x"))
        .env("PAGERDUTY_KEY", "0123456789abcdef0123456789abcdef")
        .arg("run")
        .arg(file)
        .args(["--yes=notify", "--state-dir", "state"]);
    for word in &words {
        command.args(["-i", word]);
    }
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let got: Vec<Request> = requests.try_iter().collect();
    let paths: Vec<&str> = got.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["/services/T0/B0/x", "/workflows/x", "/v2/enqueue"],
        "{said}"
    );
    slack(&got[0].1);
    teams(&got[1].1);
    pagerduty(&got[2].1);
    // The addresses and the key are secrets, and are on no record.
    let state = std::fs::read_dir(folder.path().join("state")).expect("a state folder");
    let files = state.map(|file| file.expect("an entry").path());
    let journal: Vec<u8> = files
        .filter(|file| file.is_file())
        .flat_map(|file| std::fs::read(file).expect("a file"))
        .collect();
    let holds = |secret: &str| {
        journal
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    };
    assert!(holds("resolve"), "it is the journal that is looked into");
    assert!(!holds("0123456789abcdef0123456789abcdef"));
    assert!(!holds("/services/T0/B0/x"));
}

/// <https://docs.slack.dev/reference/block-kit/blocks>: at most 50 blocks; a header of at most 150 characters, a section's text of
/// at most 3000 and at most 10 fields of at most 2000.
fn slack(body: &Json) {
    assert!(
        body["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("Level 2: Payments are refused is unresolved"))
    );
    let blocks = body["blocks"].as_array().expect("blocks");
    let kinds: Vec<&str> = blocks
        .iter()
        .filter_map(|block| block["type"].as_str())
        .collect();
    assert_eq!(kinds, ["header", "section", "section", "context"]);
    let mut texts = vec![&blocks[0]["text"], &blocks[1]["text"]];
    texts.extend(blocks[2]["fields"].as_array().expect("fields"));
    texts.extend(blocks[3]["elements"].as_array().expect("elements"));
    for text in texts {
        // Plain text: nothing in it is a link or a mention.
        assert_eq!(text["type"], "plain_text");
        assert!(
            text["text"]
                .as_str()
                .is_some_and(|text| !text.is_empty() && text.len() <= 150 || text.len() <= 2000)
        );
    }
    assert!(
        blocks[2]["fields"]
            .as_array()
            .is_some_and(|fields| fields.len() <= 10)
    );
}

/// A message with one card: <https://adaptivecards.io/explorer/AdaptiveCard.html>.
fn teams(body: &Json) {
    assert_eq!(body["type"], "message");
    let attachment = &body["attachments"][0];
    assert_eq!(
        attachment["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let card = &attachment["content"];
    assert_eq!(
        (&card["type"], &card["version"]),
        (&json!("AdaptiveCard"), &json!("1.4"))
    );
    for element in card["body"].as_array().expect("a body") {
        match element["type"].as_str() {
            Some("TextBlock") => assert!(element["text"].is_string()),
            Some("FactSet") => {
                for fact in element["facts"].as_array().expect("facts") {
                    assert!(
                        fact["title"].is_string() && fact["value"].is_string(),
                        "{fact}"
                    );
                }
            }
            other => panic!("{other:?} is no element of this card"),
        }
    }
}

/// <https://developer.pagerduty.com/docs/send-alert-event>
fn pagerduty(body: &Json) {
    assert_eq!(body["routing_key"], "0123456789abcdef0123456789abcdef");
    assert_eq!(body["routing_key"].as_str().map(str::len), Some(32));
    assert_eq!(body["event_action"], "trigger");
    assert!(
        body["dedup_key"]
            .as_str()
            .is_some_and(|key| key.starts_with("runbook-") && key.len() <= 255)
    );
    let payload = &body["payload"];
    for required in ["summary", "source", "severity"] {
        assert!(payload[required].is_string(), "{required}");
    }
    assert!(
        payload["summary"]
            .as_str()
            .is_some_and(|summary| summary.len() <= 1024)
    );
    assert!(
        ["critical", "error", "warning", "info"]
            .contains(&payload["severity"].as_str().unwrap_or_default())
    );
    assert!(payload["custom_details"].is_object());
}
