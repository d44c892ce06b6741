//! `--role ARN --scoped`: the session's policy is the playbook's own.

use crate::aws::Aws;
use crate::desk::{Desk, both};
use serde_json::Value as Json;
use std::fmt::Write as _;

const ROLE: &str = "arn:aws:iam::123456789012:role/ops";

/// A parameter of a form, decoded.
fn parameter(body: &str, name: &str) -> String {
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs
        .find(|(known, _)| *known == name)
        .map_or("", |(_, value)| value);
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let pair = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let hex = std::str::from_utf8(&pair).expect("text");
                bytes.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_scoped_session_may_do_what_the_playbook_does_and_nothing_else() {
    let aws = Aws::start();
    let playbook = "playbook: v1
title: One write
guards: {freeze: 'arn:aws:ssm:us-east-1:123456789012:document/Freeze'}
resolve:
  first:
    action: ecs:UpdateService
    with: {cluster: blue, service: web, desiredCount: 2}
";
    let desk = Desk::with(&[("one.yaml", playbook)]).at(&aws.url);
    let words = [
        "run",
        "one",
        "--yes",
        "--role",
        ROLE,
        "--region",
        "us-east-1",
        "--scoped",
    ];
    let run = desk.runbook(&words);
    assert_eq!(run.status.code(), Some(0), "{}", both(&run));
    let assumed = aws.asked("AssumeRole");
    let policy: Json = serde_json::from_str(&parameter(&assumed[0], "Policy")).expect("a policy");
    let statements = policy["Statement"].as_array().expect("statements");
    let text = policy.to_string();
    assert!(
        text.contains("ecs:UpdateService") && text.contains("service/blue/web"),
        "{text}"
    );
    assert!(text.contains("ssm:GetCalendarState"), "{text}");
    // What is needed only where a call asks for it: the roles of a task definition.
    assert_eq!(statements.len(), 3, "{text}");
    assert!(text.contains("iam:PassedToService"), "{text}");
    assert!(!text.contains("Sid"), "{text}");
    let plain = desk.runbook(&words[..7]);
    assert_eq!(plain.status.code(), Some(0), "{}", both(&plain));
    assert_eq!(parameter(&aws.asked("AssumeRole")[1], "Policy"), "");
}

/// The policies of all sessions of a role.
fn policies_of(aws: &Aws, role: &str) -> Vec<String> {
    let assumed = aws.asked("AssumeRole");
    let of = assumed
        .iter()
        .filter(|body| parameter(body, "RoleArn") == role);
    of.map(|body| parameter(body, "Policy")).collect()
}

#[test]
fn a_role_of_a_step_may_do_what_is_done_as_it_and_nothing_else() {
    let aws = Aws::start();
    let playbook = "playbook: v1
title: Two roles
inputs:
  reader: {type: string, pattern: 'arn:aws:iam::[0-9]{12}:role/[a-z]+'}
target: {roles: ['${{ inputs.reader }}', 'arn:aws:iam::123456789012:role/ops']}
resolve:
  write:
    action: ecs:UpdateService
    with: {cluster: blue, service: web, desiredCount: 2}
  look:
    action: sqs:ListQueues
    target: {role: '${{ inputs.reader }}'}
  look_here:
    action: ssm:DescribeParameters
    target: {role: 'arn:aws:iam::123456789012:role/ops'}
";
    let desk = Desk::with(&[("two.yaml", playbook)]).at(&aws.url);
    let reader = "arn:aws:iam::210987654321:role/reader";
    let given = format!("reader={reader}");
    let words = [
        "run", "two", "-i", &given, "--yes", "--role", ROLE, "--scoped",
    ];
    let run = desk.runbook(&words);
    assert_eq!(run.status.code(), Some(0), "{}", both(&run));
    let own = policies_of(&aws, ROLE);
    let other = policies_of(&aws, reader);
    assert!(!own.is_empty() && !other.is_empty(), "{own:?} {other:?}");
    for policy in own {
        // What a step does as the run's own role is done in the same session.
        for due in [
            "ecs:UpdateService",
            "ssm:DescribeParameters",
            "sts:AssumeRole",
        ] {
            assert!(policy.contains(due), "{policy}");
        }
        assert!(!policy.contains("sqs:ListQueues"), "{policy}");
    }
    for policy in other {
        assert!(policy.contains("sqs:ListQueues"), "{policy}");
        for other in ["ecs:", "ssm:", "sts:"] {
            assert!(!policy.contains(other), "{policy}");
        }
    }
}

#[test]
fn a_policy_that_sts_does_not_take_is_refused_before_anything_is_done() {
    let aws = Aws::start();
    let mut playbook = "playbook: v1\ntitle: Many writes\nresolve:\n".to_owned();
    for at in 0..40 {
        let _ = writeln!(
            playbook,
            "  s{at}: {{action: ecs:UpdateService, with: {{cluster: a-cluster-with-a-name, service: service-number-{at}, desiredCount: 2}}}}"
        );
    }
    let desk = Desk::with(&[("many.yaml", &playbook)]).at(&aws.url);
    let run = desk.runbook(&["run", "many", "--yes", "--role", ROLE, "--scoped"]);
    assert_eq!(run.status.code(), Some(2), "{}", both(&run));
    assert!(
        both(&run).contains("characters, and STS takes 2048"),
        "{}",
        both(&run)
    );
    assert!(aws.asked("AssumeRole").is_empty());
}

#[test]
fn scoped_needs_a_role() {
    let desk = Desk::with(&[]);
    assert_eq!(
        desk.runbook(&["run", "x", "--scoped"]).status.code(),
        Some(2)
    );
}
