//! Evaluation with gaps. A node whose parts are all known is given to the evaluator itself, so that the two cannot differ.

use super::{Origin, Partial, PartialScope};
use crate::expression::evaluate::{EvaluationError, evaluate_tree};
use crate::expression::references::children;
use crate::expression::tree::{Argument, CompareOp, Expr, ExprKind, Expression};
use crate::expression::{Scope, lists};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Evaluates as far as can be.
///
/// # Errors
/// What evaluation will certainly fail with, whatever the values that are not known turn out to be.
pub fn evaluate(
    expression: &Expression,
    scope: &dyn PartialScope,
) -> Result<Partial, EvaluationError> {
    Evaluation { scope }.value(&expression.root)
}

/// Evaluates a condition as far as can be: [`Partial::Known`] with a boolean or [`Value::Unknown`], or what is left of it.
///
/// # Errors
/// As [`evaluate`], and for a value that is known and neither a boolean nor unknown.
pub fn condition(
    expression: &Expression,
    scope: &dyn PartialScope,
) -> Result<Partial, EvaluationError> {
    let value = evaluate(expression, scope)?;
    refuse_no_truth(&value, expression.span)?;
    Ok(value)
}

fn refuse_no_truth(value: &Partial, span: Span) -> Result<(), EvaluationError> {
    let kind = match value {
        Partial::Unknown(_) | Partial::Known(Value::Boolean(_) | Value::Unknown) => return Ok(()),
        Partial::Known(Value::Absent) => "absent",
        Partial::Known(other) => other.kind(),
        Partial::Text(_) => "text",
        Partial::List(_) => "a list",
        Partial::Map(_) => "a mapping",
    };
    Err(EvaluationError::new(
        format!("a condition must be true or false, this is {kind}"),
        span,
    ))
}

/// A scope for nodes whose parts are constants: only the time can be asked for.
struct Constants<'a>(&'a dyn PartialScope);

impl Scope for Constants<'_> {
    fn lookup(&self, _: &str) -> Option<Value> {
        None
    }

    // Asked only where `is_timeless` has made sure that the time is known.
    fn now(&self) -> Timestamp {
        self.0.now().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        self.0.since(length).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

struct Evaluation<'a> {
    scope: &'a dyn PartialScope,
}

impl Evaluation<'_> {
    fn value(&self, expr: &Expr) -> Result<Partial, EvaluationError> {
        match &expr.kind {
            ExprKind::Constant(value) => Ok(Partial::Known(value.clone())),
            ExprKind::Name(name) => self.name(name, expr),
            ExprKind::Member(inner, name) => {
                let inner = self.value(inner)?;
                self.member(inner, name, expr)
            }
            ExprKind::Index(inner, index) => {
                let (inner, index) = (self.value(inner)?, self.value(index)?);
                self.index(inner, index, expr)
            }
            ExprKind::And(left, right) => self.connect(left, right, false, expr),
            ExprKind::Or(left, right) => self.connect(left, right, true, expr),
            ExprKind::Compare(first, rest) => self.compare(first, rest, expr),
            ExprKind::If {
                test,
                then,
                otherwise,
            } => self.choose(test, then, otherwise.as_deref(), expr),
            ExprKind::Concat(left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.concat(left, right, expr)
            }
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                Ok(Partial::list(items.collect::<Result<_, _>>()?))
            }
            ExprKind::Map(entries) => {
                let mut values = IndexMap::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = self.value(value)?;
                    if value.known() != Some(&Value::Absent) {
                        values.insert(key.clone(), value);
                    }
                }
                Ok(Partial::map(values))
            }
            ExprKind::Call { name, .. } if name == "since" => self.since(expr),
            ExprKind::Filter {
                name,
                input,
                arguments,
            } if name == "length" && arguments.is_empty() => {
                let input = self.value(input)?;
                match &input {
                    Partial::List(items) => Ok(Partial::Known(lists::count(items.len()))),
                    _ => self.rebuilt(expr, &[input]),
                }
            }
            ExprKind::Filter {
                name,
                input,
                arguments,
            } if name == "default" && arguments.len() == 1 => {
                let input = self.value(input)?;
                // It is evaluated whether it is needed or not.
                let other = match arguments.first() {
                    Some(other) => self.value(&other.value)?,
                    None => Partial::Known(Value::Absent),
                };
                match &input {
                    Partial::Known(Value::Absent) => Ok(other),
                    Partial::Unknown(_) => Ok(self.left_of(expr, &[input, other])),
                    _ => Ok(input),
                }
            }
            ExprKind::Filter {
                name,
                input,
                arguments,
            } if matches!(name.as_str(), "first" | "last") && arguments.is_empty() => {
                let input = self.value(input)?;
                match &input {
                    Partial::List(items) => Ok(if name == "first" {
                        items.first().cloned()
                    } else {
                        items.last().cloned()
                    }
                    .unwrap_or(Partial::Known(Value::Absent))),
                    _ => self.rebuilt(expr, &[input]),
                }
            }
            _ => {
                let parts = children(expr)
                    .into_iter()
                    .map(|child| self.value(child))
                    .collect::<Result<Vec<_>, _>>()?;
                self.rebuilt(expr, &parts)
            }
        }
    }

    fn name(&self, name: &str, expr: &Expr) -> Result<Partial, EvaluationError> {
        if let Some(value) = self.scope.lookup(name) {
            return Ok(value);
        }
        if name == "now" {
            return Ok(match self.scope.now() {
                Some(now) => Partial::Known(Value::Timestamp(now)),
                None => Partial::unknown(Type::timestamp(), expr.clone(), [Origin::RunTime]),
            });
        }
        Err(EvaluationError::new(
            format!("nothing is called `{name}`"),
            expr.span,
        ))
    }

    fn member(&self, inner: Partial, name: &str, expr: &Expr) -> Result<Partial, EvaluationError> {
        match inner {
            Partial::Map(entries) => Ok(entries
                .get(name)
                .cloned()
                .unwrap_or(Partial::Known(Value::Absent))),
            Partial::Text(_) | Partial::List(_) => Err(EvaluationError::new(
                format!("{} has no member `{name}`", kind(&inner)),
                expr.span,
            )),
            inner => self.rebuilt(expr, &[inner]),
        }
    }

    fn index(
        &self,
        inner: Partial,
        index: Partial,
        expr: &Expr,
    ) -> Result<Partial, EvaluationError> {
        match (&inner, index.known()) {
            (Partial::Map(_), Some(Value::Text(name))) => {
                let name = name.to_string();
                self.member(inner, &name, expr)
            }
            (Partial::List(items), Some(Value::Integer(at))) => {
                let place = if *at < 0 {
                    usize::try_from(at.unsigned_abs())
                        .ok()
                        .and_then(|back| items.len().checked_sub(back))
                } else {
                    usize::try_from(*at).ok()
                };
                let found = place.and_then(|place| items.get(place)).cloned();
                found.ok_or_else(|| {
                    EvaluationError::new(
                        format!("index {at} of a list with {} elements", items.len()),
                        expr.span,
                    )
                })
            }
            _ => self.rebuilt(expr, &[inner, index]),
        }
    }

    /// Kleene's `and` (decided by false) and `or` (decided by true). What one side decides, the other cannot change.
    fn connect(
        &self,
        left: &Expr,
        right: &Expr,
        decides: bool,
        expr: &Expr,
    ) -> Result<Partial, EvaluationError> {
        let settled = Some(&Value::Boolean(decides));
        let first = self.value(left)?;
        refuse_no_truth(&first, left.span)?;
        if first.known() == settled {
            return Ok(first);
        }
        let second = match self.value(right).and_then(|second| {
            refuse_no_truth(&second, right.span)?;
            Ok(second)
        }) {
            Ok(second) => second,
            // The right side may never be looked at.
            Err(error) if first.known().is_some() => return Err(error),
            Err(_) => {
                let second = opaque(right, Type::Boolean);
                return Ok(self.left_of(expr, &[first, second]));
            }
        };
        if second.known() == settled {
            return Ok(second);
        }
        let neutral = Some(&Value::Boolean(!decides));
        match (first.known(), second.known()) {
            (Some(_), Some(_)) => self.rebuilt(expr, &[first, second]),
            (known, _) if known == neutral => Ok(second),
            (_, known) if known == neutral => Ok(first),
            _ => Ok(self.left_of(expr, &[first, second])),
        }
    }

    /// A chain of comparisons is false where one of them is.
    fn compare(
        &self,
        first: &Expr,
        rest: &[(CompareOp, Expr)],
        expr: &Expr,
    ) -> Result<Partial, EvaluationError> {
        let mut parts = vec![self.value(first)?];
        for (place, (op, right)) in rest.iter().enumerate() {
            let right = match self.value(right) {
                Ok(right) => right,
                // An earlier pair may be false, and what follows it is never looked at.
                Err(error) if place == 0 || parts.iter().all(|part| part.known().is_some()) => {
                    return Err(error);
                }
                Err(_) => opaque(right, Type::Any),
            };
            if let (Some(Partial::Known(left)), Partial::Known(right)) = (parts.last(), &right) {
                let pair = Expr {
                    kind: ExprKind::Compare(
                        Box::new(constant(left, expr.span)),
                        vec![(*op, constant(right, expr.span))],
                    ),
                    span: expr.span,
                };
                match evaluate_tree(&pair, &Constants(self.scope)) {
                    Ok(Value::Boolean(false)) => return Ok(Partial::Known(Value::Boolean(false))),
                    Err(error) if parts.iter().all(|part| part.known().is_some()) => {
                        return Err(error);
                    }
                    Ok(_) | Err(_) => {}
                }
            }
            parts.push(right);
        }
        self.rebuilt(expr, &parts)
    }

    fn choose(
        &self,
        test: &Expr,
        then: &Expr,
        otherwise: Option<&Expr>,
        expr: &Expr,
    ) -> Result<Partial, EvaluationError> {
        let choice = match self.value(test)? {
            Partial::Known(value) => Partial::Known(value),
            // Pieces of a text may all be empty; a list of known length is not.
            Partial::List(items) => Partial::Known(Value::Boolean(!items.is_empty())),
            other => other,
        };
        let otherwise_of = || match otherwise {
            Some(otherwise) => self.value(otherwise),
            None => Ok(Partial::Known(Value::Absent)),
        };
        if let Partial::Known(value) = &choice {
            let holds = match value {
                Value::Boolean(holds) => *holds,
                Value::Unknown => return Ok(Partial::Known(Value::Unknown)),
                Value::Absent => false,
                Value::Text(written) => !written.is_empty(),
                Value::List(items) => !items.is_empty(),
                Value::Map(entries) => !entries.is_empty(),
                other => {
                    return Err(EvaluationError::new(
                        format!(
                            "a condition must be true or false, this is {}",
                            other.kind()
                        ),
                        test.span,
                    ));
                }
            };
            return if holds {
                self.value(then)
            } else {
                otherwise_of()
            };
        }
        let first = self.value(then).unwrap_or_else(|_| opaque(then, Type::Any));
        let mut parts = vec![first, choice];
        match (otherwise_of(), otherwise) {
            (Ok(value), Some(_)) => parts.push(value),
            (Err(_), Some(otherwise)) => parts.push(opaque(otherwise, Type::Any)),
            (_, None) => {}
        }
        Ok(self.left_of(expr, &parts))
    }

    fn concat(
        &self,
        left: Partial,
        right: Partial,
        expr: &Expr,
    ) -> Result<Partial, EvaluationError> {
        if left.known().is_some() && right.known().is_some() {
            return self.rebuilt(expr, &[left, right]);
        }
        // A read that failed makes the whole unknown, which pieces cannot say.
        if [&left, &right]
            .iter()
            .any(|part| part.known() == Some(&Value::Unknown))
        {
            return Ok(Partial::Known(Value::Unknown));
        }
        let mut pieces = Vec::new();
        for part in [left, right] {
            match part {
                Partial::Text(inner) => pieces.extend(inner),
                Partial::Known(value) => {
                    let text = crate::expression::text(&value)
                        .map_err(|message| EvaluationError::new(message, expr.span))?;
                    pieces.push(Partial::Known(Value::text(text)));
                }
                unknown @ Partial::Unknown(_) => pieces.push(unknown),
                other => {
                    return Err(EvaluationError::new(
                        format!("{} cannot stand in a text", kind(&other)),
                        expr.span,
                    ));
                }
            }
        }
        Ok(Partial::Text(pieces))
    }

    fn since(&self, expr: &Expr) -> Result<Partial, EvaluationError> {
        let parts = children(expr)
            .into_iter()
            .map(|child| self.value(child))
            .collect::<Result<Vec<_>, _>>()?;
        let length = match parts.as_slice() {
            [Partial::Known(Value::Duration(length))] => Some(*length),
            _ => None,
        };
        match length {
            Some(length) if self.scope.since(length).is_none() => {
                let residual = residual_of(expr, &parts);
                Ok(Partial::unknown(
                    Type::timestamp(),
                    residual,
                    [Origin::RunTime],
                ))
            }
            _ => self.rebuilt(expr, &parts),
        }
    }

    /// A node over evaluated parts: evaluated where all are known, else what is left of it.
    fn rebuilt(&self, expr: &Expr, parts: &[Partial]) -> Result<Partial, EvaluationError> {
        if parts.iter().all(|part| part.known().is_some()) {
            let node = residual_of(expr, parts);
            return evaluate_tree(&node, &Constants(self.scope)).map(Partial::Known);
        }
        Ok(self.left_of(expr, parts))
    }

    fn left_of(&self, expr: &Expr, parts: &[Partial]) -> Partial {
        let residual = residual_of(expr, parts);
        let ty = self.scope.type_of(&residual);
        let origins: BTreeSet<Origin> = parts.iter().flat_map(Partial::origins).collect();
        Partial::unknown(ty, residual, origins)
    }
}

/// An expression that fails now and may never be looked at.
fn opaque(expr: &Expr, ty: Type) -> Partial {
    Partial::unknown(ty, expr.clone(), [])
}

fn kind(partial: &Partial) -> &'static str {
    match partial {
        Partial::Known(value) => value.kind(),
        Partial::Unknown(_) => "unknown",
        Partial::Text(_) => "text",
        Partial::List(_) => "a list",
        Partial::Map(_) => "a mapping",
    }
}

fn constant(value: &Value, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Constant(value.clone()),
        span,
    }
}

/// What is left to be evaluated of a value.
pub(super) fn residual(partial: &Partial, span: Span) -> Expr {
    let kind = match partial {
        Partial::Known(value) => ExprKind::Constant(value.clone()),
        Partial::Unknown(unknown) => return unknown.residual.clone(),
        Partial::Text(parts) => {
            let mut parts = parts.iter().map(|part| residual(part, span));
            let first = parts
                .next()
                .unwrap_or_else(|| constant(&Value::text(""), span));
            return parts.fold(first, |left, right| Expr {
                kind: ExprKind::Concat(Box::new(left), Box::new(right)),
                span,
            });
        }
        Partial::List(items) => {
            ExprKind::List(items.iter().map(|item| residual(item, span)).collect())
        }
        Partial::Map(entries) => ExprKind::Map(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), residual(value, span)))
                .collect(),
        ),
    };
    Expr { kind, span }
}

/// A node with its direct parts, in the order of [`children`], replaced by what is left of them.
fn residual_of(expr: &Expr, parts: &[Partial]) -> Expr {
    let mut parts = parts.iter().map(|part| residual(part, expr.span));
    let mut next = || {
        parts
            .next()
            .unwrap_or_else(|| constant(&Value::Absent, expr.span))
    };
    let mut boxed = || Box::new(next());
    let kind = match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => expr.kind.clone(),
        ExprKind::Member(_, name) => ExprKind::Member(boxed(), name.clone()),
        ExprKind::Index(..) => ExprKind::Index(boxed(), boxed()),
        ExprKind::Slice(_, start, end, step) => {
            let inner = boxed();
            let mut bound = |given: &Option<Box<Expr>>| given.as_ref().map(|_| boxed());
            ExprKind::Slice(inner, bound(start), bound(end), bound(step))
        }
        ExprKind::Not(_) => ExprKind::Not(boxed()),
        ExprKind::Negate(_) => ExprKind::Negate(boxed()),
        ExprKind::And(..) => ExprKind::And(boxed(), boxed()),
        ExprKind::Or(..) => ExprKind::Or(boxed(), boxed()),
        ExprKind::Compare(_, rest) => {
            let first = boxed();
            ExprKind::Compare(first, rest.iter().map(|(op, _)| (*op, *boxed())).collect())
        }
        ExprKind::Arithmetic(op, ..) => ExprKind::Arithmetic(*op, boxed(), boxed()),
        ExprKind::Concat(..) => ExprKind::Concat(boxed(), boxed()),
        ExprKind::If { otherwise, .. } => {
            let (then, test) = (boxed(), boxed());
            ExprKind::If {
                test,
                then,
                otherwise: otherwise.as_ref().map(|_| boxed()),
            }
        }
        ExprKind::Filter {
            name, arguments, ..
        } => ExprKind::Filter {
            name: name.clone(),
            input: boxed(),
            arguments: replaced(arguments, &mut boxed),
        },
        ExprKind::Test {
            name, arguments, ..
        } => ExprKind::Test {
            name: name.clone(),
            input: boxed(),
            arguments: replaced(arguments, &mut boxed),
        },
        ExprKind::Call { name, arguments } => ExprKind::Call {
            name: name.clone(),
            arguments: replaced(arguments, &mut boxed),
        },
        ExprKind::List(items) => ExprKind::List(items.iter().map(|_| *boxed()).collect()),
        ExprKind::Map(entries) => ExprKind::Map(
            entries
                .iter()
                .map(|(name, _)| (name.clone(), *boxed()))
                .collect(),
        ),
    };
    Expr {
        kind,
        span: expr.span,
    }
}

fn replaced(arguments: &[Argument], next: &mut dyn FnMut() -> Box<Expr>) -> Vec<Argument> {
    arguments
        .iter()
        .map(|argument| Argument {
            name: argument.name.clone(),
            value: *next(),
        })
        .collect()
}
