//! What is known where a condition is asked.

use super::domain::{Constant, Domain, Relation};
use super::{canonical, relation};
use crate::expression::{CompareOp, Expr, ExprKind, TypeScope, infer};
use std::collections::HashMap;

/// What must be true for a condition to be asked at all.
#[derive(Debug, Clone, Default)]
pub(in crate::check) struct Facts {
    known: HashMap<String, Domain>,
}

impl Facts {
    /// Adds that a condition is true, or false.
    pub(in crate::check) fn assume(&mut self, expr: &Expr, truth: bool, scope: &dyn TypeScope) {
        match (&expr.kind, truth) {
            (ExprKind::Not(inner), _) => self.assume(inner, !truth, scope),
            (ExprKind::And(left, right), true) | (ExprKind::Or(left, right), false) => {
                self.assume(left, truth, scope);
                self.assume(right, truth, scope);
            }
            (ExprKind::Compare(first, rest), _) if truth || rest.len() == 1 => {
                let mut left = first.as_ref();
                for (op, right) in rest {
                    if let Some((subject, relation)) = relation(*op, left, right) {
                        let relation = if truth { relation } else { relation.opposite() };
                        self.narrow(subject, &relation, scope);
                    }
                    left = right;
                }
            }
            (ExprKind::Name(_) | ExprKind::Member(..), _) => {
                let relation = Relation::OneOf(vec![Constant::Boolean(truth)]);
                self.narrow(expr, &relation, scope);
            }
            _ => {}
        }
    }

    /// Adds that a comparison is true.
    pub(super) fn compared(
        &mut self,
        op: CompareOp,
        left: &Expr,
        right: &Expr,
        scope: &dyn TypeScope,
    ) {
        if let Some((subject, relation)) = relation(op, left, right) {
            self.narrow(subject, &relation, scope);
        }
    }

    /// Adds that a name is false.
    pub(in crate::check) fn is_false(&mut self, name: String) {
        self.known.insert(
            name,
            Domain::Truths {
                yes: false,
                no: true,
            },
        );
    }

    fn narrow(&mut self, subject: &Expr, relation: &Relation, scope: &dyn TypeScope) {
        if let Some(name) = canonical(subject) {
            let domain = self.domain(subject, scope).with(relation);
            self.known.insert(name, domain);
        }
    }

    /// Leaves out names that mean something else in another step.
    pub(in crate::check) fn keep_global(&mut self) {
        const ROOTS: [&str; 6] = [
            "inputs.",
            "cause.",
            "check.",
            "symptom.",
            "diagnose.",
            "resolve.",
        ];
        self.known.retain(|name, _| {
            let name = name.strip_prefix("length<>(").unwrap_or(name);
            ROOTS.iter().any(|root| name.starts_with(root)) && !name.contains('<')
        });
    }

    /// The values that an expression can have.
    pub(in crate::check) fn domain(&self, subject: &Expr, scope: &dyn TypeScope) -> Domain {
        if let Some(known) = canonical(subject).and_then(|name| self.known.get(&name)) {
            return known.clone();
        }
        match &subject.kind {
            ExprKind::Filter { name, .. } if name == "length" => Domain::count(None),
            ExprKind::Constant(_) => Domain::Any,
            _ => Domain::of_type(infer(subject, scope).0.present(), is_exact(subject)),
        }
    }

    /// The one truth that a name can have.
    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        self.known.get(name).and_then(Domain::truth)
    }

    /// What is known contradicts itself.
    pub(in crate::check) fn impossible(&self) -> bool {
        self.known.values().any(Domain::is_empty)
    }
}

/// Values that have no others than their type says: inputs, and how a step ended.
fn is_exact(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Member(inner, name) => {
            name == "status" && matches!(inner.kind, ExprKind::Name(_))
                || matches!(&inner.kind, ExprKind::Name(root) if root == "inputs")
        }
        _ => false,
    }
}
