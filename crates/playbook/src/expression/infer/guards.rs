//! What a guard says about its branch: names that are there.

use super::Inference;
use super::relation::join;
use crate::expression::tree::{Expr, ExprKind};
use crate::types::Type;
use crate::value::Value;
use std::collections::HashSet;

impl Inference<'_> {
    pub(super) fn connect(&mut self, left: &Expr, right: &Expr, and: bool) -> Type {
        self.condition(left);
        self.guarded(left, and, |this| this.condition(right));
        Type::Boolean
    }

    /// Runs something with what is known to be there when the guard is true (or false).
    fn guarded<T>(&mut self, guard: &Expr, truth: bool, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.present.clone();
        narrow(guard, truth, &mut self.present);
        let result = run(self);
        self.present = before;
        result
    }

    pub(super) fn choice(&mut self, test: &Expr, then: &Expr, otherwise: Option<&Expr>) -> Type {
        let ty = self.of(test);
        if !matches!(
            ty.present(),
            Type::Boolean
                | Type::Any
                | Type::List(_)
                | Type::Map(_)
                | Type::Structure(_)
                | Type::Text(_)
                | Type::Absent
        ) {
            self.mistype(
                test.span,
                format!("the condition of `if` is a boolean, or text, a list or a mapping that may be empty; this is {ty}"),
            );
        } else if matches!(&ty, Type::Optional(inner) if matches!(inner.present(), Type::Boolean)) {
            self.require_present(test, &ty, "a condition");
        }
        let then = self.guarded(test, true, |this| this.of(then));
        let otherwise = self.guarded(test, false, |this| {
            otherwise.map_or(Type::Absent, |otherwise| this.of(otherwise))
        });
        join(&then, &otherwise)
    }
}

/// Adds the chains of names that are there when the guard has the given truth.
fn narrow(guard: &Expr, truth: bool, present: &mut HashSet<Vec<String>>) {
    match (&guard.kind, truth) {
        (ExprKind::Not(inner), truth) => narrow(inner, !truth, present),
        (ExprKind::And(left, right), true) | (ExprKind::Or(left, right), false) => {
            narrow(left, truth, present);
            narrow(right, truth, present);
        }
        // What is absent is undefined and empty, and passes no other test.
        (ExprKind::Test { name, input, .. }, truth)
            if truth != matches!(name.as_str(), "undefined" | "empty") =>
        {
            found(input, present);
        }
        (ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Index(..), true) => {
            found(guard, present);
        }
        _ => {}
    }
}

/// A member that is there has parents that are.
fn found(expr: &Expr, present: &mut HashSet<Vec<String>>) {
    let mut path = chain(expr).unwrap_or_default();
    while !path.is_empty() {
        present.insert(path.clone());
        path.pop();
    }
}

/// The chain of names and fixed indexes that an expression is, if it is one: `tasks[0].cpu`.
pub(super) fn chain(expr: &Expr) -> Option<Vec<String>> {
    let (inner, link) = match &expr.kind {
        ExprKind::Name(name) => return Some(vec![name.clone()]),
        ExprKind::Member(inner, name) => (inner, name.clone()),
        ExprKind::Index(inner, index) => (inner, fixed(index)?),
        _ => return None,
    };
    let mut chain = chain(inner)?;
    chain.push(link);
    Some(chain)
}

fn fixed(index: &Expr) -> Option<String> {
    match &index.kind {
        ExprKind::Constant(Value::Text(name)) => Some(name.as_ref().to_owned()),
        ExprKind::Constant(Value::Integer(place)) => Some(format!("[{place}]")),
        ExprKind::Negate(inner) => match inner.kind {
            ExprKind::Constant(Value::Integer(place)) => Some(format!("[-{place}]")),
            _ => None,
        },
        _ => None,
    }
}
