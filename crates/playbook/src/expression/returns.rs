//! What functions, filters and tests take and give, as types.

use super::functions::{Builtin, BuiltinKind};
use super::infer::{join, no_text};
use super::texts;
use super::tree::{Expr, ExprKind};
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
            if !matches!(argument(0), Some(Type::List(_) | Type::Any)) {
                return wrong(format!("`{}` takes a list", builtin.name));
            }
            Ok(match builtin.name {
                "trend" => ["per_hour", "first", "last", "r2"]
                    .into_iter()
                    .fold(Record::new("trend"), |record, name| {
                        record.required(name, Type::number())
                    })
                    .build(),
                "forecast" => Type::Duration.optional(),
                _ => Type::number(),
            })
        }
        (BuiltinKind::Function, "min" | "max") => Ok(match (argument(0), arguments.len()) {
            (Some(Type::List(list)), 1) => list.element.present().clone(),
            _ => arguments
                .iter()
                .flatten()
                .map(|(_, ty)| ty.present().clone())
                .reduce(|left, right| join(&left, &right))
                .unwrap_or(Type::Any),
        }),
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
    let ty = match (name, input.present()) {
        ("default", present) => {
            let other = first.map_or(Type::Absent, |(_, ty)| ty.clone());
            match input {
                Type::Optional(_) => join(present, &other),
                Type::Absent => other,
                _ => present.clone(),
            }
        }
        ("tojson", _) => Type::text(),
        ("fromjson", Type::Text(_) | Type::Any) => Type::Any,
        ("text", ty) if no_text(ty).is_none() => Type::text(),
        ("round", Type::Integer(..) | Type::Number(_) | Type::Any) => match first {
            None => Type::integer(),
            Some(_) => Type::number(),
        },
        ("int", Type::Integer(..) | Type::Number(_) | Type::Text(_) | Type::Any) => Type::integer(),
        ("float", Type::Integer(..) | Type::Number(_) | Type::Text(_) | Type::Any) => {
            Type::number()
        }
        (
            "length",
            Type::List(_) | Type::Map(_) | Type::Structure(_) | Type::Text(_) | Type::Any,
        ) => Type::integer(),
        ("reverse", ty @ (Type::List(_) | Type::Any)) => ty.clone(),
        (
            "reverse" | "lower" | "upper" | "trim" | "replace" | "basename" | "arn",
            Type::Text(_) | Type::Any,
        ) => Type::text(),
        ("split", Type::Text(_) | Type::Any) => Type::list(Type::text()),
        ("keys", Type::Map(_) | Type::Structure(_) | Type::Any) => Type::list(Type::text()),
        ("values", Type::Map(inner)) => Type::list(inner.as_ref().clone()),
        ("values", Type::Structure(_) | Type::Any) => Type::list(Type::Any),
        ("join", Type::List(_) | Type::Any) => Type::text(),
        ("first" | "last", Type::List(list)) => list.element.clone().optional(),
        ("min" | "max" | "sum", Type::List(list)) => list.element.present().clone(),
        ("average", Type::List(list)) => match list.element.present() {
            Type::Duration => Type::Duration,
            Type::Integer(..) | Type::Number(_) => Type::number(),
            Type::Any => Type::Any,
            _ => return None,
        },
        ("sort" | "unique" | "select" | "reject", ty @ Type::List(list)) => {
            if let (false, Err(error)) = (name == "unique", attribute(&list.element, first)) {
                return Some(Err(error));
            }
            ty.clone()
        }
        ("map", Type::List(list)) => match attribute(&list.element, first) {
            Ok(ty) => Type::list(ty),
            Err(error) => return Some(Err(error)),
        },
        (
            "first" | "last" | "min" | "max" | "sum" | "average" | "sort" | "unique" | "select"
            | "reject" | "map",
            Type::Any,
        ) => Type::Any,
        _ => return None,
    };
    Some(Ok(ty))
}

/// The type of the attribute that an argument names.
fn attribute(element: &Type, argument: Option<&(&Expr, Type)>) -> Result<Type, (Code, String)> {
    let Some((
        Expr {
            kind: ExprKind::Constant(Value::Text(names)),
            ..
        },
        _,
    )) = argument
    else {
        return Ok(Type::Any);
    };
    let mut ty = element.clone();
    for name in names.split('.') {
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
