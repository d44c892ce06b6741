//! A few actions, shaped as the real ones are, so that the language is tested without AWS.

use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect, Effects, UnknownAction};
use runbook_playbook::types::{Range, Record, TextRule, TimeUnit, Type};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The actions of the fixtures.
pub struct Actions(BTreeMap<&'static str, Arc<Action>>);

impl Catalog for Actions {
    fn action(&self, name: &str) -> Result<Arc<Action>, UnknownAction> {
        self.0.get(name).cloned().ok_or_else(|| UnknownAction {
            message: format!("there is no action `{name}`"),
            suggestions: self
                .0
                .keys()
                .filter(|known| strsim::damerau_levenshtein(known, name) <= 3)
                .map(|known| (*known).to_owned())
                .collect(),
        })
    }

    fn common_errors(&self) -> &[&str] {
        &["ThrottlingException"]
    }
}

/// An action that reads.
fn read(name: &'static str, input: Record, output: Type) -> Action {
    Action {
        name: name.to_owned(),
        kind: ActionKind::Operation,
        input: input.build(),
        output,
        effects: Effects::from([Effect::Read]),
        effects_by_member: Vec::new(),
        errors: Vec::new(),
        failure_members: Vec::new(),
        paginated: false,
        permissions: Vec::new(),
        idempotency_token: None,
    }
}

/// An action with another effect.
fn with_effect(effect: Effect, action: Action) -> Action {
    Action {
        effects: Effects::from([effect]),
        ..action
    }
}

fn texts() -> Type {
    Type::list(Type::text())
}

fn service() -> Type {
    let deployment = Record::new("Deployment")
        .optional("status", Type::text())
        .optional("runningCount", Type::integer())
        .build();
    Record::new("Service")
        .optional("serviceName", Type::text())
        .optional("status", Type::one_of(&["ACTIVE", "DRAINING", "INACTIVE"]))
        .optional("desiredCount", Type::integer())
        .optional("runningCount", Type::integer())
        .optional("createdAt", Type::timestamp())
        .optional("taskDefinition", Type::text())
        .optional("deployments", Type::list(deployment))
        .build()
}

fn tags() -> Type {
    Type::list(
        Record::new("Tag")
            .optional("key", Type::text())
            .optional("value", Type::text())
            .build(),
    )
}

/// What can be registered; what is described has more.
fn task_definition(name: &str) -> Record {
    let container = Record::new("ContainerDefinition")
        .optional("name", Type::text())
        .optional("image", Type::text())
        .optional("memory", Type::integer())
        .build();
    Record::new(name)
        .required("family", Type::text())
        .required("containerDefinitions", Type::list(container))
        .optional("memory", text_or_number())
        .optional("taskRoleArn", Type::text())
}

/// Text that a number is accepted for.
fn text_or_number() -> Type {
    Type::Text(Arc::new(TextRule {
        numeric: true,
        ..TextRule::default()
    }))
}

fn ecs_services() -> Vec<Action> {
    let failure = Record::new("Failure")
        .optional("reason", Type::text())
        .build();
    let failures = || Type::list(failure.clone());
    let services = || {
        Record::new("DescribeServicesRequest")
            .optional("cluster", Type::text())
            .required("services", texts())
    };
    let container = Record::new("Container")
        .optional("reason", Type::text())
        .build();
    let task = Record::new("Task")
        .optional("taskArn", Type::text())
        .optional("containers", Type::list(container))
        .build();
    vec![
        Action {
            paginated: true,
            errors: vec!["ClusterNotFoundException".to_owned()],
            ..read(
                "ecs:ListTasks",
                Record::new("ListTasksRequest")
                    .optional("cluster", Type::text())
                    .optional("serviceName", Type::text())
                    .optional(
                        "desiredStatus",
                        Type::one_of(&["RUNNING", "PENDING", "STOPPED"]),
                    ),
                Record::new("ListTasksResponse")
                    .optional("taskArns", texts())
                    .build(),
            )
        },
        Action {
            failure_members: vec!["failures".to_owned()],
            ..read(
                "ecs:DescribeTasks",
                Record::new("DescribeTasksRequest")
                    .optional("cluster", Type::text())
                    .required("tasks", texts()),
                Record::new("DescribeTasksResponse")
                    .optional("tasks", Type::list(task))
                    .optional("failures", failures())
                    .build(),
            )
        },
        Action {
            failure_members: vec!["failures".to_owned()],
            ..read(
                "ecs:DescribeServices",
                services(),
                Record::new("DescribeServicesResponse")
                    .optional("services", Type::list(service()))
                    .optional("failures", failures())
                    .build(),
            )
        },
        Action {
            kind: ActionKind::Waiter {
                polls: "ecs:DescribeServices".to_owned(),
                bound: SignedDuration::from_mins(10),
            },
            ..read("ecs:WaitUntilServicesStable", services(), Type::Any)
        },
    ]
}

fn ecs_deployments() -> Vec<Action> {
    let described = task_definition("TaskDefinition")
        .optional("taskDefinitionArn", Type::text())
        .optional("revision", Type::integer())
        .build();
    vec![
        with_effect(
            Effect::Write,
            read(
                "ecs:UpdateService",
                Record::new("UpdateServiceRequest")
                    .optional("cluster", Type::text())
                    .required("service", Type::text())
                    .optional("desiredCount", Type::integer())
                    .optional("taskDefinition", Type::text())
                    .optional("forceNewDeployment", Type::Boolean),
                Record::new("UpdateServiceResponse")
                    .optional("service", service())
                    .build(),
            ),
        ),
        read(
            "ecs:DescribeTaskDefinition",
            Record::new("DescribeTaskDefinitionRequest")
                .required("taskDefinition", Type::text())
                .optional("include", Type::list(Type::one_of(&["TAGS"]))),
            Record::new("DescribeTaskDefinitionResponse")
                .optional("taskDefinition", described.clone())
                .optional("tags", tags())
                .build(),
        ),
        Action {
            effects_by_member: vec![("taskRoleArn".to_owned(), Effect::Permission)],
            ..with_effect(
                Effect::Write,
                read(
                    "ecs:RegisterTaskDefinition",
                    task_definition("RegisterTaskDefinitionRequest").optional("tags", tags()),
                    Record::new("RegisterTaskDefinitionResponse")
                        .optional("taskDefinition", described)
                        .build(),
                ),
            )
        },
        with_effect(
            Effect::Destroy,
            read(
                "ecs:DeregisterTaskDefinition",
                Record::new("DeregisterTaskDefinitionRequest")
                    .required("taskDefinition", Type::text()),
                Type::Any,
            ),
        ),
    ]
}

fn others() -> Vec<Action> {
    let point = Record::new("Point")
        .required("at", Type::timestamp())
        .required("value", Type::number())
        .build();
    let event = Record::new("FilteredLogEvent")
        .optional("message", Type::text())
        .optional("timestamp", Type::integer())
        .build();
    vec![
        Action {
            kind: ActionKind::Composite,
            ..read(
                "cloudwatch:Series",
                Record::new("Series")
                    .required("metric", Type::text())
                    .optional("dimensions", Type::map(Type::text()))
                    .optional("from", Type::timestamp())
                    .optional("every", Type::Duration)
                    .optional("stat", Type::text()),
                Record::new("SeriesResult")
                    .required("points", Type::list(point))
                    .build(),
            )
        },
        Action {
            paginated: true,
            errors: vec!["ResourceNotFoundException".to_owned()],
            ..read(
                "logs:FilterLogEvents",
                Record::new("FilterLogEventsRequest")
                    .optional("logGroupName", Type::text())
                    .optional(
                        "startTime",
                        Type::Integer(Range::default(), Some(TimeUnit::Milliseconds)),
                    )
                    .optional("filterPattern", Type::text()),
                Record::new("FilterLogEventsResponse")
                    .optional("events", Type::list(event))
                    .build(),
            )
        },
        with_effect(
            Effect::Execute,
            read(
                "lambda:Invoke",
                Record::new("InvocationRequest")
                    .required("FunctionName", Type::text())
                    .optional("Payload", Type::JsonText),
                Record::new("InvocationResponse")
                    .optional("StatusCode", Type::integer())
                    .optional("Payload", Type::JsonText)
                    .build(),
            ),
        ),
        with_effect(
            Effect::Write,
            read(
                "playbook:Run",
                Record::new("playbook:Run input")
                    .required("path", Type::text())
                    .optional("inputs", Type::map(Type::Any))
                    .optional("only", Type::one_of(&["symptom", "diagnose"])),
                Type::Any,
            ),
        ),
        Action {
            kind: ActionKind::Local,
            effects_by_member: vec![("method".to_owned(), Effect::Execute)],
            ..read(
                "http:Request",
                Record::new("http:Request input")
                    .required("url", Type::text())
                    .optional("method", Type::text())
                    .optional("headers", Type::map(Type::Any)),
                Record::new("http:Request result")
                    .required("status", Type::integer())
                    .optional("body", Type::Any)
                    .build(),
            )
        },
    ]
}

fn people_and_secrets() -> Vec<Action> {
    let secret = Type::Text(Arc::new(TextRule {
        sensitive: true,
        ..TextRule::default()
    }));
    vec![
        Action {
            kind: ActionKind::Local,
            errors: vec!["declined".to_owned(), "unattended".to_owned()],
            ..read(
                "human:Ask",
                Record::new("human:Ask input").required("question", Type::text()),
                Record::new("human:Ask result")
                    .required("answer", Type::text())
                    .build(),
            )
        },
        read(
            "kms:Encrypt",
            Record::new("EncryptRequest")
                .required("KeyId", Type::text())
                .required("Plaintext", Type::Blob),
            Record::new("EncryptResponse")
                .optional("CiphertextBlob", Type::Blob)
                .build(),
        ),
        read(
            "secretsmanager:GetSecretValue",
            Record::new("GetSecretValueRequest").required("SecretId", Type::text()),
            Record::new("GetSecretValueResponse")
                .optional("Name", Type::text())
                .optional("SecretString", secret)
                .build(),
        ),
    ]
}

/// All of them.
pub fn actions() -> Actions {
    let all = ecs_services()
        .into_iter()
        .chain(ecs_deployments())
        .chain(others())
        .chain(people_and_secrets());
    Actions(
        all.map(|action| {
            let name: &'static str = Box::leak(action.name.clone().into_boxed_str());
            (name, Arc::new(action))
        })
        .collect(),
    )
}
