//! Types of comparisons and calculations.

use super::relation::{has_order, is_secret, join, may_contain, same_kind};
use super::{Inference, Problem};
use crate::diagnostic::Code;
use crate::expression::tree::{Arithmetic, CompareOp, Expr, ExprKind};
use crate::expression::{arithmetic, closest, compare};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

impl Inference<'_> {
    /// Comparisons in a row: each pair must hold.
    pub(super) fn chain(&mut self, first: &Expr, rest: &[(CompareOp, Expr)]) -> Type {
        let mut left_type = self.of(first);
        let mut left = first;
        for (op, right) in rest {
            let right_type = self.of(right);
            self.compare(*op, (left, &left_type), (right, &right_type));
            left = right;
            left_type = right_type;
        }
        Type::Boolean
    }

    fn compare(&mut self, op: CompareOp, left: (&Expr, &Type), right: (&Expr, &Type)) {
        let sign = format!("`{}`", compare::sign(op));
        self.require_present(left.0, left.1, &sign);
        self.require_present(right.0, right.1, &sign);
        let span = Span::new(left.0.span.start, right.0.span.end.max(left.0.span.end));
        let (a, b) = (left.1.present(), right.1.present());
        if is_secret(a) || is_secret(b) {
            self.mistype(span, "a secret cannot be compared");
            return;
        }
        if matches!(a, Type::Any | Type::Absent) || matches!(b, Type::Any | Type::Absent) {
            return;
        }
        match op {
            CompareOp::In | CompareOp::NotIn => {
                if !may_contain(b, a) {
                    self.mistype(span, format!("{sign} does not look for {a} in {b}"));
                } else if let Type::List(list) = b {
                    self.literal_of(left.0, list.element.present());
                    if let ExprKind::List(items) = &right.0.kind {
                        for item in items {
                            self.literal_of(item, a);
                        }
                    }
                }
            }
            _ if !same_kind(a, b) => self.mistype(span, format!("{sign} compares {a} with {b}")),
            CompareOp::Equal | CompareOp::NotEqual => {
                self.literal_of(left.0, b);
                self.literal_of(right.0, a);
            }
            _ if !has_order(a) => self.mistype(
                span,
                format!("{sign} orders numbers, timestamps and durations, not {a}"),
            ),
            _ => {}
        }
    }

    /// A literal that looks like a misspelt value of an enumeration. Results may have values that are not listed.
    fn literal_of(&mut self, literal: &Expr, other: &Type) {
        let (ExprKind::Constant(Value::Text(text)), Type::Text(rule)) = (&literal.kind, other)
        else {
            return;
        };
        if rule.values.is_empty()
            || rule
                .values
                .iter()
                .any(|value| value.as_str() == text.as_ref())
        {
            return;
        }
        if let Some(guess) = closest(text, rule.values.iter().map(String::as_str)) {
            self.push(
                Problem::new(
                    Code::ExpressionType,
                    literal.span,
                    format!("`{text}` is not among its values"),
                )
                .help(format!("did you mean `{guess}`?")),
            );
        }
    }

    pub(super) fn calculate(
        &mut self,
        op: Arithmetic,
        left: &Type,
        right: &Type,
        span: Span,
    ) -> Type {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        match (left, op, right) {
            (Type::Any | Type::Absent, _, _) | (_, _, Type::Any | Type::Absent) => Type::Any,
            (Type::Integer(..) | Type::Number(_), Divide, Type::Integer(..) | Type::Number(_)) => {
                Type::number()
            }
            (Type::Integer(..), _, Type::Integer(..)) => Type::integer(),
            (Type::Integer(..) | Type::Number(_), _, Type::Integer(..) | Type::Number(_))
            | (Type::Duration, Divide, Type::Duration) => Type::number(),
            (Type::Timestamp(_), Add | Subtract, Type::Duration)
            | (Type::Duration, Add, Type::Timestamp(_)) => Type::timestamp(),
            (Type::Timestamp(_), Subtract, Type::Timestamp(_))
            | (Type::Duration, Add | Subtract, Type::Duration)
            | (Type::Duration, Multiply | Divide, Type::Integer(..) | Type::Number(_))
            | (Type::Integer(..) | Type::Number(_), Multiply, Type::Duration) => Type::Duration,
            (Type::List(left), Add, Type::List(right)) => {
                Type::list(join(&left.element, &right.element))
            }
            (Type::Text(_), Add, Type::Text(_)) => {
                self.push(
                    Problem::new(Code::ExpressionType, span, "`+` does not join texts")
                        .help("texts are joined with `~`"),
                );
                Type::text()
            }
            _ => {
                let sign = arithmetic::sign(op);
                self.mistype(
                    span,
                    format!("`{sign}` does not work on {left} and {right}"),
                );
                Type::Any
            }
        }
    }
}
