//! Sessions with directory buckets.

use crate::stub::{Asked, Reaction, Stub, answer_with};
use crate::{client_of, configuration, failed, options};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use runbook_registry::aws::AwsClient;
use runbook_registry::call::{Call, FailureKind};
use serde_json::json;

const BUCKET: &str = "mine--euw3-az1--x-s3";

fn session(end: &str) -> Reaction {
    let body = format!(
        "<CreateSessionResult><Credentials><SessionToken>bucket-token</SessionToken><SecretAccessKey>s</SecretAccessKey><AccessKeyId>ASIABUCKET</AccessKeyId><Expiration>{end}</Expiration></Credentials></CreateSessionResult>"
    );
    answer_with("200 OK", "", &body)
}

fn get() -> Call {
    Call::new("s3:GetObject", json!({"Bucket": BUCKET, "Key": "k"}))
}

fn is_session(asked: &Asked) -> bool {
    asked.head.starts_with(&format!("GET /{BUCKET}/?session "))
}

#[tokio::test]
async fn objects_are_read_with_a_session_that_is_kept() {
    let object = answer_with("200 OK", "", "123456789");
    let stub = Stub::start(vec![session("2099-01-01T00:00:00Z"), object]).await;
    let client = client_of(&stub.url);
    for _ in 0..2 {
        let answer = client.call(&get()).await.expect("an answer");
        assert_eq!(answer.result["Body"], "MTIzNDU2Nzg5");
    }
    let asked = stub.asked();
    assert_eq!(asked.len(), 3, "one session and two objects");
    let own = &asked[0].head;
    assert!(is_session(&asked[0]), "{own}");
    assert!(own.contains("Credential=AKIDEXAMPLE/") && own.contains("/s3express/aws4_request"));
    for object in &asked[1..] {
        let head = &object.head;
        assert!(head.starts_with(&format!("GET /{BUCKET}/k ")), "{head}");
        assert!(head.contains("Credential=ASIABUCKET/"), "{head}");
        assert!(head.contains("/eu-west-3/s3express/aws4_request"), "{head}");
        assert!(
            head.contains("x-amz-s3session-token: bucket-token"),
            "{head}"
        );
        assert!(!head.contains("x-amz-security-token"), "{head}");
    }
}

#[tokio::test]
async fn a_session_that_ends_is_replaced() {
    let object = answer_with("200 OK", "", "123456789");
    let past = session("2020-01-01T00:00:00Z");
    let stub = Stub::start(vec![
        past,
        object.clone(),
        session("2099-01-01T00:00:00Z"),
        object,
    ])
    .await;
    let client = client_of(&stub.url);
    for _ in 0..2 {
        client.call(&get()).await.expect("an answer");
    }
    let sessions: Vec<bool> = stub.asked().iter().map(is_session).collect();
    assert_eq!(sessions, [true, false, true, false]);
}

#[tokio::test]
async fn a_session_that_is_denied_names_the_bucket() {
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    let stub = Stub::start(vec![answer_with("403 Forbidden", "", denied)]).await;
    let message = failed(
        client_of(&stub.url).call(&get()).await,
        FailureKind::Answered,
        "AccessDenied",
    );
    let expected = format!("no session with the bucket `{BUCKET}` can be made: no");
    assert_eq!(message, expected);
    assert!(stub.asked().iter().all(is_session));
}

#[tokio::test]
async fn a_copy_needs_no_session() {
    let done = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
    let stub = Stub::start(vec![answer_with("200 OK", "", done)]).await;
    let arguments = json!({"Bucket": BUCKET, "Key": "k", "CopySource": "b/k"});
    let copy = Call::new("s3:CopyObject", arguments);
    client_of(&stub.url).call(&copy).await.expect("an answer");
    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    let head = &asked[0].head;
    assert!(head.contains("Credential=AKIDEXAMPLE/"), "{head}");
    assert!(head.contains("/s3express/aws4_request"), "{head}");
}

/// An environment with sessions turned off.
#[derive(Debug)]
struct Off;

impl LoadServiceConfig for Off {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        (key.env() == "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH").then(|| "true".to_owned())
    }
}

#[tokio::test]
async fn sessions_can_be_turned_off() {
    let stub = Stub::start(vec![answer_with("200 OK", "", "123456789")]).await;
    let options = options(&stub.url);
    let configuration = configuration().into_builder().service_config(Off).build();
    AwsClient::with_config(options, configuration)
        .call(&get())
        .await
        .expect("an answer");
    let asked = stub.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].head.contains("Credential=AKIDEXAMPLE/"));
}
