//! What may be typed is offered.

use super::editor::{has, offered};

#[test]
fn keys_and_actions_are_offered() {
    has(
        &offered("title: Stuck", "ti‸"),
        &["title", "severity", "verify"],
    );
    has(
        &offered("    needs: []", "    ‸"),
        &["needs", "on_error", "approve"],
    );
    has(&offered("ecs:ListTasks", "e‸"), &["ecs:", "ec2:", "http:"]);
    let operations = offered("ecs:ListTasks", "ecs:‸");
    has(
        &operations,
        &["ecs:ListTasks", "ecs:WaitUntilServicesStable", "ecs:Exec"],
    );
    assert!(operations.iter().all(|name| name.starts_with("ecs:")));
}

#[test]
fn arguments_and_their_values_are_offered() {
    let names = offered("      desiredStatus: STOPPED", "      ‸");
    has(&names, &["desiredStatus", "serviceName"]);
    assert!(
        !names.contains(&"cluster".to_owned()),
        "it is there already"
    );
    has(
        &offered("desiredStatus: STOPPED", "desiredStatus: ‸"),
        &["RUNNING", "PENDING", "STOPPED"],
    );
    has(
        &offered("forceNewDeployment: true}", "dep‸}"),
        &["deploymentConfiguration"],
    );
    has(
        &offered("forceNewDeployment: true}", "forceNewDeployment: ‸}"),
        &["true", "false"],
    );
    // The braces are not closed yet.
    has(
        &offered("forceNewDeployment: true}", "‸"),
        &["forceNewDeployment", "taskDefinition"],
    );
}

#[test]
fn names_are_offered_also_in_half_a_template() {
    has(
        &offered(
            "service: \"${{ inputs.service }}\"",
            "service: \"${{ inputs.‸",
        ),
        &["cluster", "service"],
    );
    has(
        &offered("diagnose.stopped.arns", "diagnose.‸"),
        &["stopped"],
    );
    has(
        &offered("diagnose.stopped.arns", "diagnose.stopped.‸"),
        &["arns", "status", "holds"],
    );
    has(
        &offered("that: running < 1", "that: ‸"),
        &["running", "inputs", "result", "since"],
    );
    has(&offered("diagnose.stopped.arns", "cause.‸"), &["crashed"]);
    has(
        &offered("arns | length > 0\"}", "arns | ‸\"}"),
        &["length", "default"],
    );
    has(&offered("running < 1", "running is ‸"), &["defined"]);
    has(&offered("for: [crashed]", "for: [‸]"), &["crashed"]);
    has(
        &offered("that: running < 1", "that: result.services[0].‸"),
        &["runningCount", "status"],
    );
}

#[test]
fn members_of_paths_are_offered_by_type() {
    has(
        &offered("$.services[0].runningCount", "$.‸"),
        &["services", "failures"],
    );
    has(
        &offered("$.services[0].runningCount", "$.services[0].run‸"),
        &["runningCount", "status"],
    );
    has(
        &offered("$.services[0].runningCount", "$.services[?@.‸"),
        &["serviceName"],
    );
    has(
        &offered(
            "$.services[0].runningCount",
            "$.services[?@.serviceName == inputs.‸",
        ),
        &["service"],
    );
}
