//! What is certain of a condition before a run: that it is never true, or always.
//!
//! Nothing is guessed: a condition is certain only where its own words, the types of what it looks at, and what must be
//! true for it to be asked at all leave no other way.

mod domain;
mod facts;

pub(super) use domain::{Constant, Domain, Relation};
pub(super) use facts::Facts;

use crate::expression::{CompareOp, Expr, ExprKind, TypeScope, children, infer};
use crate::types::Type;
use crate::value::Value;

/// How certain a condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certainty {
    /// True whenever it is known.
    Always,
    /// Never true.
    Never,
    /// It depends.
    Open,
}

impl Certainty {
    fn of(truth: bool) -> Self {
        if truth { Self::Always } else { Self::Never }
    }

    fn not(self) -> Self {
        match self {
            Self::Always => Self::Never,
            Self::Never => Self::Always,
            Self::Open => Self::Open,
        }
    }
}

/// Decides a condition, given what is known where it is asked.
pub(super) fn decide(expr: &Expr, facts: &Facts, scope: &dyn TypeScope) -> Certainty {
    match &expr.kind {
        ExprKind::Constant(Value::Boolean(truth)) => Certainty::of(*truth),
        ExprKind::Not(inner) => decide(inner, facts, scope).not(),
        ExprKind::And(left, right) => both(left, right, true, facts, scope),
        ExprKind::Or(left, right) => both(left, right, false, facts, scope).not(),
        ExprKind::Compare(first, rest) => {
            let mut left = first.as_ref();
            let mut all = Certainty::Always;
            let mut facts = facts.clone();
            for (op, right) in rest {
                match compare(*op, left, right, &facts, scope) {
                    Certainty::Never => return Certainty::Never,
                    Certainty::Open => all = Certainty::Open,
                    Certainty::Always => {}
                }
                facts.compared(*op, left, right, scope);
                left = right;
            }
            all
        }
        ExprKind::Test { name, input, .. } if matches!(name.as_str(), "defined" | "undefined") => {
            if is_there(input, scope) {
                Certainty::of(name == "defined")
            } else {
                Certainty::Open
            }
        }
        ExprKind::Name(_) | ExprKind::Member(..) => canonical(expr)
            .and_then(|name| facts.truth(&name))
            .map_or(Certainty::Open, Certainty::of),
        _ => Certainty::Open,
    }
}

/// `left and right`, or its opposite `not left and not right` for an `or`.
fn both(left: &Expr, right: &Expr, truth: bool, facts: &Facts, scope: &dyn TypeScope) -> Certainty {
    let as_asked = |certainty: Certainty| if truth { certainty } else { certainty.not() };
    let first = as_asked(decide(left, facts, scope));
    let mut then = facts.clone();
    then.assume(left, truth, scope);
    let second = as_asked(decide(right, &then, scope));
    match (first, second) {
        (Certainty::Never, _) | (_, Certainty::Never) => Certainty::Never,
        (Certainty::Always, Certainty::Always) => Certainty::Always,
        _ if then.impossible() => Certainty::Never,
        _ => Certainty::Open,
    }
}

fn compare(
    op: CompareOp,
    left: &Expr,
    right: &Expr,
    facts: &Facts,
    scope: &dyn TypeScope,
) -> Certainty {
    if let (Some(one), Some(other)) = (canonical(left), canonical(right))
        && one == other
        && constant(left).is_none()
        && !matches!(op, CompareOp::In | CompareOp::NotIn)
        && is_there(left, scope)
    {
        return Certainty::of(matches!(
            op,
            CompareOp::Equal | CompareOp::LessOrEqual | CompareOp::GreaterOrEqual
        ));
    }
    let Some((subject, relation)) = relation(op, left, right) else {
        return Certainty::Open;
    };
    if let Some(value) = constant(subject) {
        return relation.of_constant(&value);
    }
    let domain = facts.domain(subject, scope);
    if domain.with(&relation).is_empty() {
        Certainty::Never
    } else if domain.with(&relation.opposite()).is_empty() {
        Certainty::Always
    } else {
        Certainty::Open
    }
}

/// What a comparison says of the side that is no constant.
pub(super) fn relation<'e>(
    op: CompareOp,
    left: &'e Expr,
    right: &'e Expr,
) -> Option<(&'e Expr, Relation)> {
    if matches!(op, CompareOp::In | CompareOp::NotIn) {
        let ExprKind::List(items) = &right.kind else {
            return None;
        };
        let values = items.iter().map(constant).collect::<Option<Vec<_>>>()?;
        let relation = if op == CompareOp::In {
            Relation::OneOf(values)
        } else {
            Relation::NoneOf(values)
        };
        return Some((left, relation));
    }
    if let Some(value) = constant(right) {
        return Some((left, Relation::compared(op, value)?));
    }
    let value = constant(left)?;
    Some((right, Relation::compared(mirrored(op), value)?))
}

fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        other => other,
    }
}

/// The value of an expression that always has the same one.
pub(super) fn constant(expr: &Expr) -> Option<Constant> {
    match &expr.kind {
        ExprKind::Constant(value) => Constant::of_value(value),
        ExprKind::Negate(inner) => match constant(inner)? {
            Constant::Number(number) => Some(Constant::Number(-number)),
            _ => None,
        },
        ExprKind::Call { name, arguments } if name == "duration" => {
            let [argument] = arguments.as_slice() else {
                return None;
            };
            match constant(&argument.value)? {
                Constant::Text(text) => {
                    let length = crate::duration::parse(&text).ok()?;
                    Some(Constant::Number(length.as_secs_f64()))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a value is surely there. Members of errors count as texts and are absent without one; an index may lack.
fn is_there(expr: &Expr, scope: &dyn TypeScope) -> bool {
    if !is_plain(expr) {
        return false;
    }
    let (ty, problems) = infer(expr, scope);
    problems.is_empty() && !matches!(ty, Type::Any | Type::Absent | Type::Optional(_))
}

/// A chain of names that leads to an input, a capture or a member of a result.
fn is_plain(expr: &Expr) -> bool {
    const STATES: [&str; 7] = [
        "error",
        "holds",
        "truncated",
        "run",
        "target",
        "before",
        "result",
    ];
    match &expr.kind {
        ExprKind::Name(name) => !STATES.contains(&name.as_str()),
        ExprKind::Member(inner, name) => !STATES.contains(&name.as_str()) && is_plain(inner),
        _ => false,
    }
}

/// A text that is the same for expressions that are the same, wherever they stand.
pub(super) fn canonical(expr: &Expr) -> Option<String> {
    let head = match &expr.kind {
        ExprKind::Constant(value) => format!("{value:?}"),
        ExprKind::Name(name) => return Some(name.clone()),
        ExprKind::Member(inner, name) => return Some(format!("{}.{name}", canonical(inner)?)),
        ExprKind::Index(..) => "[]".to_owned(),
        ExprKind::Negate(_) => "-".to_owned(),
        ExprKind::Arithmetic(op, ..) => format!("{op:?}"),
        ExprKind::Concat(..) => "~".to_owned(),
        ExprKind::Filter {
            name, arguments, ..
        } => named(name, arguments.iter().map(|argument| &argument.name)),
        ExprKind::Call { name, arguments } => {
            named(name, arguments.iter().map(|argument| &argument.name))
        }
        ExprKind::List(_) => "list".to_owned(),
        _ => return None,
    };
    let parts = children(expr)
        .into_iter()
        .map(canonical)
        .collect::<Option<Vec<_>>>()?;
    Some(format!("{head}({})", parts.join(",")))
}

fn named<'e>(name: &str, arguments: impl Iterator<Item = &'e Option<String>>) -> String {
    let given: Vec<&str> = arguments
        .map(|name| name.as_deref().unwrap_or_default())
        .collect();
    format!("{name}<{}>", given.join(","))
}

#[cfg(test)]
mod tests;
