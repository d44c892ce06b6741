//! The JSON Schema of a saved plan.

use crate::plan_schema;
use crate::schema_parts::{boolean, list, object, one_of, or_null, text, to, whole};
use serde_json::{Value as Json, json};

/// The version of the file; it rises when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;
/// What the file says it is.
pub const KIND: &str = "runbook saved plan";
/// What the schema of a plan is called inside this one.
const PLAN: &str = "plan.schema.json";

/// The schema of what `runbook plan --out` writes (JSON Schema, draft 2020-12). The schema of the plan itself is in it as a
/// resource of its own.
#[must_use]
pub fn schema() -> Json {
    let hash = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let mut plan = plan_schema::schema();
    plan["$id"] = PLAN.into();
    let root = object(&[
        ("kind", json!({"const": KIND})),
        ("format_version", json!({"const": FORMAT_VERSION})),
        ("made", json!({"type": "string", "format": "date-time"})),
        ("playbook", text()),
        (
            "files",
            json!({"type": "object", "minProperties": 1, "additionalProperties": hash.clone()}),
        ),
        ("catalogue", hash.clone()),
        ("inputs", json!({"type": "object"})),
        ("secrets", list(text())),
        ("options", plan["properties"]["options"].clone()),
        ("live", boolean()),
        ("scenario", or_null(text())),
        (
            "target",
            object(&[
                ("account", or_null(text())),
                ("region", or_null(text())),
                ("principal", or_null(text())),
            ]),
        ),
        ("writes", list(to("write"))),
        ("plan", json!({"$ref": PLAN})),
        ("digest", hash),
    ]);
    let write = object(&[
        ("step", text()),
        ("undoes", boolean()),
        ("action", text()),
        ("arguments", to("value")),
        ("region", or_null(to("value"))),
        ("role", or_null(to("value"))),
        ("when", list(text())),
        (
            "changes",
            or_null(list(object(&[
                ("path", text()),
                ("from", to("value")),
                ("to", to("value")),
            ]))),
        ),
    ]);
    let definitions = json!({"write": write, "value": value(), "plan": plan});
    whole("A saved plan", root, definitions)
}

/// A value with its gaps: `open` where a mapping may have members besides.
fn value() -> Json {
    let mut value = one_of(&[
        ("known", json!({})),
        ("unknown", text()),
        ("text", list(or_null(text()))),
        ("list", list(to("value"))),
        ("secret", json!({"const": true})),
        (
            "map",
            json!({"type": "object", "additionalProperties": to("value")}),
        ),
    ]);
    if let Some(choices) = value["oneOf"].as_array_mut() {
        for choice in choices {
            choice["properties"]["open"] = json!({"const": true});
        }
    }
    value
}
