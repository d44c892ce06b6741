use super::super::test_world::TestWorld;
use super::*;

const NOON: i64 = 1_768_478_400_000;

fn call(arguments: &Json) -> Call {
    let mut all = json!({"log_group": "/aws/acso/agents"});
    for (name, value) in arguments.as_object().expect("a mapping") {
        all[name] = value.clone();
    }
    Call::new("logs:Tail", all)
}

fn page(events: &[(&str, i64)]) -> Json {
    let events: Vec<Json> = events
        .iter()
        .map(|(id, at)| json!({"eventId": id, "timestamp": NOON + at, "message": id, "logStreamName": "s"}))
        .collect();
    json!({"events": events})
}

fn messages(answer: &Answer) -> Vec<&str> {
    let events = answer.result["events"].as_array().expect("events");
    events
        .iter()
        .filter_map(|event| event["message"].as_str())
        .collect()
}

#[tokio::test]
async fn events_come_once_and_in_order_until_the_time_is_over() {
    let world = TestWorld::new()
        .answer(
            "logs:FilterLogEvents",
            Ok(page(&[("b", -1000), ("a", -60_000)])),
        )
        .answer(
            "logs:FilterLogEvents",
            Ok(page(&[("b", -1000), ("d", 1500)])),
        )
        .answer("logs:FilterLogEvents", Ok(page(&[("c", 500), ("d", 1500)])));
    let answer = world
        .run(
            &Tail,
            &call(&json!({"for": "5s", "filter_pattern": "ERROR", "stream_prefix": "web"})),
        )
        .await
        .expect("events");
    assert_eq!(messages(&answer), ["a", "b", "c", "d"]);
    assert_eq!(
        answer.result["events"][0],
        json!({"at": "2026-01-15T11:59:00Z", "message": "a", "stream": "s"})
    );
    assert!(!answer.truncated);
    assert_eq!(world.passed(), 5);
    let sent = world.sent.borrow();
    assert_eq!(sent.len(), 4, "at 0, 2, 4 and 5 s");
    assert_eq!(
        sent[0].arguments,
        json!({
            "logGroupName": "/aws/acso/agents",
            "startTime": NOON - 300_000,
            "filterPattern": "ERROR",
            "logStreamNamePrefix": "web",
        })
    );
    assert_eq!(
        sent[1].arguments["startTime"],
        NOON - 11_000,
        "a little before the last event, for those that come late"
    );
}

#[tokio::test]
async fn a_limit_ends_it_early() {
    let world = TestWorld::new()
        .answer("logs:FilterLogEvents", Ok(page(&[("a", 0), ("b", 1)])))
        .answer("logs:FilterLogEvents", Ok(page(&[("b", 1), ("c", 2)])));
    let limited = Call {
        limit: 2,
        ..call(&json!({}))
    };
    let answer = world.run(&Tail, &limited).await.expect("events");
    assert_eq!(messages(&answer), ["a", "b"]);
    assert!(answer.truncated);
    assert_eq!(world.passed(), 2);
    assert_eq!(world.sent.borrow()[0].limit, 3);
}

#[tokio::test]
async fn failures_and_events_without_a_time_fail_the_call() {
    let missing = CallError::new(
        FailureKind::Answered,
        "ResourceNotFoundException",
        "no group",
    );
    let world = TestWorld::new().answer("logs:FilterLogEvents", Err(missing.clone()));
    assert_eq!(
        world
            .run(&Tail, &call(&json!({})))
            .await
            .expect_err("missing"),
        missing
    );
    let world = TestWorld::new().answer(
        "logs:FilterLogEvents",
        Ok(json!({"events": [{"message": "when?"}]})),
    );
    let error = world
        .run(&Tail, &call(&json!({})))
        .await
        .expect_err("no time");
    assert_eq!(error.code, "response");
    let late = Call {
        timeout: Some(SignedDuration::from_secs(10)),
        ..call(&json!({"for": "1m"}))
    };
    assert_eq!(
        world.run(&Tail, &late).await.expect_err("too long").code,
        "arguments"
    );
}
