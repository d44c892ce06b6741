//! The JSON Schema of a plan's document.

use crate::plan_json::FORMAT_VERSION;
use crate::schema_parts::{boolean, list, number, object, one_of, or_null, text, to, whole};
use serde_json::{Value as Json, json};

/// The schema of what `runbook plan --format json` writes (JSON Schema, draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let root = object(&[
        ("format_version", json!({"const": FORMAT_VERSION})),
        ("playbook", text()),
        ("file", text()),
        (
            "digest",
            json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        ),
        ("title", text()),
        ("summary", or_null(text())),
        (
            "inputs",
            list(object(&[
                ("name", text()),
                ("type", text()),
                ("value", to("value")),
            ])),
        ),
        (
            "options",
            object(&[
                (
                    "until",
                    json!({"enum": [null, "symptom", "diagnose", "resolve"]}),
                ),
                ("verify", boolean()),
                ("only", list(text())),
                ("skip", list(text())),
                ("force", boolean()),
            ]),
        ),
        ("reading", reading()),
        ("reaches", list(to("contact"))),
        ("runs", list(to("contact"))),
        (
            "targets",
            object(&[
                ("accounts", list(to("value"))),
                ("regions", list(to("value"))),
                ("roles", list(to("value"))),
            ]),
        ),
        (
            "causes",
            list(object(&[
                ("name", text()),
                ("title", text()),
                ("finders", list(text())),
                ("remedies", list(text())),
                ("found", json!({"type": ["boolean", "null"]})),
            ])),
        ),
        ("graphs", list(to("graph"))),
        (
            "left_out",
            list(object(&[
                ("step", text()),
                ("action", or_null(text())),
                ("code", text()),
                ("message", text()),
            ])),
        ),
        ("totals", totals()),
        ("notes", list(text())),
    ]);
    let definitions = json!({
        "value": value(),
        "unknown": unknown(),
        "origin": origin(),
        "effect": {"enum": ["read", "write", "execute", "permission", "destroy"]},
        "count": object(&[("at_least", number()), ("at_most", or_null(number()))]),
        "longest": object(&[
            ("seconds", number()),
            ("open", list(object(&[("step", text()), ("why", text())]))),
        ]),
        "contact": object(&[("name", to("value")), ("declared", boolean()), ("steps", list(text()))]),
        "certainty": object(&[
            ("is", json!({"enum": ["runs", "depends", "never"]})),
            ("conditions", list(object(&[
                ("kind", json!({"enum": ["when", "for", "needs", "graph", "level"]})),
                ("text", text()),
                ("origins", list(to("origin"))),
            ]))),
            ("reason", or_null(text())),
        ]),
        "graph": graph(),
        "step": step(),
        "call": call(),
    });
    whole("The JSON document of a plan", root, definitions)
}

fn reading() -> Json {
    object(&[
        ("live", boolean()),
        ("place", or_null(text())),
        ("scenario", or_null(text())),
        ("calls", number()),
        (
            "failures",
            list(object(&[
                ("step", text()),
                ("code", text()),
                ("message", text()),
            ])),
        ),
    ])
}

fn totals() -> Json {
    let effects =
        ["read", "write", "execute", "permission", "destroy"].map(|name| (name, to("count")));
    object(&[
        ("calls", object(&effects)),
        ("undo", to("count")),
        ("questions", to("count")),
        ("left_out", number()),
        ("longest", to("longest")),
    ])
}

fn value() -> Json {
    let secret = json!({"const": true});
    let piece = one_of(&[
        ("known", text()),
        ("unknown", to("unknown")),
        ("secret", secret.clone()),
    ]);
    one_of(&[
        ("known", json!({})),
        ("unknown", to("unknown")),
        ("text", list(piece)),
        ("list", list(to("value"))),
        (
            "map",
            json!({"type": "object", "additionalProperties": to("value")}),
        ),
        ("secret", secret),
    ])
}

fn unknown() -> Json {
    object(&[
        ("type", text()),
        ("optional", boolean()),
        ("why", text()),
        ("origins", list(to("origin"))),
        ("expression", text()),
    ])
}

fn origin() -> Json {
    object(&[
        (
            "kind",
            json!({"enum": ["step", "cause", "element", "run_time", "target", "secret", "caller"]}),
        ),
        ("name", or_null(text())),
        ("part", or_null(text())),
    ])
}

fn graph() -> Json {
    let kinds = json!({"enum": ["inputs", "check", "symptom", "diagnose", "resolve", "verify", "gather", "notify"]});
    object(&[
        ("graph", kinds),
        ("certainty", to("certainty")),
        ("times", to("count")),
        (
            "readings",
            or_null(object(&[
                ("after", text()),
                ("every", text()),
                ("within", text()),
                ("times", number()),
                ("at_least", number()),
                ("at_most", number()),
                ("undoes", boolean()),
            ])),
        ),
        ("longest", to("longest")),
        ("steps", list(to("step"))),
    ])
}

fn step() -> Json {
    let work = json!({"oneOf": [
        object(&[("is", json!({"const": "call"})), ("call", to("call"))]),
        object(&[
            ("is", json!({"const": "block"})),
            ("steps", list(to("step"))),
            ("finally", list(to("step"))),
        ]),
        object(&[
            ("is", json!({"const": "playbook"})),
            ("call", to("call")),
            ("plan", or_null(json!({"$ref": "#"}))),
            ("problem", or_null(text())),
        ]),
        object(&[("is", json!({"const": "reason"}))]),
    ]});
    object(&[
        ("id", text()),
        ("name", text()),
        ("title", or_null(text())),
        ("line", number()),
        ("effect", or_null(to("effect"))),
        ("certainty", to("certainty")),
        ("after", list(text())),
        (
            "each",
            or_null(object(&[
                ("name", text()),
                ("list", to("value")),
                ("count", to("count")),
                ("concurrency", number()),
                ("max_errors", text()),
            ])),
        ),
        (
            "approval",
            or_null(object(&[
                ("effects", list(to("effect"))),
                ("insists", boolean()),
                ("people", number()),
                ("from", list(text())),
                ("within", or_null(text())),
                ("consent", list(to("effect"))),
            ])),
        ),
        (
            "until",
            or_null(object(&[
                ("conditions", list(text())),
                ("every", text()),
                ("within", text()),
            ])),
        ),
        (
            "retry",
            list(object(&[
                ("errors", list(text())),
                ("times", number()),
                ("delay", text()),
                ("backoff", json!({"type": "number"})),
                ("longest", text()),
            ])),
        ),
        ("timeout", or_null(text())),
        ("limit", or_null(number())),
        ("expect_error", list(text())),
        (
            "on_error",
            json!({"enum": [null, "stop", "continue", "undo"]}),
        ),
        (
            "captures",
            json!({"type": "object", "additionalProperties": text()}),
        ),
        (
            "assertions",
            list(object(&[
                (
                    "kind",
                    json!({"enum": ["require", "claim", "assert", "cause", "warn"]}),
                ),
                ("cause", or_null(text())),
                ("text", text()),
            ])),
        ),
        ("longest", to("longest")),
        (
            "turns",
            list(object(&[
                ("element", or_null(to("value"))),
                ("before", or_null(to("call"))),
                ("work", work),
                ("undo", list(to("step"))),
            ])),
        ),
    ])
}

fn call() -> Json {
    object(&[
        ("action", text()),
        ("effects", list(to("effect"))),
        ("stated_read", boolean()),
        ("stated_plain", boolean()),
        ("arguments", to("value")),
        (
            "base",
            or_null(object(&[
                ("from", text()),
                ("value", to("value")),
                (
                    "paths",
                    list(object(&[("path", text()), ("value", to("value"))])),
                ),
                ("dropped", list(text())),
            ])),
        ),
        (
            "target",
            object(&[
                ("region", or_null(to("value"))),
                ("account", or_null(to("value"))),
                ("role", or_null(to("value"))),
            ]),
        ),
        ("operations", list(text())),
        ("paginated", boolean()),
        ("longest", to("longest")),
        (
            "changes",
            or_null(list(object(&[
                ("path", text()),
                ("from", to("value")),
                ("to", to("value")),
            ]))),
        ),
    ])
}
