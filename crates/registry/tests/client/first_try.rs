//! The short way of a first try: nobody can tell its requests from the orchestrator's, and failures are the orchestrator's.

use crate::stub::{Asked, Reaction, Stub, answer};
use crate::{JSON, client_of};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::call::Call;
use serde_json::json;

fn clusters() -> Reaction {
    answer("200 OK", JSON, r#"{"clusterArns": []}"#)
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.eq_ignore_ascii_case(name)).then(|| value.trim())
    })
}

/// The names of the headers of a request, sorted.
fn names(asked: &Asked) -> Vec<String> {
    let lines = asked.head.lines().skip(1);
    let mut names: Vec<String> = lines
        .filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()))
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_first_try_and_its_repetition_are_of_one_invocation() {
    let busy = answer("503 Service Unavailable", JSON, "{}");
    let stub = Stub::start(vec![busy, clusters()]).await;
    let client = client_of(&stub.url);
    let call = Call::new("ecs:ListClusters", json!({}));
    for _ in 0..2 {
        client.call(&call).await.expect("an answer");
    }
    let asked = stub.asked();
    // The last went the orchestrator's way from its start, after a call that was repeated.
    let [first, second, third] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert_eq!(header(first, "amz-sdk-request"), Some("attempt=1; max=3"));
    assert_eq!(header(third, "amz-sdk-request"), Some("attempt=1; max=3"));
    let repeated = header(second, "amz-sdk-request").expect("a count");
    assert!(repeated.ends_with("attempt=2; max=3"), "{repeated}");
    let invocation = |asked| header(asked, "amz-sdk-invocation-id");
    assert_eq!(invocation(first), invocation(second));
    assert_ne!(invocation(first), invocation(third));
    for other in [second, third] {
        assert_eq!(names(first), names(other));
        for name in [
            "user-agent",
            "x-amz-user-agent",
            "x-amz-target",
            "content-type",
        ] {
            assert_eq!(header(first, name), header(other, name), "{name}");
        }
    }
}

#[tokio::test]
async fn the_clock_of_the_service_counts_from_the_second_call_on() {
    let ahead = Timestamp::now() + SignedDuration::from_hours(1);
    let date = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&ahead)
        .expect("a date");
    let body = r#"{"clusterArns": []}"#;
    let dated = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let stub = Stub::start(vec![Reaction::Bytes(dated.into_bytes())]).await;
    let client = client_of(&stub.url);
    for _ in 0..3 {
        let call = Call::new("ecs:ListClusters", json!({}));
        client.call(&call).await.expect("an answer");
    }
    let signed: Vec<String> = stub
        .asked()
        .iter()
        .map(|asked| header(asked, "x-amz-date").expect("a date").to_owned())
        .collect();
    let hour = ahead.strftime("%Y%m%dT%H").to_string();
    assert!(!signed[0].starts_with(&hour), "{signed:?}");
    assert!(signed[1].starts_with(&hour), "{signed:?}");
    assert!(signed[2].starts_with(&hour), "{signed:?}");
}
