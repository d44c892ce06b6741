//! Data with gaps: what stands under `with`, read by the type of its place.

use super::evaluate::{evaluate, residual};
use super::{Partial, PartialScope};
use crate::expression::{self, EvaluationError};
use crate::span::Spanned;
use crate::template::{self, Data, Part, Scalar};
use crate::types::Type;
use crate::value::Value;
use indexmap::IndexMap;

/// Reads data as a value of the type that is due, as far as can be: as [`template::read`] does where everything is known.
///
/// # Errors
/// What reading will certainly fail with.
pub fn read(
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn PartialScope,
) -> Result<Partial, EvaluationError> {
    let wrong = |message: String| EvaluationError::new(message, data.span);
    match (&data.value, ty) {
        (Data::Scalar(scalar), ty) => template::read_scalar(scalar, ty)
            .map(Partial::Known)
            .map_err(wrong),
        (Data::Expression(expression), ty) => fit(evaluate(expression, scope)?, ty)
            .map_err(|message| EvaluationError::new(message, expression.span)),
        (Data::Text(template), ty) => {
            let mut pieces = Vec::with_capacity(template.parts.len());
            for part in &template.parts {
                pieces.push(match part {
                    Part::Text(text) => Partial::Known(Value::text(text)),
                    Part::Expression(expression) => evaluate(expression, scope)?,
                });
            }
            text(pieces, ty, scope, data)
        }
        (_, Type::Optional(inner)) => read(data, inner, scope),
        (Data::List(items), Type::Any | Type::JsonText | Type::List(_)) => {
            let (element, bounds) = match ty {
                Type::List(list) => (&list.element, (list.min, list.max)),
                _ => (&Type::Any, (None, None)),
            };
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.extend(part(item, element, scope)?);
            }
            if !values.iter().any(Partial::may_be_absent) {
                template::check_count(values.len(), bounds.0, bounds.1).map_err(wrong)?;
            }
            Ok(Partial::list(values))
        }
        (Data::Map(entries), Type::Any | Type::JsonText | Type::Map(_) | Type::Structure(_)) => {
            let mut values = IndexMap::new();
            for (name, value) in entries {
                let member = match ty {
                    Type::Structure(structure) => structure.member(name).map(|member| member.ty),
                    Type::Map(inner) => Some(inner.as_ref().clone()),
                    _ => Some(Type::Any),
                };
                let member = member.ok_or_else(|| {
                    EvaluationError::new(format!("there is no member `{}`", name.value), name.span)
                })?;
                if let Some(value) = part(value, &member, scope)? {
                    values.insert(name.value.clone(), value);
                }
            }
            Ok(Partial::map(values))
        }
        (Data::List(_), ty) => Err(wrong(format!("{ty} is due, this is a list"))),
        (Data::Map(_), ty) => Err(wrong(format!("{ty} is due, this is a mapping"))),
    }
}

/// Reads an element or an entry; `None` for a template that is absent.
fn part(
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn PartialScope,
) -> Result<Option<Partial>, EvaluationError> {
    let value = read(data, ty, scope)?;
    let left_out =
        value.known() == Some(&Value::Absent) && matches!(data.value, Data::Expression(_));
    Ok((!left_out).then_some(value))
}

fn text(
    pieces: Vec<Partial>,
    ty: &Type,
    scope: &dyn PartialScope,
    data: &Spanned<Data>,
) -> Result<Partial, EvaluationError> {
    let wrong = |message: String| EvaluationError::new(message, data.span);
    if pieces
        .iter()
        .any(|piece| piece.known() == Some(&Value::Unknown))
    {
        return Ok(Partial::Known(Value::Unknown));
    }
    let mut joined: Vec<Partial> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Partial::Known(Value::Text(before))), Partial::Known(value)) => {
                let mut whole = before.to_string();
                whole.push_str(&expression::text(&value).map_err(wrong)?);
                *before = whole.into();
            }
            (_, Partial::Known(value)) => {
                let text = expression::text(&value).map_err(wrong)?;
                joined.push(Partial::Known(Value::text(text)));
            }
            (_, Partial::Text(inner)) => joined.extend(inner),
            (_, piece) => joined.push(piece),
        }
    }
    match joined.as_slice() {
        [Partial::Known(Value::Text(text))] => {
            let scalar = Scalar {
                text: text.to_string(),
                plain: false,
            };
            template::read_scalar(&scalar, ty)
                .map(Partial::Known)
                .map_err(wrong)
        }
        _ if matches!(
            ty.present(),
            Type::Text(_) | Type::Any | Type::Secret | Type::Blob
        ) =>
        {
            Ok(Partial::Text(joined))
        }
        // The text will be read by the type of its place.
        _ => {
            let origins = joined.iter().flat_map(Partial::origins);
            let left = residual(&Partial::Text(joined.clone()), data.span);
            let _ = scope;
            Ok(Partial::unknown(ty.present().clone(), left, origins))
        }
    }
}

/// Fits what is known to the type that is due.
fn fit(partial: Partial, ty: &Type) -> Result<Partial, String> {
    Ok(match partial {
        Partial::Known(Value::Unknown) => Partial::Known(Value::Unknown),
        Partial::Known(value) => Partial::Known(template::fit(value, ty)?),
        Partial::List(items) => {
            let element = match ty.present() {
                Type::List(list) => list.element.clone(),
                _ => Type::Any,
            };
            let untyped = matches!(element.present(), Type::Any);
            let items = items
                .into_iter()
                .filter(|item| untyped || item.known() != Some(&Value::Absent))
                .map(|item| fit(item, &element))
                .collect::<Result<Vec<_>, _>>()?;
            Partial::list(items)
        }
        Partial::Map(entries) => {
            let mut fitted = IndexMap::with_capacity(entries.len());
            for (name, value) in entries {
                let member =
                    match ty.present() {
                        Type::Structure(structure) => structure
                            .member(&name)
                            .map(|member| member.ty)
                            .ok_or_else(|| format!("there is no member `{name}`"))?,
                        Type::Map(inner) => inner.as_ref().clone(),
                        _ => Type::Any,
                    };
                let value = fit(value, &member)?;
                fitted.insert(name, value);
            }
            Partial::map(fitted)
        }
        other => other,
    })
}
