//! What botocore does to single operations by hand, and the AWS CLI therefore shows.

use crate::model::service::{Operation, Service};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

/// Fills in what a caller need not say.
pub(super) fn arguments(service: &Service, operation: &Operation, arguments: &mut Json) {
    match service.name {
        "glacier" => {
            let has_account = service
                .structure(operation.input)
                .is_some_and(|input| input.members.iter().any(|it| it.name == "accountId"));
            if has_account && arguments["accountId"].is_null() {
                arguments["accountId"] = "-".into();
            }
        }
        // Ids come out of this API as `/hostedzone/Z…` and go in as `Z…`.
        "route53" => {
            for member in ["Id", "HostedZoneId", "ResourceId", "DelegationSetId"] {
                let short = arguments[member]
                    .as_str()
                    .and_then(|id| id.strip_prefix('/'))
                    .and_then(|id| id.rsplit('/').next())
                    .map(Json::from);
                if let Some(short) = short {
                    arguments[member] = short;
                }
            }
        }
        _ => {}
    }
}

/// Adds the headers that a service insists on and its model does not have.
pub(super) fn request(service: &Service, request: &mut HttpRequest) {
    match service.name {
        "glacier" => {
            request
                .headers_mut()
                .insert("x-amz-glacier-version", service.metadata.api_version);
        }
        "apigateway" => {
            request.headers_mut().insert("Accept", "application/json");
        }
        _ => {}
    }
}

/// Reads what a result carries in a form of its own.
pub(super) fn result(service: &Service, operation: &Operation, result: &mut Json) {
    let (member, read): (&str, fn(&str) -> Option<Json>) = match (service.name, operation.name) {
        ("ec2", "GetConsoleOutput") => ("Output", |text| {
            let bytes = BASE64.decode(text).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned().into())
        }),
        ("cloudformation", "GetTemplate") => ("TemplateBody", |text| {
            let template = serde_json::from_str::<Json>(text).ok()?;
            template.is_object().then_some(template)
        }),
        _ => return,
    };
    if let Some(value) = result.get_mut(member)
        && let Some(better) = value.as_str().and_then(read)
    {
        *value = better;
    }
}
