//! Assertions ask something that can be asked of what they look at.

use super::index::{Index, StepId};
use super::names::Viewpoint;
use super::problems::Problems;
use super::types::Types;
use super::typing;
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::expression::TypeScope;
use crate::span::{Span, Spanned};
use crate::syntax::assertion::{Assertion, Predicate, Subject};
use crate::syntax::step::Work;
use crate::types::Type;

/// Checks `require`, `assert`, `causes` and `until` of every step.
pub(super) fn check(index: &Index<'_>, types: &Types<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        let step = entry.step;
        let finders = step.causes.iter().flat_map(|finder| &finder.assertions);
        let until = step.until.iter().flat_map(|until| &until.assertions);
        for assertion in step
            .require
            .iter()
            .chain(&step.assert)
            .chain(finders)
            .chain(until)
        {
            one(index, types, problems, id, assertion);
        }
    }
}

/// What predicates look at.
struct Looked {
    /// The type of one node, or of the value.
    ty: Type,
    /// There may be several nodes.
    many: bool,
}

fn one(
    index: &Index<'_>,
    types: &Types<'_>,
    problems: &mut Problems,
    step: StepId,
    assertion: &Assertion,
) {
    let scope = types.from(Viewpoint::Step(step, Moment::End));
    let looked = match &assertion.subject {
        Subject::That(condition) => {
            typing::condition(problems, condition, &scope);
            None
        }
        Subject::Value(expression) => {
            let ty = typing::expression(problems, expression, &scope);
            Some(Looked { ty, many: false })
        }
        Subject::Path(path) if matches!(index.entry(step).step.work, Work::Action(_)) => {
            let ty = typing::path(problems, path, &types.result(step), &scope);
            Some(Looked {
                ty,
                many: !path.singular,
            })
        }
        Subject::Path(_) => None,
    };
    if let Some(looked) = &looked {
        predicates(problems, looked, &assertion.predicates, &scope);
    }
    if let Some(message) = &assertion.message {
        typing::data(problems, message, &Type::text(), &scope);
    }
}

fn predicates(
    problems: &mut Problems,
    looked: &Looked,
    predicates: &[Spanned<Predicate>],
    scope: &dyn TypeScope,
) {
    for predicate in predicates {
        one_predicate(problems, looked, predicate, scope);
    }
}

fn one_predicate(
    problems: &mut Problems,
    looked: &Looked,
    predicate: &Spanned<Predicate>,
    scope: &dyn TypeScope,
) {
    let ty = looked.ty.present();
    let span = predicate.span;
    match &predicate.value {
        Predicate::Any(inner) | Predicate::All(inner) | Predicate::None(inner) => {
            if let Some(ty) = elements(problems, looked, span) {
                predicates(problems, &Looked { ty, many: false }, inner, scope);
            }
        }
        Predicate::Count(inner) => {
            if elements(problems, looked, span).is_some() {
                let ty = Type::integer();
                predicates(problems, &Looked { ty, many: false }, inner, scope);
            }
        }
        Predicate::Empty(_) => {
            if !matches!(ty, Type::Text(_) | Type::JsonText | Type::Structure(_)) {
                elements(problems, looked, span);
            }
        }
        Predicate::Exists(_) => {}
        _ if looked.many => problems.push(
            problems
                .error(
                    Code::ExpressionType,
                    span,
                    "this path can lead to several values, and the predicate asks about one",
                )
                .help("ask `any: {…}`, `all: {…}`, `none: {…}` or `count: {…}`"),
        ),
        Predicate::Equals(operand) | Predicate::NotEquals(operand) => {
            typing::data(problems, operand, &ty.unbounded(), scope);
        }
        Predicate::Lt(operand)
        | Predicate::Lte(operand)
        | Predicate::Gt(operand)
        | Predicate::Gte(operand) => {
            if ordered(ty) {
                typing::data(problems, operand, &ty.unbounded(), scope);
            } else {
                problems.push(
                    problems
                        .error(
                            Code::ExpressionType,
                            span,
                            format!("only numbers, timestamps and durations have an order, and this is {ty}"),
                        )
                        .help("compare `count: {…}`, or capture the value with `as: number`"),
                );
            }
        }
        Predicate::In(operand) => {
            typing::data(problems, operand, &Type::list(ty.unbounded()), scope);
        }
        Predicate::Contains(operand) => match ty {
            Type::Any => typing::data(problems, operand, &Type::Any, scope),
            Type::List(list) => {
                typing::data(problems, operand, &list.element.unbounded(), scope);
            }
            Type::Map(_) | Type::Structure(_) => {
                typing::data(problems, operand, &Type::text(), scope);
            }
            _ if is_text(ty) => typing::data(problems, operand, &Type::text(), scope),
            other => problems.push(problems.error(
                Code::ExpressionType,
                span,
                format!("lists, texts and mappings contain something, and this is {other}"),
            )),
        },
        Predicate::StartsWith(operand) | Predicate::EndsWith(operand) => {
            text(problems, ty, span);
            typing::data(problems, operand, &Type::text(), scope);
        }
        Predicate::Matches(_) => text(problems, ty, span),
        Predicate::Type(_) => {}
    }
}

/// The type of the nodes, or of the elements of the one list; a problem where there is neither.
fn elements(problems: &mut Problems, looked: &Looked, span: Span) -> Option<Type> {
    if looked.many {
        return Some(looked.ty.clone());
    }
    match looked.ty.present() {
        Type::Any => Some(Type::Any),
        Type::List(list) => Some(list.element.clone()),
        Type::Map(value) => Some(value.as_ref().clone()),
        other => {
            problems.push(
                problems
                    .error(
                        Code::ExpressionType,
                        span,
                        format!("this asks about several values, and there is only one: {other}"),
                    )
                    .help(
                        "ask about the value itself, or use a path that leads to many: `$.list[*]`",
                    ),
            );
            None
        }
    }
}

fn text(problems: &mut Problems, ty: &Type, span: Span) {
    if matches!(ty, Type::Any) || is_text(ty) {
        return;
    }
    problems.push(
        problems
            .error(
                Code::ExpressionType,
                span,
                format!("this predicate asks about text, and this is {ty}"),
            )
            .help("compare with `equals`, or capture the value with `as: text`"),
    );
}

fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Text(_) | Type::JsonText | Type::Blob)
}

fn ordered(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Any | Type::Integer(..) | Type::Number(_) | Type::Timestamp(_) | Type::Duration
    )
}
