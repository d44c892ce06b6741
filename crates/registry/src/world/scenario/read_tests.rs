use super::*;
use serde_json::json;

fn problems(document: &Json) -> Vec<String> {
    match Scenario::from_json("leaking", document) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_scenario_is_read_as_it_is_written() {
    let document = json!({
        "clock": "2026-01-15T12:00:00Z",
        "target": {"region": "eu-west-1"},
        "inputs": {"environment": "production"},
        "actions": {
            "cloudwatch:Series": [
                {"unless": "restarted", "series": {"start": "-24h", "every": "5m", "from": 40, "to": 93}},
                {"if": ["restarted"], "return": {"points": []}},
            ],
            "ecs:UpdateService": [{"set": "restarted", "after": "2m", "times": 1, "return": {}}],
            "ecs:StopTask": [{"set": {"draining": "1m", "stopped": "3m"}, "return": {}}],
            "ecs:ListTasks": [{"with": {"desiredStatus": "STOPPED"}, "error": {"code": "timeout"}}],
        },
        "answers": {"approve": ["redeploy"], "size": 4},
        "expect": {
            "verdict": "resolved",
            "causes": ["out_of_memory"],
            "writes": [{"ecs:UpdateService": {"forceNewDeployment": true}}],
            "calls": ["ecs:ListTasks"],
        },
    });
    let scenario = Scenario::from_json("leaking", &document).expect("reads");
    assert_eq!(scenario.clock.to_string(), "2026-01-15T12:00:00Z");
    assert_eq!(scenario.place.region.as_deref(), Some("eu-west-1"));
    assert_eq!(scenario.place.account.as_deref(), Some("123456789012"));
    let series = &scenario.actions["cloudwatch:Series"];
    assert_eq!(series[0].unless, ["restarted"]);
    assert_eq!(
        series[0].response,
        Response::Series(SeriesResponse {
            start: SignedDuration::from_hours(-24),
            every: SignedDuration::from_mins(5),
            from: 40.0,
            to: 93.0,
        })
    );
    let update = &scenario.actions["ecs:UpdateService"][0];
    let after = |flag: &str, minutes| (flag.to_owned(), SignedDuration::from_mins(minutes));
    assert_eq!(
        (&update.set, update.times),
        (&vec![after("restarted", 2)], Some(1))
    );
    let each = &scenario.actions["ecs:StopTask"][0].set;
    assert_eq!(each, &[after("draining", 1), after("stopped", 3)]);
    let Response::Error(error) = &scenario.actions["ecs:ListTasks"][0].response else {
        panic!("an error");
    };
    assert_eq!(error.kind, FailureKind::Unanswered);
    assert_eq!(
        scenario.answers.approval("resolve.restart.redeploy"),
        Some(true)
    );
    assert_eq!(scenario.answers.approval("redeploy_all"), Some(false));
    assert_eq!(scenario.answers.person("diagnose.size"), Some(&json!(4)));
    let writes = scenario.expect.writes.expect("writes");
    assert_eq!(
        writes[0].to_string(),
        r#"ecs:UpdateService {"forceNewDeployment":true}"#
    );
}

#[test]
fn unsaid_approvals_are_nobodys() {
    let scenario = Scenario::from_json("a", &json!({})).expect("reads");
    assert_eq!(scenario.answers.approval("redeploy"), None);
    assert_eq!(scenario.clock.to_string(), "2026-01-01T12:00:00Z");
}

#[test]
fn all_problems_are_found_and_placed() {
    let found = problems(&json!({
        "clok": "2026-01-15T12:00:00Z",
        "actions": {
            "ecs:ListTasks": [
                {"return": {}, "error": {"code": "X"}},
                {"with": [1], "return": {}},
                {"return": {}},
                {"return": {}},
                {"after": "2m", "times": 0},
            ],
            "logs:FilterLogEvents": [{"series": {}}, {"error": {"code": "X", "kind": "odd"}}],
            "ecs:StopTask": {"return": {}},
        },
        "answers": {"approve": "some"},
        "expect": {"writes": [{"a": 1}]},
    }));
    let expected = [
        "clok: unknown key; did you mean `clock`?",
        "actions.ecs:ListTasks[0]: has return and error; one is enough",
        "actions.ecs:ListTasks[1].with: must be a mapping",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    for part in [
        "ListTasks[3]: no call gets here",
        "ListTasks[4]: `after` says when",
        "ListTasks[4].times: must be a whole number from 1 on",
        "ListTasks[4]: answers nothing",
        "FilterLogEvents[0]: `series` answers cloudwatch:Series",
        "FilterLogEvents[1].error.kind: must be one of answered",
        "ecs:StopTask: must be a list of entries",
        "answers.approve: must be `all`, `none` or a list of steps",
        "expect.writes[0]: must be an action",
    ] {
        assert!(
            found.iter().any(|line| line.contains(part)),
            "{part} in {found:#?}"
        );
    }
}

#[test]
fn a_file_names_its_scenarios() {
    let file = ScenarioFile::from_json(&json!({"playbook": "a.yaml", "scenarios": {"b": {}}}))
        .expect("reads");
    assert_eq!(file.playbook.as_deref(), Some("a.yaml"));
    assert_eq!(file.scenarios["b"].name, "b");
    let error =
        ScenarioFile::from_json(&json!({"scenarios": {"b": {"clock": 5}}})).expect_err("no time");
    assert_eq!(
        error[0].to_string(),
        "scenarios.b.clock: must be a timestamp such as `2026-01-15T12:00:00Z`"
    );
    assert!(ScenarioFile::from_json(&json!({})).is_err());
}

#[test]
fn text_is_text_where_it_is_due_however_it_is_written() {
    use runbook_playbook::source::Source;
    use runbook_playbook::yaml;
    let text = "scenarios:
  denied:
    description: 0123
    target: {account: 012345678901}
    actions:
      ecs:ListTasks:
        - {if: on, set: [off, 1.10], error: {code: 404, message: no}}
        - {return: {taskArns: [no]}}
    expect: {steps: {look: no}}
";
    let source = Source::new("test.scenarios.yaml", text);
    let node = yaml::read(&source, &mut Vec::new()).expect("a document");
    let mut problems = Vec::new();
    let json = node.to_json_where(&source, &mut problems, &text_is_due);
    assert_eq!(
        json.pointer("/scenarios/denied"),
        Some(&serde_json::json!({
            "description": "0123",
            "target": {"account": "012345678901"},
            "actions": {"ecs:ListTasks": [
                {"if": "on", "set": ["off", "1.10"], "error": {"code": "404", "message": "no"}},
                {"return": {"taskArns": ["no"]}},
            ]},
            "expect": {"steps": {"look": "no"}},
        }))
    );
    let lines: Vec<usize> = problems
        .iter()
        .map(|problem| source.position(problem.primary.span.start).line)
        .collect();
    assert_eq!(lines, [8], "what an action returns is data");
}
