#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::call::FailureKind;
use crate::world::Place;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{ActionKind, Effect, Need};
use runbook_playbook::types::Type;
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

fn action(name: &str) -> Arc<Action> {
    Registry::new().action(name).unwrap()
}

fn effects(name: &str) -> Vec<Effect> {
    action(name).effects.iter().copied().collect()
}

#[test]
fn every_service_loads_and_every_operation_is_an_action() {
    let registry = Registry::new();
    let mut operations = 0;
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).unwrap();
        for operation in service.operations.iter() {
            let action = operation_action(service, operation);
            assert!(!action.effects.is_empty(), "{}", action.name);
            operations += 1;
        }
        for waiter in &service.waiters {
            assert!(waiter_action(service, waiter).is_some(), "{}", waiter.name);
        }
        assert!(!registry.operations(entry.name).is_empty());
    }
    assert_eq!((catalogue().entries().len(), operations), (439, 19_796));
}

#[test]
fn what_an_operation_does_comes_from_the_reviewed_tables() {
    use Effect::{Destroy, Execute, Permission, Read, Write};
    for (name, expected) in [
        ("ecs:DescribeServices", vec![Read]),
        ("ecs:UpdateService", vec![Write]),
        ("ecs:RegisterTaskDefinition", vec![Write]),
        ("ecs:DeregisterTaskDefinition", vec![Destroy]),
        ("ecs:DeleteService", vec![Destroy]),
        ("ecs:ExecuteCommand", vec![Execute]),
        ("lambda:Invoke", vec![Execute]),
        ("ssm:SendCommand", vec![Execute]),
        ("ssm:GetParameter", vec![Read]),
        ("logs:FilterLogEvents", vec![Read]),
        ("logs:StartQuery", vec![Read]),
        ("s3:ListObjectsV2", vec![Read]),
        ("s3:GetBucketAcl", vec![Read]),
        ("s3:PutBucketPolicy", vec![Permission]),
        ("cloudwatch:GetMetricData", vec![Read]),
        ("secretsmanager:GetSecretValue", vec![Permission]),
        ("ecr:GetAuthorizationToken", vec![Permission]),
        ("sts:AssumeRole", vec![Permission]),
        ("elbv2:DeregisterTargets", vec![Write]),
        ("iam:CreateAccessKey", vec![Permission]),
        ("iam:DeleteRole", vec![Permission, Destroy]),
        ("kms:ScheduleKeyDeletion", vec![Destroy]),
        ("cloudformation:ExecuteChangeSet", vec![Permission, Destroy]),
        ("apigateway:GetRestApis", vec![Read]),
        ("ec2:GetPasswordData", vec![Permission]),
        ("ec2:DescribeInstanceAttribute", vec![Permission]),
        ("ec2:DescribeLaunchTemplateVersions", vec![Permission]),
        ("ec2:DescribeInstances", vec![Read]),
        ("ec2:TerminateInstances", vec![Destroy]),
        ("ec2:AuthorizeSecurityGroupIngress", vec![Permission]),
        ("ssm:StartSession", vec![Execute]),
        ("s3:DeleteObject", vec![Destroy]),
        ("s3:GetObject", vec![Read]),
        ("s3control:GetDataAccess", vec![Permission]),
        ("dynamodb:ExecuteStatement", vec![Execute]),
        ("dynamodb:Query", vec![Read]),
        ("rds:DeleteDBInstance", vec![Destroy]),
        ("rds:RebootDBInstance", vec![Write]),
        ("logs:DeleteLogGroup", vec![Destroy]),
        ("gamelift:GetComputeAccess", vec![Permission]),
        ("codepipeline:GetJobDetails", vec![Permission]),
        ("cognito-idp:DescribeUserPoolClient", vec![Permission]),
        ("cognito-idp:AdminGetUser", vec![Read]),
        ("kms:Decrypt", vec![Permission]),
        ("organizations:CloseAccount", vec![Destroy]),
        ("sqs:ReceiveMessage", vec![Write]),
        ("cloudtrail:StopLogging", vec![Destroy]),
        ("ec2:DescribeMetricCategories", vec![Read]),
        ("codecatalyst:ListProjects", vec![Read]),
        ("codecatalyst:CreateAccessToken", vec![Permission]),
    ] {
        assert_eq!(effects(name), expected, "{name}");
    }
    let by_member = |name: &str| action(name).effects_by_member.clone();
    // A rule for many operations holds for those that have the member.
    assert!(by_member("s3:HeadBucket").is_empty());
    assert_eq!(
        by_member("s3:CreateBucket"),
        [("ACL".to_owned(), Permission)]
    );
    assert_eq!(
        by_member("ecs:RegisterTaskDefinition"),
        [
            ("taskRoleArn".to_owned(), Permission),
            ("executionRoleArn".to_owned(), Permission)
        ]
    );
    assert_eq!(
        by_member("ecs:RunTask"),
        [
            ("overrides.containerOverrides.command".to_owned(), Execute),
            ("overrides.executionRoleArn".to_owned(), Permission),
            ("overrides.taskRoleArn".to_owned(), Permission),
            (
                "volumeConfigurations.managedEBSVolume.roleArn".to_owned(),
                Permission
            ),
        ]
    );
    assert_eq!(
        by_member("ssm:GetParameter"),
        [("WithDecryption".to_owned(), Permission)]
    );
}

#[test]
fn permissions_are_iams_own_names() {
    for (name, expected) in [
        ("ecs:UpdateService", "ecs:UpdateService"),
        ("s3:ListObjectsV2", "s3:ListBucket"),
        ("cloudwatch:GetMetricData", "cloudwatch:GetMetricData"),
        ("lambda:Invoke", "lambda:InvokeFunction"),
        (
            "elbv2:DescribeTargetHealth",
            "elasticloadbalancing:DescribeTargetHealth",
        ),
        ("apigateway:GetRestApis", "apigateway:GET"),
    ] {
        assert_eq!(action(name).permissions, [expected], "{name}");
    }
}

#[test]
fn members_that_report_failures_are_known() {
    assert_eq!(action("ecs:DescribeServices").failure_members, ["failures"]);
    assert_eq!(action("lambda:Invoke").failure_members, ["FunctionError"]);
    assert_eq!(
        action("dynamodb:BatchGetItem").failure_members,
        ["UnprocessedKeys"]
    );
    assert_eq!(action("s3:DeleteObjects").failure_members, ["Errors"]);
    for (name, member) in [
        ("logs:PutLogEvents", "rejectedLogEventsInfo"),
        ("codebuild:BatchGetBuilds", "buildsNotFound"),
        ("sqs:SendMessageBatch", "Failed"),
        ("kinesis:PutRecords", "FailedRecordCount"),
        ("events:PutTargets", "FailedEntryCount"),
        ("dynamodb:BatchWriteItem", "UnprocessedItems"),
        ("ssm:GetParameters", "InvalidParameters"),
        ("stepfunctions:StartSyncExecution", "error"),
        ("ec2:CreateFleet", "Errors"),
        ("glue:BatchGetJobs", "JobsNotFound"),
        ("securityhub:BatchImportFindings", "FailedFindings"),
    ] {
        let found = &action(name).failure_members;
        assert!(found.iter().any(|one| one == member), "{name}: {found:?}");
    }
    assert!(
        action("cloudtrail:ListImportFailures")
            .failure_members
            .is_empty()
    );
}

#[test]
fn an_unknown_name_is_answered_with_what_may_have_been_meant() {
    for (name, suggestion) in [
        ("ecs:DescribeService", "ecs:DescribeServices"),
        (
            "elasticloadbalancing:DescribeTargetHealth",
            "elbv2:DescribeTargetHealth",
        ),
        ("cloudwatch-logs:FilterLogEvents", "logs:FilterLogEvents"),
        ("ecs:describeServices", "ecs:DescribeServices"),
        ("ecs:WaitUntilServiceStable", "ecs:WaitUntilServicesStable"),
        ("monitoring:GetMetricData", "cloudwatch:GetMetricData"),
        ("lambda:InvokeFunction", "lambda:Invoke"),
        ("s3:ListBucket", "s3:ListObjectsV2"),
        (
            "elasticloadbalancing:DescribeLoadBalancers",
            "elbv2:DescribeLoadBalancers",
        ),
        ("states:StartExecution", "stepfunctions:StartExecution"),
        ("eventbridge:PutEvents", "events:PutEvents"),
        ("email:SendEmail", "sesv2:SendEmail"),
        ("monitoring:PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
        ("elasticmapreduce:ListClusters", "emr:ListClusters"),
        ("tag:GetResources", "resourcegroupstaggingapi:GetResources"),
        (
            "execute-api:PostToConnection",
            "apigatewaymanagementapi:PostToConnection",
        ),
        (
            "elasticfilesystem:DescribeFileSystems",
            "efs:DescribeFileSystems",
        ),
    ] {
        let unknown = Registry::new().action(name).unwrap_err();
        assert!(
            unknown.suggestions.iter().any(|near| near == suggestion),
            "{name}: {unknown:?}"
        );
    }
    let unknown = Registry::new().action("transcribe-streaming:StartStreamTranscription");
    assert!(unknown.is_err());
}

#[test]
fn a_search_finds_the_nearest_first() {
    let hits = Registry::new().search("ecs update service", 3);
    assert_eq!(hits.first().unwrap().action, "ecs:UpdateService");
}

#[test]
fn a_search_understands_what_people_call_things() {
    for (words, expected) in [
        (
            "scale service",
            &[
                "ecs:UpdateService",
                "application-autoscaling:RegisterScalableTarget",
            ][..],
        ),
        ("scale group", &["autoscaling:SetDesiredCapacity"]),
        ("restart service", &["ecs:UpdateService"]),
        ("reboot database", &["rds:RebootDBInstance"]),
        ("restart database", &["rds:RebootDBInstance"]),
        ("purge queue", &["sqs:PurgeQueue"]),
        ("run function", &["lambda:Invoke"]),
        ("elb target health", &["elbv2:DescribeTargetHealth"]),
        ("show secret", &["secretsmanager:GetSecretValue"]),
    ] {
        let hits = Registry::new().search(words, 30);
        let found: Vec<&str> = hits.iter().map(|hit| hit.action.as_str()).collect();
        for action in expected {
            assert!(
                found.contains(action),
                "{words}: {action} is not in {found:?}"
            );
        }
    }
}

#[test]
fn permissions_name_their_resources_and_what_depends() {
    let registry = Registry::new();
    let of = |name: &str| registry.permissions(&action(name));
    let update = of("ecs:UpdateService");
    assert_eq!(update[0].action, "ecs:UpdateService");
    assert_eq!(update[0].need, Need::Always);
    assert_eq!(update[0].resources[0].name, "service");
    assert_eq!(
        update[0].resources[0].arn,
        "arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}"
    );
    assert!(update[0].resources[0].required);
    assert!(update[0].condition_keys.contains(&"ecs:cluster".to_owned()));
    // A task's roles are named by its definition, and may be overridden.
    let run = of("ecs:RunTask");
    let pass_role = run.iter().find(|one| one.action == "iam:PassRole").unwrap();
    assert_eq!(pass_role.resources[0].name, "role");
    let put = of("events:PutTargets");
    assert!(
        run.iter()
            .all(|one| one.need != Need::Always || one.action == "ecs:RunTask")
    );
    assert_eq!(pass_role.need, Need::Dependent);
    assert!(put.iter().any(|one| {
        one.action == "iam:PassRole"
            && matches!(&one.need, Need::WithMembers(members) if members.contains(&"Targets.RoleArn".to_owned()))
    }));
    // A waiter needs what it polls; a composite what it calls.
    assert_eq!(
        of("ecs:WaitUntilServicesStable"),
        of("ecs:DescribeServices")
    );
    assert_eq!(
        of("cloudwatch:Series")[0].action,
        "cloudwatch:GetMetricData"
    );
    assert!(of("time:Sleep").is_empty());
}

#[test]
fn nearly_every_operation_names_its_permissions() {
    let known = |entry: &crate::model::format::Entry| {
        let permissions = catalogue().permissions(entry.name).unwrap();
        permissions.operations.len()
    };
    let all: usize = catalogue().entries().iter().map(known).sum();
    assert!(all >= 19_170, "{all}");
}

#[test]
fn a_member_within_a_list_passes_a_role() {
    let registry = Registry::new();
    let put = action("events:PutTargets");
    let arguments = json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": "a", "RoleArn": "arn:aws:iam::1:role/r"}]});
    let effects = Catalog::effects(&registry, &put, &arguments);
    assert!(effects.contains(&Effect::Permission), "{effects:?}");
}

#[test]
fn sensitive_members_of_any_type_are_marked() {
    let member = |name: &str, input: bool, path: &[&str]| {
        let action = action(name);
        let mut ty = if input {
            action.input.clone()
        } else {
            action.output.clone()
        };
        let mut sensitive = false;
        for step in path {
            let Type::Structure(structure) = ty.present().clone() else {
                panic!("{name}: {ty}")
            };
            let member = structure.member(step).unwrap();
            sensitive = member.sensitive;
            ty = member.ty;
        }
        sensitive
    };
    assert!(member("kms:Decrypt", false, &["Plaintext"]));
    assert!(member(
        "secretsmanager:GetSecretValue",
        false,
        &["SecretBinary"]
    ));
    assert!(member(
        "sts:AssumeRole",
        false,
        &["Credentials", "SecretAccessKey"]
    ));
    assert!(!member(
        "sts:AssumeRole",
        false,
        &["Credentials", "Expiration"]
    ));
    assert!(member("lambda:Invoke", true, &["Payload"]));
}

#[test]
fn a_waiter_is_an_action_of_the_operation_that_it_polls() {
    let action = action("ecs:WaitUntilServicesStable");
    assert_eq!(
        action.kind,
        ActionKind::Waiter {
            polls: "ecs:DescribeServices".to_owned(),
            bound: SignedDuration::from_secs(600),
        }
    );
    assert_eq!(action.effects.iter().collect::<Vec<_>>(), [&Effect::Read]);
}

/// A world that answers from a queue, on a clock that moves only in waits.
struct Queue {
    answers: RefCell<VecDeque<Result<Json, CallError>>>,
    sent: RefCell<Vec<Call>>,
    now: Cell<Timestamp>,
}

impl Queue {
    fn new(answers: impl IntoIterator<Item = Result<Json, CallError>>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            sent: RefCell::default(),
            now: Cell::new(Timestamp::UNIX_EPOCH),
        }
    }
}

impl World for Queue {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.sent.borrow_mut().push(call.clone());
        let mut answers = self.answers.borrow_mut();
        let next = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        let result = next.unwrap().map(|result| Answer {
            result,
            ..Answer::default()
        });
        Box::pin(std::future::ready(result))
    }

    fn answers(&self, _action: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        self.now.set(self.now.get() + length);
        Box::pin(std::future::ready(()))
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        "00000000-0000-4000-8000-000000000001".to_owned()
    }

    fn place(&self) -> Place {
        Place::default()
    }
}

/// Drives a future that never waits for anything outside of itself.
fn block_on<T>(future: Pending<'_, T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn perform(world: &Queue, call: &Call) -> Result<Answer, CallError> {
    block_on(Registry::new().perform(world, call))
}

fn services(status: &str, running: u32) -> Json {
    json!({"services": [{
        "status": status, "desiredCount": 2, "runningCount": running, "deployments": [{}],
    }]})
}

#[test]
fn a_waiter_polls_until_its_acceptor_fits() {
    let world = Queue::new([Ok(services("ACTIVE", 1)), Ok(services("ACTIVE", 2))]);
    let call = Call::new("ecs:WaitUntilServicesStable", json!({"services": ["web"]}));
    let answer = perform(&world, &call).unwrap();
    assert_eq!(answer.result["services"][0]["runningCount"], 2);
    assert_eq!(world.now().as_second(), 15);
    assert_eq!(world.sent.borrow()[0].action, "ecs:DescribeServices");
}

#[test]
fn a_waiter_fails_at_once_when_it_cannot_succeed_any_more() {
    let world = Queue::new([Ok(services("INACTIVE", 0))]);
    let call = Call::new("ecs:WaitUntilServicesStable", json!({"services": ["web"]}));
    let error = perform(&world, &call).unwrap_err();
    assert_eq!(error.code, "waiter");
    assert!(error.message.contains("INACTIVE"), "{error}");
    assert_eq!(world.now(), Timestamp::UNIX_EPOCH);
}

#[test]
fn a_waiter_ends_at_its_bound_or_the_steps_timeout() {
    let world = Queue::new([Ok(services("ACTIVE", 1))]);
    let mut call = Call::new("ecs:WaitUntilServicesStable", json!({"services": ["web"]}));
    assert_eq!(perform(&world, &call).unwrap_err().code, "timeout");
    assert_eq!(world.now().as_second(), 600);
    call.timeout = Some(SignedDuration::from_mins(1));
    let world = Queue::new([Ok(services("ACTIVE", 1))]);
    assert_eq!(perform(&world, &call).unwrap_err().code, "timeout");
    assert_eq!(world.now().as_second(), 60);
}

#[test]
fn an_error_can_be_what_a_waiter_waits_for() {
    let gone = CallError::new(FailureKind::Answered, "404", "Not Found");
    let world = Queue::new([Ok(json!({})), Err(gone)]);
    let call = Call::new("s3:WaitUntilBucketNotExists", json!({"Bucket": "logs"}));
    assert!(perform(&world, &call).is_ok());
    let denied = CallError::new(FailureKind::Answered, "AccessDenied", "no");
    let world = Queue::new([Err(denied.clone())]);
    let call = Call::new("ecs:WaitUntilServicesStable", json!({"services": ["web"]}));
    assert_eq!(perform(&world, &call).unwrap_err(), denied);
}

#[test]
fn of_services_that_are_named_alike_the_one_with_the_operation_is_meant() {
    let unknown = Registry::new().action("esc:DescribeServices").unwrap_err();
    assert_eq!(
        unknown.message,
        "there is no service `esc`; did you mean `ecs`?"
    );
    assert_eq!(unknown.suggestions, ["ecs:DescribeServices"]);
}

#[test]
fn arguments_are_checked_before_anything_is_sent() {
    let world = Queue::new([Ok(json!({}))]);
    let call = Call::new("ecs:UpdateService", json!({"desiredCont": 2}));
    let error = perform(&world, &call).unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_str()),
        (FailureKind::NotSent, "arguments")
    );
    assert!(
        error.message.contains("did you mean `desiredCount`?"),
        "{error}"
    );
    assert!(error.message.contains("`service` is missing"), "{error}");
    assert!(world.sent.borrow().is_empty());
}

#[test]
fn an_idempotency_token_is_filled_in() {
    let world = Queue::new([Ok(json!({}))]);
    let call = Call::new("ecs:RunTask", json!({"taskDefinition": "job"}));
    perform(&world, &call).unwrap();
    let sent = world.sent.borrow();
    assert_eq!(sent[0].arguments["clientToken"], world.fresh_id());
}
