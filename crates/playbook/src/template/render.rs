//! Data to values, to text and to JSON for an API.

use super::literal::{fit, no_member, read_scalar};
use super::{Data, Part, Scalar, Template};
use crate::expression::{self, EvaluationError, Scope, evaluate};
use crate::span::Spanned;
use crate::types::{TimeUnit, Type};
use crate::value::Value;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Renders data as text for people: numbers in short form, timestamps ISO-8601, durations `1h30m`.
///
/// # Errors
/// What its expressions meet, and a value that cannot stand in a text.
pub fn render_text(data: &Spanned<Data>, scope: &dyn Scope) -> Result<String, EvaluationError> {
    match &data.value {
        Data::Scalar(scalar) => Ok(scalar.text.clone()),
        Data::Expression(expression) => {
            let value = evaluate(expression, scope)?;
            expression::text(&value)
                .map_err(|message| EvaluationError::new(message, expression.span))
        }
        Data::Text(template) => fill(template, scope)?.ok_or_else(|| {
            EvaluationError::new("a value that is unknown cannot stand in a text", data.span)
        }),
        Data::List(_) | Data::Map(_) => Err(EvaluationError::new(
            "text is due, this is a list or a mapping",
            data.span,
        )),
    }
}

/// Fills in a template; `None` where one of its values is unknown.
fn fill(template: &Template, scope: &dyn Scope) -> Result<Option<String>, EvaluationError> {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Expression(expression) => {
                let value = evaluate(expression, scope)?;
                if value == Value::Unknown {
                    let Some(word) = scope.unknown_in_text() else {
                        return Ok(None);
                    };
                    text.push_str(word);
                    continue;
                }
                let part = expression::text(&value)
                    .map_err(|message| EvaluationError::new(message, expression.span))?;
                text.push_str(&part);
            }
        }
    }
    Ok(Some(text))
}

/// Reads data as a value of the type that is due. Absent and unknown stay what they are.
///
/// # Errors
/// What its expressions meet, and a value that the type does not have.
pub fn read(data: &Spanned<Data>, ty: &Type, scope: &dyn Scope) -> Result<Value, EvaluationError> {
    let wrong = |message: String| EvaluationError::new(message, data.span);
    match (&data.value, ty) {
        (Data::Scalar(scalar), ty) => read_scalar(scalar, ty).map_err(wrong),
        (Data::Expression(expression), ty) => match evaluate(expression, scope)? {
            Value::Unknown => match (ty.present(), scope.unknown_in_text()) {
                (Type::Text(_), Some(word)) => Ok(Value::text(word)),
                _ => Ok(Value::Unknown),
            },
            value => {
                fit(value, ty).map_err(|message| EvaluationError::new(message, expression.span))
            }
        },
        (Data::Text(template), ty) => match fill(template, scope)? {
            None => Ok(Value::Unknown),
            Some(text) => read_scalar(&Scalar { text, plain: false }, ty).map_err(wrong),
        },
        (_, Type::Optional(inner)) => read(data, inner, scope),
        (Data::List(items), Type::Any | Type::JsonText | Type::List(_)) => {
            let (element, bounds) = match ty {
                Type::List(list) => (&list.element, (list.min, list.max)),
                _ => (&Type::Any, (None, None)),
            };
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.extend(read_part(item, element, scope)?);
            }
            super::literal::check_count(values.len(), bounds.0, bounds.1).map_err(wrong)?;
            Ok(Value::list(values))
        }
        (Data::Map(entries), Type::Any | Type::JsonText | Type::Map(_) | Type::Structure(_)) => {
            let mut values = IndexMap::new();
            for (name, value) in entries {
                let member = match ty {
                    Type::Structure(structure) => structure.member(name).map(|member| member.ty),
                    Type::Map(inner) => Some(inner.as_ref().clone()),
                    _ => Some(Type::Any),
                };
                let Some(member) = member else {
                    let message = match ty {
                        Type::Structure(structure) => no_member(structure.as_ref(), name),
                        _ => format!("there is no member `{}`", name.value),
                    };
                    return Err(EvaluationError::new(message, name.span));
                };
                if let Some(value) = read_part(value, &member, scope)? {
                    values.insert(name.value.clone(), value);
                }
            }
            Ok(Value::map(values))
        }
        (Data::List(_), ty) => Err(wrong(format!(
            "{} is due, this is a list",
            super::literal::due(ty)
        ))),
        (Data::Map(_), ty) => Err(wrong(format!(
            "{} is due, this is a mapping",
            super::literal::due(ty)
        ))),
    }
}

/// Reads an element or an entry; `None` for a template that is absent, which is left out. A null that is written in
/// an untyped document stays.
fn read_part(
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn Scope,
) -> Result<Option<Value>, EvaluationError> {
    let value = read(data, ty, scope)?;
    let left_out = value == Value::Absent && matches!(data.value, Data::Expression(_));
    Ok((!left_out).then_some(value))
}

/// Reads a default: as [`read`], but a default that is [nothing](Data::is_absent) is absent whatever the type.
///
/// # Errors
/// As [`read`].
pub fn read_default(
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn Scope,
) -> Result<Value, EvaluationError> {
    if data.value.is_absent() {
        return Ok(Value::Absent);
    }
    read(data, ty, scope)
}

/// Renders data as a JSON argument for an API member of the given type; `None` for absent, which is left out.
///
/// # Errors
/// As [`read`], and for a value that is unknown.
pub fn render(
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn Scope,
) -> Result<Option<Json>, EvaluationError> {
    let value = read(data, ty, scope)?;
    write(&value, ty).map_err(|message| EvaluationError::new(message, data.span))
}

/// Writes a value as the JSON that an API member of the given type takes; `None` for absent. Timestamps become RFC 3339
/// text, or an integer in the member's unit; mappings become text where the member is a JSON document. What is absent is
/// left out of structures, typed mappings and typed lists; in untyped documents it is null.
///
/// # Errors
/// A value that the type does not have, or that is unknown.
pub fn write(value: &Value, ty: &Type) -> Result<Option<Json>, String> {
    Ok(Some(match (fit(value.clone(), ty)?, ty.present()) {
        (Value::Absent, _) => return Ok(None),
        (Value::Unknown, _) => return Err("the value is unknown".to_owned()),
        (Value::Timestamp(at), Type::Integer(_, Some(unit))) => match unit {
            TimeUnit::Seconds => at.as_second().into(),
            TimeUnit::Milliseconds => at.as_millisecond().into(),
        },
        (value @ (Value::Map(_) | Value::List(_)), Type::JsonText) => {
            let document = write(&value, &Type::Any)?.unwrap_or(Json::Null);
            document.to_string().into()
        }
        (Value::List(items), ty) => {
            let element = match ty {
                Type::List(list) => &list.element,
                _ => &Type::Any,
            };
            let mut written = Vec::with_capacity(items.len());
            for item in items.iter() {
                written.extend(write(item, element)?.or_else(|| null(element)));
            }
            Json::Array(written)
        }
        (Value::Map(entries), ty) => {
            let mut written = serde_json::Map::new();
            for (name, value) in entries.iter() {
                let member = match ty {
                    Type::Structure(structure) => structure
                        .member(name)
                        .map(|member| member.ty)
                        .ok_or_else(|| no_member(structure.as_ref(), name))?,
                    Type::Map(inner) => inner.as_ref().clone(),
                    _ => Type::Any,
                };
                let absent = || null(&member).filter(|_| !matches!(ty, Type::Structure(_)));
                if let Some(value) = write(value, &member)?.or_else(absent) {
                    written.insert(name.clone(), value);
                }
            }
            Json::Object(written)
        }
        (value, _) => value.to_json(),
    }))
}

/// What stands for nothing in an untyped document.
fn null(ty: &Type) -> Option<Json> {
    matches!(ty.present(), Type::Any).then_some(Json::Null)
}
