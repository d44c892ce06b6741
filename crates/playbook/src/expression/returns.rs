//! What functions, filters and tests take and give, as types.

use super::functions::{Builtin, BuiltinKind};
use super::infer::{has_order, join, may_contain, no_text, same_kind};
use super::tree::{Expr, ExprKind};
use super::{mappings, texts};
use crate::diagnostic::Code;
use crate::types::{Record, Type};
use crate::value::Value;

/// An argument and its type.
type Given<'e> = Option<(&'e Expr, Type)>;

/// The type of a call, or why it cannot be made.
pub(super) fn of(
    builtin: &Builtin,
    input: Option<&Type>,
    arguments: &[Given<'_>],
) -> Result<Type, (Code, String)> {
    let argument = |place: usize| {
        arguments
            .get(place)
            .and_then(Option::as_ref)
            .map(|(_, ty)| ty.present())
    };
    let wrong = |message: String| Err((Code::ExpressionType, message));
    match (builtin.kind, builtin.name) {
        (BuiltinKind::Test, name) => test(name, input, arguments),
        (BuiltinKind::Function, "since" | "duration" | "timestamp") => {
            let (fits, ty) = match builtin.name {
                "since" => (
                    matches!(argument(0), Some(Type::Duration | Type::Any)),
                    Type::timestamp(),
                ),
                "duration" => (
                    matches!(
                        argument(0),
                        Some(Type::Text(_) | Type::Duration | Type::Any)
                    ),
                    Type::Duration,
                ),
                _ => (
                    matches!(
                        argument(0),
                        Some(
                            Type::Text(_)
                                | Type::Integer(..)
                                | Type::Number(_)
                                | Type::Timestamp(_)
                                | Type::Any
                        )
                    ),
                    Type::timestamp(),
                ),
            };
            if fits {
                return check_literal(builtin.name, arguments).map(|()| ty);
            }
            wrong(format!(
                "`{}` does not take {}",
                builtin.name,
                argument(0).unwrap_or(&Type::Absent)
            ))
        }
        (BuiltinKind::Function, "trend" | "forecast" | "quantile" | "percentile") => {
            series(builtin.name, arguments)
        }
        (BuiltinKind::Function, name @ ("min" | "max")) => match (argument(0), arguments.len()) {
            (Some(Type::List(list)), 1) => extreme(name, &list.element),
            (Some(Type::Any | Type::JsonText), 1) => Ok(Type::Any),
            _ => {
                let types = arguments.iter().flatten();
                let joined = types
                    .map(|(_, ty)| ty.present().clone())
                    .reduce(|left, right| join(&left, &right));
                extreme(name, &joined.unwrap_or(Type::Any))
            }
        },
        (_, "abs") => {
            let ty = input.or(argument(0)).unwrap_or(&Type::Any).present();
            match ty {
                Type::Integer(..) => Ok(Type::integer()),
                Type::Number(_) => Ok(Type::number()),
                Type::Duration | Type::Any => Ok(ty.clone()),
                other => wrong(format!("`abs` does not work on {other}")),
            }
        }
        (_, name) => filter(name, input.unwrap_or(&Type::Any), arguments).unwrap_or_else(|| {
            wrong(format!(
                "`{name}` does not work on {}",
                input.unwrap_or(&Type::Any).present()
            ))
        }),
    }
}

/// The type of a function of points or numbers.
fn series(name: &str, arguments: &[Given<'_>]) -> Result<Type, (Code, String)> {
    let wrong = |message: String| Err((Code::ExpressionType, message));
    let argument = |place: usize| {
        let given = arguments.get(place).and_then(Option::as_ref);
        given.map_or(&Type::Absent, |(_, ty)| ty.present())
    };
    let of_points = matches!(name, "trend" | "forecast");
    let fits = match argument(0) {
        Type::Any | Type::JsonText => true,
        Type::List(list) => match list.element.present() {
            Type::Any | Type::JsonText | Type::Map(_) => true,
            Type::Structure(point) => {
                of_points && point.member("at").is_some() && point.member("value").is_some()
            }
            Type::Integer(..) | Type::Number(_) => !of_points,
            _ => false,
        },
        _ => false,
    };
    if !fits {
        let due = if of_points {
            "a list of `{at, value}`"
        } else {
            "a list of numbers"
        };
        return wrong(format!("`{name}` takes {due}, not {}", argument(0)));
    }
    if name != "trend" && !matches!(argument(1), Type::Integer(..) | Type::Number(_) | Type::Any) {
        return wrong(format!("`{name}` needs a number, not {}", argument(1)));
    }
    Ok(match name {
        "trend" => ["per_hour", "first", "last", "fit"]
            .into_iter()
            .fold(Record::new("trend"), |record, member| {
                record.required(member, Type::number())
            })
            .build(),
        "forecast" => Type::Duration.optional(),
        _ => Type::number(),
    })
}

/// The type of the least or the greatest element.
fn extreme(name: &str, element: &Type) -> Result<Type, (Code, String)> {
    if has_order(element) {
        return elements_are_there(name, element).map(|()| element.present().clone());
    }
    Err((
        Code::ExpressionType,
        format!("`{name}` orders numbers, timestamps or durations, not {element}"),
    ))
}

/// Refuses elements that may be absent, which the filter would fail on.
fn elements_are_there(name: &str, element: &Type) -> Result<(), (Code, String)> {
    match element {
        Type::Optional(_) => Err((
            Code::MaybeAbsent,
            format!("`{name}` of elements that may be absent; put `map('default', …)` before it"),
        )),
        _ => Ok(()),
    }
}

/// Refuses arguments that are not the text that they must be.
fn texts_are_due(name: &str, arguments: &[Given<'_>]) -> Result<(), (Code, String)> {
    let wrong = arguments
        .iter()
        .flatten()
        .find(|(_, ty)| !matches!(ty.present(), Type::Text(_) | Type::Secret | Type::Any));
    match wrong {
        Some((_, ty)) => Err((
            Code::ExpressionType,
            format!("`{name}` takes text, not {ty}"),
        )),
        None => Ok(()),
    }
}

fn test(name: &str, input: Option<&Type>, arguments: &[Given<'_>]) -> Result<Type, (Code, String)> {
    let input = input.map_or(&Type::Any, Type::present);
    let text = matches!(input, Type::Text(_) | Type::Any | Type::Absent | Type::Blob);
    let fits = match name {
        "matches" | "starting_with" | "ending_with" => text,
        "done" | "skipped" | "blocked" | "failed" | "undone" => {
            matches!(input, Type::Structure(_) | Type::Any)
        }
        "empty" => {
            text || matches!(
                input,
                Type::List(_) | Type::Map(_) | Type::Structure(_) | Type::JsonText
            )
        }
        _ => true,
    };
    if !fits {
        return Err((
            Code::ExpressionType,
            format!("`is {name}` does not work on {input}"),
        ));
    }
    if matches!(name, "matches" | "starting_with" | "ending_with") {
        texts_are_due(&format!("is {name}"), arguments)?;
    }
    if let ("in", Some(Some((_, whole)))) = (name, arguments.first())
        && !may_contain(whole, input)
        && !matches!(input, Type::Absent)
    {
        let message = format!("`is in` does not look for {input} in {whole}");
        return Err((Code::ExpressionType, message));
    }
    if name == "matches"
        && let Some(Some((expr, _))) = arguments.first()
        && let ExprKind::Constant(Value::Text(pattern)) = &expr.kind
    {
        texts::regex(pattern).map_err(|message| (Code::InvalidRegex, message))?;
    }
    Ok(Type::Boolean)
}

/// Reads a literal argument, so that a wrong one is found before a run.
fn check_literal(name: &str, arguments: &[Given<'_>]) -> Result<(), (Code, String)> {
    let Some(Some((expr, _))) = arguments.first() else {
        return Ok(());
    };
    let ExprKind::Constant(value @ Value::Text(text)) = &expr.kind else {
        return Ok(());
    };
    match name {
        "duration" => crate::duration::parse(text)
            .map(|_| ())
            .map_err(|error| (Code::InvalidDuration, error.to_string())),
        "timestamp" => super::timestamp(value)
            .map(|_| ())
            .map_err(|message| (Code::ExpressionType, message)),
        _ => Ok(()),
    }
}

/// The type of a filter; `None` where it does not work on its input.
fn filter(
    name: &str,
    input: &Type,
    arguments: &[Given<'_>],
) -> Option<Result<Type, (Code, String)>> {
    let first = arguments.first().and_then(Option::as_ref);
    let present = match input.present() {
        // What a JSON document holds is not known.
        Type::JsonText if name != "default" => &Type::Any,
        present => present,
    };
    let ty = match (name, present) {
        ("default", present) => {
            let other = first.map_or(Type::Absent, |(_, ty)| ty.clone());
            match input {
                Type::Optional(_) => join(present, &other),
                Type::Absent => other,
                // Where it is empty, too.
                _ if arguments.get(1).is_some_and(Option::is_some) => join(present, &other),
                _ => present.clone(),
            }
        }
        ("required", Type::Absent) => return None,
        ("required", present) => present.clone(),
        ("tojson", _) | ("join", Type::Any) => Type::text(),
        ("text", ty) => return no_text(ty).is_none().then(|| Ok(Type::text())),
        ("round", Type::Integer(..) | Type::Number(_) | Type::Any) => return Some(round(first)),
        ("int", Type::Integer(..) | Type::Number(_) | Type::Text(_) | Type::Any)
        | (
            "length",
            Type::List(_) | Type::Map(_) | Type::Structure(_) | Type::Text(_) | Type::Any,
        ) => Type::integer(),
        ("float", Type::Integer(..) | Type::Number(_) | Type::Text(_) | Type::Any) => {
            Type::number()
        }
        ("wrap", present) => return Some(mappings::wrap(present, first)),
        ("merge", Type::Map(_) | Type::Structure(_) | Type::Any) => {
            return Some(mappings::merge(present, first));
        }
        ("keys", Type::Map(_) | Type::Structure(_) | Type::Any) => Type::list(Type::text()),
        ("values", Type::Map(inner)) => Type::list(inner.as_ref().clone()),
        ("values", Type::Structure(_) | Type::Any) => Type::list(Type::Any),
        (_, Type::List(list)) => return of_list(name, present, &list.element, arguments),
        (
            "reverse" | "lower" | "upper" | "trim" | "replace" | "basename" | "arn",
            Type::Text(_),
        )
        | ("lower" | "upper" | "trim" | "replace" | "basename" | "arn", Type::Any) => {
            return Some(of_text(name, arguments).map(|()| Type::text()));
        }
        ("split", Type::Text(_) | Type::Any) => {
            return Some(of_text(name, arguments).map(|()| Type::list(Type::text())));
        }
        ("fromjson", Type::Text(_) | Type::Any)
        | (
            "first" | "last" | "min" | "max" | "sum" | "average" | "sort" | "unique" | "select"
            | "reject" | "map" | "reverse" | "intersect" | "difference",
            Type::Any,
        ) => Type::Any,
        _ => return None,
    };
    Some(Ok(ty))
}

/// The type of a filter of lists.
fn of_list(
    name: &str,
    list: &Type,
    element: &Type,
    arguments: &[Given<'_>],
) -> Option<Result<Type, (Code, String)>> {
    let first = arguments.first().and_then(Option::as_ref);
    let there = || elements_are_there(name, element);
    Some(match (name, element.present()) {
        ("first" | "last", _) => Ok(element.clone().optional()),
        ("reverse" | "unique", _) => Ok(list.clone()),
        ("intersect" | "difference", ty) => comparable(name, ty, first).map(|()| list.clone()),
        ("min" | "max", _) => extreme(name, element),
        ("sum", Type::Integer(..)) => there().map(|()| Type::integer()),
        ("sum", Type::Number(_)) | ("average", Type::Integer(..) | Type::Number(_)) => {
            there().map(|()| Type::number())
        }
        ("sum" | "average", ty @ (Type::Duration | Type::Any)) => there().map(|()| ty.clone()),
        ("join", ty) => match no_text(ty) {
            None => there()
                .and_then(|()| texts_are_due(name, arguments))
                .map(|()| Type::text()),
            Some(message) => Err((Code::ExpressionType, message)),
        },
        ("map", _) => attribute(element, first).map(Type::list),
        ("sort", _) => attribute(element, first)
            .and_then(|key| sorts(&key))
            .map(|()| list.clone()),
        ("select" | "reject", _) => attribute(element, first)
            .and_then(|key| selects(&key, arguments.get(1).and_then(Option::as_ref)))
            .map(|()| list.clone()),
        _ => return None,
    })
}

/// Refuses another list whose elements are never the same.
fn comparable(
    name: &str,
    element: &Type,
    other: Option<&(&Expr, Type)>,
) -> Result<(), (Code, String)> {
    let message = match other.map(|(_, ty)| ty.present()) {
        Some(Type::Any | Type::JsonText) | None => return Ok(()),
        Some(Type::List(list)) if same_kind(element, list.element.present()) => return Ok(()),
        Some(Type::List(list)) => {
            format!("an element is {element}, which is never {}", list.element)
        }
        Some(other) => format!("`{name}` takes a list, not {other}"),
    };
    Err((Code::ExpressionType, message))
}

/// Refuses keys that elements cannot be sorted by.
fn sorts(key: &Type) -> Result<(), (Code, String)> {
    match key.present() {
        Type::Text(_) | Type::Boolean => {}
        ty if has_order(ty) => {}
        ty => {
            let message =
                format!("`sort` needs a key that has an order, not {ty}; name an attribute");
            return Err((Code::ExpressionType, message));
        }
    }
    elements_are_there("sort", key)
}

/// Refuses an attribute that cannot have the value that is asked for, or is no boolean where none is.
fn selects(key: &Type, value: Option<&(&Expr, Type)>) -> Result<(), (Code, String)> {
    let message = match value {
        Some((_, ty)) if !matches!(ty.present(), Type::Absent) && !same_kind(key, ty) => {
            format!("the attribute is {}, which is never {ty}", key.present())
        }
        None if !matches!(key.present(), Type::Boolean | Type::Any) => {
            format!(
                "the attribute is {}, name the value that it is to have",
                key.present()
            )
        }
        _ => return Ok(()),
    };
    Err((Code::ExpressionType, message))
}

fn round(digits: Option<&(&Expr, Type)>) -> Result<Type, (Code, String)> {
    match digits.map(|(_, ty)| ty.present()) {
        None => Ok(Type::integer()),
        Some(Type::Integer(..) | Type::Any) => Ok(Type::number()),
        Some(other) => Err((
            Code::ExpressionType,
            format!("`round` takes a number of digits, not {other}"),
        )),
    }
}

fn of_text(name: &str, arguments: &[Given<'_>]) -> Result<(), (Code, String)> {
    texts_are_due(name, arguments)?;
    match arguments.first() {
        Some(Some((expr, _))) if name == "arn" => match &expr.kind {
            ExprKind::Constant(Value::Text(part)) if !texts::ARN_PARTS.contains(&part.as_ref()) => {
                let message = texts::no_arn_part(part);
                Err((Code::ExpressionType, message))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The type of the attribute that an argument names.
fn attribute(element: &Type, argument: Option<&(&Expr, Type)>) -> Result<Type, (Code, String)> {
    let Some((expr, named)) = argument else {
        return Ok(element.clone());
    };
    let ExprKind::Constant(Value::Text(path)) = &expr.kind else {
        return match named.present() {
            Type::Text(_) | Type::Any => Ok(Type::Any),
            other => Err((
                Code::ExpressionType,
                format!("an attribute is named by text, not {other}"),
            )),
        };
    };
    let mut ty = element.clone();
    for name in path.split('.') {
        let optional = matches!(ty, Type::Optional(_));
        let next = match ty.present() {
            Type::Structure(structure) => match structure.member(name) {
                Some(member) if member.required => member.ty,
                Some(member) => member.ty.optional(),
                None => {
                    let problem = super::infer::unknown_member(
                        structure.as_ref(),
                        name,
                        crate::span::Span::default(),
                    );
                    let help = problem
                        .help
                        .map(|help| format!("; {help}"))
                        .unwrap_or_default();
                    return Err((problem.code, format!("{}{help}", problem.message)));
                }
            },
            Type::Map(inner) => inner.as_ref().clone().optional(),
            Type::Any | Type::JsonText => Type::Any,
            other => {
                return Err((
                    Code::UnknownMember,
                    format!("{other} has no member `{name}`"),
                ));
            }
        };
        ty = if optional { next.optional() } else { next };
    }
    Ok(ty)
}
