//! Binding of inputs: what a run is given, read by the declared types.

use crate::expression::{EvaluationError, Scope, closest, ordering};
use crate::span::{Span, Spanned};
use crate::syntax::input::{Input, InputKind};
use crate::syntax::playbook::Playbook;
use crate::template::{self, Data, Scalar};
use crate::types::{Record, TextRule, Type};
use crate::value::Value;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// A value given for an input.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// Text, from the command line: read by the input's type.
    Text(String),
    /// JSON, from a file or a caller.
    Json(serde_json::Value),
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("input `{name}`: {message}")]
pub struct InputProblem {
    /// The input.
    pub name: String,
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// Where the playbook declares it; `None` for one that it does not declare.
    pub span: Option<Span>,
    /// The playbook does not declare it, as opposed to a wrong or a missing value.
    pub unknown: bool,
}

/// The type of an input, as expressions see it.
#[must_use]
pub fn type_of(input: &Input) -> Type {
    let mut ty = type_of_kind(&input.kind);
    let values: Vec<String> = input
        .values
        .iter()
        .filter_map(|value| match &value.value {
            Data::Scalar(scalar) => Some(scalar.text.clone()),
            _ => None,
        })
        .collect();
    let number = |bound: &Option<Spanned<Data>>| match bound.as_ref().map(|bound| &bound.value) {
        Some(Data::Scalar(scalar)) => scalar.text.parse::<f64>().ok(),
        _ => None,
    };
    let (min, max) = (number(&input.min), number(&input.max));
    match &mut ty {
        Type::Integer(range, _) | Type::Number(range) => {
            range.min = min;
            range.max = max;
        }
        Type::Text(rule) => {
            let count = |bound: Option<f64>| {
                bound
                    .and_then(crate::expression::to_integer)
                    .and_then(|bound| u64::try_from(bound).ok())
            };
            *rule = Arc::new(TextRule {
                values,
                pattern: input
                    .pattern
                    .as_ref()
                    .map(|pattern| format!("^(?:{})$", pattern.value)),
                min: count(min),
                max: count(max),
                ..TextRule::default()
            });
        }
        _ => {}
    }
    ty
}

/// The type of `inputs`: a structure of all of them.
#[must_use]
pub fn type_of_all(inputs: &[Input]) -> Type {
    inputs
        .iter()
        .fold(Record::new("inputs"), |record, input| {
            record.required(&input.name, type_of(input))
        })
        .build()
}

fn type_of_kind(kind: &InputKind) -> Type {
    match kind {
        InputKind::String => Type::text(),
        InputKind::Integer => Type::integer(),
        InputKind::Number => Type::number(),
        InputKind::Boolean => Type::Boolean,
        InputKind::Duration => Type::Duration,
        InputKind::Timestamp => Type::timestamp(),
        InputKind::Secret => Type::Secret,
        InputKind::Json => Type::Any,
        InputKind::List(element) => Type::list(type_of_kind(element)),
    }
}

/// Binds what is given to the declared inputs, in their order; defaults may use earlier inputs and `now`.
///
/// # Errors
/// Every input that is unknown, missing, of the wrong type or outside its bounds.
pub fn bind(
    playbook: &Playbook,
    given: &[(String, Given)],
    now: Timestamp,
) -> Result<IndexMap<String, Value>, Vec<InputProblem>> {
    bind_inputs(&playbook.inputs, given, now)
}

/// Binds as [`bind`], for any list of declared inputs.
///
/// # Errors
/// As [`bind`].
pub fn bind_inputs(
    declared: &[Input],
    given: &[(String, Given)],
    now: Timestamp,
) -> Result<IndexMap<String, Value>, Vec<InputProblem>> {
    let mut problems = unknown(declared, given);
    let mut scope = Bound {
        values: IndexMap::new(),
        now,
    };
    for input in declared {
        let name = input.name.value.as_str();
        let last = given.iter().rev().find(|(given, _)| given == name);
        let value = match (last, &input.default) {
            (Some((_, value)), _) => accept(input, value, &scope),
            (None, Some(default)) => template::read(default, &type_of(input), &scope)
                .map_err(|error| format!("its default cannot be used: {error}"))
                .and_then(|value| check(input, value, &scope)),
            (None, None) => Err(format!("it is required; give it with `-i {name}=…`")),
        };
        match value {
            Ok(value) => {
                scope.values.insert(name.to_owned(), value);
            }
            Err(message) => {
                // What follows from a wrong input is no problem of its own.
                scope.values.insert(name.to_owned(), Value::Unknown);
                problems.push(InputProblem {
                    name: name.to_owned(),
                    message,
                    span: Some(input.name.span),
                    unknown: false,
                });
            }
        }
    }
    if problems.is_empty() {
        Ok(scope.values)
    } else {
        Err(problems)
    }
}

fn unknown(declared: &[Input], given: &[(String, Given)]) -> Vec<InputProblem> {
    given
        .iter()
        .filter(|(name, _)| declared.iter().all(|input| input.name.value != *name))
        .map(|(name, _)| {
            let names = declared.iter().map(|input| input.name.value.as_str());
            let message = match closest(name, names) {
                Some(guess) => format!("the playbook does not have it; did you mean `{guess}`?"),
                None => "the playbook does not have it".to_owned(),
            };
            InputProblem {
                name: name.clone(),
                message,
                span: None,
                unknown: true,
            }
        })
        .collect()
}

fn accept(input: &Input, given: &Given, scope: &Bound) -> Result<Value, String> {
    let ty = type_of(input);
    let value = match given {
        Given::Text(text) => from_text(text, &ty)?,
        Given::Json(json) => template::fit(Value::typed(json, &ty), &ty)?,
    };
    if value == Value::Absent && !matches!(ty, Type::Any) {
        return Err("null is not a value".to_owned());
    }
    check(input, value, scope)
}

/// Reads text from the command line: JSON where JSON is due, JSON or parts between commas for a list.
fn from_text(text: &str, ty: &Type) -> Result<Value, String> {
    match ty {
        Type::Any => Ok(serde_json::from_str(text)
            .map_or_else(|_| Value::text(text), |json| Value::from_json(&json))),
        Type::List(list) => {
            if text.trim_start().starts_with('[') {
                let json = serde_json::from_str(text)
                    .map_err(|error| format!("the text is not a JSON list: {error}"))?;
                return template::fit(Value::typed(&json, ty), ty);
            }
            if text.trim().is_empty() {
                return Ok(Value::list(Vec::new()));
            }
            let items = text
                .split(',')
                .map(|item| from_text(item.trim(), &list.element));
            Ok(Value::list(items.collect::<Result<_, _>>()?))
        }
        ty => {
            let scalar = Scalar {
                text: text.to_owned(),
                plain: false,
            };
            template::read_scalar(&scalar, ty)
        }
    }
}

/// Checks what the type does not say: bounds of durations, timestamps and lists, and the values of other types than text.
fn check(input: &Input, value: Value, scope: &Bound) -> Result<Value, String> {
    if matches!(value, Value::Unknown) {
        return Ok(value);
    }
    let ty = type_of(input);
    if !input.values.is_empty() && !matches!(ty, Type::Text(_)) {
        let mut allowed = false;
        for choice in &input.values {
            let choice = read(choice, &ty, scope)?;
            allowed |= crate::expression::equal(&choice, &value);
        }
        if !allowed {
            return Err("the value is not among those that are allowed".to_owned());
        }
    }
    let measured = match &value {
        Value::List(items) => Value::Integer(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        Value::Duration(_) | Value::Timestamp(_) => value.clone(),
        _ => return Ok(value),
    };
    let bound = match measured {
        Value::Integer(_) => Type::integer(),
        _ => ty,
    };
    let subject = if matches!(measured, Value::Integer(_)) {
        "the number of elements"
    } else {
        "the value"
    };
    if let Some(min) = &input.min
        && ordering(&measured, &read(min, &bound, scope)?).is_some_and(std::cmp::Ordering::is_lt)
    {
        return Err(format!("{subject} is less than the least that is allowed"));
    }
    if let Some(max) = &input.max
        && ordering(&measured, &read(max, &bound, scope)?).is_some_and(std::cmp::Ordering::is_gt)
    {
        return Err(format!(
            "{subject} is greater than the greatest that is allowed"
        ));
    }
    Ok(value)
}

fn read(data: &Spanned<Data>, ty: &Type, scope: &Bound) -> Result<Value, String> {
    template::read(data, ty, scope).map_err(|error: EvaluationError| error.message)
}

/// The inputs that are bound so far.
struct Bound {
    values: IndexMap<String, Value>,
    now: Timestamp,
}

impl Scope for Bound {
    fn lookup(&self, name: &str) -> Option<Value> {
        (name == "inputs").then(|| Value::map(self.values.clone()))
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        self.now.checked_sub(length).unwrap_or(Timestamp::MIN)
    }
}
