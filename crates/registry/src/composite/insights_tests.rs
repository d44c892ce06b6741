use super::super::test_world::TestWorld;
use super::*;

fn call() -> Call {
    Call::new(
        "logs:Insights",
        json!({
            "log_groups": ["/aws/acso/agents"],
            "query": "stats count(*) as lines by level",
            "from": "2026-01-15T11:00:00.5Z",
        }),
    )
}

fn rows(count: usize) -> Json {
    let rows: Vec<Json> = (0..count)
        .map(|row| json!([{"field": "level", "value": format!("{row}")}, {"field": "empty"}]))
        .collect();
    json!({
        "status": "Complete",
        "results": rows,
        "statistics": {"recordsMatched": 12.0, "recordsScanned": 40.0, "bytesScanned": 4096.0},
    })
}

fn started() -> TestWorld {
    TestWorld::new().answer("logs:StartQuery", Ok(json!({"queryId": "q-1"})))
}

#[tokio::test]
async fn a_query_is_started_and_looked_at_until_it_is_complete() {
    let world = started()
        .answer("logs:GetQueryResults", Ok(json!({"status": "Scheduled"})))
        .answer("logs:GetQueryResults", Ok(json!({"status": "Running"})))
        .answer("logs:GetQueryResults", Ok(rows(1)));
    let answer = world.run(&Insights, &call()).await.expect("rows");
    assert_eq!(
        answer.result,
        json!({
            "rows": [{"level": "0"}],
            "status": "Complete",
            "statistics": {"records_matched": 12.0, "records_scanned": 40.0, "bytes_scanned": 4096.0},
        })
    );
    assert!(!answer.truncated);
    assert_eq!(
        world.sent.borrow()[0].arguments,
        json!({
            "logGroupNames": ["/aws/acso/agents"],
            "queryString": "stats count(*) as lines by level",
            "startTime": 1_768_474_800,
            "endTime": 1_768_478_400,
            "limit": 10_000,
        })
    );
    assert_eq!(world.passed(), 3, "0.5 s, 1 s and 2 s");
}

#[tokio::test]
async fn a_limit_cuts_and_says_so() {
    let world = started().answer("logs:GetQueryResults", Ok(rows(3)));
    let limited = |limit| Call { limit, ..call() };
    let answer = world.run(&Insights, &limited(2)).await.expect("rows");
    assert_eq!(
        answer.result["rows"],
        json!([{"level": "0"}, {"level": "1"}])
    );
    assert!(answer.truncated);
    assert_eq!(world.sent.borrow()[0].arguments["limit"], 3);
    assert!(
        !world
            .run(&Insights, &limited(3))
            .await
            .expect("rows")
            .truncated
    );
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_stopped() {
    let world = started()
        .answer("logs:GetQueryResults", Ok(json!({"status": "Running"})))
        .answer("logs:StopQuery", Ok(json!({"success": true})));
    let error = world.run(&Insights, &call()).await.expect_err("too long");
    assert_eq!(error.code, "timeout");
    assert_eq!(world.passed(), 60);
    assert_eq!(
        world.names().last().map(String::as_str),
        Some("logs:StopQuery")
    );
    let world = started()
        .answer("logs:GetQueryResults", Ok(json!({"status": "Running"})))
        .answer("logs:StopQuery", Ok(json!({"success": true})));
    let short = Call {
        timeout: Some(SignedDuration::from_secs(4)),
        ..call()
    };
    assert!(world.run(&Insights, &short).await.is_err());
    assert_eq!(world.passed(), 4, "the step's own bound");
}

#[tokio::test]
async fn a_query_that_ends_badly_fails() {
    for status in ["Failed", "Cancelled", "Timeout"] {
        let world = started().answer("logs:GetQueryResults", Ok(json!({"status": status})));
        let error = world.run(&Insights, &call()).await.expect_err(status);
        assert_eq!(error.code, "query", "{error}");
    }
    let malformed = CallError::new(
        FailureKind::Answered,
        "MalformedQueryException",
        "unexpected",
    );
    let world = TestWorld::new().answer("logs:StartQuery", Err(malformed.clone()));
    assert_eq!(
        world.run(&Insights, &call()).await.expect_err("malformed"),
        malformed
    );
}

#[tokio::test]
async fn arns_go_into_the_member_that_takes_them() {
    let world = started().answer("logs:GetQueryResults", Ok(rows(0)));
    let mut call = call();
    call.arguments["log_groups"] = json!(["arn:aws:logs:us-east-1:123456789012:log-group:a"]);
    world.run(&Insights, &call).await.expect("no rows");
    assert_eq!(
        world.sent.borrow()[0].arguments["logGroupIdentifiers"],
        call.arguments["log_groups"]
    );
    call.arguments["from"] = "2026-01-16T00:00:00Z".into();
    let error = world
        .run(&Insights, &call)
        .await
        .expect_err("a window that ends first");
    assert_eq!(error.code, "arguments");
}
