//! Commands that only the AWS CLI has: a call of the API that does the same, or the CLI itself and what to call instead.

use super::custom::{text_of, words};
use super::options::{Given, Option_};
use super::{Aws, options};
use crate::shell::Command;
use crate::step::{Capture, Step};
use runbook_playbook::diagnostic::Code;
use serde_json::{Value as Json, json};

/// The step of a command; nothing where the API has an operation of its name that takes the same.
pub(super) fn step(
    aws: &mut Aws<'_>,
    command: &Command,
    service: &str,
    operation: &str,
    given: &Given,
) -> Option<Step> {
    if let Some(step) = call(aws, command, service, operation, given) {
        return Some(step);
    }
    let wizard =
        operation == "wizard" && matches!(service, "dynamodb" | "events" | "iam" | "lambda");
    if wizard || (service, operation) == ("ssm", "start-session") {
        let (what, help) = if wizard {
            (
                "asks its questions",
                "call the operations that it would call",
            )
        } else {
            (
                "opens a session",
                "`ssm:SendCommand` runs one command there, and ends",
            )
        };
        aws.findings.add(
            Code::EndlessCommand,
            command.span,
            format!("`aws {service} {operation}` {what}, and does not end by itself"),
            Some(help.to_owned()),
        );
    }
    let has = |name: &str| words(given, name).is_some();
    let told = instead(service, operation).or_else(|| match (service, operation) {
        ("cloudfront", "create-distribution" | "update-distribution")
            if has("origin-domain-name") || has("default-root-object") =>
        {
            Some("the CLI puts a whole `DistributionConfig` together; give it in `DistributionConfig`")
        }
        _ => None,
    });
    if wizard || told.is_some() {
        return Some(program(command, told));
    }
    None
}

/// A command that one call of the API does.
fn call(
    aws: &mut Aws<'_>,
    command: &Command,
    service: &str,
    operation: &str,
    given: &Given,
) -> Option<Step> {
    let read =
        |name: &str, action: &str, with: Vec<(String, Json)>, capture: Capture, note: &str| Step {
            name: name.to_owned(),
            action: action.to_owned(),
            with,
            captures: vec![capture],
            reads: true,
            notes: vec![note.to_owned()],
            span: command.span,
            ..Step::default()
        };
    match (service, operation) {
        ("configservice", "get-status") => Some(read(
            "recorder_status",
            "config:DescribeConfigurationRecorderStatus",
            Vec::new(),
            Capture::path("recorders", "$.ConfigurationRecordersStatus[*]"),
            "`config:DescribeDeliveryChannelStatus` tells the rest of what the command shows",
        )),
        ("gamelift", "get-game-session-log") => {
            let id = value(aws, given, "game-session-id")?;
            Some(read(
                "session_log",
                "gamelift:GetGameSessionLogUrl",
                vec![("GameSessionId".to_owned(), id)],
                Capture::path("url", "$.PreSignedUrl"),
                "the command saves what lies at this address",
            ))
        }
        ("emr", "terminate-clusters") => {
            let ids = values(aws, words(given, "cluster-ids")?);
            let with = vec![("JobFlowIds".to_owned(), ids)];
            Some(write(
                command,
                "terminate_clusters",
                "emr:TerminateJobFlows",
                with,
            ))
        }
        ("emr", "modify-cluster-attributes") => {
            let id = value(aws, given, "cluster-id")?;
            let (action, member, yes) = [
                (
                    "visible-to-all-users",
                    "SetVisibleToAllUsers",
                    "VisibleToAllUsers",
                ),
                (
                    "termination-protected",
                    "SetTerminationProtection",
                    "TerminationProtected",
                ),
                (
                    "unhealthy-node-replacement",
                    "SetUnhealthyNodeReplacement",
                    "UnhealthyNodeReplacement",
                ),
            ]
            .into_iter()
            .find_map(|(option, action, member)| {
                let no = format!("no-{option}");
                let yes = words(given, option).map(|_| true);
                let yes = yes.or_else(|| words(given, &no).map(|_| false))?;
                Some((action, member, yes))
            })?;
            let with = vec![
                ("JobFlowIds".to_owned(), json!([id])),
                (member.to_owned(), json!(yes)),
            ];
            Some(write(
                command,
                "modify_cluster",
                &format!("emr:{action}"),
                with,
            ))
        }
        _ => None,
    }
}

fn write(command: &Command, name: &str, action: &str, with: Vec<(String, Json)>) -> Step {
    Step {
        name: name.to_owned(),
        action: action.to_owned(),
        with,
        span: command.span,
        ..Step::default()
    }
}

fn value(aws: &mut Aws<'_>, given: &Given, option: &str) -> Option<Json> {
    let text = text_of(given, option)?;
    Some(aws.scalar_of(&text, words(given, option)?))
}

fn values(aws: &mut Aws<'_>, option: &Option_) -> Json {
    let texts: Vec<String> = option
        .words
        .iter()
        .map(|word| word.marked.clone())
        .collect();
    texts
        .iter()
        .map(|text| aws.scalar_of(text, option))
        .collect()
}

/// Commands that are an operation under another name: the operation, and its option for theirs.
pub(super) fn alias(
    service: &str,
    operation: &str,
    given: &mut options::Given,
) -> Option<&'static str> {
    let option = match (service, operation) {
        ("rds", "add-option-to-option-group") => "options-to-include",
        ("rds", "remove-option-from-option-group") => "options-to-remove",
        _ => return None,
    };
    for given in &mut given.options {
        if given.name == "options" {
            option.clone_into(&mut given.name);
        }
    }
    Some("modify-option-group")
}

/// What a playbook calls instead of a command that only the CLI has.
#[expect(clippy::too_many_lines, reason = "one list")]
fn instead(service: &str, operation: &str) -> Option<&'static str> {
    Some(match (service, operation) {
        ("cloudformation", "deploy") => {
            "the same by calls: `cloudformation:CreateChangeSet`, `cloudformation:WaitUntilChangeSetCreateComplete`, `cloudformation:ExecuteChangeSet`, and a waiter for the stack"
        }
        ("cloudformation", "package") => {
            "it puts files that the template names into S3 and names them there; `s3:PutObject` does that for each"
        }
        ("cloudfront", "sign") => {
            "it signs an address with a private key of this machine, and calls nothing"
        }
        ("cloudsearch", "define-expression" | "define-index-field") => {
            "the actions are `cloudsearch:DefineExpression` and `cloudsearch:DefineIndexField`, with `Expression` and `IndexField` as mappings"
        }
        ("cloudtrail", "validate-logs") => {
            "it reads the digests of all logs from S3 and checks their signatures on this machine"
        }
        ("codeartifact", "login") => {
            "it writes the settings of a package manager; `codeartifact:GetAuthorizationToken` gives the token"
        }
        ("codecommit", "credential-helper") => "git runs it by itself, as its settings say",
        ("configservice", "subscribe") => {
            "the same by calls: `config:PutConfigurationRecorder`, `config:PutDeliveryChannel`, `config:StartConfigurationRecorder`"
        }
        ("datapipeline", "create-default-roles")
        | ("dlm", "create-default-role")
        | ("emr", "create-default-roles") => {
            "the same by calls: `iam:CreateRole` and `iam:PutRolePolicy`"
        }
        ("datapipeline", "list-runs") => {
            "the same by calls: `datapipeline:QueryObjects` and `datapipeline:DescribeObjects`"
        }
        ("datapipeline", "put-pipeline-definition") => {
            "the action is `datapipeline:PutPipelineDefinition`, with the objects of the file as a list"
        }
        ("ddb", "put") => "the actions are `dynamodb:PutItem` and `dynamodb:BatchWriteItem`",
        ("ddb", "select") => "the actions are `dynamodb:Query` and `dynamodb:Scan`",
        ("deploy", "push") => {
            "the same by calls: `s3:PutObject` and `codedeploy:RegisterApplicationRevision`"
        }
        ("deploy", "register") => {
            "the same by calls: `codedeploy:RegisterOnPremisesInstance` and `codedeploy:AddTagsToOnPremisesInstances`"
        }
        ("deploy", "deregister") => {
            "the same by calls: `codedeploy:RemoveTagsFromOnPremisesInstances` and `codedeploy:DeregisterOnPremisesInstance`"
        }
        ("deploy", "install" | "uninstall") => "it sets up the agent of CodeDeploy on this machine",
        ("ecr" | "ecr-public", "get-login-password" | "get-login") => {
            "`ecr:GetAuthorizationToken` (`ecr-public:GetAuthorizationToken`) gives the same, as Base64 of `AWS:PASSWORD`; it is a secret"
        }
        ("ecs", "deploy") => {
            "the same by calls: `ecs:RegisterTaskDefinition`, `codedeploy:CreateDeployment`, `codedeploy:WaitUntilDeploymentSuccessful`"
        }
        ("eks", "get-token") => {
            "it makes a token on this machine, for kubectl, and calls nothing; it is a secret"
        }
        ("eks", "update-kubeconfig") => {
            "it writes the settings of kubectl on this machine; `eks:DescribeCluster` gives the address and the certificate that it writes"
        }
        ("emr", "add-instance-groups") => {
            "the action is `emr:AddInstanceGroups`, which calls `InstanceGroupType` `InstanceRole`"
        }
        ("emr", "add-steps") => {
            "the action is `emr:AddJobFlowSteps`, with each step's jar and arguments in `HadoopJarStep`"
        }
        ("emr", "create-cluster") => {
            "the action is `emr:RunJobFlow`; the CLI puts its `Instances`, `Applications` and `Steps` together of options of its own"
        }
        ("emr", "install-applications") => {
            "it runs scripts on the cluster as steps: `emr:AddJobFlowSteps`"
        }
        (
            "emr",
            "create-hbase-backup"
            | "disable-hbase-backups"
            | "restore-from-hbase-backup"
            | "schedule-hbase-backup",
        ) => {
            "it is a step of the cluster: `emr:AddJobFlowSteps`; clusters of today keep HBase in S3"
        }
        ("emr", "ssh" | "put" | "get" | "socks") => {
            "it goes to the cluster's master by ssh; `ssm:SendCommand` runs a command there without"
        }
        ("emr", "modify-cluster-attributes") => {
            "the actions are `emr:SetTerminationProtection`, `emr:SetVisibleToAllUsers` and `emr:SetKeepJobFlowAliveWhenNoSteps`"
        }
        ("emr-containers", "update-role-trust-policy") => {
            "the same by calls: `eks:DescribeCluster`, `iam:GetRole`, `iam:UpdateAssumeRolePolicy`"
        }
        ("gamelift", "upload-build") => {
            "the same by calls: `gamelift:CreateBuild`, `gamelift:RequestUploadCredentials`, and a PUT to S3"
        }
        ("lightsail", "push-container-image") => {
            "it pushes an image of Docker; `lightsail:RegisterContainerImage` makes known what was pushed"
        }
        ("opsworks", "register") => {
            "it sets up the agent of OpsWorks on a machine; AWS has ended OpsWorks"
        }
        ("rds", "generate-db-auth-token") => {
            "it makes a password for 15 minutes on this machine, and calls nothing; it is a secret"
        }
        ("servicecatalog", "generate") => {
            "the same by calls: `s3:PutObject`, `servicecatalog:CreateProduct` or `servicecatalog:CreateProvisioningArtifact`"
        }
        ("ssm", "start-session") => {
            "it opens a session in a terminal; `ssm:SendCommand` runs one command, and its output can be captured"
        }
        _ => return None,
    })
}

/// Runs the CLI itself; `instead` says what a playbook would call.
pub(super) fn program(command: &Command, instead: Option<&str>) -> Step {
    let words: Vec<Json> = command
        .words
        .iter()
        .map(|word| json!(word.marked))
        .collect();
    let mut notes = vec!["the AWS CLI does this by itself; it has to be installed".to_owned()];
    notes.extend(instead.map(str::to_owned));
    Step {
        name: "aws".to_owned(),
        action: "local:Exec".to_owned(),
        with: vec![("command".to_owned(), Json::Array(words))],
        notes,
        runs: Some("aws".to_owned()),
        span: command.span,
        ..Step::default()
    }
}
