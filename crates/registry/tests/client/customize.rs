//! What botocore does to single operations by hand.

use crate::call;
use crate::stub::{Stub, answer};
use serde_json::json;

#[tokio::test]
async fn services_get_what_their_models_do_not_say() {
    let stub = Stub::start(vec![answer("200 OK", "application/json", "{}")]).await;
    for (action, arguments) in [
        ("glacier:ListVaults", json!({})),
        ("apigateway:GetRestApis", json!({})),
    ] {
        call(&stub, action, arguments).await.expect("an answer");
    }
    let heads: Vec<String> = stub
        .asked()
        .iter()
        .map(|asked| asked.head.to_ascii_lowercase())
        .collect();
    assert!(heads[0].starts_with("get /-/vaults "), "{}", heads[0]);
    assert!(heads[0].contains("x-amz-glacier-version: 2012-06-01"));
    assert!(
        heads[1].contains("accept: application/json"),
        "{}",
        heads[1]
    );
}

#[tokio::test]
async fn ids_of_hosted_zones_lose_their_path() {
    let body = "<GetHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id></HostedZone></GetHostedZoneResponse>";
    let stub = Stub::start(vec![answer("200 OK", "text/xml", body)]).await;
    let answer = call(
        &stub,
        "route53:GetHostedZone",
        json!({"Id": "/hostedzone/Z1"}),
    )
    .await
    .expect("an answer");
    assert_eq!(answer.result["HostedZone"]["Id"], "/hostedzone/Z1");
    let head = &stub.asked()[0].head;
    assert!(head.starts_with("GET /2013-04-01/hostedzone/Z1 "), "{head}");
}

#[tokio::test]
async fn console_output_and_templates_are_decoded() {
    let output = "<GetConsoleOutputResponse><output>aGVsbG8=</output></GetConsoleOutputResponse>";
    let stub = Stub::start(vec![answer("200 OK", "text/xml", output)]).await;
    let arguments = json!({"InstanceId": "i-0123456789abcdef0"});
    let answer_of = call(&stub, "ec2:GetConsoleOutput", arguments).await;
    assert_eq!(answer_of.expect("an answer").result["Output"], "hello");

    for (template, expected) in [
        (r#"{"Resources": {}}"#, json!({"Resources": {}})),
        ("Resources: {}", json!("Resources: {}")),
    ] {
        let body = format!(
            "<GetTemplateResponse><GetTemplateResult><TemplateBody>{template}</TemplateBody></GetTemplateResult></GetTemplateResponse>"
        );
        let stub = Stub::start(vec![answer("200 OK", "text/xml", &body)]).await;
        let answer = call(
            &stub,
            "cloudformation:GetTemplate",
            json!({"StackName": "s"}),
        )
        .await
        .expect("an answer");
        assert_eq!(answer.result["TemplateBody"], expected);
    }
}
