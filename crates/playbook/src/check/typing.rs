//! The type of what is written, with its problems put into the list.

use super::problems::{Problems, helped};
use crate::diagnostic::Code;
use crate::expression::{Expression, Problem, TypeScope, infer, infer_condition};
use crate::jsonpath::Path;
use crate::span::Spanned;
use crate::template::{Data, check_data};
use crate::types::Type;

/// The type of an expression.
pub(super) fn expression(
    problems: &mut Problems,
    expression: &Expression,
    scope: &dyn TypeScope,
) -> Type {
    let (ty, found) = infer(&expression.root, scope);
    report(problems, found);
    ty
}

/// A condition must be true, false or unknown.
pub(super) fn condition(problems: &mut Problems, condition: &Expression, scope: &dyn TypeScope) {
    report(problems, infer_condition(&condition.root, scope));
}

/// The type of a node that a path leads to.
pub(super) fn path(problems: &mut Problems, path: &Path, ty: &Type) -> Type {
    path.infer(ty).unwrap_or_else(|found| {
        for problem in found {
            let diagnostic = problems.error(Code::UnknownMember, problem.span, problem.message);
            problems.push(helped(diagnostic, problem.suggestion));
        }
        Type::Any
    })
}

/// Data must fit a type.
pub(super) fn data(
    problems: &mut Problems,
    data: &Spanned<Data>,
    ty: &Type,
    scope: &dyn TypeScope,
) {
    let found = check_data(data, ty, scope);
    report(problems, found);
}

fn report(problems: &mut Problems, found: Vec<Problem>) {
    for problem in found {
        if problems.has_error_at(problem.span) {
            continue;
        }
        let diagnostic = problems.error(problem.code, problem.span, problem.message);
        problems.push(helped(diagnostic, problem.help));
    }
}
