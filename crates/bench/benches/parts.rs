//! The parts of a run, each for itself: `cargo bench -p runbook-bench`. With `-- --test` each is done once, to see that it works.

use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::assertion::{Evidence, judge};
use runbook_interpreter::event::{Event, EventKind};
use runbook_interpreter::journal::{
    CallRecord, Durability as _, Repeat, RunJournal, RunRecord, SqliteJournal, Worked,
};
use runbook_interpreter::plan::forecast::Forecast;
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::NoLibrary;
use runbook_playbook::catalog::{Catalog as _, Effect};
use runbook_playbook::check::{Empty, check};
use runbook_playbook::checked::Checked;
use runbook_playbook::expression::Scope;
use runbook_playbook::inputs::bind_open;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook::{Playbook, parse};
use runbook_playbook::syntax::step::{Step, Work};
use runbook_playbook::template;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::Registry;
use runbook_registry::aws::offline;
use runbook_registry::call::{Answer, Call, CallError, Target};
use runbook_registry::model::catalogue::catalogue;
use runbook_registry::world::{Pending, Place, World};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;

fn main() {
    divan::main();
}

/// A long playbook that runs no other.
const LONG: &str = include_str!("../../../playbooks/agent-runtime/dynamodb-throttling.yaml");

/// A step whose arguments and assertions are rendered and judged.
const STEP: &str = r#"
playbook: v1
title: One step
inputs:
  cluster: {type: string, default: shop}
check:
  services:
    action: ecs:DescribeServices
    with: {cluster: "${{ inputs.cluster }}-production", services: ["web-${{ inputs.cluster }}", worker]}
    assert:
      - that: result.services | length == 2 and result.services[0].runningCount >= 2
        message: "${{ result.services[0].runningCount }} tasks run"
"#;

fn long() -> Source {
    // Who it escalates to stands in another file.
    let text = LONG.split("\nescalate:").next().unwrap_or_default();
    Source::new("long.yaml", format!("{text}\n"))
}

fn parsed(source: &Source) -> Playbook {
    parse(source).0.expect("a playbook")
}

fn checked(source: &Source, registry: &Registry) -> Arc<Checked> {
    let (checked, problems) = check(parsed(source), "long", registry, &Empty);
    Arc::new(checked.unwrap_or_else(|| panic!("it does not check: {problems:?}")))
}

#[divan::bench]
fn parse_a_playbook(bencher: Bencher<'_, '_>) {
    let source = long();
    bencher.bench(|| parse(black_box(&source)));
}

#[divan::bench]
fn check_a_playbook(bencher: Bencher<'_, '_>) {
    let (registry, source) = (Registry::new(), long());
    bencher
        .with_inputs(|| parsed(&source))
        .bench_values(|playbook| check(playbook, "long", &registry, &Empty));
}

#[divan::bench]
fn plan_a_playbook(bencher: Bencher<'_, '_>) {
    let registry = Registry::new();
    let checked = checked(&long(), &registry);
    let inputs = bind_open(&checked.playbook, &[], Timestamp::UNIX_EPOCH).expect("inputs");
    bencher.bench(|| {
        let plan = Plan::new(Arc::clone(&checked), inputs.clone(), Options::default());
        let plan = plan.expect("a plan");
        Forecast::offline(&plan, &BTreeSet::new(), &registry, &NoLibrary)
    });
}

/// The names that the step sees.
struct Names {
    inputs: Value,
    result: Value,
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        match name {
            "inputs" => Some(self.inputs.clone()),
            "result" => Some(self.result.clone()),
            _ => None,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        self.now() - length
    }
}

fn answer() -> Json {
    let service =
        json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2});
    json!({"services": [service, service], "failures": []})
}

fn names() -> Names {
    Names {
        inputs: Value::typed(&json!({"cluster": "shop"}), &Type::Any),
        result: Value::typed(&answer(), &Type::Any),
    }
}

fn step(playbook: &Playbook) -> &Step {
    let graph = playbook.check.as_ref().expect("a check");
    graph.steps.first().expect("a step")
}

#[divan::bench]
fn render_arguments(bencher: Bencher<'_, '_>) {
    let playbook = parsed(&Source::new("step.yaml", STEP));
    let Work::Action(call) = &step(&playbook).work else {
        panic!("the step calls an action");
    };
    let signature = Registry::new().action(&call.action.value).expect("ECS");
    let Type::Structure(input) = &signature.input else {
        panic!("its input is a structure");
    };
    let names = names();
    bencher.bench(|| {
        for (name, data) in &call.with {
            let member = input.member(&name.value).expect("a member");
            let rendered = template::render(data, &member.ty, &names);
            black_box(rendered.expect("an argument"));
        }
    });
}

#[divan::bench]
fn judge_an_assertion(bencher: Bencher<'_, '_>) {
    let playbook = parsed(&Source::new("step.yaml", STEP));
    let assertion = step(&playbook).assert.first().expect("an assertion");
    let (names, result) = (names(), answer());
    let evidence = Evidence {
        result: Some(&result),
        output: &Type::Any,
        truncated: false,
        scope: &names,
        source: &playbook.source,
    };
    bencher.bench_local(|| judge(assertion, evidence, false).expect("a judgement"));
}

/// A call in each protocol's way.
const CALLS: [&str; 4] = [
    "ecs:DescribeServices",
    "ec2:DescribeInstances",
    "iam:ListRoles",
    "s3:ListObjectsV2",
];

#[divan::bench(args = CALLS)]
fn serialise_a_request(bencher: Bencher<'_, '_>, call: &str) {
    let (service, operation) = call.split_once(':').expect("a call");
    let service = catalogue().service(service).expect("a service");
    let operation = service.operation(operation).expect("an operation");
    let arguments = match call {
        "ecs:DescribeServices" => json!({"cluster": "shop", "services": ["web", "worker"]}),
        "ec2:DescribeInstances" => json!({"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]}),
        "iam:ListRoles" => json!({"PathPrefix": "/service/"}),
        _ => json!({"Bucket": "logs", "Prefix": "2026/"}),
    };
    bencher.bench(|| offline::write(service, operation, black_box(&arguments)).expect("a request"));
}

/// Fifty of each, as a page has them.
fn page(call: &str) -> String {
    let fifty = |text: &str| text.repeat(50);
    match call {
        "ecs:DescribeServices" => json!({
            "services": vec![answer()["services"][0].clone(); 50],
            "failures": [],
        })
        .to_string(),
        "ec2:DescribeInstances" => format!(
            "<DescribeInstancesResponse><requestId>1</requestId><reservationSet><item><instancesSet>{}</instancesSet></item></reservationSet></DescribeInstancesResponse>",
            fifty(
                "<item><instanceId>i-1</instanceId><launchTime>2026-01-01T00:00:00Z</launchTime><ebsOptimized>false</ebsOptimized></item>"
            )
        ),
        "iam:ListRoles" => format!(
            "<ListRolesResponse><ListRolesResult><IsTruncated>false</IsTruncated><Roles>{}</Roles></ListRolesResult></ListRolesResponse>",
            fifty(
                "<member><Path>/</Path><RoleName>r</RoleName><RoleId>R</RoleId><CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
            )
        ),
        _ => format!(
            "<ListBucketResult><Name>logs</Name>{}</ListBucketResult>",
            fifty(
                "<Contents><Key>2026/a</Key><Size>12</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
            )
        ),
    }
}

#[divan::bench(args = CALLS)]
fn read_an_answer(bencher: Bencher<'_, '_>, call: &str) {
    let (service, operation) = call.split_once(':').expect("a call");
    let service = catalogue().service(service).expect("a service");
    let operation = service.operation(operation).expect("an operation");
    let body = page(call);
    bencher.bench(|| {
        offline::read(service, operation, 200, &[], black_box(body.as_bytes())).expect("an answer")
    });
}

/// Each time anew, and never given back: what is read of the catalogue lives as long as the process.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn load_ec2(bencher: Bencher<'_, '_>) {
    let file = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../registry/catalogue/catalogue.bin"
    ));
    let file: &'static [u8] = Box::leak(file.expect("the catalogue").into_boxed_slice());
    bencher.bench(|| {
        let catalogue = runbook_registry::model::catalogue::Catalogue::open(file);
        catalogue
            .expect("a catalogue")
            .service("ec2")
            .map(|ec2| ec2.shapes.len())
    });
}

/// A world in which it is always the same time.
struct Still;

impl World for Still {
    fn send<'a>(&'a self, _: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(std::future::ready(Ok(Answer::default())))
    }

    fn answers(&self, _: &str) -> bool {
        true
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn is_timed(&self) -> bool {
        false
    }

    fn fresh_id(&self) -> String {
        "run".to_owned()
    }

    fn place(&self) -> Place {
        Place::default()
    }
}

fn begun(file: &SqliteJournal) -> RunJournal<'_> {
    let run = file.start("run".to_owned(), Json::Null);
    run.begin(&RunRecord {
        id: "run".to_owned(),
        playbook: "bench".to_owned(),
        title: "Bench".to_owned(),
        source: STEP.to_owned(),
        digest: "00".to_owned(),
        inputs: json!({}),
        options: json!({}),
        started: Timestamp::UNIX_EPOCH,
    })
    .expect("a run");
    run
}

#[divan::bench]
fn append_an_event(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let run = begun(&file);
    let event = Event {
        at: Timestamp::UNIX_EPOCH,
        kind: EventKind::StepStarted {
            step: "check.services".to_owned(),
            title: None,
            action: Some("ecs:DescribeServices".to_owned()),
        },
    };
    let mut number = 0_u64;
    bencher.bench_local(|| {
        number += 1;
        run.event(&number.to_string(), &event).expect("an event");
    });
}

/// A read with its answer, and a write, whose record is on disk before it is sent.
#[divan::bench(args = [Effect::Read, Effect::Write], sample_size = 1)]
fn append_a_call(bencher: Bencher<'_, '_>, effect: Effect) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let run = begun(&file);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut number = 0_u64;
    bencher.bench_local(|| {
        number += 1;
        let call = CallRecord {
            key: number.to_string(),
            step: "check.services".to_owned(),
            element: None,
            action: "ecs:DescribeServices".to_owned(),
            arguments: json!({"cluster": "shop", "services": ["web"]}),
            target: Target::default(),
            effect,
            before: None,
            token: None,
            attempt: 1,
            repeat: Repeat::Free,
        };
        let worked = Worked {
            answer: Ok(Answer {
                result: answer(),
                ..Answer::default()
            }),
            shown: Ok(answer().into()),
            masked: false,
            keep: true,
        };
        let work = Box::pin(std::future::ready(worked));
        let step = runtime.block_on(run.step(&Still, call, work));
        black_box(step.expect("a step"))
    });
}
