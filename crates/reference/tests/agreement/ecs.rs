//! Amazon ECS: awsJson 1.1.

use crate::Report;
use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ClusterField,
    ClusterSetting, ClusterSettingName, Compatibility, ContainerDefinition,
    DeploymentCircuitBreaker, DeploymentConfiguration, DesiredStatus, KeyValuePair, LaunchType,
    NetworkConfiguration, NetworkMode, ServiceField, SettingName, Tag, TaskDefinitionField,
    TaskDefinitionStatus,
};

fn network() -> NetworkConfiguration {
    let vpc = AwsVpcConfiguration::builder()
        .subnets("subnet-1")
        .security_groups("sg-1")
        .assign_public_ip(AssignPublicIp::Disabled)
        .build()
        .expect("a configuration");
    NetworkConfiguration::builder()
        .awsvpc_configuration(vpc)
        .build()
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one row an operation")]
async fn ecs() {
    let mut report = Report::default();
    macro_rules! same {
        ($($line:tt)*) => { agree!(report, aws_sdk_ecs, "ecs", "json", $($line)*) };
    }
    same!("ListClusters", {}, |client| client.list_clusters());
    same!("DescribeClusters", {"clusters": ["a", "b"], "include": ["STATISTICS"]}, |client| client
        .describe_clusters()
        .clusters("a")
        .clusters("b")
        .include(ClusterField::Statistics));
    same!(
        "CreateCluster",
        {"clusterName": "c", "tags": [{"key": "k", "value": "é"}],
         "settings": [{"name": "containerInsights", "value": "enabled"}]},
        |client| client
            .create_cluster()
            .cluster_name("c")
            .tags(tag("k", "é"))
            .settings(
                ClusterSetting::builder()
                    .name(ClusterSettingName::ContainerInsights)
                    .value("enabled")
                    .build()
            )
    );
    same!("DeleteCluster", {"cluster": "c"}, |client| client.delete_cluster().cluster("c"));
    same!(
        "PutClusterCapacityProviders",
        {"cluster": "c", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
         "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 2}]},
        |client| client
            .put_cluster_capacity_providers()
            .cluster("c")
            .capacity_providers("FARGATE")
            .capacity_providers("FARGATE_SPOT")
            .default_capacity_provider_strategy(
                CapacityProviderStrategyItem::builder()
                    .capacity_provider("FARGATE")
                    .weight(1)
                    .base(2)
                    .build()
                    .expect("an item")
            )
    );
    same!("ListServices", {"cluster": "c", "launchType": "FARGATE"}, |client| client
        .list_services()
        .cluster("c")
        .launch_type(LaunchType::Fargate));
    same!(
        "DescribeServices",
        {"cluster": "c", "services": ["s"], "include": ["TAGS"]},
        |client| client
            .describe_services()
            .cluster("c")
            .services("s")
            .include(ServiceField::Tags)
    );
    same!(
        "CreateService",
        {"cluster": "c", "serviceName": "s", "taskDefinition": "t:1", "desiredCount": 2, "launchType": "FARGATE",
         "clientToken": "mine", "networkConfiguration": {"awsvpcConfiguration":
            {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}},
        |client| client
            .create_service()
            .cluster("c")
            .service_name("s")
            .task_definition("t:1")
            .desired_count(2)
            .launch_type(LaunchType::Fargate)
            .client_token("mine")
            .network_configuration(network())
    );
    same!(
        "UpdateService",
        {"cluster": "c", "service": "s", "desiredCount": 0, "forceNewDeployment": true,
         "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": false},
                                     "maximumPercent": 200, "minimumHealthyPercent": 50}},
        |client| client
            .update_service()
            .cluster("c")
            .service("s")
            .desired_count(0)
            .force_new_deployment(true)
            .deployment_configuration(
                DeploymentConfiguration::builder()
                    .deployment_circuit_breaker(
                        DeploymentCircuitBreaker::builder()
                            .enable(true)
                            .rollback(false)
                            .build()
                    )
                    .maximum_percent(200)
                    .minimum_healthy_percent(50)
                    .build()
            )
    );
    same!("DeleteService", {"cluster": "c", "service": "s", "force": true}, |client| client
        .delete_service()
        .cluster("c")
        .service("s")
        .force(true));
    same!(
        "ListTasks",
        {"cluster": "c", "serviceName": "s", "desiredStatus": "STOPPED"},
        |client| client
            .list_tasks()
            .cluster("c")
            .service_name("s")
            .desired_status(DesiredStatus::Stopped)
    );
    same!("DescribeTasks", {"cluster": "c", "tasks": ["a", "b"]}, |client| client
        .describe_tasks()
        .cluster("c")
        .tasks("a")
        .tasks("b"));
    same!(
        "RunTask",
        {"cluster": "c", "taskDefinition": "t", "count": 2, "clientToken": "mine", "networkConfiguration":
            {"awsvpcConfiguration":
                {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}},
        |client| client
            .run_task()
            .cluster("c")
            .task_definition("t")
            .count(2)
            .client_token("mine")
            .network_configuration(network())
    );
    same!("StopTask", {"cluster": "c", "task": "t", "reason": "tested \"\\ \n"}, |client| client
        .stop_task()
        .cluster("c")
        .task("t")
        .reason("tested \"\\ \n"));
    same!("ListTaskDefinitions", {"familyPrefix": "f", "status": "ACTIVE"}, |client| client
        .list_task_definitions()
        .family_prefix("f")
        .status(TaskDefinitionStatus::Active));
    same!("ListTaskDefinitionFamilies", {"familyPrefix": "f"}, |client| client
        .list_task_definition_families()
        .family_prefix("f"));
    same!(
        "DescribeTaskDefinition",
        {"taskDefinition": "t:1", "include": ["TAGS"]},
        |client| client
            .describe_task_definition()
            .task_definition("t:1")
            .include(TaskDefinitionField::Tags)
    );
    // Without `cpu` the crate would send 0 for it, as its type cannot be absent; botocore and we do not.
    same!(
        "RegisterTaskDefinition",
        {"family": "f", "memory": "512", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
         "containerDefinitions": [
            {"name": "c", "image": "i", "cpu": 256, "memory": 512, "essential": true,
             "environment": [{"name": "LANG", "value": "é \"\\ \n"}]}
         ]},
        |client| client
            .register_task_definition()
            .family("f")
            .memory("512")
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .container_definitions(
                ContainerDefinition::builder()
                    .name("c")
                    .image("i")
                    .cpu(256)
                    .memory(512)
                    .essential(true)
                    .environment(KeyValuePair::builder().name("LANG").value("é \"\\ \n").build())
                    .build()
            )
    );
    same!("DeregisterTaskDefinition", {"taskDefinition": "t:1"}, |client| client
        .deregister_task_definition()
        .task_definition("t:1"));
    same!(
        "TagResource",
        {"resourceArn": "arn", "tags": [{"key": "k", "value": ""}]},
        |client| client.tag_resource().resource_arn("arn").tags(tag("k", ""))
    );
    same!("UntagResource", {"resourceArn": "arn", "tagKeys": ["k"]}, |client| client
        .untag_resource()
        .resource_arn("arn")
        .tag_keys("k"));
    same!("ListTagsForResource", {"resourceArn": "arn"}, |client| client
        .list_tags_for_resource()
        .resource_arn("arn"));
    same!(
        "ListAccountSettings",
        {"name": "containerInsights", "effectiveSettings": true},
        |client| client
            .list_account_settings()
            .name(SettingName::ContainerInsights)
            .effective_settings(true)
    );
    same!(
        "ExecuteCommand",
        {"cluster": "c", "task": "t", "container": "app", "command": "sh -c 'echo \"é\"'", "interactive": true},
        |client| client
            .execute_command()
            .cluster("c")
            .task("t")
            .container("app")
            .command("sh -c 'echo \"é\"'")
            .interactive(true)
    );
    report.holds(24);
}
