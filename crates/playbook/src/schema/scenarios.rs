//! The schema of scenario files.

use super::{ACTION, DRAFT, DURATION, NAME};
use serde_json::{Value, json};

/// The schema of scenario files.
#[must_use]
pub fn scenarios_schema() -> Value {
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
                    "title": {"type": "string", "description": "What the world is like."},
                    "description": {"type": "string"},
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
                },
            },
            "answer": answer(),
            "expect": expect(),
            "call": call(),
        },
    })
}

/// An entry below an action.
fn answer() -> Value {
    let duration = json!({"type": "string", "pattern": DURATION});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "with": {"type": "object", "description": "Fits calls that have these arguments."},
            "if": {"type": "string", "description": "Fits once this flag is set."},
            "unless": {"type": "string", "description": "Fits until this flag is set."},
            "times": {"type": "integer", "minimum": 1, "description": "Fits so many calls."},
            "set": {"type": "string", "description": "Sets this flag."},
            "after": {"allOf": [duration], "description": "The flag is set so much later."},
            "return": {"description": "The result."},
            "error": {
                "type": "object",
                "description": "The error.",
                "required": ["code"],
                "additionalProperties": false,
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            },
            "series": {
                "type": "object",
                "description": "Points in a straight line, up to the call.",
                "required": ["from", "to"],
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
