//! `capture`: what a step keeps. A captured name is never absent.

use super::Context;
use crate::outcome::StepError;
use crate::run::scope::StepScope;
use jiff::Timestamp;
use runbook_playbook::expression::evaluate;
use runbook_playbook::syntax::capture::{Capture, CaptureFrom, Convert, Take};
use runbook_playbook::template;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use std::sync::Arc;

/// Takes every capture into the scope, in written order; stops at the first that fails.
///
/// # Errors
/// A singular path found nothing and there is no default, or a conversion failed. What was captured before stays in the
/// scope.
pub(super) fn take_all(
    context: &Context<'_, '_>,
    scope: &mut StepScope<'_, '_>,
) -> Result<(), StepError> {
    for capture in &context.step.capture {
        let value = take(context, capture, scope)?;
        scope.locals.insert(capture.name.value.clone(), value);
    }
    Ok(())
}

/// What a write kept whose answer is not on record: secrets in it are masked there, or nobody knows it. What finds nothing
/// is masked as well; whoever needs it fails with a code that says so.
/// What was done must not look as if it had failed.
pub(super) fn take_lost(context: &Context<'_, '_>, scope: &mut StepScope<'_, '_>) {
    for capture in &context.step.capture {
        let value =
            take(context, capture, scope).unwrap_or_else(|_| Value::text(crate::redact::MASK));
        scope.locals.insert(capture.name.value.clone(), value);
    }
}

fn take(
    context: &Context<'_, '_>,
    capture: &Capture,
    scope: &StepScope<'_, '_>,
) -> Result<Value, StepError> {
    let name = &capture.name.value;
    let (mut value, ty, written) = match &capture.from {
        CaptureFrom::Expression(expression) => {
            (evaluate(expression, scope)?, Type::Any, &expression.text)
        }
        CaptureFrom::Path(path) => {
            let output = context
                .action()
                .map_or(Type::Any, |action| action.output.clone());
            let ty = path.infer(&output).unwrap_or(Type::Any);
            let nodes = match &scope.result {
                Some((result, _)) => path.select(result, scope)?,
                None => Vec::new(),
            };
            if path.singular {
                let value = nodes
                    .first()
                    .map_or(Value::Absent, |node| Value::typed(node, &ty));
                (value, ty, &path.text)
            } else {
                let values: Vec<Value> = nodes
                    .iter()
                    .map(|node| Value::typed(node, &ty))
                    .filter(|value| *value != Value::Absent)
                    .collect();
                let value = if values.is_empty() && capture.default.is_some() {
                    Value::Absent
                } else {
                    Value::list(values)
                };
                let ty = match &capture.take {
                    Some(_) => ty,
                    None => Type::list(ty.present().clone()),
                };
                (value, ty, &path.text)
            }
        }
    };
    if let (Some(take), Value::List(items)) = (&capture.take, &value) {
        value = match (take.value, items.as_slice()) {
            (_, []) => Value::Absent,
            (Take::First, [first, ..]) => first.clone(),
            (Take::One, [one]) => one.clone(),
            (Take::One, many) => {
                return Err(StepError::new(
                    "capture",
                    format!(
                        "`{name}`: `{written}` found {} where exactly one is needed",
                        many.len()
                    ),
                ));
            }
        };
    }
    if value == Value::Absent {
        let Some(default) = &capture.default else {
            return Err(StepError::new(
                "capture",
                format!("`{name}`: nothing at `{written}`"),
            ));
        };
        let ty = match (&capture.convert, &ty) {
            (Some(convert), Type::List(_)) => Type::list(type_of(convert.value)),
            (Some(convert), _) => type_of(convert.value),
            // A default may stand outside of what the API gives: it says that there was nothing.
            (None, _) => ty.unbounded(),
        };
        return Ok(template::read_default(default, &ty, scope)?);
    }
    match &capture.convert {
        Some(to) => convert(&value, to.value)
            .map_err(|why| StepError::new("capture", format!("`{name}`: {why}"))),
        None => Ok(value),
    }
}

fn type_of(convert: Convert) -> Type {
    match convert {
        Convert::Integer => Type::integer(),
        Convert::Number => Type::number(),
        Convert::Timestamp => Type::timestamp(),
        Convert::Duration => Type::Duration,
        Convert::Json => Type::Any,
        Convert::Text => Type::text(),
    }
}

/// Converts a value, or each of a list.
fn convert(value: &Value, to: Convert) -> Result<Value, String> {
    if let Value::List(items) = value
        && to != Convert::Json
    {
        return items
            .iter()
            .map(|item| convert(item, to))
            .collect::<Result<Vec<_>, _>>()
            .map(|items| Value::List(Arc::new(items)));
    }
    let wrong = |what: &str| format!("{} cannot be read as {what}", value.to_json());
    match (to, value) {
        (_, Value::Unknown) => Ok(Value::Unknown),
        (Convert::Integer, Value::Integer(_))
        | (Convert::Number, Value::Integer(_) | Value::Number(_))
        | (Convert::Timestamp, Value::Timestamp(_))
        | (Convert::Duration, Value::Duration(_))
        | (Convert::Text, Value::Text(_))
        | (Convert::Json, Value::Map(_) | Value::List(_)) => Ok(value.clone()),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::float_cmp,
            reason = "only a whole number that survives the way back is taken"
        )]
        (Convert::Integer, Value::Number(number)) if (*number as i64) as f64 == *number => {
            Ok(Value::Integer(*number as i64))
        }
        (Convert::Integer, Value::Text(text)) => text
            .trim()
            .parse()
            .map(Value::Integer)
            .map_err(|_| wrong("an integer")),
        (Convert::Number, Value::Text(text)) => text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .map(Value::Number)
            .ok_or_else(|| wrong("a number")),
        (Convert::Timestamp, Value::Text(text)) => text
            .trim()
            .parse::<Timestamp>()
            .map(Value::Timestamp)
            .map_err(|_| wrong("a timestamp")),
        // Beyond the year 5000 in seconds, a count can only be milliseconds.
        (Convert::Timestamp, Value::Integer(count)) => if count.unsigned_abs() >= 100_000_000_000 {
            Timestamp::from_millisecond(*count)
        } else {
            Timestamp::from_second(*count)
        }
        .map(Value::Timestamp)
        .map_err(|_| wrong("a timestamp")),
        (Convert::Duration, Value::Text(text)) => runbook_playbook::duration::parse(text)
            .map(Value::Duration)
            .map_err(|error| error.to_string()),
        (Convert::Json, Value::Text(text)) => serde_json::from_str(text)
            .map(|json| Value::from_json(&json))
            .map_err(|error| format!("it is no JSON document: {error}")),
        (
            Convert::Text,
            Value::Integer(_)
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Timestamp(_)
            | Value::Duration(_),
        ) => Ok(match value.to_json() {
            serde_json::Value::String(text) => Value::text(text),
            other => Value::text(other.to_string()),
        }),
        (Convert::Integer, _) => Err(wrong("an integer")),
        (Convert::Number, _) => Err(wrong("a number")),
        (Convert::Timestamp, _) => Err(wrong("a timestamp")),
        (Convert::Duration, _) => Err(wrong("a duration")),
        (Convert::Json, _) => Err(wrong("JSON")),
        (Convert::Text, _) => Err(wrong("text")),
    }
}
