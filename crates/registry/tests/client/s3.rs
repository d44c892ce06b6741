//! What S3 does in ways of its own.

use crate::stub::{Stub, answer_with};
use crate::{call, client_of, configuration, failed, options};
use aws_smithy_types::checksum_config::{RequestChecksumCalculation, ResponseChecksumValidation};
use runbook_registry::aws::AwsClient;
use runbook_registry::call::{Call, FailureKind};
use serde_json::json;

#[tokio::test]
async fn bodies_go_out_with_a_checksum() {
    let stub = Stub::start(vec![answer_with("200 OK", "", "")]).await;
    let base = json!({"Bucket": "bucket", "Key": "k", "Body": "MTIzNDU2Nzg5"});
    let with = |name: &str, value: &str| {
        let mut arguments = base.clone();
        arguments[name] = value.into();
        arguments
    };
    for arguments in [
        base.clone(),
        with("ChecksumAlgorithm", "SHA256"),
        with("ChecksumCRC32", "y/Q5Jg=="),
        with("ContentMD5", "JfnnlDI7RTiF9RgfGxOFPA=="),
    ] {
        call(&stub, "s3:PutObject", arguments)
            .await
            .expect("an answer");
    }
    let heads: Vec<String> = stub
        .asked()
        .iter()
        .map(|asked| asked.head.to_ascii_lowercase())
        .collect();
    assert!(heads[0].contains("x-amz-checksum-crc32: y/q5jg=="));
    assert!(heads[0].contains("x-amz-sdk-checksum-algorithm: crc32"));
    assert!(
        heads[1].contains(
            "x-amz-checksum-sha256: feKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="
                .to_ascii_lowercase()
                .as_str()
        )
    );
    assert!(!heads[1].contains("x-amz-checksum-crc32"));
    assert_eq!(heads[2].matches("x-amz-checksum-crc32:").count(), 1);
    assert!(!heads[3].contains("x-amz-checksum-"), "{}", heads[3]);
}

#[tokio::test]
async fn checksums_can_be_left_to_those_that_are_required() {
    let stub = Stub::start(vec![answer_with("200 OK", "", "")]).await;
    let options = options(&stub.url);
    let configuration = configuration()
        .into_builder()
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    let client = AwsClient::with_config(options, configuration);
    let object = json!({"Bucket": "bucket", "Key": "k"});
    let delete = json!({"Bucket": "bucket", "Delete": {"Objects": [{"Key": "k"}]}});
    for (action, arguments) in [
        ("s3:PutObject", object.clone()),
        ("s3:GetObject", object),
        ("s3:DeleteObjects", delete),
    ] {
        client
            .call(&Call::new(action, arguments))
            .await
            .expect("an answer");
    }
    let summed: Vec<bool> = stub
        .asked()
        .iter()
        .map(|asked| asked.head.to_ascii_lowercase().contains("x-amz-checksum-"))
        .collect();
    assert_eq!(summed, [false, false, true]);
}

#[tokio::test]
async fn a_checksum_that_cannot_be_computed_must_be_given() {
    let stub = Stub::start(vec![answer_with("200 OK", "", "")]).await;
    let mut arguments = json!({"Bucket": "bucket", "Key": "k", "ChecksumAlgorithm": "MD5"});
    let error = call(&stub, "s3:PutObject", arguments.clone())
        .await
        .expect_err("an error");
    assert_eq!(error.kind, FailureKind::NotSent);
    assert!(error.message.contains("give `ChecksumMD5`"), "{error}");
    arguments["ChecksumMD5"] = "1B2M2Y8AsgTpgAmY7PhCfg==".into();
    call(&stub, "s3:PutObject", arguments)
        .await
        .expect("an answer");
    assert_eq!(stub.asked().len(), 1);
}

#[tokio::test]
async fn a_damaged_object_is_not_accepted() {
    let object = |checksum: &str| {
        answer_with(
            "200 OK",
            &format!("x-amz-checksum-crc32: {checksum}\n"),
            "123456789",
        )
    };
    let arguments = json!({"Bucket": "bucket", "Key": "k"});
    let stub = Stub::start(vec![object("y/Q5Jg==")]).await;
    let answer = call(&stub, "s3:GetObject", arguments.clone())
        .await
        .expect("an answer");
    assert_eq!(answer.result["Body"], "MTIzNDU2Nzg5");
    let head = stub.asked()[0].head.to_ascii_lowercase();
    assert!(head.contains("x-amz-checksum-mode: enabled"), "{head}");

    // The checksum of a multipart object's checksums says nothing of its bytes.
    let stub = Stub::start(vec![object("y/Q5Jg==-3")]).await;
    assert!(call(&stub, "s3:GetObject", arguments.clone()).await.is_ok());

    let stub = Stub::start(vec![object("AAAAAA==")]).await;
    let message = failed(
        call(&stub, "s3:GetObject", arguments).await,
        FailureKind::Garbled,
        "response",
    );
    assert!(message.contains("checksum"), "{message}");
}

#[tokio::test]
async fn an_error_under_the_status_of_a_success_is_tried_again() {
    let error = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>try again</Message></Error>";
    let done = "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>";
    let arguments = json!({"Bucket": "bucket", "Key": "k", "CopySource": "b/k"});
    let failing = answer_with("200 OK", "", error);
    let stub = Stub::start(vec![failing.clone(), answer_with("200 OK", "", done)]).await;
    let answer = call(&stub, "s3:CopyObject", arguments.clone())
        .await
        .expect("an answer");
    assert_eq!(answer.result["CopyObjectResult"]["ETag"], "\"e\"");

    let stub = Stub::start(vec![failing]).await;
    failed(
        call(&stub, "s3:CopyObject", arguments).await,
        FailureKind::Answered,
        "InternalError",
    );
    assert_eq!(stub.asked().len(), 3);
}

#[tokio::test]
async fn a_bucket_elsewhere_is_followed_and_remembered() {
    let done = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    let malformed = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>us-west-2</Region></Error>";
    let moved = "<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>bucket.s3-us-west-2.amazonaws.com</Endpoint></Error>";
    for redirect in [
        answer_with(
            "301 Moved Permanently",
            "x-amz-bucket-region: us-west-2\n",
            "",
        ),
        answer_with("301 Moved Permanently", "", moved),
        answer_with("307 Temporary Redirect", "", moved),
        answer_with("400 Bad Request", "", malformed),
    ] {
        let stub = Stub::start(vec![redirect, answer_with("200 OK", "", done)]).await;
        let client = client_of(&stub.url);
        let get = Call::new("s3:GetBucketVersioning", json!({"Bucket": "bucket"}));
        client.call(&get).await.expect("an answer");
        client.call(&get).await.expect("an answer");
        let regions: Vec<bool> = stub
            .asked()
            .iter()
            .map(|asked| asked.head.contains("/us-west-2/s3/"))
            .collect();
        assert_eq!(regions, [false, true, true]);
    }
}

#[tokio::test]
async fn a_bucket_that_is_sent_around_ends_as_an_error() {
    let redirect = |region: &str| {
        answer_with(
            "301 Moved Permanently",
            &format!("x-amz-bucket-region: {region}\n"),
            "",
        )
    };
    let stub = Stub::start(vec![redirect("us-west-2"), redirect("us-west-1")]).await;
    let error = call(&stub, "s3:HeadBucket", json!({"Bucket": "bucket"}))
        .await
        .expect_err("an error");
    assert_eq!(error.kind, FailureKind::Answered);
    assert_eq!(stub.asked().len(), 2);
}

#[tokio::test]
async fn keys_that_xml_cannot_hold_come_through() {
    let page = "<ListBucketResult><EncodingType>url</EncodingType><Prefix>a%2B</Prefix><IsTruncated>false</IsTruncated><Contents><Key>a%2B%01+b</Key></Contents></ListBucketResult>";
    let stub = Stub::start(vec![answer_with("200 OK", "", page)]).await;
    let arguments = json!({"Bucket": "bucket"});
    let answer = call(&stub, "s3:ListObjectsV2", arguments)
        .await
        .expect("an answer");
    assert_eq!(answer.result["Contents"][0]["Key"], "a+\u{1} b");
    assert!(stub.asked()[0].head.contains("encoding-type=url"));

    let arguments = json!({"Bucket": "bucket", "EncodingType": "url"});
    let answer = call(&stub, "s3:ListObjectsV2", arguments)
        .await
        .expect("an answer");
    assert_eq!(answer.result["Contents"][0]["Key"], "a%2B%01+b");
}
