use super::super::Trust;
use super::super::test_server::{HttpServer, TlsServer, context, run};
use super::*;

#[tokio::test]
async fn a_get_returns_status_headers_body_and_json() {
    let server = HttpServer::start().await;
    let arguments = json!({
        "url": server.url("/health?deep=1"),
        "query": {"tag": "a b&c"},
        "headers": {"X-Api-Key": "k"},
    });
    let result = run(&HttpRequest, &context(), arguments)
        .await
        .expect("answers");
    assert_eq!(result["status"], 200);
    assert_eq!(result["json"]["method"], "GET");
    assert_eq!(result["json"]["query"], "deep=1&tag=a+b%26c");
    assert_eq!(result["json"]["headers"]["x-api-key"], "k");
    assert_eq!(
        result["json"]["headers"]["host"],
        format!("127.0.0.1:{}", server.port)
    );
    assert!(result["headers"]["content-length"].is_string());
    let body: Json = serde_json::from_str(result["body"].as_str().expect("text")).expect("JSON");
    assert_eq!(body, result["json"]);
}

#[tokio::test]
async fn a_json_body_is_sent_as_such() {
    let server = HttpServer::start().await;
    let arguments = json!({"url": server.url("/echo"), "method": "POST", "json": {"a": [1]}});
    let result = run(&HttpRequest, &context(), arguments)
        .await
        .expect("answers");
    assert_eq!(result["json"]["body"], r#"{"a":[1]}"#);
    assert_eq!(
        result["json"]["headers"]["content-type"],
        "application/json"
    );
}

#[tokio::test]
async fn any_status_is_an_answer_unless_some_are_expected() {
    let server = HttpServer::start().await;
    let url = server.url("/status/503?token=secret");
    let result = run(&HttpRequest, &context(), json!({"url": url}))
        .await
        .expect("answers");
    assert_eq!(result["status"], 503);
    let arguments = json!({"url": url, "expect_status": [200, 204]});
    let error = run(&HttpRequest, &context(), arguments)
        .await
        .expect_err("503");
    assert_eq!(error.code, "status");
    assert!(!error.message.contains("secret"), "{error}");
    assert!(
        error
            .message
            .ends_with("503 Service Unavailable: as asked for"),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_are_followed_up_to_a_bound() {
    let server = HttpServer::start().await;
    let arguments = json!({"url": server.url("/to?/echo"), "redirects": 1});
    let result = run(&HttpRequest, &context(), arguments)
        .await
        .expect("answers");
    assert_eq!(result["url"], server.url("/echo"));
    let arguments = json!({"url": server.url("/to?/echo"), "redirects": 0});
    let result = run(&HttpRequest, &context(), arguments)
        .await
        .expect("answers");
    assert_eq!(result["status"], 302);
    let arguments = json!({"url": server.url("/to?/to"), "redirects": 3});
    let error = run(&HttpRequest, &context(), arguments)
        .await
        .expect_err("a loop");
    assert_eq!(error.code, "redirect");
}

#[tokio::test]
async fn a_redirect_leaves_neither_the_allowed_hosts_nor_its_headers_behind() {
    let server = HttpServer::start().await;
    let elsewhere = format!("/to?http://elsewhere.example.com:{}/", server.port);
    let error = run(
        &HttpRequest,
        &context(),
        json!({"url": server.url(&elsewhere)}),
    )
    .await
    .expect_err("another host");
    assert_eq!(error.code, "not_allowed");

    let same_machine = format!("/see-other?http://localhost:{}/echo", server.port);
    let arguments = json!({
        "url": server.url(&same_machine),
        "method": "POST",
        "body": "secret",
        "headers": {"Authorization": "Bearer t", "Accept": "text/plain"},
    });
    let result = run(&HttpRequest, &context(), arguments)
        .await
        .expect("answers");
    assert_eq!(result["json"]["method"], "GET");
    assert_eq!(result["json"]["body"], "");
    assert_eq!(result["json"]["headers"]["accept"], "text/plain");
    assert_eq!(result["json"]["headers"].get("authorization"), None);
}

#[tokio::test]
async fn bodies_and_waits_are_bounded() {
    let server = HttpServer::start().await;
    let arguments = json!({"url": server.url("/long"), "max_bytes": 1000});
    let error = run(&HttpRequest, &context(), arguments)
        .await
        .expect_err("long");
    assert_eq!(error.code, "size");
    let arguments = json!({"url": server.url("/slow"), "timeout": "50ms"});
    let error = run(&HttpRequest, &context(), arguments)
        .await
        .expect_err("slow");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("timeout", FailureKind::Unanswered)
    );
}

#[tokio::test]
async fn https_trusts_known_authorities_only() {
    let server = TlsServer::start().await;
    let arguments = json!({"url": format!("https://localhost:{}/echo", server.port)});
    let mut here = context();
    here.trust = Arc::new(Trust::only([]));
    let error = run(&HttpRequest, &here, arguments.clone())
        .await
        .expect_err("unknown issuer");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("tls", FailureKind::NotSent)
    );
    here.trust = Arc::new(Trust::only([server.certificate.clone()]));
    let result = run(&HttpRequest, &here, arguments).await.expect("answers");
    assert_eq!(result["status"], 200);
}

#[tokio::test]
async fn nothing_is_sent_for_arguments_that_do_not_fit() {
    for arguments in [
        json!({}),
        json!({"url": "ftp://127.0.0.1/"}),
        json!({"url": "http://user:secret@127.0.0.1/"}),
        json!({"url": "http://127.0.0.1/", "method": "BREW"}),
        json!({"url": "http://127.0.0.1/", "json": 1, "body": "1"}),
        json!({"url": "http://127.0.0.1/", "headers": {"a b": "c"}}),
        json!({"url": "http://127.0.0.1/", "timeout": "soon"}),
    ] {
        let error = run(&HttpRequest, &context(), arguments.clone())
            .await
            .expect_err("wrong");
        assert_eq!(error.code, "arguments", "{arguments}: {error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

#[test]
fn only_get_and_head_read() {
    let effect = |arguments: Json| {
        HttpRequest
            .effects(&arguments)
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(effect(json!({"url": "http://a"})), [Effect::Read]);
    assert_eq!(effect(json!({"method": "HEAD"})), [Effect::Read]);
    assert_eq!(effect(json!({"method": "POST"})), [Effect::Execute]);
    assert_eq!(effect(json!({"method": 1})), [Effect::Execute]);
}
