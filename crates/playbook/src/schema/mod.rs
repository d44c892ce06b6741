//! JSON Schema (draft 7) of playbooks and scenario files, for editors.
//!
//! Built from the tables of keys that the reader uses, so that the two cannot differ.

pub mod scenarios;

pub use scenarios::scenarios_schema;

use crate::syntax::escalation::ESCALATION;
use crate::syntax::keys::{Key, Place, Shape, Table};
use crate::syntax::playbook::PLAYBOOK;
use crate::syntax::step_keys::STEP;
use crate::syntax::targets::TARGETS;
use serde_json::{Map, Value, json};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of playbooks.
#[must_use]
pub fn playbook_schema() -> Value {
    file(&PLAYBOOK, "Playbook", "A playbook, version 1.")
}

/// The schema of files of escalation.
#[must_use]
pub fn escalation_schema() -> Value {
    file(
        &ESCALATION,
        "Escalation",
        "A file of escalation, version 1.",
    )
}

/// The schema of files of targets.
#[must_use]
pub fn targets_schema() -> Value {
    file(&TARGETS, "Targets", "A file of targets, version 1.")
}

fn file(table: &'static Table, title: &str, about: &str) -> Value {
    let mut writer = Writer::default();
    let root = writer.table(table, None);
    let mut schema = object(json!({
        "$schema": DRAFT,
        "title": title,
        "description": about,
    }));
    schema.extend(object(root));
    schema.insert("definitions".to_owned(), Value::Object(writer.definitions));
    Value::Object(schema)
}

const NAME: &str = "^[a-z][a-z0-9_]*$";
const ACTION: &str = "^[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$";
const DURATION: &str = "^-?([0-9]+(ms|w|d|h|m|s))+$";

/// Keys of one mapping that exclude each other, wherever both are known.
const EXCLUSIVE: [(&str, &str); 12] = [
    ("action", "steps"),
    ("path", "value"),
    ("path", "that"),
    ("value", "that"),
    ("chart", "table"),
    ("check", "symptom"),
    ("check", "diagnose"),
    ("check", "resolve"),
    ("check", "match"),
    ("check", "verify"),
    ("at", "after"),
    ("at", "when"),
];

/// Keys of which one is needed, wherever all are known: what an assertion looks at, and when a level is told. A cause may have a
/// list of assertions instead.
const NEEDED: [[&str; 3]; 2] = [["path", "value", "that"], ["at", "after", "when"]];
const ASSERTIONS: &str = "assert";

/// Collects definitions while it writes.
#[derive(Default)]
struct Writer {
    definitions: Map<String, Value>,
}

impl Writer {
    /// The schema of a mapping with a table's keys.
    fn table(&mut self, table: &'static Table, place: Option<Place>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for key in table.all_keys().filter(|key| key.fits(place)) {
            if key.required {
                required.push(key.name);
            }
            properties.insert(key.name.to_owned(), self.key(key, place));
        }
        let exclusive: Vec<Value> = EXCLUSIVE
            .iter()
            .filter(|(one, other)| properties.contains_key(*one) && properties.contains_key(*other))
            .map(|(one, other)| json!({"not": {"required": [one, other]}}))
            .collect();
        let needed: Option<Vec<Value>> = NEEDED
            .iter()
            .find(|keys| keys.iter().all(|key| properties.contains_key(*key)))
            .map(|keys| {
                keys.iter()
                    .chain(&[ASSERTIONS])
                    .filter(|key| properties.contains_key(**key))
                    .map(|key| json!({"required": [key]}))
                    .collect()
            });
        let mut schema = object(json!({
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        }));
        if let Some(needed) = needed {
            schema.insert("anyOf".to_owned(), needed.into());
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !exclusive.is_empty() {
            schema.insert("allOf".to_owned(), exclusive.into());
        }
        Value::Object(schema)
    }

    fn key(&mut self, key: &Key, place: Option<Place>) -> Value {
        // A block's steps stand where the block stands.
        let shape = match (key.shape, place) {
            (Shape::Steps(_), Some(place)) => Shape::Steps(place),
            (shape, _) => shape,
        };
        let mut schema = Map::new();
        schema.insert("description".to_owned(), key.about.into());
        let inner = object(self.shape(&shape));
        if inner.contains_key("$ref") {
            // Draft 7 ignores what stands beside a reference.
            schema.insert("allOf".to_owned(), json!([inner]));
        } else {
            schema.extend(inner);
        }
        Value::Object(schema)
    }

    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text | Shape::Template | Shape::Expression | Shape::Condition => scalar(),
            Shape::Data => json!({}),
            Shape::Path => json!({"type": "string", "pattern": "^\\$"}),
            Shape::Regex => json!({"type": ["string", "number", "boolean"]}),
            Shape::NameInList => json!({"type": "string", "pattern": "^\\s*[a-z][a-z0-9_]* in "}),
            Shape::Duration => json!({"type": "string", "pattern": DURATION}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Integer(least) => json!({"type": "integer", "minimum": least}),
            Shape::Number => json!({"type": "number", "minimum": 0}),
            Shape::Share => json!({"anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?\\s*%$"},
            ]}),
            Shape::Name => json!({"type": "string", "pattern": NAME}),
            Shape::Action => json!({"type": "string", "pattern": ACTION}),
            Shape::Word(words) => json!({"enum": words}),
            Shape::List(inner) => json!({"type": "array", "items": self.shape(inner)}),
            Shape::OneOrMore(inner) => {
                let inner = self.shape(inner);
                json!({"anyOf": [inner, {"type": "array", "items": inner}]})
            }
            Shape::Map(inner) => {
                json!({"type": "object", "additionalProperties": self.shape(inner)})
            }
            Shape::Object(table) => self.reference(table, None),
            Shape::Steps(place) => {
                let step = self.reference(&STEP, Some(*place));
                json!({
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": NAME},
                    "additionalProperties": step,
                })
            }
            Shape::StepOrSteps(place) => {
                let step = self.reference(&STEP, Some(*place));
                let steps = self.shape(&Shape::Steps(*place));
                json!({"anyOf": [step, steps]})
            }
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| self.shape(shape)).collect();
                json!({"anyOf": shapes})
            }
        }
    }

    /// A reference to a table's definition, which is written the first time.
    fn reference(&mut self, table: &'static Table, place: Option<Place>) -> Value {
        let name = definition(table, place);
        if !self.definitions.contains_key(&name) {
            self.definitions.insert(name.clone(), Value::Null);
            let schema = self.table(table, place);
            self.definitions.insert(name.clone(), schema);
        }
        json!({"$ref": format!("#/definitions/{name}")})
    }
}

/// The name of a table's definition: its own name in one word, after the place where it is a step.
fn definition(table: &'static Table, place: Option<Place>) -> String {
    let words: String = table
        .name
        .chars()
        .map(|each| {
            if each.is_ascii_alphanumeric() {
                each
            } else {
                '_'
            }
        })
        .collect();
    let words = words.trim_matches('_');
    let words = ["a_", "an_", "the_"]
        .iter()
        .find_map(|article| words.strip_prefix(article))
        .unwrap_or(words)
        .replace("__", "_");
    match place {
        Some(place) => format!("{}_{words}", place.key()),
        None => words,
    }
}

/// Text that YAML may take for a number or a boolean.
fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
