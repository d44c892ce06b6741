//! What goes wrong on the way: each fault ends as a typed error or a retry, within bounds.

use crate::stub::{Reaction, Stub, answer, binary};
use crate::{JSON, call, call_once, configuration, failed, options};
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::{Call, FailureKind};
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet};

/// A call with the retries of a client that was told nothing but how long to wait.
async fn call_at(url: &str, patience: Duration) -> Result<Json, (FailureKind, String, String)> {
    let options = Options {
        read_timeout: Some(patience),
        ..options(url)
    };
    AwsClient::with_config(options, configuration())
        .call(&Call::new("ecs:ListClusters", json!({})))
        .await
        .map(|answer| answer.result)
        .map_err(|error| (error.kind, error.code, error.message))
}

/// A client that accepts answers of up to `limit` bytes.
fn bounded(url: &str, limit: u64) -> AwsClient {
    let options = Options {
        answer_limit: Some(limit),
        ..options(url)
    };
    AwsClient::with_config(options, configuration())
}

#[tokio::test]
async fn what_may_get_better_is_tried_three_times() {
    let throttled = r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#;
    let mut faults = JoinSet::new();
    let local = LocalSet::new();
    for (reaction, kind, code) in [
        (
            answer("400 Bad Request", JSON, throttled),
            FailureKind::Answered,
            "ThrottlingException",
        ),
        (
            answer("500 Internal Server Error", JSON, "{}"),
            FailureKind::Answered,
            "500",
        ),
        (
            answer("503 Service Unavailable", "text/html", "<html>busy</html>"),
            FailureKind::Garbled,
            "response",
        ),
        (Reaction::Reset, FailureKind::Unanswered, "connect"),
        (Reaction::Stall, FailureKind::Unanswered, "timeout"),
    ] {
        faults.spawn_local_on(
            async move {
                let patience = reaction.patience();
                let stub = Stub::start(vec![reaction.clone()]).await;
                let error = call_at(&stub.url, patience).await.expect_err("an error");
                assert_eq!((error.0, error.1.as_str()), (kind, code), "{reaction:?}");
                assert_eq!(stub.asked().len(), 3, "{reaction:?}");

                let ok = answer("200 OK", JSON, r#"{"clusterArns": ["a"]}"#);
                let stub = Stub::start(vec![reaction, ok]).await;
                let result = call_at(&stub.url, patience)
                    .await
                    .expect("the second try succeeds");
                assert_eq!(result, json!({"clusterArns": ["a"]}));
            },
            &local,
        );
    }
    local.run_until(faults.join_all()).await;
}

#[tokio::test]
async fn a_body_that_stops_in_its_midst_is_waited_for_no_longer_than_silence() {
    let begin =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 500\r\n\r\n{";
    let started = Instant::now();
    let message = failed(
        call_once(
            Reaction::Begin(begin.to_vec()),
            "ecs:ListClusters",
            json!({}),
        )
        .await,
        FailureKind::Unanswered,
        "timeout",
    );
    assert!(message.contains("nothing more came"), "{message}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn malformed_cbor_is_garbled() {
    for body in [
        [0xbf, 0x61].as_slice(),
        &[0xff, 0xff],
        &[0x82, 0x01, 0x02],
        b"{}",
    ] {
        let error = call_once(
            Reaction::Bytes(match binary("application/cbor", body) {
                Reaction::Bytes(bytes) => bytes,
                other => unreachable!("{other:?}"),
            }),
            "eventbridgev2:ListEventBuses",
            json!({}),
        )
        .await
        .expect_err("an error");
        assert_eq!(error.kind, FailureKind::Garbled, "{body:?}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_at_once() {
    let body = format!(r#"{{"clusterArns": ["{}"]}}"#, "a".repeat(2 << 20));
    let with_length = answer("200 OK", JSON, &body);
    let until_closed = Reaction::Bytes(
        format!("HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nConnection: close\r\n\r\n{body}")
            .into_bytes(),
    );
    for reaction in [with_length, until_closed] {
        let stub = Stub::start(vec![reaction]).await;
        let client = bounded(&stub.url, 1 << 20);
        let message = failed(
            client.call(&Call::new("ecs:ListClusters", json!({}))).await,
            FailureKind::Garbled,
            "response",
        );
        assert!(message.contains("larger than 1 MiB"), "{message}");
        assert_eq!(stub.asked().len(), 1, "it is not asked again");
    }
}

#[tokio::test]
async fn fifty_megabytes_are_read_in_seconds() {
    let body = format!("{{\"clusterArns\": [{}\"a\"]}}", " ".repeat(50_000_000));
    let stub = Stub::start(vec![answer("200 OK", JSON, &body)]).await;
    let started = Instant::now();
    let answer = call(&stub, "ecs:ListClusters", json!({}))
        .await
        .expect("an answer");
    assert_eq!(answer.result, json!({"clusterArns": ["a"]}));
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_refused_connection_is_given_up_soon() {
    let started = Instant::now();
    let error = call_at("http://127.0.0.1:1", Duration::from_mins(1))
        .await
        .expect_err("an error");
    assert_eq!(
        (error.0, error.1.as_str()),
        (FailureKind::Environment, "connect")
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn nothing_at_all_is_no_answer_where_something_is_due() {
    for (action, arguments) in [
        ("logs:FilterLogEvents", json!({"logGroupName": "g"})),
        ("sns:ListTopics", json!({})),
        ("lambda:ListFunctions", json!({})),
    ] {
        let message = failed(
            call_once(answer("200 OK", JSON, ""), action, arguments).await,
            FailureKind::Garbled,
            "response",
        );
        assert!(message.contains("it is empty"), "{message}");
    }
    // It says nothing where there is nothing to say.
    call_once(
        answer("200 OK", JSON, ""),
        "logs:CreateLogGroup",
        json!({"logGroupName": "g"}),
    )
    .await
    .expect("done");
}
