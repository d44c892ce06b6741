//! Commands that the AWS CLI has and the API has not, and that become actions.

use super::options::{Given, Option_};
use super::{Aws, kebab, own};
use crate::shell::Command;
use crate::step::{Capture, Step};
use crate::text::Text;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::types::Type;
use serde_json::{Value as Json, json};

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
        _ => own::step(aws, command, service, operation, given),
    }
}

impl Aws<'_> {
    /// A text of an option that is no member of the API.
    pub(super) fn scalar_of(&mut self, text: &str, option: &Option_) -> Json {
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
pub(super) fn words<'g>(given: &'g Given, name: &str) -> Option<&'g Option_> {
    given.options.iter().find(|option| option.name == name)
}

pub(super) fn text_of(given: &Given, name: &str) -> Option<String> {
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
        "`{}` looks at this machine's settings; what matters is who one is, and `runbook preflight` says the rest",
        format!("aws {service} {operation}").trim_end()
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
            own::program(command, None)
        }
    }
}
