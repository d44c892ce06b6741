//! Every operation of the catalogue: arguments made from its model pass the check and can be written, and answers made
//! from it are read as what they were made from.

mod pattern;
mod values;
mod wire;

use runbook_playbook::catalog::Catalog as _;
use runbook_registry::Registry;
use runbook_registry::aws::endpoint::{self, Settings};
use runbook_registry::aws::{offline, unsupported};
use runbook_registry::model::catalogue::catalogue;
use runbook_registry::model::service::{Operation, Protocol, Service};
use runbook_registry::model::types::type_of;
use runbook_registry::model::validate::validate;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use values::{Maker, Purpose};

fn empty_answer(service: &Service) -> &'static [u8] {
    match service.metadata.protocol {
        Protocol::Json | Protocol::RestJson => b"{}",
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => b"<Answer></Answer>",
        Protocol::RpcV2Cbor => &[0xa0],
    }
}

/// What the checks of one service came to.
#[derive(Debug, Default)]
struct Outcome {
    operations: usize,
    unsupported: Vec<String>,
    requests: usize,
    answers: usize,
    /// Shapes of text whose pattern no text was found for; what holds them was not checked as arguments.
    unmade: Vec<String>,
    problems: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.unsupported.extend(other.unsupported);
        self.requests += other.requests;
        self.answers += other.answers;
        self.unmade.extend(other.unmade);
        self.problems.extend(other.problems);
    }
}

fn check(service: &'static Service, outcome: &mut Outcome) {
    let mut maker = Maker::new(service);
    for operation in service.operations.iter() {
        outcome.operations += 1;
        let name = format!("{}:{}", service.name, operation.name);
        if unsupported(service, operation).is_some() {
            outcome.unsupported.push(name);
            continue;
        }
        for purpose in [Purpose::Least, Purpose::Full] {
            if let Err(problem) = request(service, operation, &mut maker, purpose) {
                outcome
                    .problems
                    .push(format!("{name}, {purpose:?}: {problem}"));
            }
            outcome.requests += 1;
            let unmade = maker
                .unmade
                .drain(..)
                .map(|shape| format!("{}:{shape}", service.name));
            outcome.unmade.extend(unmade);
        }
        let value = maker.make(operation.output, Purpose::Answer);
        if let Err(problem) = answer(service, operation, value) {
            outcome.problems.push(format!("{name}, answer: {problem}"));
        }
        outcome.answers += 1;
    }
}

fn request(
    service: &'static Service,
    operation: &'static Operation,
    maker: &mut Maker,
    purpose: Purpose,
) -> Result<(), String> {
    let arguments = maker.make(operation.input, purpose);
    let problems = validate(&type_of(service, operation.input), &arguments);
    if let Some(problem) = problems.first().filter(|_| maker.unmade.is_empty()) {
        return Err(format!("{problem} of {arguments}"));
    }
    offline::write(service, operation, &arguments)?;
    match endpoint::resolve(
        service,
        operation,
        &arguments,
        settings(),
        Some("123456789012"),
    ) {
        Ok(endpoint) if endpoint.url().starts_with("https://") => Ok(()),
        Ok(endpoint) => Err(format!("goes to {}", endpoint.url())),
        Err(problem) => Err(problem.to_string()),
    }
}

fn settings() -> &'static Settings {
    static SETTINGS: std::sync::OnceLock<Settings> = std::sync::OnceLock::new();
    SETTINGS.get_or_init(|| Settings {
        region: Some("us-east-1".to_owned()),
        ..Settings::default()
    })
}

fn answer(
    service: &'static Service,
    operation: &'static Operation,
    value: Json,
) -> Result<(), String> {
    offline::read(service, operation, 200, &[], empty_answer(service))
        .map_err(|error| error.to_string())?;
    // Nothing at all is an answer only where there is nothing to say.
    if let Err(error) = offline::read(service, operation, 200, &[], b"")
        && !error.to_string().contains("it is empty")
    {
        return Err(error.to_string());
    }
    let answer = wire::answer(service, operation, value);
    let result = offline::read(service, operation, 200, &answer.headers, &answer.body)
        .map_err(|error| error.to_string())?;
    if result == answer.result {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(format!(
        "{} in {body}",
        difference("", &result, &answer.result)
    ))
}

/// The first place where what was read differs from what was written.
fn difference(path: &str, read: &Json, written: &Json) -> String {
    match (read, written) {
        (Json::Object(read), Json::Object(written)) if read.keys().eq(written.keys()) => read
            .iter()
            .zip(written.values())
            .find(|((_, read), written)| read != written)
            .map(|((name, read), written)| difference(&format!("{path}.{name}"), read, written))
            .unwrap_or_default(),
        (Json::Array(read), Json::Array(written)) if read.len() == written.len() => read
            .iter()
            .zip(written)
            .enumerate()
            .find(|(_, (read, written))| read != written)
            .map(|(place, (read, written))| difference(&format!("{path}[{place}]"), read, written))
            .unwrap_or_default(),
        _ => format!("{path}: {read} read, {written} written"),
    }
}

#[test]
fn every_operation_writes_its_input_and_reads_its_output() {
    let entries = catalogue().entries();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let mut whole = Outcome::default();
    let next = &AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(move || {
                    let mut outcome = Outcome::default();
                    while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
                        check(
                            catalogue().service(entry.name).expect("a service"),
                            &mut outcome,
                        );
                    }
                    outcome
                })
            })
            .collect();
        for worker in workers {
            whole.add(worker.join().expect("no panic"));
        }
    });
    whole.unsupported.sort();
    whole.unmade.sort();
    whole.unmade.dedup();
    writeln!(
        std::io::stdout(),
        "{} operations, {} that cannot be called; {} inputs written, {} answers read; cannot be called:\n  {}",
        whole.operations,
        whole.unsupported.len(),
        whole.requests,
        whole.answers,
        whole.unsupported.join("\n  "),
    )
    .expect("written");
    assert_eq!(whole.operations, 19_796);
    let registry = Registry::new();
    for name in &whole.unsupported {
        let Err(refused) = registry.action(name) else {
            panic!("{name} is refused when it is checked");
        };
        assert!(
            refused
                .message
                .starts_with(&format!("`{name}` cannot be called: "))
        );
    }
    assert!(
        whole.problems.is_empty(),
        "{} problems\n{}",
        whole.problems.len(),
        whole.problems.join("\n")
    );
    assert!(whole.unmade.is_empty(), "no text for {:?}", whole.unmade);
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
            let arguments = Maker::new(service).make(operation.input, Purpose::Least);
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
