//! What the JSON Schemas of documents are made of (JSON Schema, draft 2020-12).

use serde_json::{Map, Value as Json, json};

/// A whole schema: its head, the structure of the document, and what that refers to.
#[expect(
    clippy::needless_pass_by_value,
    reason = "schemas are made where they are used"
)]
pub(crate) fn whole(title: &str, root: Json, definitions: Json) -> Json {
    let mut whole = Map::new();
    let head = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", title),
    ];
    for (name, value) in head {
        whole.insert(name.to_owned(), value.into());
    }
    for (name, value) in root.as_object().into_iter().flatten() {
        whole.insert(name.clone(), value.clone());
    }
    whole.insert("$defs".to_owned(), definitions);
    Json::Object(whole)
}

pub(crate) fn text() -> Json {
    json!({"type": "string"})
}

pub(crate) fn number() -> Json {
    json!({"type": "integer", "minimum": 0})
}

pub(crate) fn boolean() -> Json {
    json!({"type": "boolean"})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "schemas are made where they are used"
)]
pub(crate) fn list(items: Json) -> Json {
    json!({"type": "array", "items": items})
}

pub(crate) fn to(name: &str) -> Json {
    json!({"$ref": format!("#/$defs/{name}")})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "schemas are made where they are used"
)]
pub(crate) fn or_null(schema: Json) -> Json {
    json!({"anyOf": [{"type": "null"}, schema]})
}

/// A structure of which every field is there.
pub(crate) fn object(fields: &[(&str, Json)]) -> Json {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Json> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "required": names, "properties": properties})
}

/// A structure with exactly one of some fields.
pub(crate) fn one_of(fields: &[(&str, Json)]) -> Json {
    let choices: Vec<Json> = fields
        .iter()
        .map(|(name, schema)| {
            let mut choice = object(&[(name, schema.clone())]);
            if let Json::Object(choice) = &mut choice {
                choice.insert("additionalProperties".to_owned(), false.into());
            }
            choice
        })
        .collect();
    json!({ "oneOf": choices })
}
