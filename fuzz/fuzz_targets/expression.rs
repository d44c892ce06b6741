//! Expressions: any text is refused with a problem or has a tree; what has one can be typed, and evaluated within its fuel.
//! A value has the type that was found before.
#![no_main]

use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use runbook_playbook::diagnostic::{Style, render};
use runbook_playbook::expression::{
    Scope, TypeScope, evaluate, infer, infer_condition, parse, references,
};
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, TextPlace};
use runbook_playbook::types::{Record, Type};
use runbook_playbook::value::Value;
use serde_json::json;
use std::sync::LazyLock;

static NAMES: LazyLock<Vec<(&str, Type, Value)>> = LazyLock::new(|| {
    let point = || {
        Record::new("Point")
            .required("at", Type::timestamp())
            .required("value", Type::number())
            .build()
    };
    let task = || {
        Record::new("Task")
            .optional("name", Type::text())
            .optional("cpu", Type::integer())
            .optional("tags", Type::map(Type::text()))
            .build()
    };
    let name = |name, ty: Type, json: serde_json::Value| (name, ty.clone(), Value::typed(&json, &ty));
    vec![
        name("text", Type::text(), json!("api-1")),
        name("number", Type::integer(), json!(7)),
        name("ratio", Type::number(), json!(0.25)),
        name("flag", Type::Boolean, json!(true)),
        name("started", Type::timestamp(), json!("2026-01-15T12:00:00Z")),
        name("window", Type::Duration, json!("1h30m")),
        name(
            "points",
            Type::list(point()),
            json!([{"at": "2026-01-15T12:00:00Z", "value": 4.5}, {"at": "2026-01-15T12:05:00Z", "value": 9}]),
        ),
        name(
            "tasks",
            Type::list(task()),
            json!([{"name": "a", "cpu": 256, "tags": {"x": "y"}}, {"name": "b"}]),
        ),
        name("maybe", Type::text().optional(), json!(null)),
        name(
            "inputs",
            Record::new("inputs")
                .required("environment", Type::text())
                .required("count", Type::integer())
                .build(),
            json!({"environment": "production", "count": 3}),
        ),
    ]
});

struct Names;

impl TypeScope for Names {
    fn name(&self, name: &str) -> Option<Type> {
        let named = NAMES.iter().find(|(known, ..)| *known == name);
        named.map(|(_, ty, _)| ty.clone())
    }

    fn names(&self) -> Vec<String> {
        NAMES.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }
}

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        let named = NAMES.iter().find(|(known, ..)| *known == name);
        named.map(|(.., value)| value.clone())
    }

    fn now(&self) -> Timestamp {
        Timestamp::constant(1_768_478_400, 0)
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        self.now().checked_sub(length).unwrap_or(Timestamp::MIN)
    }
}

fuzz_target!(|text: &str| {
    let source = Source::new("fuzz.yaml", text);
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    let expression = match parse(text, place, &source) {
        Ok(expression) => expression,
        Err(problem) => {
            render(&problem, Style::Plain);
            return;
        }
    };
    references(&expression.root);
    infer_condition(&expression.root, &Names);
    let (ty, problems) = infer(&expression.root, &Names);
    let value = evaluate(&expression, &Names);
    if let (true, Ok(value)) = (problems.is_empty(), value) {
        assert!(is_of(&value, &ty, 6), "{text}: {value:?} is no {ty}");
    }
});

/// Whether a value is of a type; unknown is of all.
fn is_of(value: &Value, ty: &Type, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return true;
    };
    match (ty, value) {
        (Type::Any | Type::JsonText | Type::Secret, _)
        | (_, Value::Unknown)
        | (Type::Absent | Type::Optional(_), Value::Absent)
        | (Type::Boolean, Value::Boolean(_))
        | (Type::Integer(..), Value::Integer(_))
        | (Type::Number(_), Value::Integer(_) | Value::Number(_))
        | (Type::Text(_) | Type::Blob, Value::Text(_))
        | (Type::Timestamp(_), Value::Timestamp(_))
        | (Type::Duration, Value::Duration(_)) => true,
        (Type::Optional(inner), value) => is_of(value, inner, depth),
        (Type::List(list), Value::List(items)) => {
            items.iter().all(|item| is_of(item, &list.element, depth))
        }
        (Type::Map(inner), Value::Map(entries)) => {
            entries.values().all(|entry| is_of(entry, inner, depth))
        }
        (Type::Structure(structure), Value::Map(entries)) => entries.iter().all(|(name, entry)| {
            structure
                .member(name)
                .is_none_or(|member| matches!(entry, Value::Absent) || is_of(entry, &member.ty, depth))
        }),
        _ => false,
    }
}
