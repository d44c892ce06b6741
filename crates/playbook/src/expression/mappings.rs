//! The types of filters that make mappings.

use super::infer::{LITERAL, is_secret, join};
use super::tree::{Expr, ExprKind};
use crate::diagnostic::Code;
use crate::types::{Record, Structure, Type};
use crate::value::Value;
use std::sync::Arc;

/// The type of a value under a key.
pub(super) fn wrap(value: &Type, key: Option<&(&Expr, Type)>) -> Result<Type, (Code, String)> {
    if let Some((expr, _)) = key
        && let ExprKind::Constant(Value::Text(key)) = &expr.kind
    {
        return Ok(Record::new(LITERAL).required(key, value.clone()).build());
    }
    match key {
        Some((_, ty)) if matches!(ty.present(), Type::Text(_) | Type::Any) => {
            Ok(Type::map(value.clone()))
        }
        other => {
            let ty = other.map_or(&Type::Absent, |(_, ty)| ty.present());
            let message = format!("`wrap` takes the key as text, not {ty}");
            Err((Code::ExpressionType, message))
        }
    }
}

/// The type of two mappings in one.
pub(super) fn merge(mapping: &Type, other: Option<&(&Expr, Type)>) -> Result<Type, (Code, String)> {
    let other = other.map_or(&Type::Absent, |(_, ty)| ty.present());
    match (mapping, other) {
        (Type::Structure(left), Type::Structure(right)) => Ok(both(left, right)),
        (Type::Map(left), Type::Map(right)) => Ok(Type::map(join(left, right))),
        (_, Type::Map(_) | Type::Structure(_) | Type::Any | Type::JsonText) => {
            // Which entries there are is not known, but whether a secret is among them is.
            let secret = is_secret(mapping) || is_secret(other);
            Ok(Type::map(if secret { Type::Secret } else { Type::Any }))
        }
        _ => Err((
            Code::ExpressionType,
            format!("`merge` takes a mapping, not {other}"),
        )),
    }
}

fn both(left: &Arc<dyn Structure>, right: &Arc<dyn Structure>) -> Type {
    let mut record = Record::new(LITERAL);
    let mut names = left.member_names();
    for name in right.member_names() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        record = match (left.member(&name), right.member(&name)) {
            (_, Some(won)) if won.required => record.required(&name, won.known()),
            (Some(kept), None) if kept.required => record.required(&name, kept.known()),
            (Some(kept), Some(won)) if kept.required => {
                record.required(&name, join(&kept.known(), &won.known()))
            }
            (Some(kept), Some(won)) => record.optional(&name, join(&kept.known(), &won.known())),
            (Some(only), None) | (None, Some(only)) => record.optional(&name, only.known()),
            (None, None) => record,
        };
    }
    record.build()
}
