//! JSON Schema (draft 7) of playbooks and scenario files, for editors.
//!
//! Built from the tables of keys that the reader uses, so that the two cannot differ.

use crate::syntax::keys::{Key, Place, Shape, Table};
use crate::syntax::playbook::PLAYBOOK;
use crate::syntax::step_keys::STEP;
use serde_json::{Map, Value, json};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of playbooks.
#[must_use]
pub fn playbook_schema() -> Value {
    let mut writer = Writer::default();
    let root = writer.table(&PLAYBOOK, None);
    let mut schema = object(json!({
        "$schema": DRAFT,
        "title": "Playbook",
        "description": "A playbook, version 1.",
    }));
    schema.extend(object(root));
    schema.insert("definitions".to_owned(), Value::Object(writer.definitions));
    Value::Object(schema)
}

/// The schema of scenario files.
#[must_use]
pub fn scenarios_schema() -> Value {
    let arguments = json!({"type": "object"});
    let names = json!({"type": "array", "items": {"type": "string"}});
    let duration = json!({"type": "string", "pattern": DURATION});
    json!({
        "$schema": DRAFT,
        "title": "Scenarios",
        "description": "Named worlds in which a playbook runs without an account, and what must come out.",
        "type": "object",
        "required": ["playbook", "scenarios"],
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
            "answer": {
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
            },
            "expect": {
                "type": "object",
                "description": "What must come out.",
                "additionalProperties": false,
                "properties": {
                    "verdict": {"enum": [
                        "paused", "undone", "failed", "aborted", "absent", "diagnosed", "resolved",
                        "unresolved", "done", "healthy", "unhealthy",
                    ]},
                    "reason": {"enum": ["unexplained", "no_remedy", "declined"]},
                    "causes": names,
                    "steps": {"type": "object", "additionalProperties": {"type": "string"}},
                    "outputs": {"type": "object"},
                    "writes": {"type": "array", "items": {"$ref": "#/definitions/call"}},
                    "calls": {"type": "array", "items": {"$ref": "#/definitions/call"}},
                },
            },
            "call": {
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
            },
        },
    })
}

const NAME: &str = "^[a-z][a-z0-9_]*$";
const ACTION: &str = "^[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$";
const DURATION: &str = "^-?([0-9]+(ms|w|d|h|m|s))+$";

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
        let mut schema = object(json!({
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        }));
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
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
        let inner = object(self.shape(&shape, place));
        if inner.contains_key("$ref") {
            // Draft 7 ignores what stands beside a reference.
            schema.insert("allOf".to_owned(), json!([inner]));
        } else {
            schema.extend(inner);
        }
        Value::Object(schema)
    }

    fn shape(&mut self, shape: &Shape, place: Option<Place>) -> Value {
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
            Shape::List(inner) => json!({"type": "array", "items": self.shape(inner, place)}),
            Shape::OneOrMore(inner) => {
                let inner = self.shape(inner, place);
                json!({"anyOf": [inner, {"type": "array", "items": inner}]})
            }
            Shape::Map(inner) => {
                json!({"type": "object", "additionalProperties": self.shape(inner, place)})
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
                let steps = self.shape(&Shape::Steps(*place), Some(*place));
                json!({"anyOf": [step, steps]})
            }
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes
                    .iter()
                    .map(|shape| self.shape(shape, place))
                    .collect();
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
