//! The type of what is written, with its problems put into the list.

use super::problems::{Problems, helped};
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

/// The type of a node that a path leads to, and what is wrong with it and with what its filters compare.
pub(super) fn path(problems: &mut Problems, path: &Path, ty: &Type, scope: &dyn TypeScope) -> Type {
    let names = path.names.iter().map(|name| of_name(&name.path, scope));
    let (found, wrong) = path.review(ty, names.collect());
    for problem in wrong {
        let diagnostic = problems.error(problem.code, problem.span, problem.message);
        problems.push(helped(diagnostic, problem.suggestion));
    }
    found
}

/// The type of a dotted name; what it does not have, the rules on names say.
fn of_name(path: &[String], scope: &dyn TypeScope) -> Option<Type> {
    let (first, rest) = path.split_first()?;
    let mut ty = scope.name(first)?;
    for name in rest {
        ty = match ty.present() {
            Type::Structure(structure) => structure.member(name)?.known(),
            _ => return None,
        };
    }
    Some(ty)
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
