//! `runbook doctor`: each thing that keeps runs from working is found, and what to do about it is said.

use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};

/// What the stub answers to whoever asks who one is.
#[derive(Clone, Copy)]
enum Sts {
    Knows,
    Refuses(&'static str),
}

/// A stub of AWS whose clock is so many seconds ahead.
fn stub(sts: Sts, ahead: i64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream, sts, ahead));
        }
    });
    url
}

fn serve(mut stream: TcpStream, sts: Sts, ahead: i64) {
    let mut asked = Vec::new();
    let mut some = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&asked).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return,
            Ok(read) => asked.extend_from_slice(&some[..read]),
        }
    }
    let signed = String::from_utf8_lossy(&asked).contains("GetCallerIdentity");
    let (status, body) = match sts {
        _ if !signed => ("404 Not Found", String::new()),
        Sts::Knows => (
            "200 OK",
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>\
             <UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                .to_owned(),
        ),
        Sts::Refuses(code) => (
            "403 Forbidden",
            format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"),
        ),
    };
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .expect("a date");
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "hunter2hunter2"),
];

/// Runs it with nothing in the environment but these variables, and a home of its own.
fn doctor(home: &Path, variables: &[(&str, &str)], more: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .arg("doctor")
        .args(more)
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .expect("the command starts")
}

/// One check of the document, and the exit code.
fn check(output: &Output, name: &str) -> (Json, i32) {
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let checks = document["checks"].as_array().expect("a list");
    let check = checks.iter().find(|check| check["check"] == name);
    let check = check.unwrap_or_else(|| panic!("{name} is not in {document:#}"));
    (check.clone(), output.status.code().unwrap_or(-1))
}

fn at(url: &str) -> [&str; 6] {
    [
        "--endpoint-url",
        url,
        "--region",
        "eu-west-1",
        "--format",
        "json",
    ]
}

#[test]
fn a_machine_that_is_fit_is_told_who_one_is_and_from_where() {
    let home = tempfile::tempdir().expect("a folder");
    let url = stub(Sts::Knows, 0);
    let output = doctor(home.path(), &KEYS, &at(&url));
    let (found, code) = check(&output, "credentials");
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(found["facts"]["arn"], "arn:aws:iam::123456789012:user/me");
    assert_eq!(found["facts"]["source"], "variables of the environment");
    let document = String::from_utf8_lossy(&output.stdout);
    assert!(!document.contains("hunter2"), "{document}");
    for name in [
        "region",
        "endpoint",
        "clock",
        "state folder",
        "journal",
        "disk",
        "catalogue",
    ] {
        assert_eq!(check(&output, name).0["state"], "ok", "{name}");
    }
    let text = doctor(
        home.path(),
        &KEYS,
        &["--endpoint-url", &url, "--region", "eu-west-1"],
    );
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("✓ region                  eu-west-1, from --region"),
        "{text}"
    );
    assert!(
        text.ends_with("nothing keeps runs from working\n"),
        "{text}"
    );
}

#[test]
fn a_clock_that_is_wrong_is_told_with_the_difference() {
    let home = tempfile::tempdir().expect("a folder");
    for (ahead, state, code) in [(1_200, "failed", 4), (-1_200, "failed", 4), (90, "note", 0)] {
        let output = doctor(home.path(), &KEYS, &at(&stub(Sts::Knows, ahead)));
        let (found, exit) = check(&output, "clock");
        assert_eq!(
            (found["state"].as_str(), exit),
            (Some(state), code),
            "{found:#}"
        );
        let told = found["facts"]["behind_seconds"].as_i64().expect("a number");
        assert!((told - ahead).abs() <= 2, "{told} for {ahead}");
        assert!(
            found["next"]
                .as_str()
                .expect("text")
                .contains("timedatectl")
        );
    }
}

#[test]
fn a_call_that_is_refused_says_what_to_do_about_its_code() {
    let home = tempfile::tempdir().expect("a folder");
    for (code, next) in [
        ("AccessDenied", "policy refuses the call"),
        ("ExpiredToken", "aws sso login"),
        ("InvalidClientTokenId", "the access key is unknown"),
    ] {
        let output = doctor(home.path(), &KEYS, &at(&stub(Sts::Refuses(code), 0)));
        let (found, exit) = check(&output, "credentials");
        assert_eq!(
            (found["state"].as_str(), exit),
            (Some("failed"), 4),
            "{found:#}"
        );
        assert!(
            found["said"].as_str().expect("text").starts_with(code),
            "{found:#}"
        );
        assert!(
            found["next"].as_str().expect("text").contains(next),
            "{found:#}"
        );
        // It answers all the same.
        assert_eq!(check(&output, "endpoint").0["state"], "ok");
    }
}

#[test]
fn an_endpoint_out_of_reach_is_told_once() {
    let home = tempfile::tempdir().expect("a folder");
    let output = doctor(home.path(), &KEYS, &at("http://127.0.0.1:9"));
    let (found, exit) = check(&output, "endpoint");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("failed"), 4),
        "{found:#}"
    );
    assert!(
        found["next"]
            .as_str()
            .expect("text")
            .contains("VPC endpoints"),
        "{found:#}"
    );
    assert_eq!(check(&output, "clock").0["state"], "skipped");
}

#[test]
fn without_credentials_or_a_region_it_says_how_to_get_some() {
    let home = tempfile::tempdir().expect("a folder");
    let output = doctor(home.path(), &[], &at(&stub(Sts::Knows, 0)));
    let (found, exit) = check(&output, "credentials");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("failed"), 4),
        "{found:#}"
    );
    assert_eq!(found["said"], "no AWS credentials were found");
    assert!(
        found["next"].as_str().expect("text").contains("--profile"),
        "{found:#}"
    );
    let output = doctor(home.path(), &KEYS, &["--format", "json"]);
    let (found, exit) = check(&output, "region");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("failed"), 4),
        "{found:#}"
    );
    assert!(
        found["next"].as_str().expect("text").contains("AWS_REGION"),
        "{found:#}"
    );
    assert_eq!(check(&output, "endpoint").0["state"], "skipped");
}

#[test]
fn credentials_that_end_soon_are_told_before_they_do() {
    let home = tempfile::tempdir().expect("a folder");
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    let aws = home.path().join(".aws");
    std::fs::create_dir(&aws).expect("is made");
    let program = home.path().join("credentials.json");
    let keys = format!(
        r#"{{"Version": 1, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "{end}"}}"#
    );
    std::fs::write(&program, keys).expect("is written");
    let config = format!(
        "[default]\ncredential_process = /bin/cat {}\n",
        program.display()
    );
    std::fs::write(aws.join("config"), config).expect("is written");
    let output = doctor(home.path(), &[], &at(&stub(Sts::Knows, 0)));
    let (found, exit) = check(&output, "credentials");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("note"), 0),
        "{found:#}"
    );
    let said = found["said"].as_str().expect("text");
    assert!(
        said.contains("a credential process (the profile default)"),
        "{said}"
    );
    assert!(said.contains("they end in 9m"), "{said}");
}

#[test]
fn a_state_folder_that_cannot_be_used_and_a_damaged_journal_are_found() {
    let home = tempfile::tempdir().expect("a folder");
    let offline = [
        "--offline",
        "--region",
        "eu-west-1",
        "--format",
        "json",
        "--state-dir",
    ];
    let with = |folder: &str| {
        let line: Vec<&str> = offline.iter().copied().chain([folder]).collect();
        doctor(home.path(), &[], &line)
    };
    let output = with("/dev/null/state");
    let (found, exit) = check(&output, "state folder");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("failed"), 4),
        "{found:#}"
    );
    assert!(
        found["next"]
            .as_str()
            .expect("text")
            .contains("--state-dir"),
        "{found:#}"
    );
    assert_eq!(check(&output, "journal").0["state"], "skipped");
    let state = home.path().join("state");
    std::fs::create_dir(&state).expect("is made");
    std::fs::write(state.join("journal.sqlite"), "this is no journal at all").expect("is written");
    let output = with("state");
    let (found, exit) = check(&output, "journal");
    assert_eq!(
        (found["state"].as_str(), exit),
        (Some("failed"), 4),
        "{found:#}"
    );
    assert!(found["next"].is_string(), "{found:#}");
}

#[test]
fn offline_asks_nobody() {
    let home = tempfile::tempdir().expect("a folder");
    let line = [
        "--offline",
        "--endpoint-url",
        "http://127.0.0.1:9",
        "--region",
        "eu-west-1",
    ];
    let output = doctor(home.path(), &[], &line);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("- endpoint                not asked: --offline"),
        "{text}"
    );
}
