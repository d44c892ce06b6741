//! Event streams: collected into lists.

use crate::stub::{Reaction, Stub, answer};
use crate::{JSON, call, client_of};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use jiff::SignedDuration;
use runbook_registry::call::{Call, FailureKind};
use serde_json::json;
use std::time::Instant;

/// One frame.
fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| {
        let value = HeaderValue::String((*value).to_owned().into());
        Header::new((*name).to_owned(), value)
    });
    let message = Message::new_from_parts(headers.collect(), payload.to_vec());
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes
}

fn event(kind: &str, payload: &[u8]) -> Vec<u8> {
    frame(
        &[(":message-type", "event"), (":event-type", kind)],
        payload,
    )
}

fn stream(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: id-9\r\nConnection: close\r\n\r\n"
            .to_vec();
    bytes.extend(frames.concat());
    bytes
}

fn tail() -> [Vec<u8>; 4] {
    [
        event("initial-response", b"{}"),
        event("sessionStart", br#"{"sessionId": "s"}"#),
        event(
            "sessionUpdate",
            br#"{"sessionResults": [{"message": "one"}]}"#,
        ),
        event("somethingNew", b"{}"),
    ]
}

#[tokio::test]
async fn a_stream_that_ends_is_read_to_its_end() {
    let stub = Stub::start(vec![Reaction::Bytes(stream(&tail()))]).await;
    let arguments = json!({"logGroupIdentifiers": ["arn:aws:logs:eu-west-3:1:log-group:g"]});
    let answer = call(&stub, "logs:StartLiveTail", arguments)
        .await
        .expect("an answer");
    assert_eq!(
        answer.result,
        json!({"responseStream": [
            {"sessionStart": {"sessionId": "s"}},
            {"sessionUpdate": {"sessionResults": [{"message": "one"}]}},
        ]})
    );
    assert!(!answer.truncated);
    assert_eq!(answer.request_id.as_deref(), Some("id-9"));
}

#[tokio::test]
async fn a_live_tail_ends_at_the_timeout_with_what_it_has() {
    let stub = Stub::start(vec![Reaction::Begin(stream(&tail()))]).await;
    let mut call = Call::new("logs:StartLiveTail", json!({"logGroupIdentifiers": ["g"]}));
    call.timeout = Some(SignedDuration::from_millis(400));
    let started = Instant::now();
    let answer = client_of(&stub.url).call(&call).await.expect("an answer");
    let events = answer.result["responseStream"].as_array().map(Vec::len);
    assert_eq!((events, answer.truncated), (Some(2), true));
    assert!(started.elapsed().as_millis() < 2_000);

    call.limit = 1;
    call.timeout = None;
    let answer = client_of(&stub.url).call(&call).await.expect("an answer");
    let events = answer.result["responseStream"].as_array().map(Vec::len);
    assert_eq!((events, answer.truncated), (Some(1), true));
}

#[tokio::test]
async fn raw_payloads_and_headers_are_members_of_events() {
    let bytes = stream(&[
        event("PayloadChunk", b"out"),
        event("InvokeComplete", br#"{"ErrorCode": "e"}"#),
    ]);
    let stub = Stub::start(vec![Reaction::Bytes(bytes)]).await;
    let answer = call(
        &stub,
        "lambda:InvokeWithResponseStream",
        json!({"FunctionName": "f"}),
    )
    .await
    .expect("an answer");
    assert_eq!(answer.result["StatusCode"], 200);
    assert_eq!(
        answer.result["EventStream"],
        json!([
            {"PayloadChunk": {"Payload": "b3V0"}},
            {"InvokeComplete": {"ErrorCode": "e"}},
        ])
    );
}

#[tokio::test]
async fn s3_select_streams_xml_and_bytes() {
    let bytes = stream(&[
        event("Records", b"a,b\n"),
        event("Stats", b"<Stats><BytesScanned>7</BytesScanned></Stats>"),
        event("End", b""),
    ]);
    let stub = Stub::start(vec![Reaction::Bytes(bytes)]).await;
    let arguments = json!({
        "Bucket": "bucket", "Key": "k", "Expression": "select *", "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}},
    });
    let answer = call(&stub, "s3:SelectObjectContent", arguments)
        .await
        .expect("an answer");
    assert_eq!(
        answer.result,
        json!({"Payload": [
            {"Records": {"Payload": "YSxiCg=="}},
            {"Stats": {"Details": {"BytesScanned": 7}}},
            {"End": {}},
        ]})
    );
}

#[tokio::test]
async fn errors_in_a_stream_are_errors_of_the_call() {
    let exception = frame(
        &[
            (":message-type", "exception"),
            (":exception-type", "SessionTimeoutException"),
        ],
        br#"{"message": "three hours are over"}"#,
    );
    let unmodelled = frame(
        &[
            (":message-type", "error"),
            (":error-code", "InternalError"),
            (":error-message", "sorry"),
        ],
        b"",
    );
    for (last, code, message) in [
        (exception, "SessionTimeoutException", "three hours are over"),
        (unmodelled, "InternalError", "sorry"),
    ] {
        let stub = Stub::start(vec![Reaction::Bytes(stream(&[last]))]).await;
        let error = call(
            &stub,
            "logs:StartLiveTail",
            json!({"logGroupIdentifiers": ["g"]}),
        )
        .await
        .expect_err("an error");
        assert_eq!(error.kind, FailureKind::Answered);
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            (code, message)
        );
        assert_eq!(error.request_id.as_deref(), Some("id-9"));
    }
}

#[tokio::test]
async fn a_damaged_stream_is_garbled_and_a_refusal_is_an_answer() {
    let mut damaged = stream(&tail());
    let end = damaged.len() - 3;
    damaged.truncate(end);
    let mut flipped = stream(&tail());
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for bytes in [damaged, flipped] {
        let stub = Stub::start(vec![Reaction::Bytes(bytes)]).await;
        let error = call(
            &stub,
            "logs:StartLiveTail",
            json!({"logGroupIdentifiers": ["g"]}),
        )
        .await
        .expect_err("an error");
        assert_eq!(error.kind, FailureKind::Garbled, "{error}");
    }
    let refusal = r#"{"__type": "AccessDeniedException", "message": "no"}"#;
    let stub = Stub::start(vec![answer("400 Bad Request", JSON, refusal)]).await;
    let error = call(
        &stub,
        "logs:StartLiveTail",
        json!({"logGroupIdentifiers": ["g"]}),
    )
    .await
    .expect_err("an error");
    assert_eq!(error.code, "AccessDeniedException");
}
