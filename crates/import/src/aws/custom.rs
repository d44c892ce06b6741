//! What the AWS CLI has and the API has not: commands and options of its own.

use super::options::{Given, Option_};
use super::{Aws, kebab};
use crate::shell::Command;
use crate::step::{Capture, Step};
use crate::text::Text;
use runbook_playbook::catalog::Action;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::types::Type;
use serde_json::{Map, Value as Json, json};

/// The step of a command that is the CLI's own.
pub(super) fn step(
    aws: &mut Aws<'_>,
    command: &Command,
    service: &str,
    operation: &str,
    given: &Given,
    rest: &[Text],
) -> Option<Step> {
    match (service, operation) {
        ("logs", "tail") => Some(tail(aws, command, given, rest)),
        ("ecs", "execute-command") => execute(aws, command, given),
        ("configure" | "sso" | "login" | "logout" | "history" | "help", _) => {
            Some(configured(service, operation, command))
        }
        ("s3", _) => Some(s3(aws, command, operation, given, rest)),
        ("ecs", "deploy")
        | ("cloudformation", "deploy" | "package")
        | ("eks", "update-kubeconfig" | "get-token")
        | ("ecr" | "ecr-public", "get-login-password" | "get-login")
        | ("rds", "generate-db-auth-token")
        | ("cloudtrail", "validate-logs")
        | ("codeartifact", "login")
        | ("deploy", "push" | "install" | "register" | "uninstall" | "deregister")
        | ("configservice", "subscribe" | "get-status")
        | ("emr", "ssh" | "put" | "get" | "socks" | "create-default-roles")
        | ("gamelift", "upload-build" | "get-game-session-log")
        | ("cloudfront", "sign")
        | ("servicecatalog", "generate")
        | ("ssm", "start-session")
        | ("lightsail", "push-container-image") => Some(own(command)),
        _ => None,
    }
}

/// An option of the CLI's own; whether it is one.
pub(super) fn argument(
    aws: &mut Aws<'_>,
    action: &Action,
    option: &Option_,
    with: &mut Map<String, Json>,
) -> bool {
    let first = || {
        option
            .words
            .first()
            .map(|word| word.marked.clone())
            .unwrap_or_default()
    };
    match (action.name.as_str(), option.name.as_str()) {
        (
            "ec2:AuthorizeSecurityGroupIngress"
            | "ec2:AuthorizeSecurityGroupEgress"
            | "ec2:RevokeSecurityGroupIngress"
            | "ec2:RevokeSecurityGroupEgress",
            "protocol" | "port" | "cidr" | "source-group" | "group-owner",
        ) => {
            security_rule(aws, option, &first(), with);
            true
        }
        ("ec2:RunInstances", "count") => {
            let count = first();
            let (least, most) = count.split_once(':').unwrap_or((&count, &count));
            with.insert("MinCount".to_owned(), number(least));
            with.insert("MaxCount".to_owned(), number(most));
            true
        }
        (
            "cloudwatch:PutMetricData",
            name @ ("metric-name" | "value" | "unit" | "timestamp" | "dimensions"
            | "statistic-values" | "storage-resolution"),
        ) => {
            metric_datum(name, &first(), with);
            true
        }
        ("config:PutConfigurationRecorder", "recording-group") => {
            nested(
                aws,
                action,
                "ConfigurationRecorder",
                "recordingGroup",
                option,
                with,
            );
            true
        }
        ("codedeploy:CreateDeployment", "s3-location" | "github-location") => {
            let (member, kind) = if option.name == "s3-location" {
                ("s3Location", "S3")
            } else {
                ("gitHubLocation", "GitHub")
            };
            nested(aws, action, "revision", member, option, with);
            if let Some(Json::Object(revision)) = with.get_mut("revision") {
                revision.insert("revisionType".to_owned(), json!(kind));
            }
            true
        }
        (_, "cli-input-yaml") => true,
        _ => false,
    }
}

/// The rule that `--protocol`, `--port`, `--cidr` and `--source-group` speak of.
fn security_rule(aws: &mut Aws<'_>, option: &Option_, given: &str, with: &mut Map<String, Json>) {
    match option.name.as_str() {
        "protocol" => {
            let protocol = match given {
                "all" => "-1".to_owned(),
                other => other.to_owned(),
            };
            set_rule(with, "IpProtocol", json!(protocol));
        }
        "port" => {
            let ports = given;
            let (from, to) = match ports.split_once('-') {
                Some((from, to)) if !from.is_empty() => (from, to),
                _ => (ports, ports),
            };
            set_rule(with, "FromPort", number(from));
            set_rule(with, "ToPort", number(to));
        }
        "cidr" => {
            set_rule(with, "IpRanges", json!([{"CidrIp": given}]));
        }
        "group-owner" => {}
        _ => {
            let group = given;
            let value = aws.scalar_of(group, option);
            let group = value.as_str().unwrap_or(group);
            set_rule(with, "UserIdGroupPairs", json!([{"GroupId": group}]));
        }
    }
}

/// The one datum that `--metric-name` and its like speak of.
fn metric_datum(name: &str, given: &str, with: &mut Map<String, Json>) {
    let data = with
        .entry("MetricData")
        .or_insert_with(|| json!([{}]))
        .as_array_mut()
        .and_then(|data| data.first_mut())
        .and_then(Json::as_object_mut);
    if let Some(data) = data {
        let value = match name {
            "metric-name" => ("MetricName", json!(given)),
            "value" => (
                "Value",
                given
                    .parse::<f64>()
                    .map_or(json!(given), |value| json!(value)),
            ),
            "unit" => ("Unit", json!(given)),
            "timestamp" => ("Timestamp", json!(given)),
            "storage-resolution" => ("StorageResolution", number(given)),
            "dimensions" => (
                "Dimensions",
                Json::Array(
                    given
                        .split(',')
                        .filter_map(|pair| pair.split_once('='))
                        .map(|(name, value)| json!({"Name": name, "Value": value}))
                        .collect(),
                ),
            ),
            _ => return,
        };
        data.insert(value.0.to_owned(), value.1);
    }
}

fn number(text: &str) -> Json {
    text.parse::<i64>().map_or_else(|_| json!(text), Json::from)
}

/// Sets a member of a structure that has an option of its own.
fn nested(
    aws: &mut Aws<'_>,
    action: &Action,
    outer: &str,
    inner: &str,
    option: &Option_,
    with: &mut Map<String, Json>,
) {
    let member = |ty: &Type, name: &str| match ty.present() {
        Type::Structure(structure) => structure.member(name).map(|found| found.ty),
        _ => None,
    };
    let ty = member(&action.input, outer).and_then(|ty| member(&ty, inner));
    let Some(value) = ty.and_then(|ty| aws.value(&ty, option, false)) else {
        return;
    };
    let place = with.entry(outer).or_insert_with(|| json!({}));
    if let Json::Object(members) = place {
        members.insert(inner.to_owned(), value);
    }
}

/// Sets a member of the one rule that `--protocol` and its like speak of.
fn set_rule(with: &mut Map<String, Json>, member: &str, value: Json) {
    let rules = with.entry("IpPermissions").or_insert_with(|| json!([{}]));
    if !matches!(rules.get(0), Some(Json::Object(_))) {
        *rules = json!([{}]);
    }
    if let Some(Json::Object(rule)) = rules.get_mut(0) {
        rule.insert(member.to_owned(), value);
    }
}

impl Aws<'_> {
    /// A text of an option that is no member of the API.
    fn scalar_of(&mut self, text: &str, option: &Option_) -> Json {
        let ty = Type::text();
        let given = Option_ {
            name: option.name.clone(),
            words: vec![Text {
                marked: text.to_owned(),
                span: option.span,
            }],
            span: option.span,
        };
        self.value(&ty, &given, false)
            .unwrap_or_else(|| json!(text))
    }
}

/// The words of an option.
fn words<'g>(given: &'g Given, name: &str) -> Option<&'g Option_> {
    given.options.iter().find(|option| option.name == name)
}

fn text_of(given: &Given, name: &str) -> Option<String> {
    Some(words(given, name)?.words.first()?.marked.clone())
}

fn tail(aws: &mut Aws<'_>, command: &Command, given: &Given, rest: &[Text]) -> Step {
    let mut with = Vec::new();
    if let Some(group) = rest.first() {
        with.push(("log_group".to_owned(), json!(group.marked)));
    } else {
        aws.findings.add(
            Code::MissingArgument,
            command.span,
            "`aws logs tail` names no log group",
            None,
        );
    }
    if let Some(pattern) = text_of(given, "filter-pattern") {
        with.push(("filter_pattern".to_owned(), json!(pattern)));
    }
    if let Some(since) = text_of(given, "since") {
        with.push(("since".to_owned(), json!(since)));
    }
    if let Some(prefix) = text_of(given, "log-stream-name-prefix") {
        with.push(("stream_prefix".to_owned(), json!(prefix)));
    }
    let mut notes = Vec::new();
    if let Some(follow) = words(given, "follow") {
        aws.findings.add(
            Code::EndlessCommand,
            follow.span,
            "`--follow` never ends",
            Some("say for how long, or what to look for".to_owned()),
        );
        with.push(("for".to_owned(), json!("1m")));
        notes.push("the page follows the log for ever; here for a minute".to_owned());
    }
    Step {
        name: "tail".to_owned(),
        action: "logs:Tail".to_owned(),
        with,
        captures: vec![Capture::path("messages", "$.events[*].message")],
        reads: true,
        notes,
        span: command.span,
        ..Step::default()
    }
}

/// `ecs:Exec`; nothing where the operation itself fits as well.
fn execute(aws: &mut Aws<'_>, command: &Command, given: &Given) -> Option<Step> {
    let mut with = Vec::new();
    for (option, member) in [
        ("cluster", "cluster"),
        ("task", "task"),
        ("container", "container"),
        ("command", "command"),
    ] {
        let Some(found) = words(given, option) else {
            if option == "container" {
                continue;
            }
            if option == "command" || option == "task" {
                aws.findings.add(
                    Code::MissingArgument,
                    command.span,
                    format!("`--{option}` is missing: the API refuses this call"),
                    None,
                );
            }
            let name = option.to_owned();
            let mark = aws.marks.add(crate::text::Dynamic::Variable(name, None));
            with.push((member.to_owned(), json!(mark)));
            continue;
        };
        let text = found.words.first().map(|word| word.marked.clone())?;
        let value = aws.scalar_of(&text, found);
        with.push((member.to_owned(), value));
    }
    let line = text_of(given, "command").unwrap_or_default();
    let program = line.split_whitespace().next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    if matches!(
        program,
        "bash" | "sh" | "zsh" | "top" | "htop" | "watch" | "vi" | "less"
    ) {
        let span = words(given, "command").map_or(command.span, |found| found.span);
        let batch = (program == "top").then(|| "top -b -n 1".to_owned());
        aws.findings.add(
            Code::EndlessCommand,
            span,
            format!("`{program}` does not end by itself"),
            Some(match &batch {
                Some(batch) => format!("write `{batch}`"),
                None => "say what is to be run there".to_owned(),
            }),
        );
        if let Some(batch) = batch
            && let Some(found) = with.iter_mut().find(|(member, _)| member == "command")
        {
            found.1 = json!(batch);
        }
    }
    Some(Step {
        name: "exec".to_owned(),
        action: "ecs:Exec".to_owned(),
        with,
        captures: vec![Capture::path("output", "$.output")],
        span: command.span,
        ..Step::default()
    })
}

/// `configure list` and its like look at who one is.
fn configured(service: &str, operation: &str, command: &Command) -> Step {
    let mut step = Step {
        name: "identity".to_owned(),
        action: "sts:GetCallerIdentity".to_owned(),
        captures: vec![
            Capture::path("account", "$.Account"),
            Capture::path("principal", "$.Arn"),
        ],
        reads: true,
        span: command.span,
        ..Step::default()
    };
    step.notes.push(format!(
        "`aws {service} {operation}` looks at this machine's settings; what matters is who one is, and `runbook preflight` says the rest"
    ));
    step
}

fn s3(aws: &mut Aws<'_>, command: &Command, operation: &str, given: &Given, rest: &[Text]) -> Step {
    let place = |text: &Text| -> Option<(String, String)> {
        let path = text.marked.strip_prefix("s3://")?;
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        Some((bucket.to_owned(), key.to_owned()))
    };
    let first = rest.first().and_then(place);
    let second = rest.get(1).and_then(place);
    let recursive = words(given, "recursive").is_some();
    let call = |action: &str, name: &str, with: Vec<(&str, String)>, reads: bool| Step {
        name: name.to_owned(),
        action: action.to_owned(),
        with: with
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(member, value)| (member.to_owned(), json!(value)))
            .collect(),
        reads,
        span: command.span,
        ..Step::default()
    };
    match (operation, first, second) {
        ("ls", None, _) if rest.is_empty() => {
            let mut step = call("s3:ListBuckets", "list_buckets", vec![], true);
            step.captures
                .push(Capture::path("buckets", "$.Buckets[*].Name"));
            step
        }
        ("ls", Some((bucket, key)), _) => {
            let mut step = call(
                "s3:ListObjectsV2",
                "list_objects",
                vec![("Bucket", bucket), ("Prefix", key)],
                true,
            );
            step.captures
                .push(Capture::path("keys", "$.Contents[*].Key"));
            step
        }
        ("mb", Some((bucket, _)), _) => call(
            "s3:CreateBucket",
            "make_bucket",
            vec![("Bucket", bucket)],
            false,
        ),
        ("rb", Some((bucket, _)), _) if words(given, "force").is_none() => call(
            "s3:DeleteBucket",
            "remove_bucket",
            vec![("Bucket", bucket)],
            false,
        ),
        ("rm", Some((bucket, key)), _) if !recursive && !key.is_empty() => call(
            "s3:DeleteObject",
            "remove_object",
            vec![("Bucket", bucket), ("Key", key)],
            false,
        ),
        ("cp", Some((source, from)), Some((bucket, key))) if !recursive => {
            let key = if key.is_empty() || key.ends_with('/') {
                format!("{key}{}", from.rsplit('/').next().unwrap_or_default())
            } else {
                key
            };
            call(
                "s3:CopyObject",
                "copy_object",
                vec![
                    ("CopySource", format!("{source}/{from}")),
                    ("Bucket", bucket),
                    ("Key", key),
                ],
                false,
            )
        }
        (known, ..) => {
            let all = [
                "ls", "cp", "mv", "rm", "sync", "mb", "rb", "presign", "website",
            ];
            if !all.contains(&known) {
                aws.findings.add(
                    Code::UnknownAction,
                    rest.first().map_or(command.span, |word| word.span),
                    format!("`aws s3` has no command `{known}`"),
                    Some(format!(
                        "operations of the API are `aws s3api {}`",
                        kebab(known)
                    )),
                );
            }
            own(command)
        }
    }
}

/// Runs the CLI itself.
fn own(command: &Command) -> Step {
    let words: Vec<Json> = command
        .words
        .iter()
        .map(|word| json!(word.marked))
        .collect();
    Step {
        name: "aws".to_owned(),
        action: "local:Exec".to_owned(),
        with: vec![("command".to_owned(), Json::Array(words))],
        notes: vec![
            "the AWS CLI does this by several calls of its own; it has to be installed".to_owned(),
        ],
        runs: Some("aws".to_owned()),
        span: command.span,
        ..Step::default()
    }
}
