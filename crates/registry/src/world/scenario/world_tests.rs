use super::*;
use crate::composite::{Composite, Exec, Series};
use serde_json::json;

/// Knows which actions of these tests write, and that `ecs:ListTasks` lists `taskArns`.
struct Facts;

impl ActionFacts for Facts {
    fn exists(&self, action: &str) -> Result<(), String> {
        if action.starts_with("nothing:") {
            Err(format!("{action} does not exist"))
        } else {
            Ok(())
        }
    }

    fn effects(&self, action: &str, _: &Json) -> Effects {
        let writes = action.contains(":Update");
        [if writes { Effect::Write } else { Effect::Read }].into()
    }

    fn list_member(&self, action: &str) -> Option<String> {
        (action == "ecs:ListTasks").then(|| "taskArns".to_owned())
    }

    fn output_problems(&self, _: &str, output: &Json) -> Vec<String> {
        match output.get("taskArns") {
            Some(arns) if !arns.is_array() => vec!["taskArns must be a list".to_owned()],
            _ => Vec::new(),
        }
    }
}

fn world(document: &Json) -> ScenarioWorld {
    let scenario = Scenario::from_json("test", document).expect("a scenario");
    ScenarioWorld::new(Arc::new(scenario), Arc::new(Facts), LocalContext::new("."))
}

async fn send(world: &ScenarioWorld, action: &str, arguments: Json) -> Result<Json, CallError> {
    let answer = world.send(&Call::new(action, arguments)).await;
    answer.map(|answer| answer.result)
}

#[tokio::test]
async fn the_first_entry_that_fits_answers() {
    let world = world(&json!({"actions": {"ecs:ListTasks": [
        {"with": {"desiredStatus": "STOPPED"}, "return": {"taskArns": ["stopped"]}},
        {"times": 1, "return": {"taskArns": ["once"]}},
        {"return": {"taskArns": []}},
    ]}}));
    let mut answers = Vec::new();
    for arguments in [
        json!({}),
        json!({"cluster": "a", "desiredStatus": "STOPPED"}),
        json!({}),
    ] {
        answers.push(
            send(&world, "ecs:ListTasks", arguments)
                .await
                .expect("answers")["taskArns"]
                .clone(),
        );
    }
    assert_eq!(answers, [json!(["once"]), json!(["stopped"]), json!([])]);
}

#[tokio::test]
async fn a_flag_is_set_by_a_call_after_a_while() {
    let world = world(&json!({"actions": {
        "ecs:UpdateService": [{"set": "restarted", "after": "2m", "return": {}}],
        "ecs:DescribeServices": [
            {"unless": "restarted", "return": {"services": [{"status": "DRAINING"}]}},
            {"if": "restarted", "return": {"services": [{"status": "ACTIVE"}]}},
        ],
    }}));
    send(&world, "ecs:UpdateService", json!({}))
        .await
        .expect("answers");
    for (wait, status) in [(60, "DRAINING"), (60, "ACTIVE")] {
        world.sleep(SignedDuration::from_secs(wait)).await;
        let result = send(&world, "ecs:DescribeServices", json!({}))
            .await
            .expect("answers");
        assert_eq!(result["services"][0]["status"], status);
    }
}

#[tokio::test]
async fn the_client_retries_into_further_entries() {
    let world = world(&json!({"actions": {"logs:FilterLogEvents": [
        {"times": 2, "error": {"code": "ThrottlingException"}},
        {"return": {"events": []}},
    ]}}));
    send(&world, "logs:FilterLogEvents", json!({}))
        .await
        .expect("the third attempt");
    let calls = world.calls();
    assert_eq!((calls.len(), calls[0].attempts), (1, 3));
}

#[tokio::test]
async fn three_refusals_are_a_failure_and_other_errors_fail_at_once() {
    let world = world(&json!({"actions": {
        "logs:FilterLogEvents": [{"error": {"code": "ThrottlingException", "message": "slow down"}}],
        "ecs:ListTasks": [{"times": 1, "error": {"code": "AccessDeniedException"}}, {"return": {}}],
    }}));
    let error = send(&world, "logs:FilterLogEvents", json!({}))
        .await
        .expect_err("throttled");
    assert_eq!(error.to_string(), "ThrottlingException: slow down");
    let error = send(&world, "ecs:ListTasks", json!({}))
        .await
        .expect_err("denied");
    assert_eq!(error.code, "AccessDeniedException");
    let calls = world.calls();
    assert_eq!(
        calls.iter().map(|call| call.attempts).collect::<Vec<_>>(),
        [3, 1]
    );
}

#[tokio::test]
async fn a_call_without_an_answer_fails_the_scenario_by_name() {
    let world = world(&json!({
        "actions": {"ecs:ListTasks": [{"with": {"cluster": "a"}, "return": {}}]},
        "expect": {"verdict": "done"},
    }));
    let error = send(&world, "ecs:ListTasks", json!({"cluster": "b"}))
        .await
        .expect_err("none fits");
    assert_eq!(error.code, "scenario");
    assert_eq!(
        error.message,
        r#"scenario test answers no ecs:ListTasks {"cluster":"b"}: none of its 1 entries fits"#
    );
    let error = send(&world, "http:Request", json!({"url": "http://127.0.0.1"}))
        .await
        .expect_err("no entry");
    assert!(
        error
            .message
            .ends_with("add `http:Request` to its `actions`"),
        "{error}"
    );
    let outcome = Outcome {
        verdict: "done".to_owned(),
        ..Outcome::default()
    };
    let mismatches = world.check_expectations(&outcome);
    assert_eq!(
        mismatches[0].to_string(),
        r#"actions: expected an entry that answers ecs:ListTasks {"cluster":"b"}, got none"#
    );
    assert_eq!(mismatches.len(), 2);
}

#[tokio::test]
async fn a_limit_cuts_the_list_of_a_paginated_result() {
    let world = world(&json!({"actions": {
        "ecs:ListTasks": [{"return": {"taskArns": [1, 2, 3], "other": [1, 2, 3]}}],
        "logs:FilterLogEvents": [{"return": {"events": [1, 2, 3]}}],
    }}));
    for (action, member) in [
        ("ecs:ListTasks", "taskArns"),
        ("logs:FilterLogEvents", "events"),
    ] {
        let mut call = Call::new(action, json!({}));
        call.limit = 2;
        let answer = world.send(&call).await.expect("answers");
        assert_eq!(
            (answer.result[member].clone(), answer.truncated),
            (json!([1, 2]), true)
        );
        call.limit = 3;
        assert!(!world.send(&call).await.expect("answers").truncated);
    }
}

#[tokio::test]
async fn people_answer_by_step() {
    let world = world(&json!({"answers": {"size": 4, "phone": false}}));
    let mut call = Call::new(
        "human:Ask",
        json!({"question": "How many?", "type": "integer"}),
    );
    call.step = Some("resolve.grow.size".to_owned());
    assert_eq!(
        world.send(&call).await.expect("answers").result,
        json!({"answer": 4})
    );
    let mut call = Call::new("human:Do", json!({"instruction": "Call them"}));
    call.step = Some("phone".to_owned());
    assert_eq!(
        world.send(&call).await.expect_err("declines").code,
        "declined"
    );
    call.step = Some("mail".to_owned());
    assert_eq!(
        world.send(&call).await.expect_err("unsaid").code,
        "unattended"
    );
}

#[tokio::test]
async fn what_needs_no_world_needs_no_entry() {
    let world = world(&json!({"clock": "2026-01-15T12:00:00Z"}));
    let result = send(&world, "time:Sleep", json!({"for": "90m"}))
        .await
        .expect("waits");
    assert_eq!(result, json!({"until": "2026-01-15T13:30:00Z"}));
    assert_eq!(world.now().to_string(), "2026-01-15T13:30:00Z");
    let result = send(&world, "data:Diff", json!({"expected": 1, "actual": 2}))
        .await
        .expect("compares");
    assert_eq!(result["same"], false);
    assert_eq!(world.calls(), []);
    assert_eq!(world.fresh_id(), "00000000-0000-4000-8000-000000000001");
}

#[tokio::test]
async fn a_composite_is_answered_by_what_it_is_built_of_or_by_itself() {
    let built = world(
        &json!({"clock": "2026-01-15T12:00:00Z", "actions": {"cloudwatch:GetMetricData": [
            {"return": {"MetricDataResults": [{"Id": "series", "Timestamps": ["2026-01-15T11:55:00Z"], "Values": [7]}]}},
        ]}}),
    );
    let call = Call::new(
        "cloudwatch:Series",
        json!({"metric": "AWS/ECS/CPUUtilization", "from": "2026-01-15T11:00:00Z"}),
    );
    assert!(!built.answers("cloudwatch:Series"));
    let answer = Series.run(&built, &call).await.expect("answers");
    assert_eq!(
        answer.result["points"],
        json!([{"at": "2026-01-15T11:55:00Z", "value": 7.0}])
    );
    assert_eq!(built.calls()[0].action, "cloudwatch:GetMetricData");

    let itself = world(
        &json!({"clock": "2026-01-15T12:00:00Z", "actions": {"cloudwatch:Series": [
            {"series": {"start": "-10m", "every": "5m", "from": 1, "to": 2}},
        ]}}),
    );
    assert!(itself.answers("cloudwatch:Series"));
    let answer = itself.send(&call).await.expect("answers");
    assert_eq!(
        answer.result["points"][1],
        json!({"at": "2026-01-15T11:55:00Z", "value": 2.0})
    );
}

#[tokio::test]
async fn sessions_are_answered_by_an_entry_of_the_action_that_opens_them() {
    let call = Call::new(
        "ecs:Exec",
        json!({"cluster": "acso", "task": "abc", "command": "top -b -n 1"}),
    );
    let opened = world(
        &json!({"actions": {"ecs:ExecuteCommand": [{"return": {"session": {
            "sessionId": "s-1", "streamUrl": "wss://example.com", "tokenValue": "t",
        }}}]}}),
    );
    let error = Exec.run(&opened, &call).await.expect_err("no network");
    assert!(
        error.message.contains("let an entry for `ecs:Exec`"),
        "{error}"
    );
    let last = opened.calls().pop().expect("calls");
    assert_eq!((last.action.as_str(), last.unanswered), ("ecs:Exec", true));

    let itself = world(&json!({"actions": {"ecs:Exec": [{"return": {"output": "load 0.2"}}]}}));
    assert!(itself.answers("ecs:Exec"));
    let answer = itself.send(&call).await.expect("answers");
    assert_eq!(answer.result, json!({"output": "load 0.2"}));
}

#[tokio::test]
async fn expectations_are_compared_with_what_came_out() {
    let world = world(&json!({
        "actions": {"ecs:UpdateService": [{"return": {}}], "ecs:ListTasks": [{"return": {}}]},
        "expect": {
            "verdict": "resolved",
            "reason": "declined",
            "causes": ["b", "a"],
            "writes": [{"ecs:UpdateService": {"desiredCount": 2}}],
            "calls": ["ecs:ListTasks", "ecs:UpdateService"],
            "steps": {"settled": "done", "gone": "done"},
            "holds": {"rising": true, "logged": "unknown"},
            "outputs": {"arn": "x"},
        },
    }));
    send(&world, "ecs:ListTasks", json!({}))
        .await
        .expect("answers");
    send(
        &world,
        "ecs:UpdateService",
        json!({"service": "s", "desiredCount": 2}),
    )
    .await
    .expect("answers");
    let mut outcome = Outcome {
        verdict: "resolved".to_owned(),
        reason: Some("declined".to_owned()),
        causes: vec!["a".to_owned(), "b".to_owned()],
        steps: [
            ("resolve.restart.settled", "done"),
            ("resolve.gone", "done"),
        ]
        .map(|(id, status)| (id.to_owned(), status.to_owned()))
        .into(),
        holds: [("symptom.rising", "true"), ("symptom.logged", "unknown")]
            .map(|(id, truth)| (id.to_owned(), truth.to_owned()))
            .into(),
        escalated: Vec::new(),
        outputs: json!({"arn": "x", "more": 1}),
    };
    assert_eq!(world.check_expectations(&outcome), []);

    outcome.verdict = "failed".to_owned();
    outcome.reason = None;
    outcome.causes = vec!["a".to_owned()];
    outcome.steps.remove("resolve.gone");
    outcome
        .holds
        .insert("symptom.logged".to_owned(), "false".to_owned());
    outcome.outputs = json!({});
    send(&world, "ecs:UpdateService", json!({"desiredCount": 0}))
        .await
        .expect("answers");
    let found: Vec<String> = world
        .check_expectations(&outcome)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "verdict: expected resolved, got failed",
            "reason: expected declined, got none",
            "causes: expected [a, b], got [a]",
            "steps.gone: expected done, got no such step",
            "holds.logged: expected unknown, got false",
            r#"outputs: expected {"arn":"x"}, got {}"#,
            r#"writes: expected only 1, got write 2, ecs:UpdateService {"desiredCount":0}"#,
            r#"calls: expected only 2, got call 3, ecs:UpdateService {"desiredCount":0}"#,
        ]
    );
}

/// The scenario of the language's reference page.
const LEAKING: &str = r#"
playbook: memory-leak.yaml
scenarios:
  leaking:
    clock: 2026-01-15T12:00:00Z
    inputs: {environment: production}
    actions:
      cloudwatch:Series:
        - {unless: restarted, series: {start: -24h, every: 5m, from: 40, to: 93}}
        - {if: restarted, series: {start: -24h, every: 5m, from: 41, to: 41}}
      ecs:UpdateService:
        - {set: restarted, after: 2m, return: {}}
      logs:FilterLogEvents:
        - {times: 2, error: {code: ThrottlingException}}
        - {return: {events: [{message: "java.lang.OutOfMemoryError"}]}}
    answers: {approve: all}
    expect:
      verdict: resolved
      causes: [out_of_memory]
      writes: [{ecs:UpdateService: {forceNewDeployment: true}}]
"#;

#[tokio::test]
async fn a_leak_is_gone_once_the_restart_has_taken_effect() {
    let document = crate::local::yaml::parse(LEAKING).expect("YAML");
    let file = ScenarioFile::from_json(&document).expect("scenarios");
    let scenario = Arc::new(file.scenarios["leaking"].clone());
    assert_eq!(scenario.check(&Facts), []);
    let world = ScenarioWorld::new(scenario, Arc::new(Facts), LocalContext::new("."));
    let read = async |since: SignedDuration| {
        let arguments = json!({
            "metric": "AWS/ECS/MemoryUtilization",
            "from": (world.now() - since).to_string(),
            "every": "5m",
        });
        let result = send(&world, "cloudwatch:Series", arguments)
            .await
            .expect("points");
        let points = result["points"].as_array().expect("a list").clone();
        let last = points.last().expect("points")["value"].clone();
        (points.len(), last)
    };
    assert_eq!(
        read(SignedDuration::from_hours(24)).await,
        (288, json!(93.0))
    );
    send(&world, "logs:FilterLogEvents", json!({}))
        .await
        .expect("events");
    let restart = json!({"service": "supervisor", "forceNewDeployment": true});
    send(&world, "ecs:UpdateService", restart)
        .await
        .expect("restarts");
    assert_eq!(read(SignedDuration::from_hours(1)).await, (12, json!(93.0)));
    world.sleep(SignedDuration::from_mins(30)).await;
    assert_eq!(read(SignedDuration::from_mins(30)).await, (6, json!(41.0)));
    let outcome = Outcome {
        verdict: "resolved".to_owned(),
        causes: vec!["out_of_memory".to_owned()],
        ..Outcome::default()
    };
    assert_eq!(world.check_expectations(&outcome), []);
}

#[test]
fn names_and_results_are_checked_when_a_scenario_is_loaded() {
    let document = json!({
        "actions": {
            "ecs:ListTasks": [{"times": 1, "return": {"taskArns": "one"}}, {"return": {}}],
            "nothing:AtAll": [{"return": {}}],
        },
        "expect": {"writes": ["nothing:Else"]},
    });
    let scenario = Scenario::from_json("test", &document).expect("reads");
    let found: Vec<String> = scenario
        .check(&Facts)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "actions.ecs:ListTasks[0].return: ecs:ListTasks could not give this: taskArns must be a list",
            "actions.nothing:AtAll: nothing:AtAll does not exist",
            "expect.writes[0]: nothing:Else does not exist",
        ]
    );
}

#[tokio::test]
async fn a_world_outlives_the_process_and_forgets_reads_that_nobody_has_the_answer_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("world.jsonl");
    let text = &json!({"clock": "2026-01-15T12:00:00Z", "actions": {
        "ecs:ListTasks": [{"times": 1, "return": {"taskArns": ["a"]}}, {"return": {"taskArns": ["b"]}}],
        "ecs:UpdateService": [{"set": "done", "return": {}}],
        "ecs:DescribeServices": [{"if": "done", "return": {"services": []}}],
    }});
    let call = |action: &str, key: &str| Call {
        key: Some(key.to_owned()),
        ..Call::new(action, json!({}))
    };
    let list = call("ecs:ListTasks", "a@1");
    {
        let world = world(text).remembering(&file).expect("a file");
        world.send(&list).await.expect("the first");
        world
            .send(&call("ecs:UpdateService", "b@1"))
            .await
            .expect("done");
        world.sleep(SignedDuration::from_mins(1)).await;
    }
    let world = world(text).remembering(&file).expect("a file");
    assert_eq!(world.now().to_string(), "2026-01-15T12:01:00Z");
    let update = call("ecs:UpdateService", "b@1");
    assert!(matches!(
        world.recall(&update, "b@1"),
        Some(Recalled::Made(Ok(_)))
    ));
    assert_eq!(world.recall(&update, "c@1"), Some(Recalled::NotMade));
    world.forget_reads(&|key| key != "a@1");
    assert_eq!(world.calls().len(), 1);
    let again = world.send(&list).await.expect("the first again");
    assert_eq!(again.result, json!({"taskArns": ["a"]}));
    let seen = world.send(&call("ecs:DescribeServices", "d@1")).await;
    seen.expect("the flag is still set");
}
