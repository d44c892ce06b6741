//! The least that has to be done for a call, with the client's own HTTP client and signatures: write, sign, send, read.

use crate::Failure;
use crate::spent::{Since, Spent};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use futures_util::future::try_join_all;
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::time::SystemTime;

/// Calls that are made before any is timed, one after the other.
const WARM_UP: u32 = 100;

/// Who signs.
pub fn credentials() -> Credentials {
    Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("bench")
        .build()
}

/// The HTTP client, as the registry's client has it.
///
/// # Errors
/// It cannot be put together.
pub fn connector() -> Result<SharedHttpConnector, Failure> {
    let components = RuntimeComponentsBuilder::for_tests()
        .with_time_source(Some(
            aws_config::SdkConfig::builder()
                .build()
                .time_source()
                .unwrap_or_default(),
        ))
        .build()?;
    let settings = HttpConnectorSettings::builder().build();
    Ok(Builder::new()
        .build_http()
        .http_connector(&settings, &components))
}

/// Makes so many calls, so many of them at once.
///
/// # Errors
/// A call did not succeed.
pub async fn run(url: &str, count: u32, concurrency: u32) -> Result<Spent, Failure> {
    let connector = connector()?;
    for _ in 0..WARM_UP {
        call(&connector, url).await?;
    }
    let left = Cell::new(count);
    let since = Since::now();
    try_join_all((0..concurrency).map(async |_| {
        while let Some(less) = left.get().checked_sub(1) {
            left.set(less);
            call(&connector, url).await?;
        }
        Ok::<_, Failure>(())
    }))
    .await?;
    Ok(since.spent())
}

/// Makes one call.
///
/// # Errors
/// It did not succeed.
pub async fn call(connector: &SharedHttpConnector, url: &str) -> Result<Json, Failure> {
    let body = json!({"clusters": ["shop"]}).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        (
            "x-amz-target",
            "AmazonEC2ContainerServiceV20141113.DescribeClusters",
        ),
        ("user-agent", "bare"),
    ];
    let identity = credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-3")
        .name("ecs")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let address = format!("{url}/");
    let signable = SignableRequest::new(
        "POST",
        address.as_str(),
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    let mut request = http::Request::builder().method("POST").uri(&address);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut request = request.body(SdkBody::from(body))?;
    instructions.apply_to_request_http1x(&mut request);
    let response = connector.call(HttpRequest::try_from(request)?).await?;
    if !response.status().is_success() {
        return Err(format!("the stub answered {}", response.status().as_u16()).into());
    }
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}
