//! The schema of scenario files.

use super::{ACTION, DRAFT, DURATION, NAME, scalar};
use serde_json::{Value, json};

/// The keys of a file of scenarios.
pub const FILE: [&str; 2] = ["playbook", "scenarios"];
/// The keys of a scenario.
pub const SCENARIO: [&str; 8] = [
    "description",
    "clock",
    "target",
    "inputs",
    "actions",
    "answers",
    "expect",
    "undo",
];
/// The keys of the place where calls go.
pub const TARGET: [&str; 3] = ["account", "region", "partition"];
/// The keys of an entry below an action.
pub const ENTRY: [&str; 9] = [
    "with", "if", "unless", "times", "set", "after", "return", "error", "series",
];
/// The keys of an error that an entry answers with.
pub const ERROR: [&str; 3] = ["code", "message", "kind"];
/// What kinds of failures there are.
pub const KINDS: [&str; 5] = [
    "answered",
    "garbled",
    "not_sent",
    "unanswered",
    "environment",
];
/// The keys of a series; all are needed.
pub const SERIES: [&str; 4] = ["start", "every", "from", "to"];
/// The keys of what must come out.
pub const EXPECT: [&str; 9] = [
    "verdict",
    "reason",
    "causes",
    "writes",
    "calls",
    "steps",
    "holds",
    "outputs",
    "escalated",
];

/// The schema of scenario files.
#[must_use]
pub fn scenarios_schema() -> Value {
    let text = scalar();
    json!({
        "$schema": DRAFT,
        "title": "Scenarios",
        "description": "Named worlds in which a playbook runs without an account, and what must come out.",
        "type": "object",
        "required": ["scenarios"],
        "additionalProperties": false,
        "properties": {
            "playbook": {"type": "string", "description": "The playbook, relative to this file."},
            "scenarios": {
                "type": "object",
                "propertyNames": {"pattern": NAME},
                "additionalProperties": {"$ref": "#/definitions/scenario"},
            },
        },
        "definitions": {
            "scenario": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "description": {"allOf": [text], "description": "What the world is like."},
                    "target": {"$ref": "#/definitions/target"},
                    "clock": {"type": "string", "description": "When the run starts, as RFC 3339.", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T"},
                    "inputs": {"type": "object", "description": "The run's inputs."},
                    "actions": {
                        "type": "object",
                        "description": "Answers by action, chosen by the first that fits.",
                        "propertyNames": {"pattern": ACTION},
                        "additionalProperties": {
                            "type": "array",
                            "items": {"$ref": "#/definitions/answer"},
                        },
                    },
                    "answers": {"type": "object", "description": "What people answer."},
                    "expect": {"$ref": "#/definitions/expect"},
                    "undo": {"$ref": "#/definitions/expect"},
                },
            },
            "answer": answer(),
            "target": target(),
            "expect": expect(),
            "call": call(),
        },
    })
}

/// Where calls go.
fn target() -> Value {
    json!({
        "type": "object",
        "description": "Where calls go.",
        "additionalProperties": false,
        "properties": {"account": scalar(), "region": scalar(), "partition": scalar()},
    })
}

/// A name or a list of names.
fn flags(about: &str) -> Value {
    json!({
        "description": about,
        "anyOf": [scalar(), {"type": "array", "items": scalar()}],
    })
}

/// An entry below an action.
fn answer() -> Value {
    let duration = json!({"type": "string", "pattern": DURATION});
    let mut set = flags("Sets these flags.");
    if let Some(forms) = set.get_mut("anyOf").and_then(Value::as_array_mut) {
        let about = "Sets these flags, each so much later.";
        forms.push(
            json!({"type": "object", "description": about, "additionalProperties": duration}),
        );
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "with": {"type": "object", "description": "Fits calls that have these arguments."},
            "if": flags("Fits once these flags are set."),
            "unless": flags("Fits until one of these flags is set."),
            "times": {"type": "integer", "minimum": 1, "description": "Fits so many calls."},
            "set": set,
            "after": {"allOf": [duration], "description": "The flags are set so much later."},
            "return": {"description": "The result."},
            "error": {
                "type": "object",
                "description": "The error.",
                "required": ["code"],
                "additionalProperties": false,
                "properties": {"code": scalar(), "message": scalar(), "kind": {"enum": KINDS}},
            },
            "series": {
                "type": "object",
                "description": "Points in a straight line, up to the call.",
                "required": SERIES,
                "additionalProperties": false,
                "properties": {
                    "start": duration,
                    "every": duration,
                    "from": {"type": "number"},
                    "to": {"type": "number"},
                },
            },
        },
    })
}

/// What must come out.
fn expect() -> Value {
    let names = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "type": "object",
        "description": "What must come out.",
        "additionalProperties": false,
        "properties": {
            "verdict": {"enum": [
                "paused", "undone", "failed", "aborted", "absent", "diagnosed", "resolved",
                "unresolved", "done", "healthy", "unhealthy",
            ]},
            "reason": {"enum": ["unexplained", "no_remedy", "declined", "read_only", "timeout"]},
            "causes": names,
            "steps": {"type": "object", "additionalProperties": {"type": "string"}},
            "holds": {"type": "object", "additionalProperties": {"enum": [true, false, "unknown"]}},
            "outputs": {"type": "object"},
            "escalated": {
                "type": "array",
                "items": {"type": "integer", "minimum": 0},
                "description": "The levels of escalation that are due.",
            },
            "writes": {"type": "array", "items": {"$ref": "#/definitions/call"}},
            "calls": {"type": "array", "items": {"$ref": "#/definitions/call"}},
        },
    })
}

/// An expected call.
fn call() -> Value {
    let arguments = json!({"type": "object"});
    json!({
        "description": "An action and a subset of its arguments.",
        "anyOf": [
            {"type": "string", "pattern": ACTION},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": ACTION},
                "additionalProperties": {"anyOf": [arguments, {"type": "null"}]},
            },
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that the schema knows at a place.
    fn keys(pointer: &str) -> Vec<String> {
        let schema = scenarios_schema();
        let properties = schema
            .pointer(&format!("{pointer}/properties"))
            .and_then(Value::as_object)
            .unwrap_or_else(|| panic!("nothing at {pointer}"));
        let mut keys: Vec<String> = properties.keys().cloned().collect();
        keys.sort();
        keys
    }

    #[test]
    fn the_schema_has_the_keys_that_are_read() {
        for (pointer, read) in [
            ("", FILE.as_slice()),
            ("/definitions/scenario", &SCENARIO),
            ("/definitions/target", &TARGET),
            ("/definitions/answer", &ENTRY),
            ("/definitions/answer/properties/error", &ERROR),
            ("/definitions/answer/properties/series", &SERIES),
            ("/definitions/expect", &EXPECT),
        ] {
            let mut read = read.to_vec();
            read.sort_unstable();
            assert_eq!(keys(pointer), read, "{pointer}");
        }
    }
}
