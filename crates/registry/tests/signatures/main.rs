//! Signatures as a service would compute them from what arrives, odd paths and queries among them.

mod server;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::region::Region;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::Call;
use serde_json::{Value as Json, json};
use server::Received;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Makes the call and checks its signature; the request, for more.
async fn sent(action: &str, arguments: Json, signed_for: &str, token: Option<&str>) -> Received {
    let (url, received) = server::start().await;
    let credentials = Credentials::new(
        "AKIDEXAMPLE",
        SECRET,
        token.map(ToOwned::to_owned),
        None,
        "test",
    );
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let options = Options {
        endpoint_url: Some(url),
        max_attempts: Some(1),
        ..Options::default()
    };
    let call = Call::new(action, arguments);
    // Whether an empty answer pleases the client does not matter here.
    let _ = AwsClient::with_config(options, config).call(&call).await;
    let received = received.await.expect("a request");
    let unsigned = action == "mediastore-data:PutObject";
    received.verify(SECRET, "eu-west-3", signed_for, unsigned);
    received
}

#[tokio::test]
async fn bodies_are_signed() {
    let request = sent(
        "ecs:DescribeClusters",
        json!({"clusters": ["é"]}),
        "ecs",
        None,
    )
    .await;
    assert_eq!(request.body, r#"{"clusters":["é"]}"#.as_bytes());
    let form = json!({"RoleName": "a b+c/é~*"});
    sent("iam:GetRole", form, "iam", None).await;
    sent("ec2:DescribeVpcs", json!({}), "ec2", None).await;
}

#[tokio::test]
async fn paths_are_encoded_once_more_except_for_s3() {
    for key in [
        "a b/é//c",
        "x/../y",
        "./x",
        "+&=?#%25",
        "é~!'()*:@$,;",
        "end/",
    ] {
        let request = sent(
            "s3:GetObject",
            json!({"Bucket": "bucket", "Key": key}),
            "s3",
            None,
        )
        .await;
        assert!(!request.header("x-amz-content-sha256").is_empty());
        sent(
            "mediastore-data:GetObject",
            json!({"Path": key}),
            "mediastore",
            None,
        )
        .await;
        sent(
            "lambda:GetFunction",
            json!({"FunctionName": key}),
            "lambda",
            None,
        )
        .await;
    }
    let request = sent(
        "s3:GetObject",
        json!({"Bucket": "bucket", "Key": "a b/é//c"}),
        "s3",
        None,
    );
    assert_eq!(request.await.path, "/bucket/a%20b/%C3%A9//c");
}

#[tokio::test]
async fn queries_are_sorted_and_encoded() {
    for text in ["a b+c&d=é", "~*'()!/:@?#", "%2F", "1=2=3", "\u{1F600}"] {
        let arguments =
            json!({"Bucket": "bucket", "Prefix": text, "Delimiter": "/", "StartAfter": text});
        sent("s3:ListObjectsV2", arguments, "s3", None).await;
        let arguments = json!({"FunctionName": "f", "Marker": text, "MaxItems": 5});
        sent("lambda:ListVersionsByFunction", arguments, "lambda", None).await;
    }
    let function = "arn:aws:lambda:eu-west-3:123456789012:function:f";
    let arguments = json!({"Resource": function, "TagKeys": ["b", "a", "B b", ""]});
    sent("lambda:UntagResource", arguments, "lambda", None).await;
}

#[tokio::test]
async fn a_session_token_is_sent_and_signed() {
    for (action, signed_for) in [("ecs:ListClusters", "ecs"), ("s3:ListBuckets", "s3")] {
        let request = sent(action, json!({}), signed_for, Some("a/token+of=session")).await;
        assert_eq!(request.header("x-amz-security-token"), "a/token+of=session");
        let signed = request.header("authorization");
        assert!(signed.contains("x-amz-security-token"), "{signed}");
    }
}

#[tokio::test]
async fn a_body_that_the_model_leaves_unsigned_is_not_hashed() {
    let arguments = json!({"Path": "a", "Body": "aGVsbG8="});
    let request = sent("mediastore-data:PutObject", arguments, "mediastore", None).await;
    assert_eq!(request.body, b"hello");
}

#[tokio::test]
async fn headers_are_signed_as_they_are_sent() {
    let arguments = json!({
        "Bucket": "bucket", "Key": "k", "Body": "aGVsbG8=",
        "Metadata": {"owner": "two  spaces", "Empty": ""}, "ContentType": "text/plain; charset=utf-8",
    });
    let request = sent("s3:PutObject", arguments, "s3", None).await;
    assert_eq!(request.body, b"hello");
}
