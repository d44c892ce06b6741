use super::agent::{Agent, numbered, serve};
use super::message::{Message, payload};
use super::*;
use crate::Registry;
use crate::call::{Answer, Call};
use crate::local::trust::Trust;
use crate::world::live::{AwsSender, LiveWorld};
use crate::world::{Pending, Place};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

fn session(stream_url: String) -> Session {
    Session {
        action: "ecs:Exec".to_owned(),
        step: None,
        id: "s-1".to_owned(),
        stream_url,
        token: "secret token".to_owned(),
        with: String::new(),
        target: Target::default(),
        region: "us-east-1".to_owned(),
        plugin: None,
        timeout: SignedDuration::from_secs(20),
        most: 64,
    }
}

async fn followed(url: String) -> Result<SessionOutput, CallError> {
    follow(&LocalContext::new("."), &session(url)).await
}

/// The flag by which the client ends the command, after its other messages.
async fn is_terminated(agent: &mut Agent) {
    loop {
        let message = agent.input().await;
        if message.payload_type == payload::FLAG {
            assert_eq!(message.payload, [0, 0, 0, 2]);
            return;
        }
    }
}

#[tokio::test]
async fn a_command_is_followed_from_the_handshake_to_its_end() {
    let (url, agent) = serve(|mut agent| async move {
        let open = agent.begin().await;
        agent.say(payload::OUTPUT, b"load 0.2\r\n").await;
        agent.say(payload::ERROR_OUTPUT, b"and a warning\r\n").await;
        agent.say(payload::EXIT_CODE, b"EXIT_CODE: 3").await;
        agent.close("").await;
        (open, agent.frame().await)
    })
    .await;
    let output = followed(url).await.expect("followed");
    assert_eq!(output.text, "load 0.2\nand a warning\n");
    assert_eq!(output.exit, Some(3));
    let (open, rest) = agent.await.expect("no failed assertion");
    assert_eq!(open["TokenValue"], "secret token");
    assert_eq!(open["MessageSchemaVersion"], "1.0");
    assert_eq!(rest, None, "a session that has ended is not terminated");
}

#[tokio::test]
async fn messages_are_taken_in_turn_and_once() {
    let (url, agent) = serve(|mut agent| async move {
        agent.begin().await;
        let first = agent.next();
        let part =
            |number: i64, text: &str| numbered(first + number, payload::OUTPUT, text.as_bytes());
        for message in [part(1, "b"), part(0, "a"), part(1, "b"), part(2, "c")] {
            agent.send(message.encode()).await;
            agent.is_acknowledged(&message).await;
        }
        agent.close("").await;
    })
    .await;
    assert_eq!(followed(url).await.expect("followed").text, "abc");
    agent.await.expect("no failed assertion");
}

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again() {
    let (url, agent) = serve(|mut agent| async move {
        agent.frame().await;
        agent.ask(&json!([])).await;
        let first = agent.input().await;
        let second = agent.input().await;
        agent.acknowledge(&second).await;
        agent.say(payload::OUTPUT, b"done").await;
        agent.close("").await;
        (first, second)
    })
    .await;
    assert_eq!(followed(url).await.expect("followed").text, "done");
    let (first, second) = agent.await.expect("no failed assertion");
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_session_that_asks_for_more_than_the_channel_can_do_is_left_before_it_begins() {
    for action in [
        json!({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "k"}}),
        json!({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port"}}),
        json!({"ActionType": "Dance"}),
    ] {
        let (url, agent) = serve(|mut agent| async move {
            agent.frame().await;
            agent.ask(&json!([action])).await;
            let response = agent.input().await;
            serde_json::from_slice::<serde_json::Value>(&response.payload).expect("JSON")
        })
        .await;
        let error = followed(url).await.expect_err("refused");
        assert_eq!(
            (error.code.as_str(), error.kind),
            ("session", FailureKind::NotSent)
        );
        let response = agent.await.expect("no failed assertion");
        assert_eq!(response["ProcessedClientActions"][0]["ActionStatus"], 2);
        assert_ne!(response["Errors"], json!([]));
    }
}

#[tokio::test]
async fn a_reason_for_the_end_is_a_failure() {
    let (url, _agent) = serve(|mut agent| async move {
        agent.begin().await;
        agent
            .close("exec: \"top\": executable file not found in $PATH")
            .await;
        agent.frame().await
    })
    .await;
    let error = followed(url).await.expect_err("ended");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("session", FailureKind::Unanswered)
    );
    assert!(
        error.message.contains("executable file not found"),
        "{error}"
    );
}

#[tokio::test]
async fn a_channel_that_closes_early_says_whether_the_command_had_begun() {
    let (url, _agent) = serve(|mut agent| async move {
        agent.frame().await;
    })
    .await;
    let error = followed(url).await.expect_err("closed");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("session", FailureKind::NotSent)
    );
    let (url, _agent) = serve(|mut agent| async move {
        agent.begin().await;
        agent.say(payload::OUTPUT, b"half").await;
    })
    .await;
    let error = followed(url).await.expect_err("closed");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("session", FailureKind::Unanswered)
    );
    assert!(error.message.contains("not known"), "{error}");
}

#[tokio::test]
async fn garbage_ends_the_session() {
    for garbage in [
        b"<html>502</html>".to_vec(),
        vec![0xff; 200],
        {
            let mut bytes = numbered(2, payload::OUTPUT, b"payload").encode();
            bytes[90] ^= 1;
            bytes
        },
        Message {
            kind: super::message::CLOSED.to_owned(),
            ..numbered(0, 0, b"no JSON")
        }
        .encode(),
    ] {
        let (url, agent) = serve(|mut agent| async move {
            agent.begin().await;
            agent.send(garbage).await;
            is_terminated(&mut agent).await;
        })
        .await;
        let error = followed(url).await.expect_err("garbage");
        assert_eq!(
            (error.code.as_str(), error.kind),
            ("session", FailureKind::Garbled)
        );
        agent.await.expect("the command is ended");
    }
}

#[tokio::test]
async fn a_command_that_does_not_end_is_ended() {
    let (url, agent) = serve(|mut agent| async move {
        agent.begin().await;
        is_terminated(&mut agent).await;
    })
    .await;
    let short = Session {
        timeout: SignedDuration::from_millis(300),
        ..session(url)
    };
    let error = follow(&LocalContext::new("."), &short)
        .await
        .expect_err("too long");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("timeout", FailureKind::Unanswered)
    );
    agent.await.expect("the command is ended");
}

#[tokio::test]
async fn an_agent_that_stays_silent_is_not_waited_for() {
    let (url, _agent) = serve(|agent| async move {
        tokio::time::sleep(Duration::from_mins(1)).await;
        drop(agent);
    })
    .await;
    let short = Session {
        timeout: SignedDuration::from_millis(300),
        ..session(url)
    };
    let error = follow(&LocalContext::new("."), &short)
        .await
        .expect_err("silence");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("session", FailureKind::NotSent)
    );
    assert!(error.message.contains("did not begin"), "{error}");
}

#[tokio::test]
async fn a_command_that_writes_too_much_is_ended() {
    let (url, agent) = serve(|mut agent| async move {
        agent.begin().await;
        agent.say(payload::OUTPUT, &[b'x'; 40]).await;
        agent.say(payload::OUTPUT, &[b'x'; 40]).await;
        is_terminated(&mut agent).await;
    })
    .await;
    let error = followed(url).await.expect_err("too much");
    assert_eq!(error.code, "size");
    agent.await.expect("the command is ended");
}

#[tokio::test]
async fn addresses_that_cannot_be_opened_are_failures_of_the_session() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("bind");
    let free = listener.local_addr().expect("an address");
    drop(listener);
    let http = crate::local::test_server::HttpServer::start().await;
    for (url, says) in [
        ("no address".to_owned(), "is none"),
        ("ws://example.com/stream".to_owned(), "not encrypted"),
        ("https://example.com/stream".to_owned(), "not encrypted"),
        (format!("ws://{free}/stream"), "refused"),
        (format!("wss://127.0.0.1:{}/stream", http.port), "127.0.0.1"),
        (http.url("/status/403").replace("http", "ws"), "403"),
    ] {
        let error = followed(url.clone()).await.expect_err("no session");
        assert_eq!(
            (error.code.as_str(), error.kind),
            ("session", FailureKind::NotSent),
            "{url}"
        );
        assert!(error.message.contains(says), "{url}: {error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

/// ECS, as far as it opens sessions.
struct Ecs {
    stream_url: String,
}

impl AwsSender for Ecs {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        assert_eq!(call.action, "ecs:ExecuteCommand");
        Box::pin(async move {
            Ok(Answer {
                result: json!({"session": {
                    "sessionId": "s-1",
                    "streamUrl": self.stream_url,
                    "tokenValue": "secret token",
                }}),
                ..Answer::default()
            })
        })
    }

    fn place(&self) -> Place {
        Place::default()
    }
}

#[tokio::test]
async fn the_live_world_follows_what_ecs_opens() {
    let (stream_url, agent) = serve(|mut agent| async move {
        let open = agent.begin().await;
        agent.say(payload::OUTPUT, b"load 0.2\r\n").await;
        agent.close("").await;
        open
    })
    .await;
    let world = LiveWorld::new(Arc::new(Ecs { stream_url }), LocalContext::new("."));
    let arguments = json!({"cluster": "acso", "task": "abc", "command": "top -b -n 1"});
    let call = Call::new("ecs:Exec", arguments);
    let answer = Registry::new()
        .perform(&world, &call)
        .await
        .expect("output");
    assert_eq!(answer.result, json!({"output": "load 0.2\n"}));
    let open = agent.await.expect("no failed assertion");
    assert_eq!(open["TokenValue"], "secret token");
}

#[tokio::test]
async fn a_channel_is_encrypted() {
    let server = crate::local::test_server::TlsServer::start().await;
    let url = format!("wss://localhost:{}/status/403", server.port);
    let error = followed(url.clone())
        .await
        .expect_err("nobody vouches for the server");
    assert!(error.message.contains("certificate"), "{error}");
    let mut context = LocalContext::new(".");
    context.trust = Arc::new(Trust::only([server.certificate]));
    let error = follow(&context, &session(url))
        .await
        .expect_err("no session");
    assert!(error.message.contains("403"), "{error}");
}
