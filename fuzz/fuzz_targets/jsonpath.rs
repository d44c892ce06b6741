//! JSONPaths: any text is refused with a problem or is a path; what is one can be typed, queried and assigned with. The
//! first line is the path, the rest the document, where it is JSON.
#![no_main]

use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use runbook_playbook::diagnostic::{Style, render};
use runbook_playbook::expression::Scope;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, TextPlace};
use runbook_playbook::types::{Record, Type};
use runbook_playbook::value::Value;
use serde_json::{Value as Json, json};
use std::sync::LazyLock;

static RESULT: LazyLock<Type> = LazyLock::new(|| {
    let container = Record::new("Container")
        .optional("name", Type::text())
        .optional("exitCode", Type::integer())
        .build();
    let task = Record::new("Task")
        .required("cpu", Type::integer())
        .optional("containers", Type::list(container))
        .optional("tags", Type::map(Type::text()))
        .optional("policy", Type::JsonText)
        .build();
    Record::new("DescribeTasksResponse")
        .optional("tasks", Type::list(task.clone()))
        .optional("first", task)
        .build()
});

struct Names;

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        match name {
            "inputs" => Some(Value::from_json(&json!({"name": "api", "port": 80, "ratio": 0.5}))),
            "list" => Some(Value::from_json(&json!([1, 2]))),
            _ => None,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, _: SignedDuration) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fuzz_target!(|text: &str| {
    let (text, rest) = text.split_once('\n').unwrap_or((text, ""));
    let source = Source::new("fuzz.yaml", text);
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    let path = match Path::parse(text, place, &source) {
        Ok(path) => path,
        Err(problem) => {
            render(&problem, Style::Plain);
            return;
        }
    };
    let _ = path.infer(&RESULT);
    let mut document: Json = serde_json::from_str(rest).unwrap_or_else(|_| {
        json!({"tasks": [{"cpu": 1, "containers": [{"name": "api", "exitCode": 137}, {}]}, {"cpu": 2, "tags": {"a": "b"}}],
               "first": {"cpu": 3, "policy": "{}"}})
    });
    if let Ok(nodes) = path.select(&document, &Names) {
        assert!(!path.singular || nodes.len() <= 1, "{text} gives {} nodes", nodes.len());
    }
    let _ = path.assign(&mut document, &Json::from(1), &Names);
});
