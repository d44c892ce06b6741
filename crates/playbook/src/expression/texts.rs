//! Filters of texts.

use crate::value::Value;

/// The filters that this module carries out.
pub(super) const FILTERS: &[&str] = &[
    "lower", "upper", "trim", "replace", "split", "basename", "arn",
];

/// The parts of `arn:partition:service:region:account:resource`, by their places.
pub(super) const ARN_PARTS: [&str; 5] = ["partition", "service", "region", "account", "resource"];

/// Says that an ARN lacks a part.
pub(super) fn no_arn_part(part: &str) -> String {
    format!(
        "an ARN has no `{part}`; its parts are {}",
        ARN_PARTS.join(", ")
    )
}

/// Compiles a regular expression with bounded size.
pub(crate) fn regex(pattern: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("`{pattern}` is not a regular expression: {error}"))
}

pub(super) fn filter<'a>(
    name: &str,
    text: &str,
    argument: &dyn Fn(usize) -> Option<&'a Value>,
) -> Result<Value, String> {
    let given = |place: usize| match argument(place) {
        Some(Value::Text(text)) => Ok(text.as_ref()),
        other => Err(format!(
            "`{name}` takes text, not {}",
            other.map_or("nothing", Value::kind)
        )),
    };
    match name {
        "lower" => Ok(Value::text(text.to_lowercase())),
        "upper" => Ok(Value::text(text.to_uppercase())),
        "trim" => Ok(Value::text(text.trim())),
        "replace" => replace(text, given(0)?, given(1)?),
        "split" => {
            let separator = given(0)?;
            if separator.is_empty() {
                return Err("`split` needs a separator that is not empty".to_owned());
            }
            Ok(Value::list(
                text.split(separator).map(Value::text).collect(),
            ))
        }
        "basename" => Ok(Value::text(text.rsplit('/').next().unwrap_or(text))),
        _ => arn(text, given(0)?),
    }
}

fn replace(text: &str, old: &str, new: &str) -> Result<Value, String> {
    if old.is_empty() {
        return Err("`replace` needs a text to look for".to_owned());
    }
    let growth = text
        .matches(old)
        .count()
        .saturating_mul(new.len().saturating_sub(old.len()));
    if growth > super::evaluate::MAX_TEXT {
        return Err("the text is too long".to_owned());
    }
    Ok(Value::text(text.replace(old, new)))
}

fn arn(text: &str, part: &str) -> Result<Value, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", parts @ ..] = parts.as_slice() else {
        return Err(format!("`{text}` is not an ARN"));
    };
    if parts.len() != ARN_PARTS.len() {
        return Err(format!("`{text}` is not an ARN"));
    }
    ARN_PARTS
        .iter()
        .zip(parts)
        .find(|(name, _)| **name == part)
        .map(|(_, value)| Value::text(value))
        .ok_or_else(|| no_arn_part(part))
}
