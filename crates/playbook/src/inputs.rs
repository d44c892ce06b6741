//! Binding of inputs: what a run is given, read by the declared types.

use crate::expression::{self, EvaluationError, Scope, closest, equal, ordering};
use crate::secret::SecretSource;
use crate::span::{Span, Spanned};
use crate::syntax::input::{Input, InputKind};
use crate::syntax::playbook::Playbook;
use crate::template::{self, Data, Scalar};
use crate::types::{Range, TextRule, Type};
use crate::value::Value;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Ordering;
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

/// The type of an input, as expressions see it: optional where its default is nothing.
#[must_use]
pub fn type_of(input: &Input) -> Type {
    let ty = match type_of_kind(&input.kind) {
        Type::Integer(..) => Type::Integer(range(input), None),
        Type::Number(_) => Type::Number(range(input)),
        Type::Text(_) => Type::Text(Arc::new(TextRule {
            values: input.values.iter().filter_map(written).collect(),
            min: range(input).min.and_then(count),
            max: range(input).max.and_then(count),
            ..elements(input)
        })),
        Type::List(list) if matches!(list.element, Type::Text(_)) => {
            Type::list(Type::Text(Arc::new(elements(input))))
        }
        other => other,
    };
    match &input.default {
        Some(default) if default.is_absent() => ty.optional(),
        _ => ty,
    }
}

/// The rule for an input's text, or for each text of its list.
fn elements(input: &Input) -> TextRule {
    TextRule {
        pattern: input
            .pattern
            .as_ref()
            .map(|pattern| format!("^(?:{})$", pattern.value)),
        sensitive: matches!(input.kind, InputKind::Secret),
        ..TextRule::default()
    }
}

fn range(input: &Input) -> Range {
    let number = |bound: &Option<Spanned<Data>>| {
        let text = bound.as_ref().and_then(written)?;
        text.parse::<f64>().ok()
    };
    Range {
        min: number(&input.min),
        max: number(&input.max),
    }
}

fn written(data: &Spanned<Data>) -> Option<String> {
    match &data.value {
        Data::Scalar(scalar) => Some(scalar.text.clone()),
        _ => None,
    }
}

fn count(bound: f64) -> Option<u64> {
    crate::expression::to_integer(bound).and_then(|bound| u64::try_from(bound).ok())
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
    bound(declared, given, now, false)
}

/// Binds as [`bind`], and leaves out what is required and not given: a review knows no values yet.
///
/// # Errors
/// As [`bind`], but for inputs without a value.
pub fn bind_open(
    playbook: &Playbook,
    given: &[(String, Given)],
    now: Timestamp,
) -> Result<IndexMap<String, Value>, Vec<InputProblem>> {
    let mut values = bound(&playbook.inputs, given, now, true)?;
    values.retain(|_, value| *value != Value::Unknown);
    Ok(values)
}

fn bound(
    declared: &[Input],
    given: &[(String, Given)],
    now: Timestamp,
    open: bool,
) -> Result<IndexMap<String, Value>, Vec<InputProblem>> {
    let mut problems = unknown(declared, given);
    let mut scope = Bound {
        values: IndexMap::new(),
        now,
    };
    let mut left_open = false;
    for input in declared {
        let name = input.name.value.as_str();
        let last = given.iter().rev().find(|(given, _)| given == name);
        let value = match (last, &input.default) {
            (Some((_, value)), _) => accept(input, value, &scope),
            (None, Some(default)) => match by_default(input, default, &scope) {
                // It follows from an input without a value.
                Err(_) if left_open => Ok(Value::Unknown),
                default => default.map_err(|error| format!("its default cannot be used: {error}")),
            },
            (None, None) if open => {
                left_open = true;
                Ok(Value::Unknown)
            }
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

fn by_default(input: &Input, default: &Spanned<Data>, scope: &Bound) -> Result<Value, String> {
    let ty = type_of(input);
    let value = template::read_default(default, &ty, scope).map_err(|error| error.message)?;
    if value == Value::Absent && !matches!(ty, Type::Any | Type::Optional(_)) {
        return Err("it is absent".to_owned());
    }
    if let (InputKind::Secret, Value::Text(text)) = (&input.kind, &value)
        && SecretSource::read(text).is_some()
    {
        // Nobody has agreed that it is read.
        return Err(format!(
            "where a secret lies is said by who runs the playbook: `-i {}={text}`",
            input.name.value
        ));
    }
    check(input, value, scope)
}

fn accept(input: &Input, given: &Given, scope: &Bound) -> Result<Value, String> {
    let ty = type_of(input);
    let value = match given {
        Given::Text(text) => from_text(text, ty.present())?,
        Given::Json(json) => template::fit(Value::typed(json, &ty), &ty)?,
    };
    if value == Value::Absent && !matches!(ty, Type::Any | Type::Optional(_)) {
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

/// Checks what the type does not say: bounds of durations, timestamps and lists, patterns of secrets, and the values of
/// other types than text.
fn check(input: &Input, value: Value, scope: &Bound) -> Result<Value, String> {
    if matches!(value, Value::Unknown | Value::Absent) {
        return Ok(value);
    }
    let ty = type_of(input);
    let ty = ty.present();
    let is_place = matches!((&value, ty), (Value::Text(text), Type::Secret) if SecretSource::read(text).is_some());
    if !matches!(ty, Type::Text(_)) && !is_place {
        check_choice(input, &value, ty, scope)?;
    }
    let bounds = |due: &Type| {
        let bound = |data: &Option<Spanned<Data>>| match data {
            Some(data) => read(data, due, scope).map(Some),
            None => Ok(None),
        };
        Ok::<_, String>((bound(&input.min)?, bound(&input.max)?))
    };
    match (&value, ty) {
        (Value::List(items), _) => {
            let (min, max) = bounds(&Type::integer())?;
            let count = |bound: Option<Value>| match bound {
                Some(Value::Integer(bound)) => u64::try_from(bound).ok(),
                _ => None,
            };
            template::check_count(items.len(), count(min), count(max))?;
        }
        (Value::Duration(_) | Value::Timestamp(_), _) => within(&value, bounds(ty)?)?,
        // Where the secret lies is not the secret.
        (Value::Text(text), Type::Secret) if SecretSource::read(text).is_none() => {
            check_secret(input, text)?;
        }
        _ => {}
    }
    Ok(value)
}

/// Checks a secret that was read from where it lies.
///
/// # Errors
/// What is wrong, without the secret.
pub fn check_secret(input: &Input, text: &str) -> Result<(), String> {
    template::check_text(text, &elements(input))
}

fn check_choice(input: &Input, value: &Value, ty: &Type, scope: &Bound) -> Result<(), String> {
    let mut allowed = input.values.is_empty();
    for choice in &input.values {
        allowed |= equal(&read(choice, ty, scope)?, value);
    }
    if allowed {
        return Ok(());
    }
    let choices: Vec<String> = input.values.iter().filter_map(written).collect();
    Err(match (expression::text(value), ty) {
        (Ok(value), ty) if !matches!(ty, Type::Secret) => {
            format!("`{value}` is not allowed: {}", choices.join(", "))
        }
        _ => "the value is not among those that are allowed".to_owned(),
    })
}

/// Checks a value against bounds of its kind.
fn within(value: &Value, (min, max): (Option<Value>, Option<Value>)) -> Result<(), String> {
    let shown = |value: &Value| expression::text(value).unwrap_or_default();
    let order = |bound: &Value| ordering(value, bound);
    match (min, max) {
        (Some(min), _) if order(&min).is_some_and(Ordering::is_lt) => {
            Err(format!("{} is less than {}", shown(value), shown(&min)))
        }
        (_, Some(max)) if order(&max).is_some_and(Ordering::is_gt) => {
            Err(format!("{} is greater than {}", shown(value), shown(&max)))
        }
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests;
