//! Data against the types of their places, before anything runs.

use super::literal::{check_count, due, read_scalar};
use super::{Data, Part, made, pieces};
use crate::diagnostic::Code;
use crate::expression::{Problem, TypeScope, infer, no_text, same_kind, unknown_member};
use crate::span::Spanned;
use crate::types::{Structure, Type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Finds what is wrong with data that stands where the given type is due: arguments, defaults, operands.
#[must_use]
pub fn check_data(data: &Spanned<Data>, ty: &Type, scope: &dyn TypeScope) -> Vec<Problem> {
    let mut problems = Vec::new();
    check(data, ty, scope, &mut problems);
    problems
}

/// Whether a computed value of a type can stand where another is due. Absent can stand anywhere: it is left out.
#[must_use]
pub fn accepts(due: &Type, given: &Type) -> bool {
    match (due.present(), given.present()) {
        (Type::Text(rule), Type::Integer(..) | Type::Number(_)) => rule.numeric,
        (Type::Any | Type::Absent, _)
        | (_, Type::Any | Type::Absent)
        | (Type::Text(_) | Type::Blob | Type::JsonText, Type::Secret)
        | (Type::Text(_), Type::Timestamp(_) | Type::Duration)
        | (Type::Integer(_, Some(_)), Type::Timestamp(_))
        | (Type::Secret | Type::Timestamp(_) | Type::Duration, Type::Text(_))
        | (
            Type::JsonText,
            Type::Text(_) | Type::List(_) | Type::Map(_) | Type::Structure(_) | Type::JsonText,
        ) => true,
        (Type::List(due), Type::List(given)) => accepts(&due.element, &given.element),
        (Type::Map(due), Type::Map(given)) => accepts(due, given),
        (Type::Map(due), Type::Structure(given)) => given
            .member_names()
            .iter()
            .filter_map(|name| given.member(name))
            .all(|member| accepts(due, &member.ty)),
        (due, given) => same_kind(due, given),
    }
}

fn check(data: &Spanned<Data>, ty: &Type, scope: &dyn TypeScope, problems: &mut Vec<Problem>) {
    let mistype = |message: String| Problem::new(Code::ArgumentType, data.span, message);
    match (&data.value, ty.present()) {
        (Data::Scalar(scalar), _) => {
            if let Err(message) = read_scalar(scalar, ty) {
                let problem = mistype(message);
                problems.push(match ty.present() {
                    Type::Blob => problem.help(as_base64(&scalar.text)),
                    _ => problem,
                });
            }
        }
        (Data::Expression(expression), _) => {
            let (given, found) = infer(&expression.root, scope);
            problems.extend(found);
            if accepts(ty, &given) {
                made::check(ty, &given, expression.span, problems);
            } else {
                let message = format!("{} is due, this is {}", due(ty), given.present());
                problems.push(Problem::new(Code::ArgumentType, expression.span, message));
            }
        }
        (Data::Text(template), present) => {
            for part in &template.parts {
                let Part::Expression(expression) = part else {
                    continue;
                };
                let (given, found) = infer(&expression.root, scope);
                problems.extend(found);
                let wrong = match &given {
                    Type::Optional(_) | Type::Absent => Some(
                        Problem::new(
                            Code::MaybeAbsent,
                            expression.span,
                            "a value that may be absent stands in a text",
                        )
                        .help("give it a `default(…)`"),
                    ),
                    given => no_text(given).map(|message| {
                        Problem::new(Code::ExpressionType, expression.span, message)
                    }),
                };
                problems.extend(wrong);
            }
            if let Type::Text(rule) = present
                && let Some(message) = pieces::misfit(template, rule, scope)
            {
                problems.push(mistype(message));
            }
            if matches!(
                present,
                Type::Boolean | Type::List(_) | Type::Map(_) | Type::Structure(_)
            ) {
                problems.push(mistype(format!("{} is due, this is text", due(ty))));
            }
        }
        (Data::List(items), Type::List(list)) => {
            for item in items {
                check(item, &list.element, scope, problems);
            }
            // A template among the elements may be absent and fall away: then there may be fewer elements, never more.
            let fixed = items
                .iter()
                .all(|item| !matches!(item.value, Data::Expression(_)));
            let max = list.max.filter(|_| fixed);
            if let Err(message) = check_count(items.len(), list.min, max) {
                problems.push(mistype(message));
            }
        }
        (Data::List(items), Type::Any | Type::JsonText) => {
            for item in items {
                check(item, &Type::Any, scope, problems);
            }
        }
        (Data::Map(entries), Type::Any | Type::JsonText) => {
            for (_, value) in entries {
                check(value, &Type::Any, scope, problems);
            }
        }
        (Data::Map(entries), Type::Map(inner)) => {
            for (_, value) in entries {
                check(value, inner, scope, problems);
            }
        }
        (Data::Map(entries), Type::Structure(structure)) => {
            check_structure(data, entries, structure.as_ref(), scope, problems);
        }
        (Data::List(_), _) => problems.push(mistype(format!("{} is due, this is a list", due(ty)))),
        (Data::Map(_), _) => {
            problems.push(mistype(format!("{} is due, this is a mapping", due(ty))));
        }
    }
}

/// The longest text whose base64 is written out, in bytes.
const LONGEST_WRITTEN: usize = 48;

/// What to write where base64 is due.
fn as_base64(text: &str) -> String {
    if text.len() <= LONGEST_WRITTEN {
        format!("this text in base64 is `{}`", STANDARD.encode(text))
    } else {
        "write what `base64 -w0 FILE` prints".to_owned()
    }
}

fn check_structure(
    data: &Spanned<Data>,
    entries: &[(Spanned<String>, Spanned<Data>)],
    structure: &dyn Structure,
    scope: &dyn TypeScope,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in entries {
        let Some(member) = structure.member(name) else {
            let mut problem = unknown_member(structure, name, name.span);
            problem.code = Code::UnknownArgument;
            problems.push(problem);
            continue;
        };
        check(value, &member.ty, scope, problems);
        if member.required
            && !member.idempotency_token
            && let Data::Expression(expression) = &value.value
            && let Type::Optional(_) | Type::Absent = infer(&expression.root, scope).0
        {
            let message = format!("`{}` must be given, and this may be absent", name.value);
            let problem = Problem::new(Code::MaybeAbsent, expression.span, message);
            problems.push(problem.help("give it a `default(…)`"));
        }
    }
    let given = |name: &str| entries.iter().any(|(key, _)| key.value == name);
    for name in structure.member_names() {
        let missing = structure
            .member(&name)
            .is_some_and(|member| member.required && !member.idempotency_token && !given(&name));
        if missing {
            problems.push(Problem::new(
                Code::MissingArgument,
                data.span,
                format!("{} needs `{name}`", structure.name()),
            ));
        }
    }
    if structure.is_union() && entries.len() != 1 {
        problems.push(Problem::new(
            Code::ArgumentType,
            data.span,
            format!("{} takes exactly one of its members", structure.name()),
        ));
    }
}
