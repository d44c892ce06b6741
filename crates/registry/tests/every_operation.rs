//! Every operation of the catalogue: its schemas can be built, its request written, an empty answer of its read.

use runbook_registry::aws::endpoint::{self, Settings};
use runbook_registry::aws::offline;
use runbook_registry::model::catalogue::catalogue;
use runbook_registry::model::service::{Operation, Protocol, Service};
use runbook_registry::model::shape::{Location, MemberTrait, ShapeId, ShapeKind, ShapeTrait};
use serde_json::{Map, Value as Json, json};

/// A value of the shape, with required members only and at most two structures deep.
fn value(service: &Service, id: ShapeId, depth: usize) -> Json {
    let shape = service.shape(id);
    match &shape.kind {
        _ if shape.is(ShapeTrait::Document) => json!({"any": ["thing", 1, null]}),
        ShapeKind::Boolean => true.into(),
        ShapeKind::Integer(_) | ShapeKind::Long(_) => 7.into(),
        ShapeKind::Float(_) | ShapeKind::Double(_) => 0.5.into(),
        ShapeKind::String(_) => "text".into(),
        ShapeKind::Blob(_) => "YmxvYg==".into(),
        ShapeKind::Timestamp(_) => "2026-01-15T12:00:00Z".into(),
        ShapeKind::List(list) => json!([value(service, list.member.target, depth + 1)]),
        ShapeKind::Map(map) => json!({"key": value(service, map.value.target, depth + 1)}),
        ShapeKind::Structure(structure) => {
            let mut members = Map::new();
            for member in &structure.members {
                let wanted = member.is(MemberTrait::Required)
                    || member.location == Location::Uri
                    || (shape.is(ShapeTrait::Union) && members.is_empty());
                if wanted && depth < 6 {
                    members.insert(
                        member.name.to_owned(),
                        value(service, member.target, depth + 1),
                    );
                }
            }
            Json::Object(members)
        }
    }
}

fn empty_answer(service: &Service) -> &'static [u8] {
    match service.metadata.protocol {
        Protocol::Json | Protocol::RestJson => b"{}",
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => b"<Answer></Answer>",
        Protocol::RpcV2Cbor => &[0xa0],
    }
}

fn check(service: &'static Service, operation: &'static Operation) -> Result<(), String> {
    if runbook_registry::aws::unsupported(service, operation).is_some() {
        return Ok(());
    }
    let arguments = value(service, operation.input, 0);
    offline::write(service, operation, &arguments)?;
    for body in [empty_answer(service), b""] {
        offline::read(service, operation, 200, &[], body).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[test]
fn requests_and_empty_answers_of_every_operation() {
    let mut count = 0;
    let mut problems = Vec::new();
    for entry in catalogue().entries() {
        let Some(service) = catalogue().service(entry.name) else {
            continue;
        };
        for operation in &service.operations {
            count += 1;
            if let Err(problem) = check(service, operation) {
                problems.push(format!("{}:{}: {problem}", service.name, operation.name));
            }
        }
    }
    assert!(count > 19_000, "{count} operations");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_service_has_an_endpoint_in_a_common_region() {
    let settings = Settings {
        region: Some("us-east-1".to_owned()),
        ..Settings::default()
    };
    let mut problems = Vec::new();
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).expect("a service");
        for operation in service.operations.iter().take(3) {
            let arguments = value(service, operation.input, 0);
            match endpoint::resolve(service, operation, &arguments, &settings, None) {
                Ok(endpoint) if endpoint.url().starts_with("https://") => {}
                Ok(endpoint) => problems.push(format!("{}: {}", entry.name, endpoint.url())),
                // Some services are found by an ARN among the arguments, and `text` is none.
                Err(problem) if problem.reason.contains("ARN") => {}
                Err(problem) => problems.push(format!("{}: {problem}", operation.name)),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn endpoints_are_where_the_rules_put_them() {
    let url = |action: &str, region: &str, arguments: Json| {
        let (service, operation) = action.split_once(':').expect("an action");
        let service = catalogue().service(service).expect("a service");
        let operation = service.operation(operation).expect("an operation");
        let settings = Settings {
            region: Some(region.to_owned()),
            ..Settings::default()
        };
        endpoint::resolve(service, operation, &arguments, &settings, None).map_or_else(
            |problem| problem.to_string(),
            |found| found.url().to_owned(),
        )
    };
    assert_eq!(
        url("ecs:ListClusters", "eu-west-3", json!({})),
        "https://ecs.eu-west-3.amazonaws.com"
    );
    assert_eq!(
        url("ecs:ListClusters", "cn-north-1", json!({})),
        "https://ecs.cn-north-1.amazonaws.com.cn"
    );
    assert_eq!(
        url("ecs:ListClusters", "us-gov-west-1", json!({})),
        "https://ecs.us-gov-west-1.amazonaws.com"
    );
    assert_eq!(
        url("iam:ListRoles", "eu-west-3", json!({})),
        "https://iam.amazonaws.com"
    );
    assert_eq!(
        url("sts:GetCallerIdentity", "eu-west-3", json!({})),
        "https://sts.eu-west-3.amazonaws.com"
    );
    assert_eq!(
        url(
            "s3:GetObject",
            "eu-west-3",
            json!({"Bucket": "my-bucket", "Key": "k"})
        ),
        "https://my-bucket.s3.eu-west-3.amazonaws.com"
    );
    assert_eq!(
        url(
            "s3:GetObject",
            "eu-west-3",
            json!({"Bucket": "My_Bucket", "Key": "k"})
        ),
        "https://s3.eu-west-3.amazonaws.com/My_Bucket"
    );
    assert_eq!(
        url("dynamodb:ListTables", "eu-west-3", json!({})),
        "https://dynamodb.eu-west-3.amazonaws.com"
    );
}
