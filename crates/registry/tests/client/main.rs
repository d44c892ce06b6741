//! The client against a server that answers whatever the test wants.

mod auth;
mod compress;
mod customize;
mod discover;
mod environment;
mod events;
mod express;
mod faults;
mod files;
mod first_try;
mod s3;
mod stub;
mod tls;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::region::Region;
use jiff::SignedDuration;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use serde_json::{Value as Json, json};
use std::time::Duration;
use stub::{Reaction, Stub, answer, binary};

fn configuration() -> SdkConfig {
    let credentials = Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("test")
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Options of a client that calls one server.
fn options(url: &str) -> Options {
    Options {
        endpoint_url: Some(url.to_owned()),
        ..Options::default()
    }
}

/// The message of a call that must fail in this way.
fn failed<T: std::fmt::Debug>(
    outcome: Result<T, CallError>,
    kind: FailureKind,
    code: &str,
) -> String {
    let error = outcome.expect_err("an error");
    assert_eq!((error.kind, error.code.as_str()), (kind, code), "{error}");
    error.message
}

fn client_of(url: &str) -> AwsClient {
    AwsClient::with_config(options(url), configuration())
}

async fn call(stub: &Stub, action: &str, arguments: Json) -> Result<Answer, CallError> {
    client_of(&stub.url)
        .call(&Call::new(action, arguments))
        .await
}

/// A single attempt, so that what fails fails at once.
async fn call_once(reaction: Reaction, action: &str, arguments: Json) -> Result<Answer, CallError> {
    let patience = reaction.patience();
    let stub = Stub::start(vec![reaction]).await;
    let options = Options {
        read_timeout: Some(patience),
        max_attempts: Some(1),
        ..options(&stub.url)
    };
    AwsClient::with_config(options, configuration())
        .call(&Call::new(action, arguments))
        .await
}

const JSON: &str = "application/x-amz-json-1.1";

#[tokio::test]
async fn json_goes_out_signed_and_comes_back_in_the_models_order() {
    let body =
        r#"{"failures": [], "clusters": [{"status": "ACTIVE", "clusterName": "a", "unknown": 1}]}"#;
    let stub = Stub::start(vec![answer("200 OK", JSON, body)]).await;
    let answer = call(&stub, "ecs:DescribeClusters", json!({"clusters": ["a"]}))
        .await
        .expect("an answer");
    assert_eq!(
        answer.result.to_string(),
        r#"{"clusters":[{"clusterName":"a","status":"ACTIVE"}],"failures":[]}"#
    );
    assert_eq!(answer.request_id.as_deref(), Some("id-1"));
    let asked = &stub.asked()[0];
    assert!(asked.head.starts_with("POST / HTTP/1.1"), "{}", asked.head);
    let head = asked.head.to_ascii_lowercase();
    for line in [
        "x-amz-target: amazonec2containerservicev20141113.describeclusters",
        "content-type: application/x-amz-json-1.1",
        "/eu-west-3/ecs/aws4_request",
        "amz-sdk-invocation-id",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert_eq!(asked.body, r#"{"clusters":["a"]}"#);
}

#[tokio::test]
async fn rest_json_binds_paths_and_queries() {
    let stub = Stub::start(vec![answer(
        "200 OK",
        "application/json",
        r#"{"Configuration": {"FunctionName": "f"}}"#,
    )])
    .await;
    let answer = call(
        &stub,
        "lambda:GetFunction",
        json!({"FunctionName": "f", "Qualifier": "1"}),
    )
    .await
    .expect("an answer");
    assert_eq!(answer.result["Configuration"]["FunctionName"], "f");
    let head = &stub.asked()[0].head;
    assert!(
        head.starts_with("GET /2015-03-31/functions/f?Qualifier=1 HTTP/1.1"),
        "{head}"
    );
}

#[tokio::test]
async fn rest_xml_reads_headers_and_bodies() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: \"x\"\r\nx-amz-meta-owner: me\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
    let stub = Stub::start(vec![Reaction::Bytes(bytes.to_vec())]).await;
    let answer = call(
        &stub,
        "s3:GetObject",
        json!({"Bucket": "some-bucket", "Key": "a b/é//c"}),
    )
    .await
    .expect("an answer");
    assert_eq!(answer.result["Body"], "PGh0bWw+");
    assert_eq!(answer.result["ETag"], "\"x\"");
    assert_eq!(answer.result["Metadata"], json!({"owner": "me"}));
    let head = &stub.asked()[0].head;
    assert!(
        head.starts_with("GET /some-bucket/a%20b/%C3%A9//c"),
        "{head}"
    );
    assert!(head.to_ascii_lowercase().contains("x-amz-content-sha256"));
}

#[tokio::test]
async fn query_sends_a_form_and_decodes_policies() {
    let body = r#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><RoleName>r</RoleName><Arn>a</Arn><CreateDate>2026-01-15T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument></Role></GetRoleResult><ResponseMetadata><RequestId>id-2</RequestId></ResponseMetadata></GetRoleResponse>"#;
    let whole = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let stub = Stub::start(vec![Reaction::Bytes(whole.into_bytes())]).await;
    let answer = call(&stub, "iam:GetRole", json!({"RoleName": "r"}))
        .await
        .expect("an answer");
    assert_eq!(
        answer.result["Role"],
        json!({
            "RoleName": "r", "Arn": "a", "CreateDate": "2026-01-15T12:00:00+00:00",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17"},
        })
    );
    assert_eq!(answer.request_id.as_deref(), Some("id-2"));
    assert_eq!(
        stub.asked()[0].body,
        "Action=GetRole&Version=2010-05-08&RoleName=r"
    );
}

#[tokio::test]
async fn ec2_flattens_its_lists() {
    let body = r#"<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>id-3</requestId><vpcSet><item><vpcId>vpc-1</vpcId><isDefault>true</isDefault></item></vpcSet></DescribeVpcsResponse>"#;
    let stub = Stub::start(vec![answer("200 OK", "text/xml", body)]).await;
    let filters = json!({"VpcIds": [], "Filters": [{"Name": "isDefault", "Values": ["true"]}]});
    let answer = call(&stub, "ec2:DescribeVpcs", filters)
        .await
        .expect("an answer");
    assert_eq!(
        answer.result,
        json!({"Vpcs": [{"IsDefault": true, "VpcId": "vpc-1"}]})
    );
    assert_eq!(
        stub.asked()[0].body,
        "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=isDefault&Filter.1.Value.1=true"
    );
}

#[tokio::test]
async fn cbor_goes_both_ways() {
    // {"sources": [{"name": "s"}]} would be of a service's own shapes; an empty map is of any.
    let stub = Stub::start(vec![binary("application/cbor", &[0xa0])]).await;
    let arguments = json!({});
    let answer = call(&stub, "eventbridgev2:ListEventBuses", arguments)
        .await
        .expect("an answer");
    assert_eq!(answer.result, json!({}));
    let head = stub.asked()[0].head.clone();
    assert!(
        head.starts_with("POST /service/AWSEventsV2/operation/ListEventBuses HTTP/1.1"),
        "{head}"
    );
}

#[tokio::test]
async fn modelled_errors_keep_code_message_and_request_id() {
    let error = call_once(
        answer("400 Bad Request", JSON, r#"{"__type": "com.amazonaws.ecs#ClusterNotFoundException", "message": "Cluster not found."}"#),
        "ecs:ListTasks",
        json!({"cluster": "nope"}),
    )
    .await
    .expect_err("an error");
    assert_eq!(error.code, "ClusterNotFoundException");
    assert_eq!(error.message, "Cluster not found.");
    assert_eq!(error.kind, FailureKind::Answered);
    assert_eq!(error.request_id.as_deref(), Some("id-1"));
}

#[tokio::test]
async fn errors_of_ec2_and_query_are_found_in_their_envelopes() {
    let ec2 = "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>no such vpc</Message></Error></Errors><RequestID>r</RequestID></Response>";
    let error = call_once(
        answer("400 Bad Request", "text/xml", ec2),
        "ec2:DescribeVpcs",
        json!({}),
    )
    .await
    .expect_err("an error");
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("InvalidVpcID.NotFound", "no such vpc")
    );

    let query = "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no role</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let error = call_once(
        answer("404 Not Found", "text/xml", query),
        "iam:GetRole",
        json!({"RoleName": "r"}),
    )
    .await
    .expect_err("an error");
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("NoSuchEntity", "no role")
    );
}

#[tokio::test]
async fn a_throttle_and_a_503_with_html_are_tried_again() {
    let stub = Stub::start(vec![
        answer(
            "400 Bad Request",
            JSON,
            r#"{"__type": "ThrottlingException", "message": "slow down"}"#,
        ),
        answer(
            "503 Service Unavailable",
            "text/html",
            "<html><title>busy</title></html>",
        ),
        answer("200 OK", JSON, r#"{"clusterArns": ["a"]}"#),
    ])
    .await;
    let answer = call(&stub, "ecs:ListClusters", json!({}))
        .await
        .expect("an answer on the third try");
    assert_eq!(answer.result, json!({"clusterArns": ["a"]}));
    assert_eq!(stub.asked().len(), 3);
}

#[tokio::test]
async fn html_is_no_answer_of_a_service() {
    let page = "<!DOCTYPE html><html><head><title>404 Not\n Found</title></head></html>";
    for action in ["ecs:ListClusters", "ec2:DescribeVpcs", "iam:ListRoles"] {
        let error = call_once(
            answer("404 Not Found", "text/html; charset=utf-8", page),
            action,
            json!({}),
        )
        .await
        .expect_err("an error");
        assert_eq!(error.kind, FailureKind::Garbled, "{action}");
        assert_eq!(error.code, "response");
        assert!(
            error.message.starts_with("the endpoint answered with text/html, HTTP 404 Not Found (“404 Not Found”), not with the service's "),
            "{}",
            error.message
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_garbled() {
    for (content_type, body, action) in [
        (JSON, r#"{"clusterArns": ["#, "ecs:ListClusters"),
        (JSON, "hello", "ecs:ListClusters"),
        (JSON, r#"{"clusterArns": {}}"#, "ecs:ListClusters"),
        (
            "text/xml",
            "<DescribeVpcsResponse><vpcSet>",
            "ec2:DescribeVpcs",
        ),
        ("text/xml", "no xml", "ec2:DescribeVpcs"),
    ] {
        let error = call_once(answer("200 OK", content_type, body), action, json!({}))
            .await
            .expect_err(body);
        assert_eq!(error.kind, FailureKind::Garbled, "{body}: {error}");
    }
    let error = call_once(
        answer("500 Internal Server Error", JSON, "{{"),
        "ecs:ListClusters",
        json!({}),
    )
    .await
    .expect_err("an error");
    assert_eq!(error.kind, FailureKind::Garbled);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_garbled() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 500\r\n\r\n{\"clusterArns\": [";
    let message = failed(
        call_once(Reaction::Bytes(cut.to_vec()), "ecs:ListClusters", json!({})).await,
        FailureKind::Garbled,
        "response",
    );
    assert!(message.contains("broke off"), "{message}");
}

#[tokio::test]
async fn silence_and_broken_connections_leave_the_outcome_open() {
    failed(
        call_once(Reaction::Stall, "ecs:ListClusters", json!({})).await,
        FailureKind::Unanswered,
        "timeout",
    );

    let error = call_once(Reaction::Hang, "ecs:ListClusters", json!({}))
        .await
        .expect_err("an error");
    assert_eq!(error.kind, FailureKind::Unanswered, "{error}");
}

#[tokio::test]
async fn a_call_ends_within_its_timeout() {
    let stub = Stub::start(vec![Reaction::Stall]).await;
    let mut bounded = Call::new("ecs:ListClusters", json!({}));
    bounded.timeout = Some(SignedDuration::from_millis(50));
    let options = Options {
        read_timeout: Some(Duration::from_mins(5)),
        ..options(&stub.url)
    };
    let client = AwsClient::with_config(options, configuration());
    let started = std::time::Instant::now();
    failed(
        client.call(&bounded).await,
        FailureKind::Unanswered,
        "timeout",
    );
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[tokio::test]
async fn a_refused_connection_names_the_endpoint() {
    let options = Options {
        endpoint_url: Some("http://127.0.0.1:1".to_owned()),
        max_attempts: Some(1),
        ..Options::default()
    };
    let client = AwsClient::with_config(options, configuration());
    let message = failed(
        client.call(&Call::new("ecs:ListClusters", json!({}))).await,
        FailureKind::Environment,
        "connect",
    );
    assert!(message.contains("`ecs` at http://127.0.0.1:1"), "{message}");
}

#[tokio::test]
async fn without_credentials_or_region_nothing_is_sent() {
    let stub = Stub::start(vec![answer("200 OK", JSON, "{}")]).await;
    let options = options(&stub.url);
    let no_credentials = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .build();
    let client = AwsClient::with_config(options.clone(), no_credentials);
    let error = client
        .call(&Call::new("ecs:ListClusters", json!({})))
        .await
        .expect_err("an error");
    assert_eq!(
        (error.kind, error.code.as_str()),
        (FailureKind::Environment, "credentials")
    );
    assert!(error.message.contains("aws sso login"), "{error}");
    assert_eq!(client.check_environment().await, Err(error));

    let nowhere = configuration().into_builder().region(None).build();
    let client = AwsClient::with_config(options, nowhere);
    failed(
        client.check_environment().await,
        FailureKind::Environment,
        "region",
    );
    assert!(stub.asked().is_empty());
}

#[tokio::test]
async fn pages_are_fetched_and_joined_up_to_the_limit() {
    let pages = vec![
        answer(
            "200 OK",
            JSON,
            r#"{"clusterArns": ["a", "b"], "nextToken": "2"}"#,
        ),
        answer(
            "200 OK",
            JSON,
            r#"{"clusterArns": ["c", "d"], "nextToken": "3"}"#,
        ),
        answer("200 OK", JSON, r#"{"clusterArns": ["e"]}"#),
    ];
    let stub = Stub::start(pages.clone()).await;
    let whole = call(&stub, "ecs:ListClusters", json!({}))
        .await
        .expect("an answer");
    assert_eq!(
        whole.result,
        json!({"clusterArns": ["a", "b", "c", "d", "e"]})
    );
    assert!(!whole.truncated);
    let bodies: Vec<String> = stub.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(
        bodies,
        ["{}", r#"{"nextToken":"2"}"#, r#"{"nextToken":"3"}"#]
    );

    let stub = Stub::start(pages).await;
    let mut bounded = Call::new("ecs:ListClusters", json!({}));
    bounded.limit = 3;
    let cut = client_of(&stub.url)
        .call(&bounded)
        .await
        .expect("an answer");
    assert_eq!(cut.result, json!({"clusterArns": ["a", "b", "c"]}));
    assert!(cut.truncated);
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn idempotency_tokens_are_filled_in_unless_given() {
    let stub = Stub::start(vec![answer("200 OK", JSON, "{}")]).await;
    let arguments = json!({"taskDefinition": "t"});
    call(&stub, "ecs:RunTask", arguments)
        .await
        .expect("an answer");
    let arguments = json!({"taskDefinition": "t", "clientToken": "mine"});
    call(&stub, "ecs:RunTask", arguments)
        .await
        .expect("an answer");
    let bodies: Vec<Json> = stub
        .asked()
        .iter()
        .map(|asked| serde_json::from_str(&asked.body).expect("JSON"))
        .collect();
    assert_eq!(bodies[0]["clientToken"].as_str().map(str::len), Some(36));
    assert_eq!(bodies[1]["clientToken"], "mine");
}

#[tokio::test]
async fn another_region_signs_for_that_region() {
    let stub = Stub::start(vec![answer("200 OK", JSON, "{}")]).await;
    let mut elsewhere = Call::new("ecs:ListClusters", json!({}));
    elsewhere.target.region = Some("us-west-2".to_owned());
    client_of(&stub.url)
        .call(&elsewhere)
        .await
        .expect("an answer");
    assert!(stub.asked()[0].head.contains("/us-west-2/ecs/aws4_request"));
}

#[tokio::test]
async fn operations_without_authentication_are_not_signed() {
    let body = r#"{"Credentials": {}}"#;
    let stub = Stub::start(vec![answer("200 OK", JSON, body)]).await;
    let client = AwsClient::with_config(
        options(&stub.url),
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-3"))
            .build(),
    );
    client
        .call(&Call::new(
            "cognito-identity:GetCredentialsForIdentity",
            json!({"IdentityId": "x"}),
        ))
        .await
        .expect("an answer");
    assert!(
        !stub.asked()[0]
            .head
            .to_ascii_lowercase()
            .contains("authorization")
    );
}

#[tokio::test]
async fn a_role_is_assumed_once_and_signs() {
    let assumed = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let stub = Stub::start(vec![
        answer("200 OK", "text/xml", assumed),
        answer("200 OK", JSON, "{}"),
    ])
    .await;
    let client = client_of(&stub.url);
    let mut call = Call::new("ecs:ListClusters", json!({}));
    call.target.role = Some("arn:aws:iam::123456789012:role/r".to_owned());
    client.call(&call).await.expect("an answer");
    client.call(&call).await.expect("an answer");
    let asked = stub.asked();
    assert_eq!(asked.len(), 3);
    assert!(
        asked[0].body.contains("Action=AssumeRole"),
        "{}",
        asked[0].body
    );
    for request in &asked[1..] {
        assert!(
            request.head.contains("Credential=ASIAROLE/"),
            "{}",
            request.head
        );
        assert!(
            request.head.contains("x-amz-security-token: token"),
            "{}",
            request.head
        );
    }
}
