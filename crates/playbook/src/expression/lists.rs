//! Filters of lists.

use super::tree::Arithmetic;
use super::{arithmetic, builtins, compare, evaluate, number};
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::HashSet;

/// The filters that this module carries out.
pub(super) const FILTERS: &[&str] = &[
    "length",
    "first",
    "last",
    "join",
    "min",
    "max",
    "sum",
    "average",
    "sort",
    "unique",
    "reverse",
    "map",
    "select",
    "reject",
    "intersect",
    "difference",
];

/// A count as a value.
pub(crate) fn count(count: usize) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) fn filter<'a>(
    name: &str,
    items: &[Value],
    argument: &dyn Fn(usize) -> Option<&'a Value>,
) -> Result<Value, String> {
    match name {
        "length" => Ok(count(items.len())),
        "first" => Ok(items.first().cloned().unwrap_or(Value::Absent)),
        "last" => Ok(items.last().cloned().unwrap_or(Value::Absent)),
        "reverse" => Ok(Value::list(items.iter().rev().cloned().collect())),
        "join" => join(items, argument(0)),
        "min" | "max" => extreme(items, name),
        "sum" => sum(items),
        "average" => match sum(items)? {
            _ if items.is_empty() => Err("the list is empty, it has no `average`".to_owned()),
            total => {
                let size = Value::Number(number::from_count(items.len()));
                arithmetic::calculate(Arithmetic::Divide, &total, &size)
            }
        },
        "sort" => sort(items, argument(0), argument(1)),
        "unique" => Ok(Value::list(unique(items))),
        "intersect" => among(items, argument(0), true),
        "difference" => among(items, argument(0), false),
        "map" => {
            let name = attribute(argument(0))?;
            let values = items.iter().map(|item| path(item, name));
            Ok(Value::list(values.collect::<Result<_, _>>()?))
        }
        _ => choose(
            items,
            attribute(argument(0))?,
            argument(1),
            name == "select",
        ),
    }
}

fn attribute(argument: Option<&Value>) -> Result<&str, String> {
    match argument {
        Some(Value::Text(name)) => Ok(name),
        _ => Err("an attribute is named by text: `attribute='name'`".to_owned()),
    }
}

/// A member, or a member of a member: `state.name`.
fn path(value: &Value, names: &str) -> Result<Value, String> {
    let mut value = value.clone();
    for name in names.split('.') {
        value = evaluate::member(&value, name)?;
    }
    Ok(value)
}

fn join(items: &[Value], separator: Option<&Value>) -> Result<Value, String> {
    let separator = match separator {
        None => "",
        Some(Value::Text(separator)) => separator.as_ref(),
        Some(other) => return Err(format!("the separator is {}", other.kind())),
    };
    if items.contains(&Value::Unknown) {
        return Ok(Value::Unknown);
    }
    let mut text = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push_str(separator);
        }
        text.push_str(&builtins::text(item)?);
        if text.len() > evaluate::MAX_TEXT {
            return Err("the text is too long".to_owned());
        }
    }
    Ok(Value::text(text))
}

/// The least (`min`) or greatest (`max`) element.
pub(super) fn extreme(items: &[Value], name: &str) -> Result<Value, String> {
    if items.contains(&Value::Unknown) {
        return Ok(Value::Unknown);
    }
    let wanted = if name == "min" {
        Ordering::Less
    } else {
        Ordering::Greater
    };
    let mut best = items
        .first()
        .ok_or_else(|| format!("the list is empty, it has no `{name}`"))?;
    for item in items {
        let order = compare::ordering(item, best).ok_or_else(|| {
            format!(
                "`{name}` orders numbers, timestamps or durations, not {}",
                item.kind()
            )
        })?;
        if order == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn sum(items: &[Value]) -> Result<Value, String> {
    let Some((first, rest)) = items.split_first() else {
        return Ok(Value::Integer(0));
    };
    if !matches!(
        first,
        Value::Integer(_) | Value::Number(_) | Value::Duration(_) | Value::Unknown
    ) {
        return Err(format!("{} cannot be added up", first.kind()));
    }
    rest.iter().try_fold(first.clone(), |total, item| {
        arithmetic::calculate(Arithmetic::Add, &total, item)
    })
}

fn sort(items: &[Value], by: Option<&Value>, reverse: Option<&Value>) -> Result<Value, String> {
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match by {
            None => item.clone(),
            Some(_) => path(item, attribute(by)?)?,
        };
        if key == Value::Unknown {
            return Ok(Value::Unknown);
        }
        keyed.push((key, item.clone()));
    }
    // All keys are compared with the first, so that the sort itself meets only keys that have an order.
    if let Some((first, _)) = keyed.first() {
        for (key, _) in &keyed {
            if key_order(first, key).is_none() {
                return Err(match key {
                    Value::Absent => "an element has nothing to be sorted by".to_owned(),
                    key => format!("{} and {} have no order", first.kind(), key.kind()),
                });
            }
        }
    }
    keyed.sort_by(|(left, _), (right, _)| key_order(left, right).unwrap_or(Ordering::Equal));
    match reverse {
        None | Some(Value::Boolean(false)) => {}
        Some(Value::Boolean(true)) => keyed.reverse(),
        Some(other) => return Err(format!("`reverse` is true or false, not {}", other.kind())),
    }
    Ok(Value::list(
        keyed.into_iter().map(|(_, item)| item).collect(),
    ))
}

/// Texts have an order for sorting, though not for comparing.
fn key_order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
        _ => compare::ordering(left, right),
    }
}

/// What makes two elements the same: an integer is the number that it is.
fn identity(item: &Value) -> String {
    match item {
        Value::Integer(integer) => number::from_integer(*integer).to_string(),
        Value::Number(number) => number.to_string(),
        other => format!("{}:{}", other.kind(), other.to_json()),
    }
}

fn unique(items: &[Value]) -> Vec<Value> {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter(|item| seen.insert(identity(item)))
        .cloned()
        .collect()
}

/// The elements that another list has, or those that it has not.
fn among(items: &[Value], other: Option<&Value>, kept: bool) -> Result<Value, String> {
    let Some(Value::List(other)) = other else {
        let kind = other.map_or("nothing", Value::kind);
        return Err(format!("the other is a list, not {kind}"));
    };
    let other: HashSet<String> = other.iter().map(identity).collect();
    let chosen = items
        .iter()
        .filter(|item| other.contains(&identity(item)) == kept);
    Ok(Value::list(chosen.cloned().collect()))
}

fn choose(
    items: &[Value],
    name: &str,
    wanted: Option<&Value>,
    keep: bool,
) -> Result<Value, String> {
    let mut chosen = Vec::new();
    for item in items {
        let value = path(item, name)?;
        let held = match (wanted, &value) {
            (_, Value::Unknown) => return Ok(Value::Unknown),
            (Some(wanted), value) => compare::equal(value, wanted) && *wanted != Value::Absent,
            (None, Value::Boolean(held)) => *held,
            (None, Value::Absent) => false,
            (None, other) => {
                return Err(format!(
                    "`{name}` is {}, name the value that it is to have",
                    other.kind()
                ));
            }
        };
        if held == keep {
            chosen.push(item.clone());
        }
    }
    Ok(Value::list(chosen))
}
