//! Nodes as untyped JSON, by YAML's core schema: what scenario and input files hold.

use super::{Node, NodeKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;
use serde_json::{Map, Number, Value};

/// Stands for every position of a list in a route.
pub const POSITION: &str = "[]";
/// The largest integer that every JSON reader keeps: 2^53.
const SAFE_INTEGER: u64 = 1 << 53;

impl Node {
    /// Reads the node as JSON. Text without quotes that could be meant as something else (`no`, `0123`, `1.10`,
    /// integers beyond 2^53) is reported, and read as text.
    pub fn to_json(&self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Value {
        self.to_json_where(source, diagnostics, &|_| false)
    }

    /// Reads the node as JSON; where a route of keys leads to a place where text is due, a scalar is text, however it is
    /// written. In a route [`POSITION`] stands for every position of a list.
    pub fn to_json_where(
        &self,
        source: &Source,
        diagnostics: &mut Vec<Diagnostic>,
        text_is_due: &dyn Fn(&[&str]) -> bool,
    ) -> Value {
        let mut reader = Reader {
            source,
            diagnostics,
            text_is_due,
        };
        reader.json(self, &mut Vec::new())
    }
}

struct Reader<'r> {
    source: &'r Source,
    diagnostics: &'r mut Vec<Diagnostic>,
    text_is_due: &'r dyn Fn(&[&str]) -> bool,
}

impl Reader<'_> {
    fn json<'n>(&mut self, node: &'n Node, route: &mut Vec<&'n str>) -> Value {
        match &node.kind {
            NodeKind::List(items) => {
                route.push(POSITION);
                let items = items.iter().map(|item| self.json(item, route)).collect();
                route.pop();
                items
            }
            NodeKind::Map(entries) => {
                let mut members = Map::new();
                for (key, value) in entries {
                    route.push(&key.value);
                    members.insert(key.value.clone(), self.json(value, route));
                    route.pop();
                }
                Value::Object(members)
            }
            NodeKind::Scalar { .. } if node.is_null() => Value::Null,
            NodeKind::Scalar { text, .. } if (self.text_is_due)(route) => {
                Value::String(text.clone())
            }
            NodeKind::Scalar {
                text, plain: true, ..
            } => plain(text).unwrap_or_else(|doubt| {
                self.diagnostics.push(
                    Diagnostic::new(
                        Code::InvalidValue,
                        self.source,
                        node.span,
                        format!("`{text}` is written ambiguously: {doubt}"),
                    )
                    .help(format!("quote it where it is text: `\"{text}\"`")),
                );
                Value::String(text.clone())
            }),
            NodeKind::Scalar { text, .. } => Value::String(text.clone()),
        }
    }
}

/// Reads text without quotes.
///
/// # Errors
/// Why people may take it for something that it is not.
fn plain(text: &str) -> Result<Value, &'static str> {
    match text {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        "True" | "TRUE" | "False" | "FALSE" | "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on"
        | "On" | "ON" | "off" | "Off" | "OFF" => {
            return Err("booleans are `true` and `false`");
        }
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit());
    if !numeric {
        return Ok(Value::String(text.to_owned()));
    }
    if digits.chars().all(|digit| digit.is_ascii_digit()) {
        if text.starts_with('+') || (digits.len() > 1 && digits.starts_with('0')) {
            return Err("as a number it would lose its first characters");
        }
        return match text.parse::<i64>() {
            Ok(number) if number.unsigned_abs() <= SAFE_INTEGER => Ok(number.into()),
            _ => Err("integers beyond 2^53 lose digits in JSON"),
        };
    }
    let float = digits
        .chars()
        .all(|digit| digit.is_ascii_digit() || matches!(digit, '.' | 'e' | 'E' | '+' | '-'));
    let Some(number) = text
        .parse::<f64>()
        .ok()
        .filter(|_| float)
        .and_then(Number::from_f64)
    else {
        return Ok(Value::String(text.to_owned()));
    };
    let exponent = digits.contains(['e', 'E']);
    let shortest = digits.ends_with('0') && !digits.ends_with(".0");
    let padded = digits.starts_with('0') && !digits.starts_with("0.");
    if !exponent && (shortest || padded || digits.ends_with('.')) {
        return Err("as a number it would lose digits");
    }
    Ok(Value::Number(number))
}
