//! The playbook that is run against a service: it reads by three operations in two protocols, over pages too, and writes once.

use crate::service::Service;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Approver, Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::journal::{Durability, MemoryJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::{Options, Plan};
use runbook_interpreter::surroundings::{NoLibrary, Performer, Surroundings};
use runbook_playbook::check::Empty;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::bind;
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_registry::aws::{AwsClient, Options as ClientOptions};
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::local::LocalContext;
use runbook_registry::world::clock::Clock;
use runbook_registry::world::live::LiveWorld;
use runbook_registry::world::{Pending, World};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

const TEXT: &str = "
playbook: v1
title: A service that lacks tasks
symptom:
  short:
    action: ecs:DescribeServices
    with: {cluster: c, services: [web]}
    capture: {running: '$.services[0].runningCount'}
    assert: [{that: running < 2}]
  unhealthy:
    action: elbv2:DescribeTargetHealth
    with: {TargetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef'}
    assert: [{path: '$.TargetHealthDescriptions[*].TargetHealth.State', any: {equals: unhealthy}}]
diagnose:
  lines:
    action: logs:FilterLogEvents
    with: {logGroupName: web}
    causes:
      out_of_memory: {path: '$.events[*]', count: {gt: 0}}
resolve:
  restart:
    for: [out_of_memory]
    action: ecs:UpdateService
    with: {cluster: c, service: web, desiredCount: 2}
verify: {every: 10s, within: 25s, times: 2}
";

/// A playbook that was checked once.
pub static CHECKED: LazyLock<Arc<Checked>> = LazyLock::new(|| checked(TEXT));

/// All actions.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Checks a playbook.
pub fn checked(text: &str) -> Arc<Checked> {
    let source = Source::new("faults.yaml", text.to_owned());
    let (checked, problems) = review(&source, "faults", &*REGISTRY, &Empty);
    Arc::new(checked.unwrap_or_else(|| panic!("{problems:?}")))
}

/// Runs it against a service.
pub async fn run(service: &Service) -> Outcome {
    around(&CHECKED, service, &MemoryJournal::forgetting()).await
}

/// Runs a playbook against a service with a journal.
pub async fn around(
    checked: &Arc<Checked>,
    service: &Service,
    journal: &dyn Durability,
) -> Outcome {
    let world = world(&service.url);
    let inputs = bind(&checked.playbook, &[], world.now()).expect("inputs");
    let plan = Plan::new(Arc::clone(checked), inputs, Options::default()).expect("a plan");
    let cancel = Cancel::new();
    let surroundings = Surroundings {
        world: &world,
        performer: &Calls,
        approver: &Yes,
        observer: &Nobody,
        journal,
        library: &NoLibrary,
        cancel: &cancel,
        guards: None,
    };
    runbook_interpreter::run(&plan, &surroundings).await
}

fn world(url: &str) -> LiveWorld {
    let credentials = Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("test")
        .build();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(2)))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let options = ClientOptions {
        endpoint_url: Some(url.to_owned()),
        read_timeout: Some(Duration::from_millis(400)),
        ..ClientOptions::default()
    };
    let client = AwsClient::with_config(options, config);
    let context = LocalContext {
        clock: Arc::new(Moved::default()),
        ..LocalContext::new(".")
    };
    LiveWorld::new(Arc::new(client), context)
}

/// A clock that jumps over waits.
struct Moved(Mutex<Timestamp>);

impl Default for Moved {
    fn default() -> Self {
        Self(Mutex::new(Timestamp::UNIX_EPOCH))
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the time")
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async move {
            *self.0.lock().expect("the time") += length;
        })
    }
}

struct Calls;

impl Performer for Calls {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        REGISTRY.perform(world, call)
    }
}

struct Yes;

impl Approver for Yes {
    fn overriding(&self, _: runbook_interpreter::guard::Kind) -> String {
        String::new()
    }

    fn decide<'a>(&'a self, _: &'a Question) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(std::future::ready(Decision::Approved {
            by: "--yes".to_owned(),
        }))
    }
}

struct Nobody;

impl Observer for Nobody {
    fn observe(&self, _: &Event) {}
}
