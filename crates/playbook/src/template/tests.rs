//! What data means in the places where it stands, as tables. Data is written as JSON here: its texts are plain scalars as
//! a playbook has them, quoted ones where they begin with `'`.

use super::*;
use crate::expression::{Scope, TypeScope};
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::types::{Range, Record, TextRule, TimeUnit, Type};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::sync::Arc;

struct Names;

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        Some(match name {
            "text" => Value::text("a"),
            "number" => Value::Integer(512),
            "fraction" => Value::Number(0.1 + 0.2),
            "at" => Value::Timestamp("2026-01-15T12:00:00.5Z".parse().ok()?),
            "length" => Value::Duration(SignedDuration::from_mins(90)),
            "list" => Value::from_json(&json!(["a", null])),
            "document" => Value::from_json(&json!({"a": null, "b": [null]})),
            "nothing" => Value::Absent,
            "unread" => Value::Unknown,
            _ => return None,
        })
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        Timestamp::UNIX_EPOCH - length
    }
}

impl TypeScope for Names {
    fn name(&self, name: &str) -> Option<Type> {
        Some(match name {
            "text" => Type::text(),
            "number" => Type::integer(),
            "at" => Type::timestamp(),
            "length" => Type::Duration,
            "list" => Type::list(Type::text()),
            "document" => Type::JsonText,
            "nothing" => Type::text().optional(),
            "token" => Type::Secret,
            _ => return None,
        })
    }
}

fn data(written: &serde_json::Value) -> Spanned<Data> {
    let scalar = |text: &str, plain: bool| {
        let place = TextPlace {
            span: Span::default(),
            exact: false,
        };
        parse(text, plain, place, &Source::new("test.yaml", text))
            .unwrap_or_else(|problem| panic!("{text}: {}", problem.message))
    };
    let value = match written {
        serde_json::Value::String(text) => match text.strip_prefix('\'') {
            Some(text) => scalar(text, false),
            None => scalar(text, true),
        },
        serde_json::Value::Array(items) => Data::List(items.iter().map(data).collect()),
        serde_json::Value::Object(members) => Data::Map(
            members
                .iter()
                .map(|(name, value)| (Spanned::new(name.clone(), Span::default()), data(value)))
                .collect(),
        ),
        other => scalar(&other.to_string(), true),
    };
    Spanned::new(value, Span::default())
}

fn rule(rule: TextRule) -> Type {
    Type::Text(Arc::new(rule))
}

fn tag() -> Type {
    Record::new("Tag")
        .required("key", Type::text())
        .optional("value", Type::text())
        .build()
}

/// What the API is sent, `left out`, or what is wrong.
fn rendered(written: &serde_json::Value, ty: &Type) -> String {
    match render(&data(written), ty, &Names) {
        Ok(Some(json)) => json.to_string(),
        Ok(None) => "left out".to_owned(),
        Err(error) => error.message,
    }
}

/// What the checker says before a run.
fn checked(written: &serde_json::Value, ty: &Type) -> String {
    let problems = check_data(&data(written), ty, &Names);
    if problems.is_empty() {
        return "fine".to_owned();
    }
    let messages: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    messages.join(" / ")
}

type Row = (serde_json::Value, Type, &'static str);

#[track_caller]
fn check_rows(found: fn(&serde_json::Value, &Type) -> String, rows: &[Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(written, ty, expected)| {
            let found = found(written, ty);
            (found != *expected)
                .then(|| format!("{written} as {ty}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn reads_scalars_by_their_places() {
    let numeric = rule(TextRule {
        numeric: true,
        ..TextRule::default()
    });
    check_rows(
        rendered,
        &[
            (json!("no"), Type::text(), "\"no\""),
            (json!("0123"), Type::text(), "\"0123\""),
            (json!("1.10"), Type::text(), "\"1.10\""),
            (json!("null"), Type::text(), "\"null\""),
            (json!("512"), numeric, "\"512\""),
            (json!("512"), Type::integer(), "512"),
            (json!("512"), Type::number(), "512"),
            (json!("true"), Type::Boolean, "true"),
            (json!("24h"), Type::Duration, "\"1d\""),
            (
                json!("2026-01-15T13:00:00+01:00"),
                Type::timestamp(),
                "\"2026-01-15T12:00:00Z\"",
            ),
            (
                json!("2026-01-15T12:00:00Z"),
                Type::Integer(Range::default(), Some(TimeUnit::Seconds)),
                "1768478400",
            ),
            (
                json!("5"),
                Type::Integer(Range::default(), Some(TimeUnit::Seconds)),
                "5",
            ),
            (
                json!("{\"a\": null}"),
                Type::JsonText,
                "\"{\\\"a\\\": null}\"",
            ),
            (json!("5"), Type::Any, "5"),
            (json!("'5"), Type::Any, "\"5\""),
            (json!("null"), Type::Any, "left out"),
            (json!("null"), Type::integer().optional(), "left out"),
        ],
    );
}

#[test]
fn keeps_the_types_of_templates() {
    let numeric = rule(TextRule {
        numeric: true,
        ..TextRule::default()
    });
    let time = |unit| Type::Integer(Range::default(), Some(unit));
    check_rows(
        rendered,
        &[
            (json!("${{ number }}"), Type::integer(), "512"),
            (json!("${{ number }}"), numeric.clone(), "\"512\""),
            (json!("${{ fraction }}"), numeric, "\"0.3\""),
            (
                json!("${{ number }}"),
                Type::text(),
                "text is due, this is an integer",
            ),
            (
                json!("${{ fraction }}"),
                Type::integer(),
                "0.3 is not an integer; `round` makes one",
            ),
            (
                json!("${{ at }}"),
                Type::timestamp(),
                "\"2026-01-15T12:00:00.5Z\"",
            ),
            (json!("${{ at }}"), time(TimeUnit::Seconds), "1768478400"),
            (
                json!("${{ at }}"),
                time(TimeUnit::Milliseconds),
                "1768478400500",
            ),
            (
                json!("${{ at }}"),
                Type::text(),
                "\"2026-01-15T12:00:00.5Z\"",
            ),
            (json!("${{ length }}"), Type::text(), "\"1h30m\""),
            (
                json!("a-${{ number }}-${{ length }}"),
                Type::text(),
                "\"a-512-1h30m\"",
            ),
            (
                json!("${{ number }}${{ number }}"),
                Type::integer(),
                "512512",
            ),
            (
                json!("a-${{ list }}"),
                Type::text(),
                "a list cannot stand in a text; only text, numbers, timestamps and durations can",
            ),
            (
                json!("a-${{ nothing }}"),
                Type::text(),
                "a value that is absent cannot stand in a text; give it a `default(…)`",
            ),
            (json!("${{ unread }}"), Type::text(), "the value is unknown"),
            (
                json!("a-${{ unread }}"),
                Type::text(),
                "the value is unknown",
            ),
            (json!("$${{ text }}"), Type::text(), "\"${{ text }}\""),
        ],
    );
}

#[test]
fn leaves_out_what_is_absent() {
    let two = Type::List(Arc::new(crate::types::ListType {
        element: Type::text(),
        min: Some(2),
        max: None,
    }));
    check_rows(
        rendered,
        &[
            (json!("${{ nothing }}"), Type::text(), "left out"),
            (
                json!(["a", "${{ nothing }}"]),
                Type::list(Type::text()),
                "[\"a\"]",
            ),
            (json!("${{ list }}"), Type::list(Type::text()), "[\"a\"]"),
            (
                json!(["a", "${{ nothing }}"]),
                two.clone(),
                "the list has 1 element, at least 2 must be given",
            ),
            (
                json!("${{ list }}"),
                two,
                "the list has 1 element, at least 2 must be given",
            ),
            (
                json!({"key": "a", "value": "${{ nothing }}"}),
                tag(),
                "{\"key\":\"a\"}",
            ),
            (
                json!("${{ {'key': 'a', 'value': nothing} }}"),
                tag(),
                "{\"key\":\"a\"}",
            ),
            (
                json!({"a": "${{ nothing }}"}),
                Type::map(Type::text()),
                "{}",
            ),
            (
                json!({"a": ["${{ nothing }}", "b"], "c": "${{ nothing }}"}),
                Type::Any,
                "{\"a\":[\"b\"]}",
            ),
        ],
    );
}

#[test]
fn keeps_the_nulls_of_documents() {
    check_rows(
        rendered,
        &[
            (
                json!({"a": null, "b": [null]}),
                Type::JsonText,
                "\"{\\\"a\\\":null,\\\"b\\\":[null]}\"",
            ),
            (
                json!("${{ document }}"),
                Type::JsonText,
                "\"{\\\"a\\\":null,\\\"b\\\":[null]}\"",
            ),
            (
                json!({"a": "${{ document }}"}),
                Type::JsonText,
                "\"{\\\"a\\\":{\\\"a\\\":null,\\\"b\\\":[null]}}\"",
            ),
            (json!({"a": null}), Type::Any, "{\"a\":null}"),
            (
                json!({"at": "${{ at }}", "for": "${{ length }}"}),
                Type::JsonText,
                "\"{\\\"at\\\":\\\"2026-01-15T12:00:00.5Z\\\",\\\"for\\\":\\\"1h30m\\\"}\"",
            ),
        ],
    );
}

#[test]
fn checks_literals_before_a_run() {
    let bounded = Type::Integer(
        Range {
            min: Some(1.0),
            max: Some(9.0),
        },
        None,
    );
    let named = rule(TextRule {
        pattern: Some("^[a-z]+$".to_owned()),
        min: Some(2),
        max: Some(4),
        ..TextRule::default()
    });
    let listed = Type::List(Arc::new(crate::types::ListType {
        element: Type::integer(),
        min: Some(1),
        max: Some(2),
    }));
    check_rows(
        checked,
        &[
            (
                json!("STOPPED"),
                Type::one_of(&["RUNNING", "STOPPED"]),
                "fine",
            ),
            (
                json!("STOPED"),
                Type::one_of(&["RUNNING", "STOPPED"]),
                "`STOPED` is not allowed; did you mean `STOPPED`?",
            ),
            (
                json!("x"),
                Type::one_of(&["RUNNING", "STOPPED"]),
                "`x` is not allowed: RUNNING, STOPPED",
            ),
            (json!(9), bounded.clone(), "fine"),
            (json!(0), bounded.clone(), "0 is less than 1"),
            (json!(10), bounded, "10 is greater than 9"),
            (json!("ab"), named.clone(), "fine"),
            (
                json!("a"),
                named.clone(),
                "`a` is shorter than 2 characters",
            ),
            (
                json!("abcde"),
                named.clone(),
                "the text is longer than 4 characters",
            ),
            (
                json!("AB"),
                named,
                "`AB` does not match the pattern `^[a-z]+$`",
            ),
            (json!([1, 2]), listed.clone(), "fine"),
            (
                json!([]),
                listed.clone(),
                "the list has no elements, at least 1 must be given",
            ),
            (
                json!([1, 2, 3]),
                listed.clone(),
                "the list has 3 elements, at most 2 may be given",
            ),
            (
                json!([1, 2, "${{ nothing | int }}"]),
                listed,
                "`int` of a value that may be absent",
            ),
        ],
    );
}

#[test]
fn says_how_a_literal_is_written() {
    check_rows(
        checked,
        &[
            (
                json!("yes"),
                Type::Boolean,
                "`yes` is not a boolean; write `true` or `false`",
            ),
            (json!("1.5"), Type::integer(), "`1.5` is not an integer"),
            (
                json!("24"),
                Type::Duration,
                "`24` is not a duration; write for example `30s`, `15m`, `1h30m`, `24h` or `7d`",
            ),
            (
                json!("today"),
                Type::timestamp(),
                "`today` is not a timestamp; write `2026-01-15T12:00:00Z`",
            ),
            (
                json!("{"),
                Type::JsonText,
                "a JSON document is due: EOF while parsing an object at line 1 column 1",
            ),
            (
                json!(""),
                Type::text(),
                "a value is missing; an empty text is written `''`",
            ),
            (json!("'"), Type::text(), "fine"),
            (
                json!("no"),
                Type::Any,
                "`no` may be read as text or not here; put it in quotes or write it otherwise",
            ),
            (
                json!("0123"),
                Type::Any,
                "`0123` may be read as text or not here; put it in quotes or write it otherwise",
            ),
            (
                json!("9007199254740993"),
                Type::Any,
                "`9007199254740993` is beyond 2^53; put it in quotes",
            ),
            (
                json!("a"),
                Type::list(Type::text()),
                "a list of text is due, this is a scalar",
            ),
            (json!(["a"]), Type::text(), "text is due, this is a list"),
            (
                json!({"a": 1}),
                Type::integer(),
                "an integer is due, this is a mapping",
            ),
        ],
    );
}

#[test]
fn checks_members_before_a_run() {
    check_rows(
        checked,
        &[
            (json!({"key": "a"}), tag(), "fine"),
            (
                json!({"key": "a", "valeu": "b"}),
                tag(),
                "Tag has no member `valeu`",
            ),
            (json!({"value": "b"}), tag(), "Tag needs `key`"),
            (
                json!({"key": "${{ nothing }}"}),
                tag(),
                "`key` must be given, and this may be absent",
            ),
            (
                json!({"key": "a", "value": "${{ nothing }}"}),
                tag(),
                "fine",
            ),
            (
                json!({"a": 1, "b": "x"}),
                Type::map(Type::integer()),
                "`x` is not an integer",
            ),
            (
                json!({"Statement": [{"Effect": "Allow", "n": 1}]}),
                Type::JsonText,
                "fine",
            ),
        ],
    );
}

#[test]
fn checks_the_types_of_templates_before_a_run() {
    let numeric = rule(TextRule {
        numeric: true,
        ..TextRule::default()
    });
    let time = Type::Integer(Range::default(), Some(TimeUnit::Milliseconds));
    check_rows(
        checked,
        &[
            (json!("${{ number }}"), Type::integer(), "fine"),
            (json!("${{ number }}"), Type::number(), "fine"),
            (json!("${{ number }}"), numeric, "fine"),
            (
                json!("${{ number }}"),
                Type::text(),
                "text is due, this is integer",
            ),
            (
                json!("${{ text }}"),
                Type::integer(),
                "an integer is due, this is text",
            ),
            (json!("${{ at }}"), time.clone(), "fine"),
            (
                json!("${{ text }}"),
                time,
                "an integer is due, this is text",
            ),
            (json!("${{ at }}"), Type::text(), "fine"),
            (json!("${{ text }}"), Type::timestamp(), "fine"),
            (json!("${{ list }}"), Type::list(Type::text()), "fine"),
            (
                json!("${{ list }}"),
                Type::list(Type::integer()),
                "a list of integer is due, this is list of text",
            ),
            (json!("${{ {'a': 1} }}"), Type::JsonText, "fine"),
            (json!("${{ document }}"), Type::JsonText, "fine"),
            (
                json!("${{ {'a': 1} }}"),
                Type::map(Type::text()),
                "a mapping is due, this is mapping",
            ),
            (json!("${{ token }}"), Type::text(), "fine"),
            (
                json!("${{ token }}"),
                Type::integer(),
                "an integer is due, this is secret",
            ),
            (json!("${{ nothing }}"), Type::text(), "fine"),
            (
                json!("a-${{ nothing }}"),
                Type::text(),
                "a value that may be absent stands in a text",
            ),
            (
                json!("a-${{ list }}"),
                Type::text(),
                "list of text cannot stand in a text; only text, numbers, timestamps and durations can",
            ),
            (
                json!("a-${{ text }}"),
                Type::list(Type::text()),
                "a list of text is due, this is text",
            ),
            (
                json!("${{ txet }}"),
                Type::text(),
                "nothing is called `txet`",
            ),
        ],
    );
}

#[test]
fn a_default_that_is_nothing_is_absent_whatever_the_type() {
    for (written, ty, expected) in [
        (json!("null"), Type::text(), Ok(Value::Absent)),
        (json!("null"), Type::integer(), Ok(Value::Absent)),
        (json!("${{ absent }}"), Type::Boolean, Ok(Value::Absent)),
        (json!("'null"), Type::text(), Ok(Value::text("null"))),
        (json!("0"), Type::integer(), Ok(Value::Integer(0))),
    ] {
        assert_eq!(
            read_default(&data(&written), &ty, &Names),
            expected,
            "{written}"
        );
    }
}

#[test]
fn renders_text_for_people() {
    for (written, expected) in [
        (json!("0.10"), "0.10"),
        (json!("${{ fraction }}"), "0.3"),
        (
            json!("since ${{ at }} for ${{ length }}"),
            "since 2026-01-15T12:00:00.5Z for 1h30m",
        ),
        (
            json!("${{ list }}"),
            "a list cannot stand in a text; only text, numbers, timestamps and durations can",
        ),
        (
            json!("a ${{ unread }}"),
            "a value that is unknown cannot stand in a text",
        ),
    ] {
        let found = render_text(&data(&written), &Names).unwrap_or_else(|error| error.message);
        assert_eq!(found, expected, "{written}");
    }
}
