use super::super::test_world::TestWorld;
use super::*;
use crate::local::SessionOutput;

fn call() -> Call {
    Call::new(
        "ecs:Exec",
        json!({
            "cluster": "acso",
            "task": "arn:aws:ecs:eu-west-1:123456789012:task/acso/abc",
            "container": "web",
            "command": "top -b -n 1",
        }),
    )
}

fn world() -> TestWorld {
    TestWorld::new()
        .answer(
            "ecs:ExecuteCommand",
            Ok(json!({
                "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/acso/abc",
                "session": {"sessionId": "s-1", "streamUrl": "wss://example.com/s-1", "tokenValue": "secret"},
            })),
        )
        .answer(
            "ecs:DescribeTasks",
            Ok(json!({"tasks": [{"containers": [
                {"name": "log", "runtimeId": "abc-1"},
                {"name": "web", "runtimeId": "abc-2"},
            ]}]})),
        )
}

fn then(world: TestWorld, session: Result<SessionOutput, CallError>) -> TestWorld {
    world.sessions.borrow_mut().push_back(session);
    world
}

fn output(exit: Option<i64>) -> SessionOutput {
    SessionOutput {
        text: "load 0.2\n".to_owned(),
        exit,
    }
}

fn encrypted() -> CallError {
    CallError::new(
        FailureKind::NotSent,
        "session",
        "a KMS key encrypts sessions",
    )
}

#[tokio::test]
async fn the_session_that_ecs_opens_is_followed() {
    let world = then(world(), Ok(output(Some(0))));
    let answer = world.run(&Exec, &call()).await.expect("output");
    assert_eq!(answer.result, json!({"output": "load 0.2\n", "exit": 0}));
    assert_eq!(
        world.sent.borrow()[0].arguments,
        json!({
            "cluster": "acso",
            "task": "arn:aws:ecs:eu-west-1:123456789012:task/acso/abc",
            "command": "top -b -n 1",
            "interactive": true,
            "container": "web",
        })
    );
    let opened = world.opened.borrow()[0].clone();
    assert_eq!(opened.stream_url, "wss://example.com/s-1");
    assert_eq!(opened.timeout, SignedDuration::from_mins(1));
    assert!(!format!("{opened:?}").contains("secret"));
    let world = then(self::world(), Ok(output(None)));
    let answer = world.run(&Exec, &call()).await.expect("output");
    assert_eq!(
        answer.result,
        json!({"output": "load 0.2\n"}),
        "no exit code is made up"
    );
}

#[tokio::test]
async fn the_plugin_follows_a_new_session_where_the_channel_cannot() {
    let mut world = then(then(world(), Err(encrypted())), Ok(output(None)));
    world.plugin = Some("/opt/session-manager-plugin".into());
    world.run(&Exec, &call()).await.expect("output");
    assert_eq!(
        world.names(),
        [
            "ecs:ExecuteCommand",
            "ecs:DescribeTasks",
            "ecs:ExecuteCommand"
        ]
    );
    let opened = world.opened.borrow();
    assert_eq!(opened[1].plugin, world.plugin);
    assert_eq!(opened[1].with, "ecs:acso_abc_abc-2");
    assert_eq!(opened[1].region, "eu-west-1");
}

#[tokio::test]
async fn without_a_plugin_the_failure_says_what_is_missing() {
    let world = then(world(), Err(encrypted()));
    let error = world.run(&Exec, &call()).await.expect_err("no session");
    assert_eq!(
        error.to_string(),
        "session: a KMS key encrypts sessions; no plugin here"
    );
    assert_eq!(world.names(), ["ecs:ExecuteCommand"]);
}

#[tokio::test]
async fn a_command_that_may_have_run_is_not_run_again() {
    let lost = CallError::new(FailureKind::Unanswered, "session", "lost");
    let mut world = then(world(), Err(lost.clone()));
    world.plugin = Some("/opt/session-manager-plugin".into());
    assert_eq!(world.run(&Exec, &call()).await.expect_err("lost"), lost);
    assert_eq!(world.names(), ["ecs:ExecuteCommand"]);
}

#[tokio::test]
async fn refusals_and_answers_without_a_session_fail() {
    let refused = CallError::new(
        FailureKind::Answered,
        "TargetNotConnectedException",
        "no agent",
    );
    let world = TestWorld::new().answer("ecs:ExecuteCommand", Err(refused.clone()));
    assert_eq!(
        world.run(&Exec, &call()).await.expect_err("refused"),
        refused
    );
    let world = TestWorld::new().answer(
        "ecs:ExecuteCommand",
        Ok(json!({"session": {"sessionId": "s"}})),
    );
    let error = world.run(&Exec, &call()).await.expect_err("no address");
    assert_eq!(error.kind, FailureKind::Garbled);
    assert!(error.message.contains("session.streamUrl"), "{error}");
}

#[tokio::test]
async fn a_session_that_is_left_is_ended() {
    let late = CallError::new(FailureKind::Unanswered, "timeout", "it took too long");
    let world = then(world(), Err(late)).answer("ssm:TerminateSession", Ok(json!({})));
    world.run(&Exec, &call()).await.expect_err("left");
    assert_eq!(
        world.names(),
        ["ecs:ExecuteCommand", "ssm:TerminateSession"]
    );
    let sent = world.sent.borrow();
    assert_eq!(sent[1].arguments, json!({"SessionId": "s-1"}));
}
