//! `runbook preflight`: who one is, where, and what IAM says of what a playbook does.

use serde_json::Value as Json;
use std::process::Command;

const PLAYBOOK: &str = r#"playbook: v1
title: Scale a service
inputs:
  service: {type: string}
target:
  accounts: ["123456789012"]
  regions: [us-east-1, eu-west-1]
  roles: [ops]
diagnose:
  size:
    action: ecs:DescribeServices
    with: {cluster: prod, services: ["${{ inputs.service }}"]}
    capture:
      wanted: $.services[0].desiredCount
    causes:
      small: {title: Too small, that: wanted < 4}
resolve:
  grow:
    for: small
    action: ecs:UpdateService
    with: {cluster: prod, service: "${{ inputs.service }}", desiredCount: 4}
  tell:
    for: small
    action: sns:Publish
    with: {TopicArn: "arn:${{ target.partition }}:sns:${{ target.region }}:${{ target.account }}:ops", Message: grown}
"#;

const OPS: &str = "arn:aws:sts::123456789012:assumed-role/ops/me";

/// The exit code and what was said by preflight as a principal, where IAM answers with an entry of a scenario.
fn preflight(arn: &str, place: &str, simulation: &str, more: &[&str]) -> (i32, String) {
    let account = arn.split(':').nth(4).unwrap_or_default();
    let scenarios = format!(
        "playbook: scale.yaml
scenarios:
  one:
    {place}
    inputs: {{service: web}}
    actions:
      sts:GetCallerIdentity: [{{return: {{Account: \"{account}\", Arn: \"{arn}\", UserId: a}}}}]
      iam:SimulatePrincipalPolicy: [{simulation}]
"
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("scale.yaml"), PLAYBOOK).expect("is written");
    std::fs::write(folder.path().join("scale.scenarios.yaml"), scenarios).expect("is written");
    let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
        .current_dir(folder.path())
        .args(["preflight", "scale.yaml", "--scenario", "one"])
        .args(more)
        .output()
        .expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// What IAM says of every action.
fn says(decisions: &[(&str, &str)]) -> String {
    let results: Vec<String> = decisions
        .iter()
        .map(|(action, decision)| format!("{{EvalActionName: {action}, {decision}}}"))
        .collect();
    format!(
        "{{return: {{EvaluationResults: [{}]}}}}",
        results.join(", ")
    )
}

const ALLOWED: &str = "EvalDecision: allowed";

#[test]
fn each_permission_has_its_answer_and_the_steps_that_need_it() {
    let simulation = says(&[
        ("ecs:DescribeServices", ALLOWED),
        ("ecs:UpdateService", "EvalDecision: implicitDeny"),
        ("sns:Publish", "EvalDecision: explicitDeny"),
    ]);
    let (code, said) = preflight(OPS, "", &simulation, &[]);
    assert_eq!(code, 1, "{said}");
    for due in [
        "principal  arn:aws:sts::123456789012:assumed-role/ops/me",
        "account    123456789012",
        "region     us-east-1",
        "target     allowed by the playbook",
        "allowed        ecs:DescribeServices  arn:aws:ecs:us-east-1:123456789012:service/prod/web  (diagnose.size)",
        "denied         ecs:UpdateService     arn:aws:ecs:us-east-1:123456789012:service/prod/web: no statement allows it  (resolve.grow)",
        "denied         sns:Publish           arn:aws:sns:us-east-1:123456789012:ops: a statement denies it  (resolve.tell)",
        "3 permissions, 2 denied",
    ] {
        assert!(said.contains(due), "{due} is not in\n{said}");
    }
}

#[test]
fn what_is_allowed_or_only_needs_context_is_well() {
    let context = "EvalDecision: implicitDeny, MissingContextValues: [\"aws:SourceVpc\"]";
    let simulation = says(&[
        ("ecs:DescribeServices", ALLOWED),
        ("ecs:UpdateService", context),
        ("sns:Publish", ALLOWED),
    ]);
    let (code, said) = preflight(OPS, "", &simulation, &["--format", "json"]);
    assert_eq!(code, 0, "{said}");
    let document: Json = serde_json::from_str(&said).expect("JSON");
    assert_eq!(document["permissions"][1]["answer"], "needs_context");
    assert_eq!(
        document["permissions"][1]["missing_context"][0],
        "aws:SourceVpc"
    );
    assert_eq!(document["problem"], Json::Null);
}

#[test]
fn it_is_clear_when_iam_does_not_say_and_what_to_do() {
    let denied = "{error: {code: AccessDenied, message: not you}}";
    for (arn, simulation, due) in [
        (
            OPS,
            denied,
            "allow iam:SimulatePrincipalPolicy (AccessDenied: not you)",
        ),
        (
            OPS,
            "{error: {code: NoSuchEntity, message: no such role}}",
            "or the role has a path",
        ),
        (
            "arn:aws:iam::123456789012:root",
            denied,
            "is the root user, who may do everything that the organization does not deny",
        ),
        (
            "arn:aws:sts::123456789012:federated-user/me",
            denied,
            "is a federated user, which IAM does not simulate",
        ),
    ] {
        let (_, said) = preflight(arn, "", simulation, &[]);
        assert!(said.contains(due), "{arn}: {said}");
        assert!(said.contains("not known      ecs:UpdateService"), "{said}");
        assert!(
            said.contains("; compare what one is granted with `runbook policy scale`"),
            "{said}"
        );
    }
    let (code, said) = preflight(OPS, "", denied, &[]);
    assert_eq!(code, 4, "nothing is wrong, and nothing is known: {said}");
}

#[test]
fn a_place_and_a_principal_that_the_playbook_does_not_allow_are_named() {
    let all = says(&[
        ("ecs:DescribeServices", ALLOWED),
        ("ecs:UpdateService", ALLOWED),
        ("sns:Publish", ALLOWED),
    ]);
    for (arn, place, due) in [
        (
            "arn:aws:sts::999999999999:assumed-role/ops/me",
            "",
            "target     NOT allowed: the playbook allows the account 123456789012, and this is 999999999999",
        ),
        (
            OPS,
            "target: {region: ap-south-1}",
            "target     NOT allowed: the playbook allows the region us-east-1 or eu-west-1, and this is ap-south-1",
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/guest/me",
            "",
            "target     NOT allowed: the playbook allows the role ops, and this is arn:aws:iam::123456789012:role/guest",
        ),
        (
            "arn:aws:iam::123456789012:root",
            "",
            "target     NOT allowed: the playbook allows the role ops, and this is none",
        ),
    ] {
        let (code, said) = preflight(arn, place, &all, &[]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(due), "{due} is not in\n{said}");
    }
}
