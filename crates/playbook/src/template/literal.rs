//! Scalars read by the type of their place, and the rules that types have for values.

use super::Scalar;
use crate::expression::{closest, integer, ordering};
use crate::pattern::fits;
use crate::types::{Range, TextRule, Type};
use crate::value::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The greatest integer that untyped JSON holds exactly everywhere.
const EXACT: i64 = 1 << 53;

/// Reads a scalar without a template by the type of its place.
///
/// # Errors
/// What is wrong with it, in a lower-case fragment.
pub fn read_scalar(scalar: &Scalar, ty: &Type) -> Result<Value, String> {
    let text = scalar.text.as_str();
    let nothing = scalar.plain && matches!(text, "" | "~" | "null");
    match ty {
        Type::Any => untyped(scalar),
        Type::Optional(inner) => {
            let is_text = matches!(inner.present(), Type::Text(_) | Type::Secret);
            if nothing && !is_text {
                return Ok(Value::Absent);
            }
            read_scalar(scalar, inner)
        }
        Type::Text(_) | Type::Secret | Type::Blob if scalar.plain && text.is_empty() => {
            Err("a value is missing; an empty text is written `''`".to_owned())
        }
        Type::Text(rule) => check_text(text, rule).map(|()| Value::text(text)),
        Type::Secret => Ok(Value::text(text)),
        // As the client decodes it: a line break at the end, as of a block, does no harm.
        Type::Blob if STANDARD.decode(text.trim_end()).is_ok() => Ok(Value::text(text)),
        Type::Blob => Err("base64 is due, and this text is none".to_owned()),
        Type::JsonText => serde_json::from_str::<serde_json::Value>(text)
            .map(|_| Value::text(text))
            .map_err(|error| format!("a JSON document is due: {error}")),
        Type::Boolean => match text {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err(format!(
                "`{text}` is not a boolean; write `true` or `false`"
            )),
        },
        Type::Integer(range, unit) => match text.parse() {
            Ok(integer) => {
                let value = Value::Integer(integer);
                check_range(&value, *range).map(|()| value)
            }
            Err(_) if unit.is_some() => text.parse().map(Value::Timestamp).map_err(|_| {
                format!("`{text}` is not a time; write an integer or `2026-01-15T12:00:00Z`")
            }),
            Err(_) => Err(format!("`{text}` is not an integer")),
        },
        Type::Number(range) => {
            let value = match text.parse().map(Value::Integer) {
                Ok(value) => value,
                Err(_) => text
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map(Value::Number)
                    .ok_or_else(|| format!("`{text}` is not a number"))?,
            };
            check_range(&value, *range).map(|()| value)
        }
        Type::Timestamp(_) => text
            .parse()
            .map(Value::Timestamp)
            .map_err(|_| format!("`{text}` is not a timestamp; write `2026-01-15T12:00:00Z`")),
        Type::Duration => crate::duration::parse(text)
            .map(Value::Duration)
            .map_err(|error| error.to_string()),
        Type::Absent if nothing => Ok(Value::Absent),
        Type::Absent => Err("no value may stand here".to_owned()),
        Type::List(_) | Type::Map(_) | Type::Structure(_) => {
            Err(format!("{} is due, this is a scalar", due(ty)))
        }
    }
}

/// What is due, with its article.
pub(crate) fn due(ty: &Type) -> String {
    match ty {
        Type::Any => "a value".to_owned(),
        Type::Integer(..) => "an integer".to_owned(),
        Type::Structure(structure) => format!("a mapping ({})", structure.name()),
        Type::Map(_) => "a mapping".to_owned(),
        Type::Text(_) | Type::Blob | Type::Secret => "text".to_owned(),
        Type::Absent => "nothing".to_owned(),
        Type::List(_) => format!("a {ty}"),
        Type::Optional(inner) => due(inner),
        other => format!("a {other}"),
    }
}

/// A scalar of untyped JSON, by YAML's core schema. What YAML's versions read differently must be quoted.
fn untyped(scalar: &Scalar) -> Result<Value, String> {
    let text = scalar.text.as_str();
    if !scalar.plain {
        return Ok(Value::text(text));
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Absent),
        "true" | "True" | "TRUE" => return Ok(Value::Boolean(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Boolean(false)),
        _ => {}
    }
    let ambiguous = || {
        format!("`{text}` may be read as text or not here; put it in quotes or write it otherwise")
    };
    if matches!(
        text.to_lowercase().as_str(),
        "yes" | "no" | "on" | "off" | "y" | "n"
    ) {
        return Err(ambiguous());
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok_and(f64::is_finite);
    if !numeric {
        return Ok(Value::text(text));
    }
    let leading = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let fraction = digits.split_once('.').map(|(_, fraction)| fraction);
    let trailing = fraction.is_some_and(|fraction| fraction.len() > 1 && fraction.ends_with('0'));
    if leading || trailing {
        return Err(ambiguous());
    }
    match text.parse::<i64>() {
        Ok(integer) if integer.unsigned_abs() <= EXACT.unsigned_abs() => {
            Ok(Value::Integer(integer))
        }
        Ok(_) => Err(format!("`{text}` is beyond 2^53; put it in quotes")),
        Err(_) if fraction.is_none() && digits.chars().all(|c| c.is_ascii_digit()) => {
            Err(format!("`{text}` is beyond 2^53; put it in quotes"))
        }
        Err(_) => text
            .parse()
            .map(Value::Number)
            .map_err(|_| format!("`{text}` is not a number")),
    }
}

/// Checks a number against its bounds.
pub(crate) fn check_range(value: &Value, range: Range) -> Result<(), String> {
    let below =
        |bound: f64| ordering(value, &Value::Number(bound)).is_some_and(std::cmp::Ordering::is_lt);
    let above =
        |bound: f64| ordering(value, &Value::Number(bound)).is_some_and(std::cmp::Ordering::is_gt);
    let shown = || crate::expression::text(value).unwrap_or_default();
    match (range.min, range.max) {
        (Some(min), _) if below(min) => Err(format!("{} is less than {min}", shown())),
        (_, Some(max)) if above(max) => Err(format!("{} is greater than {max}", shown())),
        _ => Ok(()),
    }
}

/// Checks a text against its rule.
pub(crate) fn check_text(text: &str, rule: &TextRule) -> Result<(), String> {
    let shown = if rule.sensitive {
        "the text".to_owned()
    } else {
        format!("`{text}`")
    };
    if !rule.values.is_empty() && !rule.values.iter().any(|value| value == text) {
        let guess = closest(text, rule.values.iter().map(String::as_str));
        let choices = if rule.values.len() <= 8 {
            rule.values.join(", ")
        } else {
            format!("one of {} values", rule.values.len())
        };
        return Err(match guess {
            Some(guess) => format!("{shown} is not allowed; did you mean `{guess}`?"),
            None => format!("{shown} is not allowed: {choices}"),
        });
    }
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    match (rule.min, rule.max) {
        (Some(min), _) if length < min => {
            return Err(format!("{shown} is shorter than {min} characters"));
        }
        (_, Some(max)) if length > max => {
            return Err(format!("the text is longer than {max} characters"));
        }
        _ => {}
    }
    if let Some(pattern) = &rule.pattern
        && !fits(pattern, text)
    {
        return Err(format!("{shown} does not match the pattern `{pattern}`"));
    }
    Ok(())
}

/// Checks a number of elements against bounds.
pub(crate) fn check_count(count: usize, min: Option<u64>, max: Option<u64>) -> Result<(), String> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let elements = match count {
        0 => "no elements".to_owned(),
        1 => "1 element".to_owned(),
        count => format!("{count} elements"),
    };
    match (min, max) {
        (Some(min), _) if count < min => Err(format!(
            "the list has {elements}, at least {min} must be given"
        )),
        (_, Some(max)) if count > max => Err(format!(
            "the list has {elements}, at most {max} may be given"
        )),
        _ => Ok(()),
    }
}

/// Fits a computed value to the type that is due: text that reads as the type, an integer where a number is due.
pub(crate) fn fit(value: Value, ty: &Type) -> Result<Value, String> {
    let mismatch = |value: &Value| Err(format!("{} is due, this is {}", due(ty), value.kind()));
    match (ty, value) {
        (Type::Optional(inner), value) => fit(value, inner),
        (_, value @ (Value::Absent | Value::Unknown))
        | (Type::Any, value)
        | (Type::Boolean, value @ Value::Boolean(_))
        | (Type::Duration, value @ Value::Duration(_))
        | (Type::Integer(_, Some(_)) | Type::Timestamp(_), value @ Value::Timestamp(_))
        | (Type::JsonText, value @ (Value::Map(_) | Value::List(_))) => Ok(value),
        (Type::Integer(range, _), value @ (Value::Integer(_) | Value::Number(_))) => {
            let value = integer(&value)?;
            check_range(&value, *range).map(|()| value)
        }
        (Type::Number(range), value @ (Value::Integer(_) | Value::Number(_))) => {
            check_range(&value, *range).map(|()| value)
        }
        (Type::Text(rule), Value::Text(text)) => {
            check_text(&text, rule).map(|()| Value::Text(text))
        }
        (Type::Text(rule), value @ (Value::Integer(_) | Value::Number(_))) => {
            if !rule.numeric {
                return mismatch(&value);
            }
            let text = crate::expression::text(&value)?;
            check_text(&text, rule).map(|()| Value::text(text))
        }
        (Type::Text(_), value @ (Value::Timestamp(_) | Value::Duration(_))) => {
            crate::expression::text(&value).map(Value::text)
        }
        (Type::Secret | Type::Blob, Value::Text(text)) => Ok(Value::Text(text)),
        (Type::Timestamp(_) | Type::Duration | Type::JsonText, Value::Text(text)) => {
            let scalar = Scalar {
                text: text.as_ref().to_owned(),
                plain: false,
            };
            read_scalar(&scalar, ty)
        }
        (Type::List(list), Value::List(items)) => {
            let untyped = matches!(list.element.present(), Type::Any);
            let items = items
                .iter()
                .filter(|item| untyped || **item != Value::Absent)
                .map(|item| fit(item.clone(), &list.element))
                .collect::<Result<Vec<_>, _>>()?;
            check_count(items.len(), list.min, list.max)?;
            Ok(Value::list(items))
        }
        (Type::Map(inner), Value::Map(entries)) => {
            let entries = entries
                .iter()
                .map(|(name, value)| {
                    let value = fit(value.clone(), inner).map_err(|error| within(name, &error))?;
                    Ok((name.clone(), value))
                })
                .collect::<Result<_, String>>()?;
            Ok(Value::map(entries))
        }
        (Type::Structure(structure), Value::Map(entries)) => {
            let entries = entries
                .iter()
                .map(|(name, value)| {
                    let member = structure
                        .member(name)
                        .ok_or_else(|| no_member(structure.as_ref(), name))?;
                    let value =
                        fit(value.clone(), &member.ty).map_err(|error| within(name, &error))?;
                    Ok((name.clone(), value))
                })
                .collect::<Result<_, String>>()?;
            Ok(Value::map(entries))
        }
        (_, value) => mismatch(&value),
    }
}

fn within(name: &str, error: &str) -> String {
    format!("`{name}`: {error}")
}

/// The message for a member that a structure lacks.
pub(crate) fn no_member(structure: &dyn crate::types::Structure, name: &str) -> String {
    let members = structure.member_names();
    let guess = closest(name, members.iter().map(String::as_str));
    match guess {
        Some(guess) => format!(
            "{} has no member `{name}`; did you mean `{guess}`?",
            structure.name()
        ),
        None => format!("{} has no member `{name}`", structure.name()),
    }
}
