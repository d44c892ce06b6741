//! Commands and what they must become: what the AWS CLI 2 itself makes of them.
//!
//! `commands.jsonl` has examples of the CLI's own manual, each with the operation and the parameters that the CLI was about to
//! send. A part that the importer takes for a placeholder may be anything.

#![expect(
    clippy::print_stdout,
    reason = "how many were compared is what the proof says"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runbook_import::{Form, import};
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use serde_json::Value as Json;

/// Whether the importer's value is the CLI's.
fn same(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::String(text), _) if text.contains('$') || text.contains("ACCOUNT") => true,
        (Json::Array(items), _) if matches!(items.as_slice(), [Json::String(text)] if text.contains('$')) => {
            true
        }
        (Json::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, value)| theirs.get(name).is_some_and(|other| same(value, other)))
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| same(ours, theirs))
        }
        // A JSON document in a text comes as a mapping.
        (Json::Object(_), Json::String(text)) => {
            serde_json::from_str::<Json>(text).is_ok_and(|document| same(ours, &document))
        }
        (Json::Number(ours), Json::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Json::Number(ours), Json::String(theirs)) => ours.to_string() == *theirs,
        (Json::String(ours), Json::Number(theirs)) => *ours == theirs.to_string(),
        // Bytes are base64 to us.
        (Json::String(ours), Json::String(theirs)) => {
            ours.trim() == theirs.trim()
                || STANDARD
                    .decode(ours)
                    .is_ok_and(|bytes| bytes == theirs.as_bytes())
        }
        (ours, theirs) => ours == theirs,
    }
}

/// Whether the service of a command has an operation of the name still.
fn exists(registry: &Registry, command: &str, operation: &str) -> bool {
    let service = match command.split_whitespace().nth(1) {
        Some("s3api") => "s3",
        Some("deploy") => "codedeploy",
        Some("configservice") => "config",
        Some(service) => service,
        None => return true,
    };
    let name = format!("{service}:{operation}");
    registry.operations(service).contains(&name)
}

#[test]
fn commands_become_what_the_cli_makes_of_them() {
    let path = std::env::var("COMMANDS").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands.jsonl").to_owned()
    });
    let registry = Registry::new();
    let (mut count, mut gone, mut wrong) = (0, 0, Vec::new());
    for line in std::fs::read_to_string(path).expect("the commands").lines() {
        let case: Json = serde_json::from_str(line).expect("JSON");
        let command = case["command"].as_str().expect("a command");
        let imported = import(&Source::new("command", command), Form::Shell, &registry);
        count += 1;
        let Some(seen) = imported.commands.first() else {
            wrong.push(format!("{command}\n  no command"));
            continue;
        };
        let operation = case["operation"].as_str().expect("an operation");
        let right_action = seen
            .action
            .as_deref()
            .and_then(|action| action.split_once(':'))
            .is_some_and(|(_, name)| name == operation);
        if right_action && same(&seen.with, &case["with"]) {
            continue;
        }
        if seen.action.is_none() && !exists(&registry, command, operation) {
            gone += 1;
            continue;
        }
        let said: Vec<&str> = imported
            .diagnostics
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        wrong.push(format!(
            "{command}\n  is {operation} {}\n  not {} {}\n  said: {said:?}",
            case["with"],
            seen.action.as_deref().unwrap_or("nothing"),
            seen.with
        ));
    }
    println!(
        "{count} commands, {gone} of operations that AWS has given up, {} wrong",
        wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
