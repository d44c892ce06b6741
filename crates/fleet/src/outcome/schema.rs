//! The schema of a fleet's document.

use super::word;
use serde_json::{Value as Json, json};

/// The JSON Schema (draft 7) of a fleet's document.
#[must_use]
pub fn schema() -> Json {
    let verdicts: Vec<Json> = word::ALL
        .iter()
        .map(|verdict| verdict.as_str().into())
        .chain([Json::Null])
        .collect();
    let mut schema = object(&[
        (
            "format_version",
            json!({"const": super::FORMAT_VERSION}),
            "The version of this document.",
        ),
        ("fleet", text(), "The fleet's id."),
        ("playbook", text(), "The playbook's id."),
        ("title", text(), "The playbook's title."),
        (
            "severity",
            or_null(text()),
            "How bad the problem is, as the playbook has it.",
        ),
        (
            "status",
            words(&[
                "running",
                "waiting",
                "paused",
                "interrupted",
                "stopped",
                "ended",
            ]),
            "Where the fleet stands.",
        ),
        (
            "stopped",
            or_null(stop()),
            "Why nothing started any more, where something stopped it.",
        ),
        ("policy", policy(), "How it is rolled out."),
        ("waves", list(wave()), "The waves, in order."),
        (
            "targets",
            list(target(json!({"enum": verdicts}))),
            "All targets, in the order in which they are listed.",
        ),
        (
            "scenario",
            or_null(text()),
            "The scenario whose world all of it happened in.",
        ),
        ("started", time(), "When it began."),
        (
            "ended",
            or_null(time()),
            "When it ended, was stopped, or was paused last; null while it runs.",
        ),
    ]);
    let about = [
        ("$schema", "http://json-schema.org/draft-07/schema#"),
        ("title", "Fleet"),
        (
            "description",
            "One playbook on many targets, and what came of each. Secrets are masked.",
        ),
    ];
    for (name, value) in about {
        schema[name] = value.into();
    }
    schema
}

fn policy() -> Json {
    let amount = json!({"anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$"},
    ]});
    object(&[
        (
            "concurrency",
            json!({"type": "integer", "minimum": 1}),
            "How many targets run at a time.",
        ),
        (
            "per_account",
            or_null(count()),
            "How many of one account run at a time.",
        ),
        (
            "per_region",
            or_null(count()),
            "How many of one region of one account run at a time.",
        ),
        (
            "max_errors",
            amount.clone(),
            "How many targets may end badly.",
        ),
        (
            "waves",
            list(amount),
            "How many targets each wave has; the last size is repeated.",
        ),
        (
            "pause",
            or_null(text()),
            "How long is waited after a wave: `30m`.",
        ),
        (
            "approve",
            flag(),
            "A person says yes before each wave but the first.",
        ),
        (
            "alarms",
            list(text()),
            "Alarms that stop the fleet, by name or ARN.",
        ),
    ])
}

fn stop() -> Json {
    let codes = ["max_errors", "alarm", "declined", "cancelled", "engine"];
    object(&[
        ("code", words(&codes), "What it was."),
        ("message", text(), "One sentence."),
    ])
}

fn wave() -> Json {
    let answer = object(&[
        ("yes", flag(), "Yes or no."),
        ("by", text(), "Who."),
        ("reason", or_null(text()), "Why."),
        ("at", time(), "When."),
    ]);
    object(&[
        ("wave", count(), "Its number, from 1."),
        ("targets", count(), "How many targets it has."),
        (
            "answer",
            or_null(answer),
            "What a person said before it began, where one was asked.",
        ),
    ])
}

fn target(verdict: Json) -> Json {
    let not_run = object(&[
        (
            "code",
            words(&["stopped", "locked", "place", "input", "engine"]),
            "What it was.",
        ),
        ("message", text(), "One sentence."),
    ]);
    let cause = object(&[
        ("name", text(), "Its name."),
        ("title", text(), "What it is called for people."),
    ]);
    let error = object(&[
        ("step", or_null(text()), "The step."),
        ("code", text(), "The API's error code, or one of ours."),
        ("message", text(), "A sentence."),
    ]);
    let person = object(&[
        (
            "step",
            or_null(text()),
            "The step that asks, where one does.",
        ),
        (
            "question",
            or_null(text()),
            "What is asked: the call and its arguments.",
        ),
        ("why", text(), "Why a person is needed."),
        ("next", or_null(text()), "A command that goes on."),
    ]);
    let change = object(&[
        ("step", text(), "The step."),
        ("action", text(), "The action."),
        ("effect", text(), "The effect."),
        ("confirmed", flag(), "It was answered with success."),
        ("undone", flag(), "It was taken back."),
    ]);
    let labels = json!({"type": "object", "additionalProperties": {"type": "string"}});
    object(&[
        ("name", text(), "Its name."),
        (
            "account",
            or_null(text()),
            "The account, where it is known.",
        ),
        ("region", or_null(text()), "The region, where it is known."),
        ("role", or_null(text()), "The role that is assumed for it."),
        ("labels", labels, "Words by which reports group targets."),
        ("wave", count(), "The number of its wave, from 1."),
        (
            "status",
            words(&["waiting", "running", "paused", "ended", "not_run"]),
            "Where it stands.",
        ),
        ("not_run", or_null(not_run), "Why it was not run."),
        ("run", or_null(text()), "Its run's id, once it has one."),
        ("verdict", verdict, "What came out."),
        (
            "reason",
            or_null(text()),
            "Why nothing was done, or why it was aborted.",
        ),
        (
            "explanation",
            or_null(text()),
            "One sentence about the verdict.",
        ),
        ("causes", list(cause), "The causes that were found."),
        ("error", or_null(error), "What failed first."),
        (
            "person",
            or_null(person),
            "What a person is to do about it.",
        ),
        (
            "calls",
            count(),
            "How many calls were answered or failed, repetitions included.",
        ),
        ("throttled", count(), "How many of them were throttled."),
        ("retries", count(), "How many of them repeated a call."),
        (
            "changes",
            list(change),
            "The writes that were sent, in order.",
        ),
        ("started", or_null(time()), "When its run began."),
        ("ended", or_null(time()), "When its run ended or paused."),
    ])
}

fn object(members: &[(&str, Json, &str)]) -> Json {
    let names: Vec<&str> = members.iter().map(|(name, ..)| *name).collect();
    let properties: serde_json::Map<String, Json> = members
        .iter()
        .map(|(name, schema, about)| {
            let mut schema = schema.clone();
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("description".to_owned(), (*about).into());
            }
            ((*name).to_owned(), schema)
        })
        .collect();
    json!({"type": "object", "required": names, "properties": properties})
}

fn or_null(schema: Json) -> Json {
    let either = vec![schema, json!({"type": "null"})];
    Json::Object(
        [("anyOf".to_owned(), Json::Array(either))]
            .into_iter()
            .collect(),
    )
}

fn list(items: Json) -> Json {
    let mut list = json!({"type": "array"});
    list["items"] = items;
    list
}

fn words(words: &[&str]) -> Json {
    json!({"enum": words})
}

fn text() -> Json {
    json!({"type": "string"})
}

fn time() -> Json {
    json!({"type": "string", "format": "date-time"})
}

fn count() -> Json {
    json!({"type": "integer", "minimum": 0})
}

fn flag() -> Json {
    json!({"type": "boolean"})
}
