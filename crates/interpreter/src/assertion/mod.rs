//! Assertions: what is asked of a result, and what is found.

mod compare;
mod found;
mod nodes;
mod text;

use crate::outcome::{AssertionOutcome, StepError};
use crate::truth::Truth;
use found::Found;
use runbook_playbook::expression::{Scope, evaluate};
use runbook_playbook::source::Source;
use runbook_playbook::span::Spanned;
use runbook_playbook::syntax::assertion::{Assertion, Predicate, Subject};
use runbook_playbook::template::{self, Data};
use runbook_playbook::types::{TextRule, Type};
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::sync::Arc;

/// What assertions are judged against.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The step's result; `None` where there is none.
    pub result: Option<&'a Json>,
    /// The type of the result.
    pub output: &'a Type,
    /// The result was cut: what more items could overturn is unknown.
    pub truncated: bool,
    /// The names.
    pub scope: &'a dyn Scope,
    /// The file, for quoting what was asked.
    pub source: &'a Source,
}

/// What an assertion looks at, evaluated.
enum Looked {
    /// One value, nothing included.
    One(Value),
    /// The nodes of a path that is not singular, JSON null left out.
    Nodes(Vec<Value>),
}

/// Judges one assertion. An assertion of several predicates is true when all are.
///
/// # Errors
/// The assertion cannot be evaluated: an index that is not there, values that cannot be compared.
pub fn judge(
    assertion: &Assertion,
    evidence: Evidence<'_>,
    require: bool,
) -> Result<AssertionOutcome, StepError> {
    let (asked, truth, found) = match &assertion.subject {
        Subject::That(expression) => {
            let value = evaluate(expression, evidence.scope)?;
            let truth = condition(&value, &expression.text)?;
            let found = found::condition(&expression.root, truth, evidence);
            (expression.text.clone(), truth, found)
        }
        Subject::Value(expression) => {
            let value = evaluate(expression, evidence.scope)?;
            let found = seen(&assertion.predicates, &value, evidence);
            let looked = Looked::One(value);
            let truth = all_of(&assertion.predicates, &looked, false, evidence)?;
            (
                asked(&expression.text, &assertion.predicates, evidence.source),
                truth,
                found,
            )
        }
        Subject::Path(path) => {
            let ty = path.infer(evidence.output).unwrap_or(Type::Any);
            let (looked, cut) = match evidence.result {
                None => (Looked::Nodes(Vec::new()), false),
                Some(result) => {
                    let nodes = path.select(result, evidence.scope)?;
                    if path.singular {
                        let value = nodes
                            .first()
                            .map_or(Value::Absent, |node| Value::typed(node, &ty));
                        (Looked::One(value), evidence.truncated)
                    } else {
                        let values = nodes
                            .iter()
                            .map(|node| Value::typed(node, &ty))
                            .filter(|value| *value != Value::Absent)
                            .collect();
                        (Looked::Nodes(values), evidence.truncated)
                    }
                }
            };
            let looked = match (looked, path.singular) {
                (Looked::Nodes(nodes), true) if nodes.is_empty() => Looked::One(Value::Absent),
                (looked, _) => looked,
            };
            let truth = all_of(&assertion.predicates, &looked, cut, evidence)?;
            let found = match &looked {
                Looked::One(value) => seen(&assertion.predicates, value, evidence),
                Looked::Nodes(nodes) => {
                    found::nodes(nodes, &matching(&assertion.predicates, nodes, evidence))
                }
            };
            (
                asked(&path.text, &assertion.predicates, evidence.source),
                truth,
                found,
            )
        }
    };
    let message = assertion.message.as_ref().map(|message| {
        // A message that cannot be rendered must not turn an answer into a failure.
        template::render_text(message, evidence.scope)
            .unwrap_or_else(|_| evidence.source.slice(message.span).to_owned())
    });
    Ok(AssertionOutcome {
        asked,
        truth,
        found: found.0,
        message,
        warn: assertion.warn,
        require,
    })
}

/// The truth of a condition's value.
///
/// # Errors
/// The value is no boolean.
pub fn condition(value: &Value, text: &str) -> Result<Truth, StepError> {
    match value {
        Value::Boolean(value) => Ok((*value).into()),
        Value::Unknown => Ok(Truth::Unknown),
        other => Err(StepError::new(
            "expression",
            format!(
                "`{text}` is {}, and a condition is true or false",
                other.kind()
            ),
        )),
    }
}

/// All predicates of a list hold.
fn all_of(
    predicates: &[Spanned<Predicate>],
    looked: &Looked,
    cut: bool,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    let mut truth = Truth::True;
    for predicate in predicates {
        truth = truth.and(one(&predicate.value, looked, cut, evidence)?);
    }
    Ok(truth)
}

/// All predicates hold of one value.
fn all_of_value(
    predicates: &[Spanned<Predicate>],
    value: &Value,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    all_of(predicates, &Looked::One(value.clone()), false, evidence)
}

fn one(
    predicate: &Predicate,
    looked: &Looked,
    cut: bool,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    if matches!(looked, Looked::One(Value::Unknown)) {
        return Ok(Truth::Unknown);
    }
    match predicate {
        Predicate::Any(inner) => nodes::any(inner, looked, cut, evidence),
        Predicate::All(inner) => nodes::all(inner, looked, cut, evidence),
        Predicate::None(inner) => Ok(!nodes::any(inner, looked, cut, evidence)?),
        Predicate::Count(inner) => nodes::count(inner, looked, cut, evidence),
        Predicate::Empty(expected) => Ok(nodes::empty(looked, cut)?.same_as(*expected)),
        Predicate::Exists(expected) => Ok(nodes::exists(looked, cut).same_as(*expected)),
        value_predicate => match looked {
            Looked::One(Value::Absent) => Ok(Truth::False),
            Looked::One(value) => of_value(value_predicate, value, evidence),
            Looked::Nodes(nodes) => match nodes.as_slice() {
                [] => Ok(Truth::False),
                [value] => of_value(value_predicate, value, evidence),
                many => Err(StepError::new(
                    "assertion",
                    format!(
                        "the path leads to {} nodes where one is needed; use any, all or none",
                        many.len()
                    ),
                )),
            },
        },
    }
}

/// A predicate that compares one value, which is there, with an operand.
fn of_value(
    predicate: &Predicate,
    value: &Value,
    evidence: Evidence<'_>,
) -> Result<Truth, StepError> {
    let operand = |data: &Spanned<Data>, ty: &Type| template::read(data, ty, evidence.scope);
    let own = type_of(value);
    let known = |operand: &Value| *operand != Value::Unknown;
    let decide = |operand: Value, decide: &dyn Fn(&Value) -> Result<bool, StepError>| {
        if known(&operand) {
            Ok(decide(&operand)?.into())
        } else {
            Ok(Truth::Unknown)
        }
    };
    match predicate {
        Predicate::Equals(data) => decide(operand(data, &own)?, &|other| {
            Ok(compare::equal(value, other))
        }),
        Predicate::NotEquals(data) => decide(operand(data, &own)?, &|other| {
            Ok(!compare::equal(value, other))
        }),
        Predicate::Lt(data) => decide(operand(data, &own)?, &|other| {
            Ok(compare::order(value, other)?.is_lt())
        }),
        Predicate::Lte(data) => decide(operand(data, &own)?, &|other| {
            Ok(compare::order(value, other)?.is_le())
        }),
        Predicate::Gt(data) => decide(operand(data, &own)?, &|other| {
            Ok(compare::order(value, other)?.is_gt())
        }),
        Predicate::Gte(data) => decide(operand(data, &own)?, &|other| {
            Ok(compare::order(value, other)?.is_ge())
        }),
        Predicate::In(data) => decide(operand(data, &Type::list(own.clone()))?, &|other| {
            compare::is_in(value, other)
        }),
        Predicate::Contains(data) => {
            let element = match value {
                Value::List(items) => items.first().map_or(Type::Any, type_of),
                _ => own.clone(),
            };
            decide(operand(data, &element)?, &|other| {
                text::contains(value, other)
            })
        }
        Predicate::StartsWith(data) => decide(operand(data, &Type::text())?, &|other| {
            text::starts_with(value, other)
        }),
        Predicate::EndsWith(data) => decide(operand(data, &Type::text())?, &|other| {
            text::ends_with(value, other)
        }),
        Predicate::Matches(pattern) => text::matches(value, &pattern.value).map(Truth::from),
        Predicate::Type(name) => Ok(compare::is_of_type(value, &name.value).into()),
        Predicate::Exists(_)
        | Predicate::Empty(_)
        | Predicate::Count(_)
        | Predicate::Any(_)
        | Predicate::All(_)
        | Predicate::None(_) => all_of_value(&[], value, evidence),
    }
}

/// The type by which an operand is read: that of the value it is compared with.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Boolean(_) => Type::Boolean,
        Value::Integer(_) | Value::Number(_) => Type::number(),
        Value::Text(_) => Type::Text(Arc::new(TextRule {
            numeric: true,
            ..TextRule::default()
        })),
        Value::Timestamp(_) => Type::timestamp(),
        Value::Duration(_) => Type::Duration,
        Value::List(items) => Type::list(items.first().map_or(Type::Any, type_of)),
        Value::Map(_) | Value::Absent | Value::Unknown => Type::Any,
    }
}

/// A value in a few words; of a list the element that tells, where one does.
fn seen(predicates: &[Spanned<Predicate>], value: &Value, evidence: Evidence<'_>) -> Found {
    match value {
        Value::List(items) if items.len() > 1 => {
            let telling = matching(predicates, items, evidence);
            if telling.is_empty() {
                found::value(value)
            } else {
                found::nodes(items, &telling)
            }
        }
        value => found::value(value),
    }
}

/// The nodes that made `any`, `all` or `none` true or false, for showing.
fn matching(
    predicates: &[Spanned<Predicate>],
    nodes: &[Value],
    evidence: Evidence<'_>,
) -> Vec<Value> {
    let inner = predicates
        .iter()
        .find_map(|predicate| match &predicate.value {
            Predicate::Any(inner) | Predicate::None(inner) => Some((inner, Truth::True)),
            Predicate::All(inner) => Some((inner, Truth::False)),
            _ => None,
        });
    let Some((inner, telling)) = inner else {
        return Vec::new();
    };
    nodes
        .iter()
        .filter(|node| all_of_value(inner, node, evidence).is_ok_and(|truth| truth == telling))
        .cloned()
        .collect()
}

/// What is asked, as written.
pub(crate) fn asked(subject: &str, predicates: &[Spanned<Predicate>], source: &Source) -> String {
    let mut text = subject.to_owned();
    for predicate in predicates {
        text.push(' ');
        text.push_str(&found::predicate(&predicate.value, source));
    }
    text
}

impl Truth {
    fn same_as(self, expected: bool) -> Self {
        if expected { self } else { !self }
    }
}

impl From<&str> for Found {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
