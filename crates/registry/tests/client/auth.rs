//! Ways to prove who calls, other than Signature Version 4.

use crate::stub::{Stub, answer};
use crate::{call, configuration, failed, options};
use aws_credential_types::Token;
use aws_credential_types::provider::token::SharedTokenProvider;
use runbook_registry::aws::AwsClient;
use runbook_registry::call::{Call, FailureKind};
use serde_json::json;

#[tokio::test]
async fn a_service_of_bearer_tokens_gets_one() {
    let stub = Stub::start(vec![answer(
        "200 OK",
        "application/json",
        r#"{"items": []}"#,
    )])
    .await;
    let options = options(&stub.url);
    let with_token = configuration()
        .into_builder()
        .token_provider(SharedTokenProvider::new(Token::new("let-me-in", None)))
        .build();
    let spaces = Call::new("codecatalyst:ListSpaces", json!({}));
    AwsClient::with_config(options.clone(), with_token)
        .call(&spaces)
        .await
        .expect("an answer");
    let head = stub.asked()[0].head.to_ascii_lowercase();
    assert!(head.contains("authorization: bearer let-me-in"), "{head}");

    let message = failed(
        AwsClient::with_config(options, configuration())
            .call(&spaces)
            .await,
        FailureKind::Environment,
        "credentials",
    );
    assert!(message.contains("bearer token"), "{message}");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_service_of_several_regions_is_signed_asymmetrically() {
    let stub = Stub::start(vec![answer("200 OK", "application/json", "{}")]).await;
    let arguments = json!({
        "KvsARN": "arn:aws:cloudfront::123456789012:key-value-store/11111111-2222-3333-4444-555555555555",
        "Key": "k",
    });
    call(&stub, "cloudfront-keyvaluestore:GetKey", arguments)
        .await
        .expect("an answer");
    let head = &stub.asked()[0].head;
    assert!(head.contains("AWS4-ECDSA-P256-SHA256"), "{head}");
    assert!(
        head.to_ascii_lowercase().contains("x-amz-region-set"),
        "{head}"
    );
}
