//! Commands that the AWS CLI has and the API has not: each becomes a call that does the same, or says what to call instead.

use runbook_import::{Form, import};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::source::Source;
use runbook_registry::Registry;

/// The draft of a command, and what is said of it.
fn imported(command: &str, registry: &Registry) -> (String, Vec<(Code, String)>) {
    let imported = import(&Source::new("command", command), Form::Shell, registry);
    let found = imported.diagnostics.iter();
    let found = found.map(|one| (one.code, one.message.clone())).collect();
    let draft = imported.drafts.into_iter().next();
    (draft.map(|draft| draft.text).unwrap_or_default(), found)
}

/// All commands that the CLI adds to the services by itself, as its own tables of commands list them.
const ADDED: [&str; 47] = [
    "cloudformation deploy --template-file t.yaml --stack-name api",
    "cloudformation package --template-file t.yaml --s3-bucket artifacts",
    "cloudfront sign --url https://d111.cloudfront.net/x --key-pair-id K1 --private-key file://k.pem --date-less-than 2027-01-01",
    "cloudtrail validate-logs --trail-arn arn:aws:cloudtrail:us-east-1:444455556666:trail/all --start-time 2026-01-01",
    "codeartifact login --tool pip --domain main --repository python",
    "codecommit credential-helper get",
    "configservice get-status",
    "configservice subscribe --s3-bucket logs --sns-topic t --iam-role r",
    "datapipeline create-default-roles",
    "datapipeline list-runs --pipeline-id df-1",
    "ddb put table '{a: b}'",
    "ddb select table",
    "deploy deregister --instance-name one",
    "deploy install --config-file c.yml",
    "deploy push --application-name api --s3-location s3://b/k",
    "deploy register --instance-name one",
    "deploy uninstall",
    "dlm create-default-role",
    "dynamodb wizard new-table",
    "ecr get-login-password",
    "ecr-public get-login-password",
    "ecs deploy --service api --task-definition t.json --codedeploy-appspec a.yaml",
    "eks get-token --cluster-name main",
    "eks update-kubeconfig --name main",
    "emr add-instance-groups --cluster-id j-1 --instance-groups InstanceCount=1,InstanceGroupType=task,InstanceType=m5.large",
    "emr add-steps --cluster-id j-1 --steps Type=Spark,Name=x",
    "emr create-cluster --release-label emr-7.0.0 --use-default-roles",
    "emr create-default-roles",
    "emr create-hbase-backup --cluster-id j-1 --dir s3://b",
    "emr disable-hbase-backups --cluster-id j-1 --full",
    "emr get --cluster-id j-1 --src x",
    "emr install-applications --cluster-id j-1 --apps Name=Hive",
    "emr put --cluster-id j-1 --src x",
    "emr restore-from-hbase-backup --cluster-id j-1 --dir s3://b",
    "emr schedule-hbase-backup --cluster-id j-1 --type full --dir s3://b",
    "emr socks --cluster-id j-1",
    "emr ssh --cluster-id j-1",
    "emr-containers update-role-trust-policy --cluster-name main --namespace n --role-name r",
    "events wizard new-rule",
    "gamelift upload-build --name b --build-version 1 --build-root .",
    "iam wizard new-role",
    "lambda wizard new-function",
    "lightsail push-container-image --service-name s --label l --image i:1",
    "opsworks register --stack-id s --infrastructure-class ec2",
    "rds generate-db-auth-token --hostname db.internal --port 5432 --username app",
    "servicecatalog generate product --product-name p",
    "ssm start-session --target i-0123456789abcdef0",
];

#[test]
fn each_command_that_only_the_cli_has_says_what_to_call_instead() {
    let registry = Registry::new();
    for command in ADDED {
        let (draft, found) = imported(&format!("aws {command}"), &registry);
        let unknown = |code: Code| matches!(code, Code::UnknownAction | Code::UnknownArgument);
        let unknown = found.iter().find(|(code, _)| unknown(*code));
        assert!(unknown.is_none(), "{command}: {unknown:?}");
        if command.contains(" wizard ") || command.starts_with("ssm ") {
            let endless = found.iter().any(|(code, _)| *code == Code::EndlessCommand);
            assert!(endless, "{command}: {found:?}");
            continue;
        }
        let notes = draft.lines().filter(|line| line.trim().starts_with('#'));
        let notes: Vec<&str> = notes.collect();
        assert!(!notes.is_empty(), "{command}:\n{draft}");
        let by_itself = notes.concat().contains("the AWS CLI does this by itself");
        let called = draft.contains("action: config:");
        assert!(
            (by_itself && notes.len() > 1) || called,
            "{command}:\n{draft}"
        );
    }
}

#[test]
fn what_one_call_does_becomes_that_call() {
    let registry = Registry::new();
    for (command, wanted) in [
        (
            "emr terminate-clusters --cluster-ids j-1AB j-2CD",
            "action: emr:TerminateJobFlows\n    with: {JobFlowIds: [j-1AB, j-2CD]}",
        ),
        (
            "emr modify-cluster-attributes --cluster-id j-1AB --no-termination-protected",
            "action: emr:SetTerminationProtection\n    with: {JobFlowIds: [j-1AB], TerminationProtected: false}",
        ),
        (
            "emr describe-cluster --cluster-id j-1AB",
            "action: emr:DescribeCluster\n    with: {ClusterId: j-1AB}",
        ),
        (
            "gamelift get-game-session-log --game-session-id gsess-1 --save-as x",
            "action: gamelift:GetGameSessionLogUrl\n    with: {GameSessionId: gsess-1}",
        ),
        (
            "cloudfront create-invalidation --distribution-id E1 --paths '/*'",
            "CallerReference: \"${{ run.id }}\"",
        ),
        (
            "ses send-email --from a@x.org --to b@x.org --subject Hello --text Bye",
            "Message: {Subject: {Data: Hello}, Body: {Text: {Data: Bye}}}",
        ),
        (
            "ec2 run-instances --image-id ami-0c55b159cbfafe1f0 --subnet-id subnet-06f4a3b7c9d0e1f2a --associate-public-ip-address",
            "- {DeviceIndex: 0, AssociatePublicIpAddress: true, SubnetId: subnet-06f4a3b7c9d0e1f2a}",
        ),
    ] {
        let (draft, found) = imported(&format!("aws {command}"), &registry);
        // Where the step stands is not looked at.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is = words(&draft).contains(&words(wanted));
        assert!(is, "{command}: {found:?}\n{draft}");
    }
    let (_, found) = imported("aws s3api get-object --bucket b --key k out.txt", &registry);
    assert_eq!(found, []);
}
