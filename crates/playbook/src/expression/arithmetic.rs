//! Arithmetic: checked, typed, and unknown where an operand is.

use super::number;
use super::tree::Arithmetic;
use crate::value::Value;

/// The operator as written.
pub(crate) fn sign(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::FloorDivide => "//",
        Arithmetic::Remainder => "%",
        Arithmetic::Power => "**",
    }
}

/// Calculates. `/` gives a number always; the other operators give an integer for two integers.
pub(crate) fn calculate(op: Arithmetic, left: &Value, right: &Value) -> Result<Value, String> {
    if *left == Value::Unknown || *right == Value::Unknown {
        return Ok(Value::Unknown);
    }
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => integers(op, *left, *right),
        (Value::Integer(left), Value::Number(right)) => {
            numbers(op, number::from_integer(*left), *right)
        }
        (Value::Number(left), Value::Integer(right)) => {
            numbers(op, *left, number::from_integer(*right))
        }
        (Value::Number(left), Value::Number(right)) => numbers(op, *left, *right),
        (Value::List(left), Value::List(right)) if op == Arithmetic::Add => Ok(Value::list(
            left.iter().chain(right.iter()).cloned().collect(),
        )),
        _ => times(op, left, right),
    }
}

/// The value with the other sign.
pub(crate) fn negate(value: &Value) -> Result<Value, String> {
    match value {
        Value::Unknown => Ok(Value::Unknown),
        Value::Integer(value) => value
            .checked_neg()
            .map(Value::Integer)
            .ok_or_else(too_large),
        Value::Number(value) => Ok(Value::Number(-value)),
        Value::Duration(length) => length
            .checked_neg()
            .map(Value::Duration)
            .ok_or_else(too_large),
        other => Err(format!("{} has no sign", other.kind())),
    }
}

fn too_large() -> String {
    "the result is too large".to_owned()
}

fn by_zero() -> String {
    "division by zero".to_owned()
}

fn integers(op: Arithmetic, left: i64, right: i64) -> Result<Value, String> {
    if right == 0
        && matches!(
            op,
            Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Remainder
        )
    {
        return Err(by_zero());
    }
    let result = match op {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => {
            return numbers(op, number::from_integer(left), number::from_integer(right));
        }
        Arithmetic::FloorDivide => floor_divide(left, right),
        Arithmetic::Remainder => floor_divide(left, right)
            .and_then(|quotient| quotient.checked_mul(right))
            .and_then(|whole| left.checked_sub(whole)),
        Arithmetic::Power => {
            if right < 0 {
                return numbers(op, number::from_integer(left), number::from_integer(right));
            }
            u32::try_from(right)
                .ok()
                .and_then(|power| left.checked_pow(power))
        }
    };
    result.map(Value::Integer).ok_or_else(too_large)
}

fn floor_divide(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let inexact = left.checked_rem(right)? != 0;
    if inexact && (left < 0) != (right < 0) {
        quotient.checked_sub(1)
    } else {
        Some(quotient)
    }
}

fn numbers(op: Arithmetic, left: f64, right: f64) -> Result<Value, String> {
    let divides = matches!(
        op,
        Arithmetic::Divide | Arithmetic::FloorDivide | Arithmetic::Remainder
    );
    if divides && right == 0.0 {
        return Err(by_zero());
    }
    let result = match op {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::FloorDivide => (left / right).floor(),
        Arithmetic::Remainder => left - (left / right).floor() * right,
        Arithmetic::Power => left.powf(right),
    };
    if result.is_finite() {
        Ok(Value::Number(result))
    } else {
        Err(too_large())
    }
}

/// Arithmetic of timestamps and durations.
fn times(op: Arithmetic, left: &Value, right: &Value) -> Result<Value, String> {
    let result = match (left, op, right) {
        (Value::Timestamp(at), Arithmetic::Add, Value::Duration(length))
        | (Value::Duration(length), Arithmetic::Add, Value::Timestamp(at)) => {
            at.checked_add(*length).ok().map(Value::Timestamp)
        }
        (Value::Timestamp(at), Arithmetic::Subtract, Value::Duration(length)) => {
            at.checked_sub(*length).ok().map(Value::Timestamp)
        }
        (Value::Timestamp(left), Arithmetic::Subtract, Value::Timestamp(right)) => {
            Some(Value::Duration(left.duration_since(*right)))
        }
        (Value::Duration(left), Arithmetic::Add, Value::Duration(right)) => {
            left.checked_add(*right).map(Value::Duration)
        }
        (Value::Duration(left), Arithmetic::Subtract, Value::Duration(right)) => {
            left.checked_sub(*right).map(Value::Duration)
        }
        (Value::Duration(left), Arithmetic::Divide, Value::Duration(right)) => {
            return numbers(op, left.as_secs_f64(), right.as_secs_f64());
        }
        (
            Value::Duration(length),
            Arithmetic::Multiply | Arithmetic::Divide,
            Value::Integer(_) | Value::Number(_),
        ) => {
            let seconds = length.as_secs_f64();
            let Value::Number(seconds) = numbers(op, seconds, as_number(right))? else {
                return Err(too_large());
            };
            number::to_duration(seconds).map(Value::Duration)
        }
        (Value::Integer(_) | Value::Number(_), Arithmetic::Multiply, Value::Duration(_)) => {
            return times(op, right, left);
        }
        _ => return Err(refusal(op, left, right)),
    };
    result.ok_or_else(too_large)
}

fn as_number(value: &Value) -> f64 {
    match value {
        Value::Integer(value) => number::from_integer(*value),
        Value::Number(value) => *value,
        _ => f64::NAN,
    }
}

fn refusal(op: Arithmetic, left: &Value, right: &Value) -> String {
    let sign = sign(op);
    match (left, right) {
        (Value::Absent, _) | (_, Value::Absent) => {
            format!("`{sign}` of a value that is absent; give it a `default(…)`")
        }
        (Value::Text(_), Value::Text(_)) if op == Arithmetic::Add => {
            "texts are joined with `~`, not `+`".to_owned()
        }
        _ => format!(
            "`{sign}` does not work on {} and {}",
            left.kind(),
            right.kind()
        ),
    }
}
