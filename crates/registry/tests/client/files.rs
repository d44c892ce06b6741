//! Bodies from files and into files.

use crate::stub::{Reaction, Stub, answer_with};
use crate::{configuration, options};
use jiff::SignedDuration;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::{Call, CallError, FailureKind};
use serde_json::{Value as Json, json};
use std::path::Path;

/// A client that may use the files below a folder and keeps little in memory.
fn client(url: &str, root: &Path) -> AwsClient {
    let options = Options {
        files: Some(root.to_owned()),
        answer_limit: Some(1_000),
        max_attempts: Some(2),
        ..options(url)
    };
    AwsClient::with_config(options, configuration())
}

fn put(file: &str) -> Call {
    let arguments = json!({"Bucket": "bucket", "Key": "k", "Body": {"file": file}});
    Call::new("s3:PutObject", arguments)
}

fn get(file: &str) -> Call {
    let arguments = json!({"Bucket": "bucket", "Key": "k", "outfile": file});
    Call::new("s3:GetObject", arguments)
}

fn refused(outcome: Result<impl Sized, CallError>) -> String {
    let error = outcome.err().expect("an error");
    assert_eq!(
        (error.kind, error.code.as_str()),
        (FailureKind::NotSent, "arguments")
    );
    error.message
}

#[tokio::test]
async fn a_file_is_sent_signed_and_summed_and_again_after_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("nine"), "123456789").expect("a file");
    let stub = Stub::start(vec![
        answer_with("503 Slow Down", "", ""),
        answer_with("200 OK", "ETag: \"e\"\n", ""),
    ])
    .await;
    let answer = client(&stub.url, folder.path())
        .call(&put("nine"))
        .await
        .expect("an answer");
    assert_eq!(answer.result["ETag"], "\"e\"");
    assert_eq!(stub.asked().len(), 2);
    for asked in stub.asked() {
        assert_eq!(asked.body, "123456789");
        let head = asked.head.to_ascii_lowercase();
        for line in [
            "content-length: 9",
            "x-amz-checksum-crc32: y/q5jg==",
            "x-amz-content-sha256: 15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            "content-type: application/octet-stream",
        ] {
            assert!(head.contains(line), "{line} in {head}");
        }
    }
}

#[tokio::test]
async fn an_object_larger_than_memory_allows_goes_into_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let object = "x".repeat(100_000);
    let stub = Stub::start(vec![answer_with("200 OK", "ETag: \"e\"\n", &object)]).await;
    let client = client(&stub.url, folder.path());
    let answer = client.call(&get("out")).await.expect("an answer");
    assert_eq!(answer.result["ETag"], "\"e\"");
    assert_eq!(answer.result.get("Body"), None::<&Json>);
    let written = std::fs::read_to_string(folder.path().join("out")).expect("a file");
    assert_eq!(written, object);

    let in_memory = Call::new("s3:GetObject", json!({"Bucket": "bucket", "Key": "k"}));
    let error = client.call(&in_memory).await.expect_err("too large");
    assert!(error.message.contains("larger than 1000 bytes"), "{error}");
}

#[tokio::test]
async fn a_failed_download_leaves_the_folder_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("out"), "before").expect("a file");
    let damaged = answer_with("200 OK", "x-amz-checksum-crc32: AAAAAA==\n", "123456789");
    let missing = answer_with("404 Not Found", "", "<Error><Code>NoSuchKey</Code></Error>");
    let stops = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc".to_vec();
    for (reaction, code) in [
        (damaged, "response"),
        (missing, "NoSuchKey"),
        (Reaction::Bytes(stops.clone()), "response"),
        (Reaction::Begin(stops), "timeout"),
    ] {
        let stub = Stub::start(vec![reaction]).await;
        let mut call = get("out");
        call.timeout = Some(SignedDuration::from_millis(300));
        let error = client(&stub.url, folder.path())
            .call(&call)
            .await
            .expect_err("an error");
        assert_eq!(error.code, code, "{error}");
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["out"]);
        let kept = std::fs::read_to_string(folder.path().join("out")).expect("a file");
        assert_eq!(kept, "before");
    }
}

#[tokio::test]
async fn only_files_below_the_folder_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    std::fs::create_dir_all(root.join("inner")).expect("folders");
    std::fs::write(folder.path().join("secret"), "s").expect("a file");
    std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).expect("a link");
    let stub = Stub::start(vec![answer_with("200 OK", "", "")]).await;
    let client = client(&stub.url, &root);
    for path in [
        "../secret",
        "link",
        "inner",
        "missing",
        "",
        "inner/../../secret",
    ] {
        refused(client.call(&put(path)).await);
    }
    for path in ["../new", "link", "inner", "missing/new", ""] {
        refused(client.call(&get(path)).await);
    }
    for body in [
        json!({}),
        json!({"file": 1}),
        json!({"file": "inner", "more": 1}),
    ] {
        let mut call = put("");
        call.arguments["Body"] = body;
        let message = refused(client.call(&call).await);
        assert!(message.contains("`{file: PATH}`"), "{message}");
    }
    let nowhere = AwsClient::with_config(options(&stub.url), configuration());
    let message = refused(nowhere.call(&put("inner")).await);
    assert!(message.contains("no files can be read"), "{message}");
    assert!(stub.asked().is_empty());
}
