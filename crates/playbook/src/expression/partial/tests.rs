//! Partial evaluation agrees with evaluation, and what it knows holds for whatever is not known.

use super::{Origin, Partial, PartialScope, condition, print};
use crate::expression::{self, Expr, ExprKind, Expression, Scope, parse};
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::types::Type;
use crate::value::Value;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const NOW: &str = "2026-01-15T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

/// Names of which only some are known.
struct Gaps {
    values: IndexMap<String, Value>,
    hidden: Vec<String>,
    time: bool,
}

impl PartialScope for Gaps {
    fn lookup(&self, name: &str) -> Option<Partial> {
        let value = self.values.get(name)?;
        if self.hidden.iter().any(|hidden| hidden == name) {
            let residual = Expr {
                kind: ExprKind::Name(name.to_owned()),
                span: Span::default(),
            };
            let origin = Origin::Step {
                step: "s".to_owned(),
                part: name.to_owned(),
            };
            return Some(Partial::unknown(Type::Any, residual, [origin]));
        }
        Some(Partial::Known(value.clone()))
    }

    fn now(&self) -> Option<Timestamp> {
        self.time.then(now)
    }

    fn since(&self, length: SignedDuration) -> Option<Timestamp> {
        self.time.then(|| now() - length)
    }

    fn type_of(&self, _: &Expr) -> Type {
        Type::Any
    }
}

impl Scope for Gaps {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        now() - length
    }
}

fn read(text: &str) -> Expression {
    let source = Source::new("test", text);
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    parse(text, place, &source).unwrap_or_else(|error| panic!("{text}: {}", error.message))
}

/// Operands of expressions: literals and the names `a` to `d`.
fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("c".to_owned()),
        Just("d".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("absent".to_owned()),
        (-3i64..9).prop_map(|number| number.to_string()),
        Just("'x'".to_owned()),
        Just("''".to_owned()),
        Just("1.5".to_owned()),
        Just("duration('1h30m')".to_owned()),
        Just("now".to_owned()),
    ]
}

/// Expressions, right and wrong ones.
fn text() -> impl Strategy<Value = String> {
    operand().prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let op = prop::sample::select(vec![
            "and", "or", "==", "!=", "<", "<=", "+", "-", "*", "~", "in", "not in", "//", "%",
        ]);
        prop_oneof![
            (two.clone(), op).prop_map(|((left, right), op)| format!("({left}) {op} ({right})")),
            inner.clone().prop_map(|one| format!("not ({one})")),
            inner.clone().prop_map(|one| format!("-({one})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(then, test, other)| format!("({then}) if ({test}) else ({other})")),
            two.clone()
                .prop_map(|(one, other)| format!("({one}) | default({other})")),
            inner.clone().prop_map(|one| format!("({one}) | length")),
            inner.clone().prop_map(|one| format!("({one}) is defined")),
            inner.clone().prop_map(|one| format!("({one}) is unknown")),
            inner.clone().prop_map(|one| format!("({one}) is empty")),
            two.clone()
                .prop_map(|(one, other)| format!("[{one}, {other}]")),
            two.clone()
                .prop_map(|(one, other)| format!("[{one}, {other}][0]")),
            two.clone()
                .prop_map(|(one, other)| format!("{{'k': {one}, 'l': {other}}}.k")),
            two.clone()
                .prop_map(|(one, other)| format!("[{one}, {other}] | first")),
            two.clone()
                .prop_map(|(one, other)| format!("({one}) < ({other}) <= 3")),
            inner.prop_map(|one| format!("since({one})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Absent),
        Just(Value::Unknown),
        any::<bool>().prop_map(Value::Boolean),
        (-3i64..5).prop_map(Value::Integer),
        Just(Value::text("x")),
        Just(Value::text("")),
        Just(Value::Duration(SignedDuration::from_mins(5))),
        Just(Value::list(vec![Value::Integer(1), Value::text("x")])),
        Just(Value::list(Vec::new())),
    ]
}

fn scope(values: &[Value], hidden: &[&str], time: bool) -> Gaps {
    Gaps {
        values: ["a", "b", "c", "d"]
            .iter()
            .zip(values)
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        hidden: hidden.iter().map(|name| (*name).to_owned()).collect(),
        time,
    }
}

/// A value with gaps, and one that evaluation gave: whether the one allows the other.
fn allows(partial: &Partial, value: &Value, scope: &Gaps) -> bool {
    match (partial, value) {
        (Partial::Known(known), value) => known == value,
        (Partial::Unknown(unknown), value) => {
            // What is left must come to the same once everything is known.
            let left = Expression {
                text: String::new(),
                span: Span::default(),
                root: unknown.residual.clone(),
            };
            expression::evaluate(&left, scope).as_ref() == Ok(value)
        }
        (Partial::Text(_), Value::Unknown) => true,
        (Partial::Text(pieces), Value::Text(text)) => {
            let mut whole = String::new();
            for piece in pieces {
                let value = match piece {
                    Partial::Known(value) => value.clone(),
                    Partial::Unknown(unknown) => {
                        let left = Expression {
                            text: String::new(),
                            span: Span::default(),
                            root: unknown.residual.clone(),
                        };
                        expression::evaluate(&left, scope).expect("a piece")
                    }
                    other => panic!("{other:?} is no piece"),
                };
                whole.push_str(&expression::text(&value).expect("text"));
            }
            whole == text.as_ref()
        }
        (Partial::List(parts), Value::List(items)) => {
            parts.len() == items.len()
                && parts
                    .iter()
                    .zip(items.iter())
                    .all(|(part, item)| allows(part, item, scope))
        }
        (Partial::Map(parts), Value::Map(entries)) => parts
            .iter()
            .all(|(name, part)| allows(part, entries.get(name).unwrap_or(&Value::Absent), scope)),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn agrees_with_evaluation_where_everything_is_known(
        text in text(),
        values in prop::collection::vec(value(), 4),
    ) {
        let expression = read(&text);
        let scope = scope(&values, &[], true);
        match (super::evaluate(&expression, &scope), expression::evaluate(&expression, &scope)) {
            (Ok(partial), Ok(value)) => prop_assert_eq!(partial.known(), Some(&value), "{}", text),
            (Err(_), Err(_)) => {}
            // `and`, chains and choices may be decided by what is known, where evaluation fails on the way.
            (Ok(partial), Err(error)) => prop_assert!(false, "{}: {:?}, and {}", text, partial, error),
            (Err(error), Ok(value)) => prop_assert!(false, "{}: {}, and {:?}", text, error, value),
        }
    }

    #[test]
    fn what_is_known_holds_for_whatever_is_not(
        text in text(),
        values in prop::collection::vec(value(), 4),
    ) {
        let expression = read(&text);
        let scope = scope(&values, &["b", "c"], false);
        let Ok(value) = expression::evaluate(&expression, &scope) else { return Ok(()) };
        match super::evaluate(&expression, &scope) {
            Ok(partial) => prop_assert!(allows(&partial, &value, &scope), "{}: {:?} does not allow {:?}", text, partial, value),
            Err(error) => prop_assert!(false, "{}: {}, and {:?}", text, error, value),
        }
    }

    #[test]
    fn what_is_printed_reads_back(text in text(), values in prop::collection::vec(value(), 4)) {
        let expression = read(&text);
        let printed = print(&expression.root);
        let again = read(&printed);
        let scope = scope(&values, &[], true);
        let (one, other) = (expression::evaluate(&expression, &scope), expression::evaluate(&again, &scope));
        prop_assert_eq!(one.ok(), other.ok(), "{} and {}", text, printed);
    }
}

#[test]
fn conditions_are_decided_by_what_is_known() {
    let scope = scope(
        &[
            Value::Boolean(true),
            Value::Boolean(true),
            Value::Integer(1),
            Value::Boolean(false),
        ],
        &["b", "c"],
        false,
    );
    for (text, expected) in [
        ("b and d", "false"),
        ("d and b", "false"),
        ("a or b", "true"),
        ("a and b", "b"),
        ("b or d", "b"),
        ("not (a and b)", "not b"),
        ("c > 3 and a", "c > 3"),
        ("5 < 3 < c", "false"),
        ("(c if a else 7) > 2", "c > 2"),
        ("since(duration('1h')) < now", "since(duration('1h')) < now"),
    ] {
        let left = condition(&read(text), &scope).expect(text);
        let shown = match &left {
            Partial::Known(value) => value.to_json().to_string(),
            Partial::Unknown(unknown) => print(&unknown.residual),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, expected, "{text}");
    }
}

#[test]
fn times_are_not_known_and_durations_are() {
    let scope = scope(&[], &[], false);
    let since = super::evaluate(&read("since(duration('1h') + duration('30m'))"), &scope);
    let Ok(Partial::Unknown(unknown)) = since else {
        panic!("the start of a window is known at run time")
    };
    assert_eq!(print(&unknown.residual), "since(duration('1h30m'))");
    assert_eq!(unknown.origins.iter().next(), Some(&Origin::RunTime));
}
