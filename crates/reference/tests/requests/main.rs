//! The registry's requests beside those of AWS's per-service crates: the same method, address, headers, body and scope
//! of the signature.

mod capture;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;
use capture::{Capture, Sent};
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::Call;
use serde_json::{Value as Json, json};

const XML: &str = "<R><requestId>r</requestId></R>";

fn configuration(capture: &Capture) -> SdkConfig {
    let credentials = Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("test")
        .build();
    SdkConfig::builder()
        .behavior_version(
            aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest(),
        )
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(capture.clone())
        .build()
}

async fn ours(action: &str, arguments: Json, answer: &'static str) -> Sent {
    let capture = Capture::answering(answer);
    let client = AwsClient::with_config(Options::default(), configuration(&capture));
    client
        .call(&Call::new(action, arguments))
        .await
        .unwrap_or_else(|error| panic!("{action}: {error}"));
    capture.sent()
}

/// Compares what we send for `$action` with what the crate's call sends.
macro_rules! same {
    ($sdk:ident, $answer:expr, $action:literal, $arguments:tt, |$client:ident| $call:expr) => {{
        let capture = Capture::answering($answer);
        let $client = $sdk::Client::new(&configuration(&capture));
        // Whether the crate likes the canned answer does not matter here.
        let _ = $call.send().await;
        assert_eq!(
            ours($action, json!($arguments), $answer).await,
            capture.sent(),
            $action
        );
    }};
}

#[tokio::test]
async fn ecs() {
    use aws_sdk_ecs::types::{
        ContainerDefinition, DesiredStatus, KeyValuePair, ServiceField, TaskDefinitionField,
    };
    same!(aws_sdk_ecs, "{}", "ecs:DescribeClusters", {"clusters": ["a", "b"]}, |client| client
        .describe_clusters()
        .clusters("a")
        .clusters("b"));
    same!(
        aws_sdk_ecs, "{}", "ecs:UpdateService",
        {"cluster": "c", "service": "s", "desiredCount": 2, "forceNewDeployment": true},
        |client| client
            .update_service()
            .cluster("c")
            .service("s")
            .desired_count(2)
            .force_new_deployment(true)
    );
    same!(
        aws_sdk_ecs, "{}", "ecs:ListTasks",
        {"cluster": "c", "serviceName": "s", "desiredStatus": "STOPPED"},
        |client| client
            .list_tasks()
            .cluster("c")
            .service_name("s")
            .desired_status(DesiredStatus::Stopped)
    );
    same!(
        aws_sdk_ecs, "{}", "ecs:DescribeServices",
        {"cluster": "c", "services": ["s"], "include": ["TAGS"]},
        |client| client
            .describe_services()
            .cluster("c")
            .services("s")
            .include(ServiceField::Tags)
    );
    same!(
        aws_sdk_ecs, "{}", "ecs:DescribeTaskDefinition",
        {"taskDefinition": "t:1", "include": ["TAGS"]},
        |client| client
            .describe_task_definition()
            .task_definition("t:1")
            .include(TaskDefinitionField::Tags)
    );
    // Without `cpu` the crate would send 0 for it, as its type cannot be absent; botocore and we do not.
    same!(
        aws_sdk_ecs, "{}", "ecs:RegisterTaskDefinition",
        {"family": "f", "memory": "512", "containerDefinitions": [
            {"name": "c", "image": "i", "cpu": 256, "memory": 512, "essential": true,
             "environment": [{"name": "LANG", "value": "é \"\\ \n"}]}
        ]},
        |client| client
            .register_task_definition()
            .family("f")
            .memory("512")
            .container_definitions(
                ContainerDefinition::builder()
                    .name("c")
                    .image("i")
                    .cpu(256)
                    .memory(512)
                    .essential(true)
                    .environment(
                        KeyValuePair::builder()
                            .name("LANG")
                            .value("é \"\\ \n")
                            .build()
                    )
                    .build()
            )
    );
}

#[tokio::test]
async fn iam() {
    use aws_sdk_iam::types::Tag;
    same!(aws_sdk_iam, XML, "iam:GetRole", {"RoleName": "a b+c"}, |client| client
        .get_role()
        .role_name("a b+c"));
    same!(aws_sdk_iam, XML, "iam:ListRoles", {"PathPrefix": "/x/", "MaxItems": 5}, |client| client
        .list_roles()
        .path_prefix("/x/")
        .max_items(5));
    same!(
        aws_sdk_iam, XML, "iam:CreateRole",
        {"RoleName": "r", "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\"}",
         "Tags": [{"Key": "k", "Value": "v~é*"}]},
        |client| client
            .create_role()
            .role_name("r")
            .assume_role_policy_document("{\"Version\":\"2012-10-17\"}")
            .tags(Tag::builder().key("k").value("v~é*").build().expect("a tag"))
    );
    same!(
        aws_sdk_iam, XML, "iam:SimulatePrincipalPolicy",
        {"PolicySourceArn": "arn:aws:iam::123456789012:role/r", "ActionNames": ["s3:GetObject", "s3:PutObject"]},
        |client| client
            .simulate_principal_policy()
            .policy_source_arn("arn:aws:iam::123456789012:role/r")
            .action_names("s3:GetObject")
            .action_names("s3:PutObject")
    );
}

#[tokio::test]
async fn ec2() {
    use aws_sdk_ec2::types::{Filter, InstanceType, ResourceType, Tag, TagSpecification};
    same!(
        aws_sdk_ec2, XML, "ec2:DescribeVpcs",
        {"Filters": [{"Name": "isDefault", "Values": ["true", "false"]}], "VpcIds": ["vpc-1"]},
        |client| client
            .describe_vpcs()
            .filters(
                Filter::builder()
                    .name("isDefault")
                    .values("true")
                    .values("false")
                    .build()
            )
            .vpc_ids("vpc-1")
    );
    same!(
        aws_sdk_ec2, XML, "ec2:DescribeInstances",
        {"InstanceIds": ["i-1", "i-2"], "DryRun": false},
        |client| client
            .describe_instances()
            .instance_ids("i-1")
            .instance_ids("i-2")
            .dry_run(false)
    );
    same!(
        aws_sdk_ec2, XML, "ec2:CreateTags",
        {"Resources": ["i-1"], "Tags": [{"Key": "a", "Value": "b c"}]},
        |client| client
            .create_tags()
            .resources("i-1")
            .tags(Tag::builder().key("a").value("b c").build())
    );
    same!(
        aws_sdk_ec2, XML, "ec2:RunInstances",
        {"ImageId": "ami-1", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 2, "ClientToken": "mine",
         "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}]},
        |client| client
            .run_instances()
            .image_id("ami-1")
            .instance_type(InstanceType::T3Micro)
            .min_count(1)
            .max_count(2)
            .client_token("mine")
            .tag_specifications(
                TagSpecification::builder()
                    .resource_type(ResourceType::Instance)
                    .tags(Tag::builder().key("k").value("v").build())
                    .build()
            )
    );
}

#[tokio::test]
async fn logs() {
    use aws_sdk_cloudwatchlogs::types::InputLogEvent;
    same!(
        aws_sdk_cloudwatchlogs, "{}", "logs:FilterLogEvents",
        {"logGroupName": "/a", "startTime": 1_768_478_400_000_i64, "filterPattern": "?a ?b"},
        |client| client
            .filter_log_events()
            .log_group_name("/a")
            .start_time(1_768_478_400_000)
            .filter_pattern("?a ?b")
    );
    same!(
        aws_sdk_cloudwatchlogs, "{}", "logs:CreateLogGroup",
        {"logGroupName": "/a", "tags": {"k": "v"}},
        |client| client.create_log_group().log_group_name("/a").tags("k", "v")
    );
    same!(
        aws_sdk_cloudwatchlogs, "{}", "logs:PutLogEvents",
        {"logGroupName": "/a", "logStreamName": "s", "logEvents": [{"timestamp": 5, "message": "é"}]},
        |client| client
            .put_log_events()
            .log_group_name("/a")
            .log_stream_name("s")
            .log_events(
                InputLogEvent::builder()
                    .timestamp(5)
                    .message("é")
                    .build()
                    .expect("an event")
            )
    );
    same!(
        aws_sdk_cloudwatchlogs, "{}", "logs:StartQuery",
        {"logGroupName": "/a", "startTime": 1, "endTime": 2, "queryString": "fields @message | limit 5"},
        |client| client
            .start_query()
            .log_group_name("/a")
            .start_time(1)
            .end_time(2)
            .query_string("fields @message | limit 5")
    );
}
