//! The registry beside AWS's per-service crates: the same request for the same arguments (method, address, headers, body
//! and scope of the signature), and the same values from the same response.
//!
//! A service is a table of operations; each line has the arguments as JSON and the crate's own call. The responses in
//! `responses/` are whole bodies as moto wrote them; where moto has none, made by hand after the API reference.

mod capture;
mod shown;
mod values;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use capture::{Capture, Sent};
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::Call;
use serde_json::Value as Json;

/// Adds to `$report` how `$action` compares with `$call` of the crate.
macro_rules! agree {
    ($report:ident, $sdk:ident, $service:literal, $kind:literal,
     $operation:literal, $arguments:tt, |$client:ident| $call:expr) => {{
        let answer = include_str!(concat!("responses/", $service, "/", $operation, ".", $kind));
        let capture = $crate::capture::Capture::answering(answer);
        let $client = $sdk::Client::new(&$crate::configuration(&capture));
        let output = match Box::pin($call.send()).await {
            Ok(output) => Ok(format!("{output:?}")),
            Err(problem) => Err(format!("{problem:?}")),
        };
        let action = concat!($service, ":", $operation);
        let arguments = serde_json::json!($arguments);
        $report
            .compare(action, arguments, answer, &capture.sent(), output)
            .await;
    }};
}

mod ec2;
mod ecs;
mod iam;
mod logs;

/// What was compared, and what differs.
#[derive(Debug, Default)]
struct Report {
    compared: usize,
    problems: Vec<String>,
}

impl Report {
    async fn compare(
        &mut self,
        action: &str,
        arguments: Json,
        answer: &'static str,
        sent: &Sent,
        output: Result<String, String>,
    ) {
        self.compared += 1;
        let capture = Capture::answering(answer);
        let client = AwsClient::with_config(Options::default(), configuration(&capture));
        let result = client.call(&Call::new(action, arguments)).await;
        let request = capture.sent();
        if request != *sent {
            self.problems.push(format!(
                "{action}: our request is\n  {request:?}\ntheirs\n  {sent:?}"
            ));
        }
        match (result, output) {
            (Ok(ours), Ok(theirs)) => {
                let differences = values::differences(&ours.result, &theirs);
                let lines = differences
                    .into_iter()
                    .map(|line| format!("{action}{line}"));
                self.problems.extend(lines);
            }
            (ours, theirs) => self.problems.push(format!(
                "{action}: ours gave\n  {ours:?}\ntheirs\n  {theirs:?}"
            )),
        }
    }

    /// All of at least so many operations agree.
    fn holds(self, at_least: usize) {
        assert!(self.problems.is_empty(), "{}", self.problems.join("\n"));
        assert!(self.compared >= at_least, "{} compared", self.compared);
    }
}

fn configuration(capture: &Capture) -> SdkConfig {
    let credentials = Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("test")
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(capture.clone())
        .build()
}
