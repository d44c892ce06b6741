//! The JSON Schemas agree with the reader.

use runbook_playbook::schema::{escalation_schema, playbook_schema, scenarios_schema};
use runbook_playbook::source::Source;
use runbook_playbook::{syntax, yaml};
use serde_json::Value;

const EVERY_KEY: &str = include_str!("fixtures/every-key.yaml");
const ESCALATION: &str = include_str!("fixtures/escalation-every-key.yaml");
const EXAMPLE: &str = include_str!("fixtures/language-example.yaml");

/// Reads YAML as an editor's schema checker sees it.
fn json(text: &str) -> Value {
    let source = Source::new("test.yaml", text);
    let mut problems = Vec::new();
    let node = yaml::read(&source, &mut problems).expect("a document");
    assert!(problems.is_empty(), "{problems:?}");
    node.to_json(&source, &mut problems)
}

/// What a schema says against a document.
fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::draft7::new(schema).expect("a schema of draft 7");
    validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn schema_and_reader_accept_every_key() {
    for (text, schema) in [
        (EVERY_KEY, playbook_schema()),
        (EXAMPLE, playbook_schema()),
        (ESCALATION, escalation_schema()),
    ] {
        let (_, problems) = syntax::parse(&Source::new("test.yaml", text));
        assert!(problems.is_empty(), "{problems:#?}");
        assert_eq!(complaints(&schema, &json(text)), Vec::<String>::new());
    }
}

#[test]
fn the_fixture_has_every_key_of_the_schema() {
    fn names(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = members.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                members.values().for_each(|inner| names(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| names(inner, found)),
            _ => {}
        }
    }
    let mut keys = Vec::new();
    names(&playbook_schema(), &mut keys);
    names(&escalation_schema(), &mut keys);
    keys.sort();
    keys.dedup();
    let also_in_the_example = ["check"];
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| {
            let written = format!("{key}:");
            !EVERY_KEY.contains(&written) && !ESCALATION.contains(&written)
        })
        .filter(|key| !also_in_the_example.contains(&key.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let wrong = [
        "title: no header\ncheck: {a: {action: ecs:ListTasks}}",
        "playbook: v2\ntitle: x\ncheck: {a: {action: ecs:ListTasks}}",
        "playbook: v1\ntitle: x\ncheck: {a: {acton: ecs:ListTasks}}",
        "playbook: v1\ntitle: x\ncheck: {a: {action: ListTasks}}",
        "playbook: v1\ntitle: x\ncheck: {A: {action: ecs:ListTasks}}",
        "playbook: v1\ntitle: x\ncheck: {a: {action: ecs:ListTasks, timeout: 30}}",
        "playbook: v1\ntitle: x\nsymptom: {a: {action: ecs:ListTasks, on_error: stop}}",
        "playbook: v1\ntitle: x\nsymptom: {a: {steps: {b: {action: ecs:X, causes: {c: {that: x}}}}}}",
    ];
    for text in wrong {
        let (_, problems) = syntax::parse(&Source::new("test.yaml", text));
        assert!(!problems.is_empty(), "{text}");
        assert!(
            !complaints(&playbook_schema(), &json(text)).is_empty(),
            "{text}"
        );
    }
}

#[test]
fn the_scenario_schema_takes_the_example_and_refuses_slips() {
    let example = include_str!("fixtures/scenarios-example.yaml");
    assert_eq!(
        complaints(&scenarios_schema(), &json(example)),
        Vec::<String>::new()
    );
    for (right, wrong) in [
        ("verdict: resolved", "verdict: solved"),
        ("set: restarted", "sets: restarted"),
        ("playbook: memory-leak.yaml", "playbok: memory-leak.yaml"),
        ("ecs:ListTasks:", "ListTasks:"),
    ] {
        assert!(example.contains(right), "{right}");
        let slip = example.replace(right, wrong);
        assert!(
            !complaints(&scenarios_schema(), &json(&slip)).is_empty(),
            "{wrong}"
        );
    }
}

#[test]
fn the_written_schemas_are_current() {
    for (written, schema) in [
        (
            include_str!("../../../schemas/playbook.schema.json"),
            playbook_schema(),
        ),
        (
            include_str!("../../../schemas/escalation.schema.json"),
            escalation_schema(),
        ),
        (
            include_str!("../../../schemas/scenarios.schema.json"),
            scenarios_schema(),
        ),
    ] {
        let written: Value = serde_json::from_str(written).expect("JSON");
        assert!(
            written == schema,
            "schemas/ is out of date: run `cargo xtask schemas --write`"
        );
    }
}
