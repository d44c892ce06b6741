//! The JSON Schema of a policy's document.

use crate::policy::FORMAT_VERSION;
use crate::schema_parts::{list, object, or_null, text, to, whole};
use serde_json::{Value as Json, json};

/// The schema of what `runbook policy --format json` writes (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let steps = json!({"type": "object", "additionalProperties": list(text())});
    let principal = object(&[
        ("role", or_null(text())),
        ("policies", list(to("policy"))),
        ("steps", steps),
        (
            "dependent",
            list(object(&[
                ("statement", to("statement")),
                ("steps", list(text())),
            ])),
        ),
    ]);
    let root = object(&[
        ("format_version", json!({"const": FORMAT_VERSION})),
        ("playbook", text()),
        ("principals", list(principal)),
        ("notes", list(text())),
    ]);
    let policy = object(&[
        ("Version", json!({"const": "2012-10-17"})),
        ("Statement", list(to("statement"))),
    ]);
    let definitions = json!({
        "policy": policy,
        "statement": statement(),
        "texts": {"anyOf": [text(), list(text())]},
    });
    whole("The JSON document of a least policy", root, definitions)
}

/// A statement as IAM takes it.
fn statement() -> Json {
    let mut statement = object(&[
        ("Effect", json!({"enum": ["Allow", "Deny"]})),
        ("Action", to("texts")),
        ("Resource", to("texts")),
    ]);
    let keys = json!({"type": "object", "additionalProperties": to("texts")});
    statement["properties"]["Sid"] = json!({"type": "string", "pattern": "^[0-9A-Za-z]+$"});
    statement["properties"]["Condition"] = json!({"type": "object", "additionalProperties": keys});
    statement["additionalProperties"] = json!(false);
    statement
}
