//! The JSON Schema of the document of differences.

use crate::diff::FORMAT_VERSION;
use crate::schema_parts::{boolean, list, number, object, or_null, text, whole};
use runbook_interpreter::plan::diff::{Kind, Weight};
use serde_json::{Value as Json, json};

/// The schema of what `runbook diff --format json` writes (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let counts: Vec<(&str, Json)> = Weight::ALL
        .iter()
        .map(|weight| (weight.as_str(), number()))
        .collect();
    let change = object(&[
        ("weight", json!({"enum": Weight::ALL.map(Weight::as_str)})),
        ("kind", json!({"enum": Kind::ALL.map(Kind::as_str)})),
        ("step", or_null(text())),
        ("text", text()),
        ("from", or_null(text())),
        ("to", or_null(text())),
    ]);
    let root = object(&[
        ("format_version", json!({"const": FORMAT_VERSION})),
        ("same", boolean()),
        ("counts", object(&counts)),
        (
            "playbooks",
            list(object(&[
                ("base", or_null(text())),
                ("head", or_null(text())),
                ("changes", list(change)),
            ])),
        ),
    ]);
    whole("The JSON document of differences", root, json!({}))
}
