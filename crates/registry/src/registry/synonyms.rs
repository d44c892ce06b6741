//! Words that people search with, and what AWS's names say for them.

/// Word → words of names. Reviewed by hand: only what people say and names do not.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("alarm", &["alarms"]),
    ("balancer", &["elbv2", "elb"]),
    ("bucket", &["s3"]),
    ("certificate", &["acm"]),
    ("change", &["update", "modify", "put", "set"]),
    ("clear", &["purge", "invalidat"]),
    ("container", &["ecs", "task"]),
    ("credentials", &["assumerole", "accesskey"]),
    ("database", &["rds", "dbinstance", "dbcluster"]),
    ("delete", &["terminate", "remove", "deregister"]),
    ("deploy", &["deployment", "updateservice"]),
    ("dns", &["route53"]),
    ("drain", &["deregister", "containerinstancesstate"]),
    ("edit", &["update", "modify", "put"]),
    ("firewall", &["securitygroup", "waf"]),
    ("function", &["lambda"]),
    ("kill", &["stop", "terminate"]),
    ("log", &["logs"]),
    ("login", &["assumerole", "authorizationtoken"]),
    ("machine", &["ec2", "instances"]),
    ("message", &["sqs", "sns"]),
    ("metric", &["cloudwatch"]),
    ("queue", &["sqs"]),
    ("read", &["get", "describe", "list"]),
    ("remove", &["delete", "terminate", "deregister"]),
    ("restart", &["reboot", "forcenewdeployment", "rebuild"]),
    ("role", &["assumerole"]),
    ("rollback", &["revert", "cancelupdate"]),
    ("run", &["start", "invoke", "execute"]),
    (
        "scale",
        &["scaling", "scalable", "desiredcount", "desiredcapacity"],
    ),
    ("secret", &["secretsmanager"]),
    ("server", &["ec2", "instances"]),
    ("show", &["describe", "get", "list"]),
    ("topic", &["sns"]),
    ("trigger", &["invoke", "start"]),
    ("undo", &["rollback", "cancel"]),
    ("vm", &["instances"]),
];

/// What else a word may stand for in names.
pub(super) fn of(word: &str) -> &'static [&'static str] {
    SYNONYMS
        .binary_search_by(|(known, _)| (*known).cmp(word))
        .ok()
        .and_then(|place| SYNONYMS.get(place))
        .map_or(&[], |(_, means)| means)
}

#[cfg(test)]
mod tests {
    use super::SYNONYMS;

    #[test]
    fn words_are_sorted_so_that_they_are_found() {
        assert!(SYNONYMS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
