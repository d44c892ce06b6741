use super::{Condition, Grants, Policy};
use crate::policy::{Pattern, Requirement};
use serde_json::json;
use std::collections::BTreeSet;

fn policy(statements: &serde_json::Value) -> Policy {
    Policy::from_json(&json!({"Version": "2012-10-17", "Statement": statements})).expect("a policy")
}

fn allows(policy: &Policy, action: &str, resource: &str) -> bool {
    policy.allows(action, &Pattern::parse(resource), &[])
}

#[test]
fn actions_are_compared_without_case_and_with_wildcards() {
    let policy = policy(&json!([{"Effect": "Allow", "Action": "ECS:Describe*", "Resource": "*"}]));
    assert!(allows(&policy, "ecs:DescribeTasks", "*"));
    assert!(!allows(&policy, "ecs:UpdateService", "*"));
}

#[test]
fn a_resource_must_be_covered_whole() {
    let policy = policy(&json!({
        "Effect": "Allow", "Action": ["ecs:UpdateService"],
        "Resource": ["arn:aws:ecs:*:*:service/prod/web", "arn:aws:ecs:*:*:service/test-?/*"],
    }));
    let service = |name: &str| format!("arn:aws:ecs:us-east-1:123456789012:service/{name}");
    assert!(allows(&policy, "ecs:UpdateService", &service("prod/web")));
    assert!(!allows(&policy, "ecs:UpdateService", &service("prod/api")));
    assert!(allows(&policy, "ecs:UpdateService", &service("test-1/api")));
    assert!(!allows(
        &policy,
        "ecs:UpdateService",
        &service("test-12/api")
    ));
    assert!(!allows(&policy, "ecs:UpdateService", &service("prod/*")));
    assert!(!allows(&policy, "ecs:UpdateService", "*"));
}

#[test]
fn what_denies_wins() {
    let policy = policy(&json!([
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::kept/*"},
    ]));
    assert!(allows(&policy, "s3:DeleteObject", "arn:aws:s3:::other/a"));
    assert!(!allows(&policy, "s3:DeleteObject", "arn:aws:s3:::kept/a"));
}

#[test]
fn a_condition_must_be_known_to_be_met() {
    let policy = policy(&json!({
        "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }));
    let passed = |service: &str| Condition {
        operator: "StringEquals".to_owned(),
        key: "iam:PassedToService".to_owned(),
        values: BTreeSet::from([Pattern::literal(service)]),
    };
    let role = Pattern::literal("arn:aws:iam::123456789012:role/a");
    assert!(policy.allows("iam:PassRole", &role, &[passed("ecs-tasks.amazonaws.com")]));
    assert!(!policy.allows("iam:PassRole", &role, &[passed("lambda.amazonaws.com")]));
    assert!(!policy.allows("iam:PassRole", &role, &[]));
}

#[test]
fn a_call_as_a_role_needs_the_role_and_what_the_role_may_do() {
    let read = Requirement {
        action: "ecs:ListTasks".to_owned(),
        resources: BTreeSet::from([Pattern::any()]),
        conditions: Vec::new(),
        dependent: false,
    };
    let role = "arn:aws:iam::123456789012:role/reader";
    let assume = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role});
    let list = json!({"Effect": "Allow", "Action": "ecs:ListTasks", "Resource": "*"});
    let mut grants = Grants {
        own: policy(&assume),
        roles: vec![(Pattern::literal(role), policy(&list))],
    };
    let needs = std::slice::from_ref(&read);
    assert_eq!(grants.judge(Some(role), needs), Ok(()));
    assert!(grants.judge(None, needs).is_err());
    grants.own = policy(&list);
    assert!(grants.judge(Some(role), needs).is_err());
}

#[test]
fn what_is_not_understood_is_refused() {
    for statement in [
        json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "s3:*"}),
        json!({"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}),
        json!({"Effect": "Allow", "Action": 1, "Resource": "*"}),
        json!({"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"Bool": {"a": "true"}}}),
    ] {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        assert!(Policy::from_json(&document).is_err(), "{document}");
    }
    assert!(Policy::from_json(&json!([])).is_err());
}

#[test]
fn a_document_reads_back_as_it_was_written() {
    let policy = policy(&json!([{
        "Sid": "One", "Effect": "Allow", "Action": ["a:b", "a:c"], "Resource": "arn:aws:a:::x${*}y*",
        "Condition": {"ArnLike": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/prod"}},
    }]));
    assert_eq!(Policy::from_json(&policy.to_json()), Ok(policy));
}
