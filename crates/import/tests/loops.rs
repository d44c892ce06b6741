//! What shells have around commands: loops, functions, tests, pipes into loops, and what stands before a command.

use runbook_import::{Form, Imported, import};
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

fn script(text: &str) -> Imported {
    import(&Source::new("page.sh", text), Form::Shell, &REGISTRY)
}

/// The draft of a script has all of these parts, and none of those behind `!`.
fn becomes(text: &str, parts: &[&str]) {
    let imported = script(text);
    let drafts: Vec<&str> = imported
        .drafts
        .iter()
        .map(|draft| draft.text.as_str())
        .collect();
    let draft = drafts.join("\n");
    for part in parts {
        match part.strip_prefix('!') {
            Some(part) => assert!(!draft.contains(part), "{text}\nhas {part}\n{draft}"),
            None => assert!(draft.contains(part), "{text}\nlacks {part}\n{draft}"),
        }
    }
}

#[test]
fn what_is_read_line_by_line_is_done_for_each() {
    for pipe in [
        "| jq -r '.taskArns[]' | while read t; do aws ecs stop-task --cluster c --task \"$t\"; done",
        "--query 'taskArns[]' --output text | tr '\\t' '\\n' | while read -r t; do aws ecs stop-task --cluster c --task $t; done",
        "--query taskArns --output text | xargs -n1 aws ecs stop-task --cluster c --task",
        "| jq -r '.taskArns[]' | xargs -I{} aws ecs stop-task --cluster c --task {}",
        "| jq -r '.taskArns[]' | xargs -I T sudo aws ecs stop-task --cluster c --task T",
    ] {
        becomes(
            &format!("aws ecs list-tasks --cluster c {pipe}"),
            &[
                "action: ecs:ListTasks",
                "in diagnose.list_tasks.",
                "action: ecs:StopTask",
                "!TODO",
            ],
        );
    }
    becomes(
        "aws ecs list-tasks --cluster c | while read a b; do aws ecs stop-task --task $a; done",
        &["action: ecs:ListTasks", "action: ecs:StopTask", "TODO"],
    );
}

#[test]
fn loops_that_wait_become_until() {
    let read = "aws ecs describe-services --cluster c --services api --query 'services[0].runningCount' --output text";
    let state = "aws rds describe-db-instances --db-instance-identifier db --query 'DBInstances[0].DBInstanceStatus' --output text";
    for (condition, until) in [
        (
            format!("until [ \"$({read})\" = \"2\" ]"),
            "$.services[0].runningCount\", equals: 2}",
        ),
        (
            format!("until [ \"$({read})\" -ge 2 ]"),
            "$.services[0].runningCount\", gte: 2}",
        ),
        (
            format!("while [ $({read}) -lt 2 ]"),
            "$.services[0].runningCount\", gte: 2}",
        ),
        (
            format!("while [ 2 -gt $({read}) ]"),
            "$.services[0].runningCount\", gte: 2}",
        ),
        (
            format!("until [[ $({state}) == available ]]"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("while ! [[ $({state}) == available ]]"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("while [ ! \"$({state})\" = available ]"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("while ! {state} | grep -q available"),
            "DBInstanceStatus\", contains: available}",
        ),
        (
            format!("while [[ $({state}) != \"available\" ]]"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("until test \"$({state})\" = available"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("until {state} | grep -q available"),
            "DBInstanceStatus\", contains: available}",
        ),
        (
            format!("until {state} | grep -qx available"),
            "DBInstanceStatus\", equals: available}",
        ),
        (
            format!("until [ \"$({state})\" = None ]"),
            "DBInstanceStatus\", exists: false}",
        ),
    ] {
        let text = format!("{condition}; do echo waiting; sleep 30; done");
        becomes(&text, &[until, "every: 30s", "within: 30m", "!time:Sleep"]);
    }
}

#[test]
fn a_loop_that_does_more_than_wait_keeps_all_that_it_does() {
    becomes(
        "until [ \"$(aws ecs describe-services --cluster c --services api --query 'services[0].runningCount' --output text)\" = 2 ]; do aws ecs update-service --cluster c --service api --force-new-deployment; sleep 5; done",
        &[
            "action: ecs:DescribeServices",
            "action: ecs:UpdateService",
            "time:Sleep",
            "TODO",
        ],
    );
    becomes(
        "if [ \"$(aws ecs list-tasks --cluster c --query 'length(taskArns)')\" -eq 0 ]; then aws ecs update-service --cluster c --service api --desired-count 1; fi",
        &[
            "action: ecs:ListTasks",
            "action: ecs:UpdateService",
            "only under a condition",
        ],
    );
}

#[test]
fn functions_are_done_where_they_are_called() {
    becomes(
        "restart() { aws ecs update-service --cluster c --service \"$1\" --force-new-deployment; }\nrestart api\nrestart web",
        &[
            "service: api,",
            "service: web,",
            "!local:Exec",
            "!argument_1",
        ],
    );
    becomes(
        "restart() { aws ecs update-service --cluster c --service \"$1\" --force-new-deployment; }",
        &["action: ecs:UpdateService", "argument_1: {type: string}"],
    );
    becomes(
        "f() { f; aws ecs list-clusters; }; f",
        &["action: ecs:ListClusters"],
    );
}

#[test]
fn what_stands_before_a_command_is_no_part_of_it() {
    for before in [
        "sudo",
        "time",
        "sudo -E",
        "timeout 30",
        "env A=b",
        "nohup",
        "command",
    ] {
        becomes(
            &format!("{before} aws ecs list-clusters"),
            &["action: ecs:ListClusters", "!local:Exec"],
        );
    }
    becomes(
        "AWS_REGION=us-west-2 aws ecs list-clusters",
        &["target: {region: us-west-2}"],
    );
}

#[test]
fn lists_stay_lists() {
    becomes(
        "IDS=(i-0abc12345678 i-0def12345678)\naws ec2 stop-instances --instance-ids \"${IDS[@]}\"",
        &[
            "ids: {type: list, default: [i-0abc12345678, i-0def12345678]}",
            "InstanceIds: \"${{ inputs.ids }}\"",
        ],
    );
    becomes(
        "aws ecs describe-tasks --cluster c --tasks $(aws ecs list-tasks --cluster c --query 'taskArns[]' --output text)",
        &["tasks: \"${{ list_tasks.task_arns }}\""],
    );
}

#[test]
fn what_is_done_where_something_fails_is_said() {
    becomes(
        "aws ecs delete-service --cluster c --service api || true",
        &["on_error: continue"],
    );
    becomes(
        "aws ecs describe-clusters --clusters c || aws ecs create-cluster --cluster-name c",
        &[
            "action: ecs:CreateCluster",
            "only where the command before it fails",
        ],
    );
}

#[test]
fn a_command_that_names_no_service_is_said() {
    let codes = |text: &str| -> Vec<&'static str> {
        let imported = script(text);
        let found = imported.diagnostics.iter();
        found.map(|found| found.code.slug()).collect()
    };
    assert_eq!(codes("aws"), ["unknown-action"]);
    assert_eq!(codes("aws --version"), [] as [&str; 0]);
}

#[test]
fn a_loop_without_a_condition_ends_where_it_is_left() {
    let read = "S=$(aws rds describe-db-instances --db-instance-identifier db --query 'DBInstances[0].DBInstanceStatus' --output text)";
    for leave in [
        "[ \"$S\" = \"available\" ] && break",
        "[[ $S == available ]] && break",
        "if [ \"$S\" = available ]; then echo there; break; fi",
    ] {
        let text = format!("while true; do\n  {read}\n  {leave}\n  sleep 30\ndone");
        becomes(
            &text,
            &["DBInstanceStatus\", equals: available}", "every: 30s"],
        );
        assert!(script(&text).diagnostics.is_empty(), "{text}");
    }
    let endless = script("while true; do aws ecs list-clusters; sleep 5; done");
    assert_eq!(endless.diagnostics[0].code.slug(), "endless-command");
}

#[test]
fn what_is_piped_into_a_command_is_what_it_reads() {
    for text in [
        "echo '{\"a\": 1}' | aws lambda invoke --function-name f --payload file:///dev/stdin out.json",
        "cat <<'EOF' | aws lambda invoke --function-name f --payload file:///dev/stdin out.json\n{\"a\": 1}\nEOF",
        "aws lambda invoke --function-name f --payload file:///dev/stdin out.json <<< '{\"a\": 1}'",
        "aws lambda invoke --function-name f --payload \"$(cat <<'EOF'\n{\"a\": 1}\nEOF\n)\" out.json",
    ] {
        becomes(
            text,
            &[
                "action: lambda:Invoke",
                "Payload:",
                "!file:Read",
                "!stdin",
                "!sh,",
            ],
        );
    }
    becomes(
        "./make-event | aws lambda invoke --function-name f --payload file://event.json out.json",
        &["./make-event", "action: lambda:Invoke"],
    );
}

#[test]
fn files_that_are_made_of_others_are_said() {
    becomes(
        "jq '.a = 1' td.json > new.json",
        &["path: td.json", "TODO: the page makes `new.json` of this"],
    );
}

#[test]
fn names_do_not_hide_each_other_and_nothing_unused_is_asked_for() {
    becomes(
        "NEW=$(aws ecs register-task-definition --cli-input-json file://new.json --query taskDefinition.taskDefinitionArn --output text)\naws ecs update-service --cluster c --service s --task-definition $NEW",
        &[
            "base: new.content",
            "taskDefinition: \"${{ register_task_definition_2.new_2 }}\"",
        ],
    );
    becomes(
        "i=0\nCLUSTER=\"${1:-production}\"\nREGION=$(aws configure get region)\nfor n in {1..3}; do aws sqs send-message --queue-url \"https://sqs.$REGION.amazonaws.com/1/q\" --message-body $n; done\naws ecs list-tasks --cluster $CLUSTER",
        &[
            "cluster: {type: string, default: production}",
            "sqs.${{ target.region }}.amazonaws.com",
            "each: \"n in ['1', '2', '3']\"",
            "!  i: {",
            "!argument_1",
        ],
    );
}
