//! Relations of types: what compares, what both are, what can stand in a text.

use crate::types::{Record, Structure, Type};
use crate::value::Value;
use std::sync::Arc;

/// The name of the structure that `{'a': 1}` has.
pub(in crate::expression) const LITERAL: &str = "mapping";
/// How deep literals are searched for secrets.
const MAX_DEPTH: usize = 8;

/// Why a value of the type cannot stand in a text.
pub(crate) fn no_text(ty: &Type) -> Option<String> {
    match ty.present() {
        Type::Boolean | Type::List(_) | Type::Map(_) | Type::Structure(_) | Type::JsonText => {
            Some(format!(
                "{ty} cannot stand in a text; only text, numbers, timestamps and durations can"
            ))
        }
        _ => None,
    }
}

/// Whether values of the type have an order.
pub(crate) fn has_order(ty: &Type) -> bool {
    matches!(
        ty.present(),
        Type::Integer(..) | Type::Number(_) | Type::Timestamp(_) | Type::Duration | Type::Any
    )
}

/// Whether a value of the type is a secret, or has one that was put into it.
pub(crate) fn is_secret(ty: &Type) -> bool {
    holds_secret(ty, MAX_DEPTH)
}

fn holds_secret(ty: &Type, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        // What is too deep to be looked at is kept.
        return true;
    };
    match ty.present() {
        Type::Secret => true,
        Type::List(list) => holds_secret(&list.element, depth),
        Type::Map(inner) => holds_secret(inner, depth),
        // Shapes of APIs have no secrets of a run in them, and may contain themselves.
        Type::Structure(structure) if structure.is_secret() => true,
        Type::Structure(structure) if is_literal(structure.as_ref()) => structure
            .member_names()
            .iter()
            .filter_map(|name| structure.member(name))
            .any(|member| holds_secret(&member.ty, depth)),
        _ => false,
    }
}

/// Whether a structure is one that an expression made: it has the members that it names, and no others.
pub(crate) fn is_literal(structure: &dyn Structure) -> bool {
    structure.name() == LITERAL
}

/// Whether `in` can look for a part of the given type in a whole.
pub(crate) fn may_contain(whole: &Type, part: &Type) -> bool {
    match whole.present() {
        Type::List(list) => same_kind(part, list.element.present()),
        Type::Text(_) | Type::Map(_) | Type::Structure(_) => {
            matches!(part.present(), Type::Text(_) | Type::Any)
        }
        Type::JsonText | Type::Any | Type::Absent => true,
        _ => false,
    }
}

pub(super) fn of_value(value: &Value) -> Type {
    match value {
        Value::Absent => Type::Absent,
        Value::Unknown => Type::Any,
        Value::Boolean(_) => Type::Boolean,
        Value::Integer(_) => Type::integer(),
        Value::Number(_) => Type::number(),
        Value::Text(_) => Type::text(),
        Value::Timestamp(_) => Type::timestamp(),
        Value::Duration(_) => Type::Duration,
        Value::List(_) => Type::list(Type::Any),
        Value::Map(_) => Type::map(Type::Any),
    }
}

/// Whether values of two types can be compared.
pub(crate) fn same_kind(left: &Type, right: &Type) -> bool {
    match (left.present(), right.present()) {
        (Type::Any, _)
        | (_, Type::Any)
        | (Type::Integer(..) | Type::Number(_), Type::Integer(..) | Type::Number(_))
        | (
            Type::Map(_) | Type::Structure(_) | Type::JsonText,
            Type::Map(_) | Type::Structure(_) | Type::JsonText,
        )
        | (Type::List(_), Type::JsonText)
        | (Type::JsonText, Type::List(_))
        | (Type::Text(_) | Type::Blob, Type::Text(_) | Type::Blob) => true,
        (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}

/// The type that values of both types have.
pub(crate) fn join(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (Type::Absent, other) | (other, Type::Absent) => other.clone().optional(),
        (Type::Optional(inner), other) | (other, Type::Optional(inner)) => {
            join(inner, other.present()).optional()
        }
        (Type::Secret, _) | (_, Type::Secret) => Type::Secret,
        (Type::Integer(..), Type::Integer(..)) => Type::integer(),
        (Type::Integer(..) | Type::Number(_), Type::Integer(..) | Type::Number(_)) => {
            Type::number()
        }
        (Type::Text(left), Type::Text(right)) if left != right => Type::text(),
        (Type::List(left), Type::List(right)) => Type::list(join(&left.element, &right.element)),
        (Type::Map(left), Type::Map(right)) => Type::map(join(left, right)),
        (Type::Structure(left), Type::Structure(right)) => structures(left, right),
        (left, right) if std::mem::discriminant(left) == std::mem::discriminant(right) => {
            left.clone()
        }
        _ => Type::Any,
    }
}

/// Two literals have the members of both; other structures are the same or have nothing in common.
fn structures(left: &Arc<dyn Structure>, right: &Arc<dyn Structure>) -> Type {
    if left.name() != right.name() {
        return Type::Any;
    }
    if left.name() != LITERAL {
        return Type::Structure(Arc::clone(left));
    }
    let mut names = left.member_names();
    names.extend(right.member_names());
    let mut record = Record::new(LITERAL);
    for name in names {
        record = match (left.member(&name), right.member(&name)) {
            (Some(one), Some(other)) => {
                let ty = join(&one.ty, &other.ty);
                if one.required && other.required {
                    record.required(&name, ty)
                } else {
                    record.optional(&name, ty)
                }
            }
            (Some(only), None) | (None, Some(only)) => record.optional(&name, only.ty),
            (None, None) => record,
        };
    }
    record.build()
}
