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
