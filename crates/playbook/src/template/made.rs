//! Mappings that expressions make, against the structures that are due: `${{ names | map('wrap', 'IndexName') }}`.

use super::check::accepts;
use super::literal::due as what_is_due;
use crate::diagnostic::Code;
use crate::expression::{Problem, is_literal, unknown_member};
use crate::span::Span;
use crate::types::{Structure, Type};

/// How deep is looked.
const MAX_DEPTH: usize = 8;

/// Finds members that are not due, of another type, or missing.
pub(super) fn check(due: &Type, given: &Type, span: Span, problems: &mut Vec<Problem>) {
    walk(due, given, span, MAX_DEPTH, problems);
}

fn walk(due: &Type, given: &Type, span: Span, depth: usize, problems: &mut Vec<Problem>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match (due.present(), given.present()) {
        (Type::List(due), Type::List(given)) => {
            walk(&due.element, &given.element, span, depth, problems);
        }
        (Type::Structure(due), Type::Structure(given)) if is_literal(given.as_ref()) => {
            structure(due.as_ref(), given.as_ref(), span, depth, problems);
        }
        _ => {}
    }
}

fn structure(
    due: &dyn Structure,
    given: &dyn Structure,
    span: Span,
    depth: usize,
    problems: &mut Vec<Problem>,
) {
    let names = given.member_names();
    for name in &names {
        let (Some(member), Some(value)) = (due.member(name), given.member(name)) else {
            let mut problem = unknown_member(due, name, span);
            problem.code = Code::UnknownArgument;
            problems.push(problem);
            continue;
        };
        if accepts(&member.ty, &value.ty) {
            walk(&member.ty, &value.ty, span, depth, problems);
        } else {
            let message = format!(
                "`{name}`: {} is due, this is {}",
                what_is_due(&member.ty),
                value.ty.present()
            );
            problems.push(Problem::new(Code::ArgumentType, span, message));
        }
    }
    for name in due.member_names() {
        let missing = !names.contains(&name)
            && due
                .member(&name)
                .is_some_and(|member| member.required && !member.idempotency_token);
        if missing {
            let message = format!("{} needs `{name}`", due.name());
            problems.push(Problem::new(Code::MissingArgument, span, message));
        }
    }
    if due.is_union() && names.len() != 1 {
        let message = format!("{} takes exactly one of its members", due.name());
        problems.push(Problem::new(Code::ArgumentType, span, message));
    }
}
