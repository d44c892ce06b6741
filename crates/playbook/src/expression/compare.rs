//! Comparisons: no comparison across types, and order only where there is one.

use super::number;
use super::tree::CompareOp;
use crate::value::Value;
use std::cmp::Ordering;

/// The operator as written.
pub(crate) fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => "==",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessOrEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterOrEqual => ">=",
        CompareOp::In => "in",
        CompareOp::NotIn => "not in",
    }
}

/// Compares: a boolean, or unknown.
///
/// `==` and `!=` with absent are both false, as the predicates `equals` and `not_equals` over nothing are; `is defined`
/// asks whether a value is there.
pub(crate) fn compare(op: CompareOp, left: &Value, right: &Value) -> Result<Value, String> {
    match op {
        CompareOp::Equal => equality(op, left, right, true),
        CompareOp::NotEqual => equality(op, left, right, false),
        CompareOp::In => contains(right, left),
        CompareOp::NotIn => Ok(match contains(right, left)? {
            Value::Boolean(found) => Value::Boolean(!found),
            other => other,
        }),
        CompareOp::Less => order(op, left, right, Ordering::is_lt),
        CompareOp::LessOrEqual => order(op, left, right, Ordering::is_le),
        CompareOp::Greater => order(op, left, right, Ordering::is_gt),
        CompareOp::GreaterOrEqual => order(op, left, right, Ordering::is_ge),
    }
}

fn equality(op: CompareOp, left: &Value, right: &Value, wanted: bool) -> Result<Value, String> {
    match (left, right) {
        (Value::Unknown, _) | (_, Value::Unknown) => Ok(Value::Unknown),
        (Value::Absent, _) | (_, Value::Absent) => Ok(Value::Boolean(false)),
        _ if !comparable(left, right) => Err(across(op, left, right)),
        _ => Ok(Value::Boolean(equal(left, right) == wanted)),
    }
}

fn comparable(left: &Value, right: &Value) -> bool {
    let numeric = |value: &Value| matches!(value, Value::Integer(_) | Value::Number(_));
    (numeric(left) && numeric(right))
        || std::mem::discriminant(left) == std::mem::discriminant(right)
}

/// Whether two values are the same; values of different types are not.
#[must_use]
#[expect(clippy::float_cmp, reason = "`==` of numbers is exact")]
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Integer(left), Value::Number(right))
        | (Value::Number(right), Value::Integer(left)) => number::from_integer(*left) == *right,
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => left == right,
    }
}

/// The order of two numbers, timestamps or durations; `None` for anything else.
#[must_use]
pub fn ordering(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        (Value::Integer(left), Value::Number(right)) => {
            number::from_integer(*left).partial_cmp(right)
        }
        (Value::Number(left), Value::Integer(right)) => {
            left.partial_cmp(&number::from_integer(*right))
        }
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn order(
    op: CompareOp,
    left: &Value,
    right: &Value,
    holds: fn(Ordering) -> bool,
) -> Result<Value, String> {
    if *left == Value::Unknown || *right == Value::Unknown {
        return Ok(Value::Unknown);
    }
    if let Some(ordering) = ordering(left, right) {
        return Ok(Value::Boolean(holds(ordering)));
    }
    let sign = sign(op);
    Err(match (left, right) {
        (Value::Absent, _) | (_, Value::Absent) => {
            format!("`{sign}` with a value that is absent; give it a `default(…)`")
        }
        _ if comparable(left, right) => {
            format!(
                "`{sign}` orders numbers, timestamps and durations, not {}",
                left.kind()
            )
        }
        _ => across(op, left, right),
    })
}

fn across(op: CompareOp, left: &Value, right: &Value) -> String {
    format!(
        "`{}` compares {} with {}",
        sign(op),
        left.kind(),
        right.kind()
    )
}

/// Whether a list has an element, a text a part, a mapping a key. Absent has and is in nothing.
pub(crate) fn contains(whole: &Value, part: &Value) -> Result<Value, String> {
    let found = match (whole, part) {
        (Value::Unknown, _) | (_, Value::Unknown) => return Ok(Value::Unknown),
        (Value::Absent, _) | (_, Value::Absent) => false,
        (Value::List(items), part) => {
            let found = items.iter().any(|item| equal(item, part));
            if !found && items.contains(&Value::Unknown) {
                return Ok(Value::Unknown);
            }
            found
        }
        (Value::Text(whole), Value::Text(part)) => whole.contains(part.as_ref()),
        (Value::Map(entries), Value::Text(key)) => entries.contains_key(key.as_ref()),
        (whole, part) => {
            return Err(format!(
                "`in` does not look for {} in {}",
                part.kind(),
                whole.kind()
            ));
        }
    };
    Ok(Value::Boolean(found))
}
