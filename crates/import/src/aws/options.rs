//! Words of a command to options with their values, and options to members of the API.

use super::name::{alike, is_spelled, kebab};
use crate::text::Text;
use runbook_playbook::catalog::Action;
use runbook_playbook::span::Span;

/// What a command gives.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// Words that belong to no option.
    pub positional: Vec<Text>,
    /// Options, in written order.
    pub options: Vec<Option_>,
    /// `--query`.
    pub query: Option<Text>,
    /// `--cli-input-json`.
    pub json_input: Option<Text>,
}

/// An option with the words behind it.
#[derive(Debug, Clone)]
pub(super) struct Option_ {
    /// Its name without hyphens before it.
    pub name: String,
    /// What follows it.
    pub words: Vec<Text>,
    /// Where it and its words stand.
    pub span: Span,
}

/// Options of the CLI itself that take a word.
const GENERAL: [&str; 10] = [
    "endpoint-url",
    "output",
    "query",
    "profile",
    "region",
    "color",
    "ca-bundle",
    "cli-read-timeout",
    "cli-connect-timeout",
    "cli-binary-format",
];

/// Options of the CLI itself that stand alone.
const ALONE: [&str; 8] = [
    "debug",
    "no-verify-ssl",
    "no-paginate",
    "no-sign-request",
    "no-cli-pager",
    "cli-auto-prompt",
    "no-cli-auto-prompt",
    "no-progress",
];

/// Whether an option belongs to the CLI itself.
pub(super) fn is_general(name: &str) -> bool {
    GENERAL.contains(&name) || ALONE.contains(&name)
}

/// Sorts the words behind `aws`.
pub(super) fn split(words: &[Text]) -> Given {
    let mut given = Given::default();
    let mut open: Option<Option_> = None;
    let close = |given: &mut Given, option: Option<Option_>| {
        let Some(mut option) = option else {
            return;
        };
        // An option of the CLI takes one word; what follows is a word of its own.
        let takes = if GENERAL.contains(&option.name.as_str()) || option.name == "cli-input-json" {
            Some(1)
        } else if ALONE.contains(&option.name.as_str()) {
            Some(0)
        } else {
            None
        };
        if let Some(takes) = takes
            && option.words.len() > takes
        {
            given.positional.extend(option.words.split_off(takes));
        }
        match option.name.as_str() {
            "query" => given.query = option.words.into_iter().next(),
            "cli-input-json" => given.json_input = option.words.into_iter().next(),
            _ => given.options.push(option),
        }
    };
    for word in words {
        let name = word
            .marked
            .strip_prefix("--")
            .filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
        if let Some(name) = name {
            close(&mut given, open.take());
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (name, None),
            };
            open = Some(Option_ {
                name: name.to_owned(),
                words: value
                    .map(|value| Text {
                        marked: value.to_owned(),
                        span: word.span,
                    })
                    .into_iter()
                    .collect(),
                span: word.span,
            });
        } else if let Some(option) = &mut open {
            option.span.end = option.span.end.max(word.span.end);
            option.words.push(word.clone());
        } else {
            given.positional.push(word.clone());
        }
    }
    close(&mut given, open);
    given
}

/// The member that an option stands for, and whether the option says no (`--no-…`).
pub(super) fn member(action: &Action, members: &[String], option: &str) -> Option<(String, bool)> {
    let find = |written: &str| {
        let exact = members.iter().find(|member| is_spelled(written, member));
        exact.or_else(|| members.iter().find(|member| alike(written, member)))
    };
    let renamed = renamed(&action.name, option);
    if let Some((member, negated)) = renamed
        && let Some(member) = find(member)
    {
        return Some((member.clone(), negated));
    }
    if let Some(member) = find(option) {
        return Some((member.clone(), false));
    }
    if let Some(member) = option.strip_prefix("no-").and_then(find) {
        return Some((member.clone(), true));
    }
    // The CLI takes what only one option begins with.
    let mut begins = members
        .iter()
        .filter(|member| kebab(member).starts_with(option));
    match (begins.next(), begins.next()) {
        (Some(only), None) => Some((only.clone(), false)),
        _ => None,
    }
}

/// Services and what the CLI calls the member `version` there: `--version` is its own.
const VERSIONS: [(&str, &str); 22] = [
    ("eks", "kubernetes-version"),
    ("codepipeline", "pipeline-version"),
    ("codepipeline", "action-version"),
    ("route53", "traffic-policy-version"),
    ("apigateway", "api-version"),
    ("apigatewayv2", "api-version"),
    ("gamelift", "build-version"),
    ("gamelift", "script-version"),
    ("lex-models", "bot-version"),
    ("lex-models", "intent-version"),
    ("lex-models", "slot-type-version"),
    ("lex-models", "resource-version"),
    ("license-manager", "grant-version"),
    ("license-manager", "license-version"),
    ("pinpoint", "template-version"),
    ("pinpoint", "campaign-version"),
    ("pinpoint", "segment-version"),
    ("sagemaker", "version-number"),
    ("schemas", "schema-version"),
    ("swf", "activity-version"),
    ("swf", "workflow-version"),
    ("datapipeline", "pipeline-version"),
];

/// What the CLI calls the member `version` of a service.
pub(super) fn versions(action: &str) -> Vec<&'static str> {
    let service = action.split(':').next().unwrap_or_default();
    let named = VERSIONS.iter().filter(|(known, _)| *known == service);
    named.map(|(_, option)| *option).collect()
}

/// Options that the CLI calls otherwise than the API, by its own list.
fn renamed(action: &str, option: &str) -> Option<(&'static str, bool)> {
    let (service, operation) = action.split_once(':')?;
    if VERSIONS.contains(&(service, option)) {
        return Some(("version", false));
    }
    Some(match (service, operation, option) {
        ("ec2", "CreateImage", "reboot") => ("no-reboot", true),
        ("ec2", _, "enable-api-termination") => ("disable-api-termination", true),
        ("ec2", _, "ingress") => ("egress", true),
        ("ecs", _, "disable-execute-command") => ("enable-execute-command", true),
        ("ecs", "ExecuteCommand", "non-interactive") => ("interactive", true),
        ("sns", "Subscribe", "notification-endpoint")
        | ("workdocs", _, "notification-endpoint") => ("endpoint", false),
        ("route53domains", "ViewBilling", "start-time") => ("start", false),
        ("route53domains", "ViewBilling", "end-time") => ("end", false),
        ("emr", _, "cluster-id") => ("job-flow-id", false),
        ("emr", _, "cluster-ids") => ("job-flow-ids", false),
        ("stepfunctions", "SendTaskSuccess", "task-output") => ("output", false),
        ("opsworks", _, "stack-region") => ("region", false),
        ("datapipeline", _, "objects-query")
        | ("mturk", _, "types-query")
        | ("workdocs", _, "user-query")
        | ("cloudsearchdomain", _, "search-query" | "suggest-query") => ("query", false),
        _ => return None,
    })
}
