//! Large requests made smaller.

use crate::stub::{Asked, Stub, answer};
use crate::{configuration, options};
use aws_config::SdkConfig;
use flate2::read::GzDecoder;
use runbook_registry::aws::AwsClient;
use runbook_registry::call::Call;
use serde_json::json;
use std::io::Read as _;

/// What is sent for metrics with a name of this length, again and again.
async fn sent(configuration: SdkConfig, length: usize) -> Asked {
    let stub = Stub::start(vec![answer("200 OK", "application/x-amz-json-1.0", "{}")]).await;
    let options = options(&stub.url);
    let datum = json!({"MetricName": "m".repeat(length), "Value": 1});
    let put = Call::new(
        "cloudwatch:PutMetricData",
        json!({"Namespace": "n", "MetricData": [datum]}),
    );
    AwsClient::with_config(options, configuration)
        .call(&put)
        .await
        .expect("an answer");
    stub.asked().remove(0)
}

fn is_compressed(asked: &Asked) -> bool {
    asked
        .head
        .to_ascii_lowercase()
        .contains("content-encoding: gzip")
}

#[tokio::test]
async fn a_large_request_is_compressed_before_it_is_signed() {
    let asked = sent(configuration(), 20_000).await;
    assert!(is_compressed(&asked), "{}", asked.head);
    assert!(asked.bytes.len() < 1_000, "{}", asked.bytes.len());
    let length = format!("content-length: {}", asked.bytes.len());
    assert!(asked.head.to_ascii_lowercase().contains(&length));
    let mut body = Vec::new();
    GzDecoder::new(asked.bytes.as_slice())
        .read_to_end(&mut body)
        .expect("gzip");
    assert!(
        body.windows(20_000)
            .any(|part| part.iter().all(|byte| *byte == b'm'))
    );
}

#[tokio::test]
async fn the_configuration_says_what_is_compressed() {
    assert!(!is_compressed(&sent(configuration(), 9_000).await));
    let least = configuration()
        .into_builder()
        .request_min_compression_size_bytes(100);
    assert!(is_compressed(&sent(least.build(), 200).await));
    let never = configuration()
        .into_builder()
        .disable_request_compression(true);
    assert!(!is_compressed(&sent(never.build(), 20_000).await));
}
