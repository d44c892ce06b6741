use super::*;
use crate::Registry;
use runbook_playbook::check::Empty;
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use serde_json::json;

const PLAYBOOK: &str = "
playbook: v1
title: Too few tasks
inputs:
  service: {type: string, default: api}
  count: {type: integer, default: 2, min: 1}
symptom:
  short:
    action: ecs:DescribeServices
    with: {services: [\"${{ inputs.service }}\"]}
    capture: {running: \"$.services[0].runningCount\"}
    assert: [{that: running < inputs.count}]
diagnose:
  listed:
    action: ecs:ListTasks
    capture: {arns: \"$.taskArns[*]\"}
  reasons:
    causes:
      too_few: {that: listed.arns | length > 0}
resolve:
  ask:
    action: human:Ask
    with: {question: Shall it be scaled?}
  scale:
    for: too_few
    steps:
      up:
        action: ecs:UpdateService
        with: {service: \"${{ inputs.service }}\", desiredCount: \"${{ inputs.count }}\"}
      settled:
        action: ecs:WaitUntilServicesStable
        with: {services: [\"${{ inputs.service }}\"]}
outputs:
  running: symptom.short.running
";

fn problems(scenario: &Json) -> Vec<String> {
    let registry = Registry::new();
    let source = Source::new("short.yaml", PLAYBOOK);
    let (checked, found) = review(&source, "short", &registry, &Empty);
    let checked = checked.unwrap_or_else(|| panic!("{found:?}"));
    let scenario = Scenario::from_json("one", scenario).expect("a scenario");
    let problems = scenario.check_against(&checked, &registry);
    problems
        .iter()
        .map(|problem| format!("{} {problem}", problem.code.slug()))
        .collect()
}

#[test]
fn a_scenario_that_fits_has_no_problems() {
    let scenario = json!({
        "inputs": {"count": 3},
        "actions": {
            "ecs:DescribeServices": [
                {"unless": ["scaled"], "times": 2, "error": {"code": "ThrottlingException"}},
                {"unless": ["scaled"], "return": {"services": [{"runningCount": 1}]}},
                {"return": {"services": [{"runningCount": 3}]}},
            ],
            "ecs:ListTasks": [{"with": {"cluster": "main"}, "return": {}}, {"return": {"taskArns": ["a"]}}],
            "ecs:UpdateService": [{"set": "scaled", "return": {}}],
        },
        "answers": {"approve": ["up"], "ask": true},
        "expect": {
            "verdict": "resolved",
            "causes": ["too_few"],
            "writes": [{"ecs:UpdateService": {"desiredCount": 3}}],
            "steps": {"settled": "done", "resolve.scale.up": "done"},
            "holds": {"short": true},
            "outputs": {"running": 3},
        },
    });
    assert_eq!(problems(&scenario), Vec::<String>::new());
}

#[test]
fn entries_that_no_call_reaches_are_named() {
    let scenario = json!({
        "actions": {
            "ecs:DescribeServices": [
                {"unless": "scaledd", "return": {}},
                {"with": {"cluster": "a"}, "return": {}},
                {"with": {"cluster": "a", "services": ["x"]}, "return": {}},
                {"with": {"clutser": "a"}, "error": {"code": "ClusterNotFound"}},
            ],
            "ecs:DescribeTasks": [{"return": {}}],
            "ecs:UpdateService": [{"set": "scaled", "return": {}}],
        },
    });
    assert_eq!(
        problems(&scenario),
        [
            "unreached-entry actions.ecs:DescribeServices[0].unless: no entry sets the flag `scaledd`; did you mean `scaled`?",
            "unreached-entry actions.ecs:DescribeServices[2]: no call gets here: entry 2 answers the same calls, without a bound",
            "unknown-error-code actions.ecs:DescribeServices[3].error.code: `ecs:DescribeServices` does not answer with the error `ClusterNotFound`; did you mean `ClusterNotFoundException`?",
            "unknown-argument actions.ecs:DescribeServices[3].with.clutser: DescribeServicesRequest has no member `clutser`; did you mean `cluster`?",
            "unreached-entry actions.ecs:DescribeTasks: the playbook never calls `ecs:DescribeTasks`; there is ecs:DescribeServices, ecs:ListTasks, ecs:UpdateService, ecs:WaitUntilServicesStable, human:Ask",
        ]
    );
}

#[test]
fn arguments_that_no_call_can_have_are_named() {
    let scenario = json!({
        "actions": {
            "ecs:DescribeServices": [
                {"with": {"services": "api"}, "return": {}},
                {"with": {"include": ["TAG"]}, "return": {}},
                {"with": {"cluster": null, "services": ["api"]}, "return": {}},
            ],
            "ecs:UpdateService": [
                {"with": {"desiredCount": "two"}, "return": {}},
                {"with": {"deploymentConfiguration": {"maximumPercent": true}}, "return": {}},
                {"error": {"code": "ServiceNotFound"}},
            ],
            "human:Ask": [{"error": {"code": "decline"}}],
        },
        "expect": {"writes": [{"ecs:UpdateService": {"desiredCount": [2]}}]},
    });
    assert_eq!(
        problems(&scenario),
        [
            "argument-type actions.ecs:DescribeServices[0].with.services: expected a list, found text; put it into a list: `[…]`",
            "argument-type actions.ecs:DescribeServices[1].with.include: `[0]`: `TAG` is not one of its values; did you mean `TAGS`?",
            "argument-type actions.ecs:UpdateService[0].with.desiredCount: expected a whole number, found text",
            "argument-type actions.ecs:UpdateService[1].with.deploymentConfiguration.maximumPercent: expected a whole number, found `true`",
            "unknown-error-code actions.ecs:UpdateService[2].error.code: `ecs:UpdateService` does not answer with the error `ServiceNotFound`; did you mean `ServiceNotFoundException`?",
            "unknown-error-code actions.human:Ask[0].error.code: `human:Ask` does not answer with the error `decline`; did you mean `declined`?",
            "argument-type expect.writes[0].ecs:UpdateService.desiredCount: expected a whole number, found a list",
        ]
    );
}

#[test]
fn expectations_that_no_run_can_meet_are_named() {
    let scenario = json!({
        "inputs": {"count": 0, "servce": "api"},
        "answers": {"approve": ["upp"], "short": true, "nobody": 1},
        "expect": {
            "verdict": "healthy",
            "reason": "bored",
            "causes": ["too_fwe"],
            "writes": ["ecs:ListTasks", {"ecs:UpdateService": {"desired": 3}}, "ecs:DeleteService"],
            "steps": {"setled": "done", "up": "finished"},
            "holds": {"listed": true},
            "outputs": {"runing": 3},
        },
    });
    assert_eq!(
        problems(&scenario),
        [
            "unknown-input inputs.servce: input `servce`: the playbook does not have it; did you mean `service`?",
            "input-type inputs.count: input `count`: 0 is less than 1",
            "scenario-expectation answers.short: `short` asks nobody, so nothing is to be answered",
            "scenario-expectation answers.nobody: the playbook has no step `nobody`; there is ask, listed, reasons, scale, settled, short, up",
            "scenario-expectation answers.approve[0]: the playbook has no step `upp`; did you mean `up`?",
            "scenario-expectation expect.verdict: only a playbook with `check` ends `healthy`",
            "scenario-expectation expect.reason: there is no reason `bored`; there is unexplained, no_remedy, declined, read_only, timeout",
            "scenario-expectation expect.causes: no step finds the cause `too_fwe`; did you mean `too_few`?",
            "scenario-expectation expect.steps.setled: the playbook has no step `setled`; did you mean `settled`?",
            "scenario-expectation expect.steps.up: no step ends `finished`; there is done, skipped, blocked, failed, undone",
            "scenario-expectation expect.holds.listed: `listed` claims nothing: it has no `assert` and no `causes`",
            "scenario-expectation expect.outputs.runing: the playbook has no output `runing`; did you mean `running`?",
            "scenario-expectation expect.writes[0]: `ecs:ListTasks` only reads, so it is never among the writes; `calls` has all calls",
            "unknown-argument expect.writes[1].ecs:UpdateService.desired: UpdateServiceRequest has no member `desired`; did you mean `desiredCount`?",
            "scenario-expectation expect.writes[2]: the playbook never calls `ecs:DeleteService`; did you mean `ecs:UpdateService`?",
        ]
    );
}
