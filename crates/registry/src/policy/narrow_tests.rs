use super::requirements;
use crate::Registry;
use crate::policy::Given;
use crate::world::Place;
use runbook_playbook::catalog::Catalog;
use serde_json::{Value as Json, json};

/// `action on resource, resource` for everything that a call needs; `?` before what depends.
fn needs(action: &str, arguments: &Json) -> Vec<String> {
    let registry = Registry::new();
    let signature = registry.action(action).expect("an action");
    let place = Place {
        account: Some("123456789012".to_owned()),
        region: Some("eu-west-1".to_owned()),
        partition: Some("aws".to_owned()),
        principal: None,
    };
    let permissions = registry.permissions(&signature);
    requirements(&signature, &permissions, &Given::known(arguments), &place)
        .iter()
        .map(|one| {
            let resources: Vec<String> = one
                .resources
                .iter()
                .map(|arn| arn.to_string().replace(":eu-west-1:123456789012:", ":R:A:"))
                .collect();
            let conditions: Vec<String> = one
                .conditions
                .iter()
                .flat_map(|condition| &condition.values)
                .map(|value| {
                    let value = value.to_string();
                    format!(" if {}", value.replace(":eu-west-1:123456789012:", ":R:A:"))
                })
                .collect();
            let mark = if one.dependent { "?" } else { "" };
            format!(
                "{mark}{} on {}{}",
                one.action,
                resources.join(", "),
                conditions.concat()
            )
        })
        .collect()
}

fn main_need(action: &str, arguments: &Json) -> String {
    needs(action, arguments)
        .first()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn names_fill_the_variables_of_arns() {
    for (action, arguments, due) in [
        (
            "ecs:UpdateService",
            json!({"cluster": "prod", "service": "web"}),
            "ecs:UpdateService on arn:aws:ecs:R:A:service/prod/web",
        ),
        (
            "ecs:UpdateService",
            json!({"service": "web"}),
            "ecs:UpdateService on arn:aws:ecs:R:A:service/default/web",
        ),
        (
            "ecs:DescribeServices",
            json!({"cluster": "arn:aws:ecs:R:A:cluster/prod", "services": ["a", "b"]}),
            "ecs:DescribeServices on arn:aws:ecs:R:A:service/prod/a, arn:aws:ecs:R:A:service/prod/b",
        ),
        (
            "ecs:RunTask",
            json!({"taskDefinition": "web:12"}),
            "ecs:RunTask on arn:aws:ecs:R:A:task-definition/web:12",
        ),
        (
            "ecs:RunTask",
            json!({"taskDefinition": "web"}),
            "ecs:RunTask on arn:aws:ecs:R:A:task-definition/web:*",
        ),
        (
            "sqs:GetQueueAttributes",
            json!({"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"}),
            "sqs:GetQueueAttributes on arn:aws:sqs:R:A:jobs",
        ),
        (
            "logs:FilterLogEvents",
            json!({"logGroupName": "/aws/a"}),
            "logs:FilterLogEvents on arn:aws:logs:R:A:log-group:/aws/a, arn:aws:logs:R:A:log-group:/aws/a:*",
        ),
        (
            "s3:GetObject",
            json!({"Bucket": "b", "Key": "a*c"}),
            "s3:GetObject on arn:aws:s3:::b/a${*}c",
        ),
        (
            "rds:DescribeDBInstances",
            json!({"DBInstanceIdentifier": "main"}),
            "rds:DescribeDBInstances on arn:aws:rds:R:A:db:main",
        ),
        (
            "rds:DescribeDBInstances",
            json!({}),
            "rds:DescribeDBInstances on *",
        ),
        (
            "cloudwatch:DisableAlarmActions",
            json!({"AlarmNames": ["a", "b"]}),
            "cloudwatch:DisableAlarmActions on arn:aws:cloudwatch:R:A:alarm:a, arn:aws:cloudwatch:R:A:alarm:b",
        ),
        (
            "lambda:GetFunctionConfiguration",
            json!({"FunctionName": "f"}),
            "lambda:GetFunctionConfiguration on arn:aws:lambda:R:A:function:f",
        ),
        (
            "iam:AttachRolePolicy",
            json!({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
            "iam:AttachRolePolicy on arn:aws:iam::123456789012:role/r",
        ),
        (
            "dynamodb:DescribeTable",
            json!({"TableName": "t"}),
            "dynamodb:DescribeTable on arn:aws:dynamodb:R:A:table/t",
        ),
        (
            "ec2:AuthorizeSecurityGroupIngress",
            json!({"GroupId": "sg-1"}),
            "ec2:AuthorizeSecurityGroupIngress on arn:aws:ec2:R:A:security-group/sg-1",
        ),
        (
            "cloudformation:DescribeStacks",
            json!({"StackName": "s"}),
            "cloudformation:DescribeStacks on arn:aws:cloudformation:R:A:stack/s/*",
        ),
        (
            "application-autoscaling:RegisterScalableTarget",
            json!({"ResourceId": "service/a/b"}),
            "application-autoscaling:RegisterScalableTarget on arn:aws:application-autoscaling:R:A:scalable-target/*",
        ),
        (
            "ecr:ListImages",
            json!({"repositoryName": "app"}),
            "ecr:ListImages on arn:aws:ecr:R:A:repository/app",
        ),
    ] {
        assert_eq!(main_need(action, &arguments), due);
    }
}

#[test]
fn arns_are_used_as_they_are() {
    assert_eq!(
        main_need(
            "sns:Publish",
            &json!({"TopicArn": "arn:aws:sns:us-east-2:999999999999:t"})
        ),
        "sns:Publish on arn:aws:sns:us-east-2:999999999999:t"
    );
    assert_eq!(
        main_need(
            "ecs:DescribeServices",
            &json!({"cluster": "prod", "services": ["arn:aws:ecs:eu-west-1:1:service/prod/a", "b"]})
        ),
        "ecs:DescribeServices on arn:aws:ecs:R:A:service/prod/b, arn:aws:ecs:eu-west-1:1:service/prod/a"
    );
    assert_eq!(
        main_need(
            "elbv2:ModifyTargetGroup",
            &json!({"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a"})
        ),
        "elasticloadbalancing:ModifyTargetGroup on arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a"
    );
}

#[test]
fn a_role_is_passed_only_where_a_member_gives_one_and_only_to_its_service() {
    let arguments = json!({"family": "web", "taskRoleArn": "arn:aws:iam::1:role/task", "executionRoleArn": "pull"});
    assert_eq!(
        needs("ecs:RegisterTaskDefinition", &arguments),
        [
            "ecs:RegisterTaskDefinition on arn:aws:ecs:R:A:task-definition/web:*",
            "iam:PassRole on arn:aws:iam::123456789012:role/pull, arn:aws:iam::1:role/task if ecs-tasks.amazonaws.com",
        ]
    );
    assert_eq!(
        needs("ecs:RegisterTaskDefinition", &json!({"family": "web"})).len(),
        1
    );
}

#[test]
fn what_depends_on_what_is_named_is_marked() {
    let found = needs("ecs:UpdateService", &json!({"service": "web"}));
    assert!(
        found.iter().any(|one| one.starts_with("?iam:PassRole")),
        "{found:?}"
    );
}

#[test]
fn where_only_a_star_fits_a_condition_narrows() {
    assert_eq!(
        main_need("ecs:ListServices", &json!({"cluster": "prod"})),
        "ecs:ListServices on * if arn:aws:ecs:R:A:cluster/prod"
    );
}

#[test]
fn unknown_parts_are_stars() {
    let registry = Registry::new();
    let signature = registry.action("ecs:DescribeTasks").expect("an action");
    let arguments = Given::Map {
        members: [
            ("cluster".to_owned(), Given::known(&json!("prod"))),
            ("tasks".to_owned(), Given::Unknown),
        ]
        .into(),
        open: false,
    };
    let permissions = registry.permissions(&signature);
    let found = requirements(&signature, &permissions, &arguments, &Place::default());
    let resources: Vec<String> = found
        .iter()
        .flat_map(|one| &one.resources)
        .map(ToString::to_string)
        .collect();
    assert_eq!(resources, ["arn:*:ecs:*:*:task/prod/*"]);
}
