#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, reason = "times are shown with --nocapture")]

use super::catalogue::{Catalogue, catalogue};
use super::service::{Matcher, Protocol};
use super::types::type_of;
use super::validate::{validate, validate_output};
use runbook_playbook::types::{TimeUnit, Type};
use serde_json::{Value as Json, json};
use std::time::Instant;

fn input(service: &str, operation: &str) -> Type {
    let service = catalogue().service(service).unwrap();
    type_of(service, service.operation(operation).unwrap().input)
}

fn member(ty: &Type, name: &str) -> Type {
    let Type::Structure(structure) = ty else {
        panic!("{ty} is no structure")
    };
    structure.member(name).unwrap().ty
}

fn problems(service: &str, operation: &str, arguments: &Json) -> Vec<String> {
    validate(&input(service, operation), arguments)
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn services_load_in_time() {
    let opened = Instant::now();
    let catalogue = catalogue();
    let open = opened.elapsed();
    for name in ["ecs", "ec2", "s3"] {
        let started = Instant::now();
        let service = catalogue.service(name).unwrap();
        println!(
            "{name}: {} shapes in {:?}",
            service.shapes.len(),
            started.elapsed()
        );
    }
    let started = Instant::now();
    assert_eq!(catalogue.names().len(), 439);
    println!(
        "table of contents in {open:?}, names in {:?}",
        started.elapsed()
    );
}

#[test]
fn every_block_can_be_read() {
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).unwrap();
        for operation in service.operations.iter() {
            assert!(service.structure(operation.input).is_some());
        }
        assert!(service.shapes.iter().all(|shape| !shape.name.is_empty()));
        if let Some(rules) = catalogue().endpoint_rules(entry.name).unwrap() {
            let rules: Json = serde_json::from_str(&rules).unwrap();
            assert!(rules["rules"].is_array(), "{}", entry.name);
        }
    }
    let partitions: Json = serde_json::from_str(&catalogue().partitions().unwrap()).unwrap();
    assert_eq!(partitions["partitions"][0]["id"], "aws");
}

#[test]
fn a_cut_file_is_refused() {
    assert!(Catalogue::open(b"runbook").is_err());
    assert!(Catalogue::open(b"runbook1\xff\xff\xff\xff").is_err());
}

#[test]
fn facts_of_the_models_are_kept() {
    let s3 = catalogue().service("s3").unwrap();
    let put = s3.operation("PutObject").unwrap();
    assert_eq!((put.method, put.uri), ("PUT", "/{Bucket}/{Key+}"));
    assert_eq!(s3.metadata.protocol, Protocol::RestXml);
    assert_eq!(
        s3.structure(put.input)
            .unwrap()
            .payload_member()
            .unwrap()
            .name,
        "Body"
    );
    let list = s3
        .operation("ListObjectsV2")
        .unwrap()
        .paginator
        .as_ref()
        .unwrap();
    assert_eq!(list.result_keys, ["Contents", "CommonPrefixes"]);
    // Only the extras carry it.
    assert!(list.non_aggregate_keys.contains(&"Prefix"));
    let ecs = catalogue().service("ecs").unwrap();
    assert_eq!(
        ecs.metadata.target_prefix,
        Some("AmazonEC2ContainerServiceV20141113")
    );
    let logs = catalogue().service("logs").unwrap();
    assert!(
        logs.operation("StartLiveTail")
            .unwrap()
            .output_stream
            .is_some()
    );
}

#[test]
fn every_jmespath_of_the_models_compiles() {
    let compile = |path: &str| {
        assert!(jmespath::compile(path).is_ok(), "{path}");
    };
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).unwrap();
        for acceptor in service.waiters.iter().flat_map(|waiter| &waiter.acceptors) {
            if let Matcher::Path(path) | Matcher::PathAll(path) | Matcher::PathAny(path) =
                acceptor.matcher
            {
                compile(path);
            }
        }
        for paginator in service
            .operations
            .iter()
            .filter_map(|one| one.paginator.as_ref())
        {
            let paths = [
                &paginator.output_tokens,
                &paginator.result_keys,
                &paginator.non_aggregate_keys,
            ];
            paths
                .into_iter()
                .flatten()
                .chain(&paginator.more_results)
                .for_each(|path| compile(path));
        }
    }
}

#[test]
fn integers_that_are_times_are_known() {
    let unit = |operation: &str| match member(&input("logs", operation), "startTime") {
        Type::Integer(_, unit) => unit,
        other => panic!("{other}"),
    };
    assert_eq!(unit("FilterLogEvents"), Some(TimeUnit::Milliseconds));
    assert_eq!(unit("StartQuery"), Some(TimeUnit::Seconds));
    let update = input("ecs", "UpdateService");
    assert!(matches!(
        member(&update, "desiredCount"),
        Type::Integer(_, None)
    ));
}

#[test]
fn policies_of_many_services_are_json() {
    for (service, operation, name) in [
        ("kms", "PutKeyPolicy", "Policy"),
        ("sqs", "SendMessage", "MessageBody"),
        ("s3", "PutBucketPolicy", "Policy"),
        ("dynamodb", "PutResourcePolicy", "Policy"),
        ("logs", "PutDestinationPolicy", "accessPolicy"),
        (
            "sso-admin",
            "PutInlinePolicyToPermissionSet",
            "InlinePolicy",
        ),
        ("events", "PutRule", "EventPattern"),
        ("ssm", "PutResourcePolicy", "Policy"),
    ] {
        let found = member(&input(service, operation), name);
        // A message may be any text.
        let is_document = service != "sqs";
        assert_eq!(
            matches!(found, Type::JsonText),
            is_document,
            "{service}:{operation}: {found}"
        );
    }
}

#[test]
fn texts_that_are_json_or_numbers_are_known() {
    let role = input("iam", "CreateRole");
    assert!(matches!(
        member(&role, "AssumeRolePolicyDocument"),
        Type::JsonText
    ));
    let none = problems(
        "iam",
        "CreateRole",
        &json!({
            "RoleName": "reader",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
        }),
    );
    assert!(none.is_empty(), "{none:?}");
    let none = problems(
        "ecs",
        "RegisterTaskDefinition",
        &json!({
            "family": "web", "memory": 4096, "cpu": "1024",
            "containerDefinitions": [{"name": "web", "memory": 512}],
        }),
    );
    assert!(none.is_empty(), "{none:?}");
}

#[test]
fn arguments_that_do_not_fit_are_named_with_their_place() {
    for (service, operation, arguments, expected) in [
        (
            "ecs",
            "UpdateService",
            json!({"service": "web", "desiredCont": 2}),
            "`desiredCont`: UpdateServiceRequest has no member `desiredCont`; did you mean `desiredCount`?",
        ),
        ("ecs", "UpdateService", json!({}), "`service` is missing"),
        (
            "ecs",
            "UpdateService",
            json!({"service": "web", "desiredCount": "2"}),
            "`desiredCount`: expected a whole number, found text",
        ),
        (
            "ecs",
            "DescribeServices",
            json!({"services": "web"}),
            "`services`: expected a list, found text; put it into a list: `[…]`",
        ),
        (
            "ecs",
            "ListTasks",
            json!({"desiredStatus": "STOPED"}),
            "`desiredStatus`: `STOPED` is not one of its values; did you mean `STOPPED`?",
        ),
        (
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": "web", "containerDefinitions": [{"nam": "web"}]}),
            "`containerDefinitions[0].nam`: ContainerDefinition has no member `nam`; did you mean `name`?",
        ),
        (
            "acm",
            "DescribeCertificate",
            json!({"CertificateArn": "web-certificate-of-2026"}),
            "`CertificateArn`: `web-certificate-of-2026` does not match the pattern",
        ),
        (
            "lambda",
            "UpdateFunctionConfiguration",
            json!({"FunctionName": "f", "MemorySize": 1}),
            "`MemorySize`: 1 is below 128",
        ),
        (
            "cloudwatch",
            "GetMetricStatistics",
            json!({
            "Namespace": "AWS/ECS", "MetricName": "m", "Period": 60, "StartTime": "yesterday", "EndTime": 0}),
            "`StartTime`: `yesterday` is not a timestamp; write for example `2026-01-15T12:00:00Z`",
        ),
        (
            "bedrock-runtime",
            "Converse",
            json!({"modelId": "m", "messages": [{"role": "user", "content": [{
                "text": "a", "guardContent": {"text": {"text": "b"}},
            }]}]}),
            "`messages[0].content[0]`: exactly one member of ContentBlock must be set, found 2; choose one of `text`",
        ),
    ] {
        let found = problems(service, operation, &arguments);
        assert!(
            found
                .iter()
                .any(|one| one.starts_with(expected) || one == expected),
            "{service}:{operation}: {found:?}"
        );
    }
}

#[test]
fn a_made_up_answer_may_be_partial_but_not_impossible() {
    let service = catalogue().service("ecs").unwrap();
    let output = type_of(
        service,
        service.operation("DescribeServices").unwrap().output,
    );
    assert!(validate_output(&output, &json!({"services": [{"runningCount": 2}]})).is_empty());
    assert_eq!(
        validate_output(&output, &json!({"services": [{"runingCount": 2}]})).len(),
        1
    );
    assert_eq!(
        validate_output(&output, &json!({"services": [{"runningCount": "2"}]})).len(),
        1
    );
    assert_eq!(
        validate_output(&output, &json!({"services": [{"launchType": "FARGATES"}]})).len(),
        1
    );
}
