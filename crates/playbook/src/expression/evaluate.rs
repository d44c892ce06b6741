//! Evaluation: our types and our truth over the tree.

use super::functions::{Builtin, BuiltinKind};
use super::tree::{Argument, Expr, ExprKind, Expression};
use super::{Scope, arithmetic, builtins, compare, functions};
use crate::span::Span;
use crate::value::Value;
use indexmap::IndexMap;
use std::cell::Cell;

/// What went wrong while an expression, a path or a template was evaluated, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// What is wrong, in a lower-case fragment.
    pub message: String,
    /// Where in the file.
    pub span: Span,
}

impl EvaluationError {
    /// Makes an error.
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self {
            message: message.into(),
            span,
        }
    }
}

/// How much work one evaluation may do: visited nodes and touched elements.
const FUEL: usize = 2_000_000;
/// The longest text that an expression may make, in bytes.
pub(crate) const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Evaluates an expression.
///
/// # Errors
/// What is wrong with the values that it meets, with the place of the node that met them.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Result<Value, EvaluationError> {
    evaluate_tree(&expression.root, scope)
}

/// Evaluates a node.
///
/// # Errors
/// As [`evaluate`].
pub(crate) fn evaluate_tree(root: &Expr, scope: &dyn Scope) -> Result<Value, EvaluationError> {
    let evaluation = Evaluation {
        scope,
        fuel: Cell::new(FUEL),
    };
    evaluation.value(root)
}

/// Evaluates a condition: `Some` truth, or `None` where it is unknown.
///
/// # Errors
/// As [`evaluate`], and for a value that is neither a boolean nor unknown.
pub fn evaluate_condition(
    expression: &Expression,
    scope: &dyn Scope,
) -> Result<Option<bool>, EvaluationError> {
    let value = evaluate(expression, scope)?;
    truth(&value).map_err(|message| EvaluationError::new(message, expression.span))
}

fn truth(value: &Value) -> Result<Option<bool>, String> {
    match value {
        Value::Boolean(value) => Ok(Some(*value)),
        Value::Unknown => Ok(None),
        Value::Absent => Err(
            "a condition must be true or false, this is absent; ask `is defined` or give it a `default(…)`"
                .to_owned(),
        ),
        other => Err(format!(
            "a condition must be true or false, this is {}",
            other.kind()
        )),
    }
}

fn from_truth(truth: Option<bool>) -> Value {
    truth.map_or(Value::Unknown, Value::Boolean)
}

struct Evaluation<'a> {
    scope: &'a dyn Scope,
    fuel: Cell<usize>,
}

impl Evaluation<'_> {
    fn spend(&self, amount: usize, span: Span) -> Result<(), EvaluationError> {
        match self.fuel.get().checked_sub(amount) {
            Some(left) => {
                self.fuel.set(left);
                Ok(())
            }
            None => Err(EvaluationError::new("the expression takes too long", span)),
        }
    }

    fn value(&self, expr: &Expr) -> Result<Value, EvaluationError> {
        self.spend(1, expr.span)?;
        let wrong = |message: String| EvaluationError::new(message, expr.span);
        match &expr.kind {
            ExprKind::Constant(value) => Ok(value.clone()),
            ExprKind::Name(name) => self
                .scope
                .lookup(name)
                .or_else(|| (name == "now").then(|| Value::Timestamp(self.scope.now())))
                .ok_or_else(|| wrong(format!("nothing is called `{name}`"))),
            ExprKind::Member(inner, name) => member(&self.value(inner)?, name).map_err(wrong),
            ExprKind::Index(inner, index) => {
                index_into(&self.value(inner)?, &self.value(index)?).map_err(wrong)
            }
            ExprKind::Slice(inner, start, end, step) => {
                let whole = self.value(inner)?;
                self.spend(size(&whole), expr.span)?;
                let bound = |bound: &Option<Box<Expr>>| match bound {
                    Some(bound) => self.value(bound),
                    None => Ok(Value::Absent),
                };
                slice(&whole, &bound(start)?, &bound(end)?, &bound(step)?).map_err(wrong)
            }
            ExprKind::Not(inner) => Ok(from_truth(self.truth(inner)?.map(|truth| !truth))),
            ExprKind::Negate(inner) => arithmetic::negate(&self.value(inner)?).map_err(wrong),
            ExprKind::And(left, right) => self.connect(left, right, false),
            ExprKind::Or(left, right) => self.connect(left, right, true),
            ExprKind::Compare(first, rest) => self.compare(first, rest),
            ExprKind::Arithmetic(op, left, right) => {
                arithmetic::calculate(*op, &self.value(left)?, &self.value(right)?).map_err(wrong)
            }
            ExprKind::Concat(left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                if left == Value::Unknown || right == Value::Unknown {
                    return Ok(Value::Unknown);
                }
                let mut text = builtins::text(&left).map_err(wrong)?;
                text.push_str(&builtins::text(&right).map_err(wrong)?);
                self.spend(text.len() / 64, expr.span)?;
                if text.len() > MAX_TEXT {
                    return Err(wrong("the text is too long".to_owned()));
                }
                Ok(Value::text(text))
            }
            ExprKind::If {
                test,
                then,
                otherwise,
            } => match self.choice(test)? {
                None => Ok(Value::Unknown),
                Some(true) => self.value(then),
                Some(false) => otherwise
                    .as_ref()
                    .map_or(Ok(Value::Absent), |otherwise| self.value(otherwise)),
            },
            ExprKind::Filter {
                name,
                input,
                arguments,
            } => {
                let input = self.value(input)?;
                self.call(
                    BuiltinKind::Filter,
                    name,
                    Some(&input),
                    arguments,
                    expr.span,
                )
            }
            ExprKind::Test {
                name,
                input,
                arguments,
            } => {
                let input = self.value(input)?;
                self.call(BuiltinKind::Test, name, Some(&input), arguments, expr.span)
            }
            ExprKind::Call { name, arguments } => {
                self.call(BuiltinKind::Function, name, None, arguments, expr.span)
            }
            ExprKind::List(items) => Ok(Value::list(
                items
                    .iter()
                    .map(|item| self.value(item))
                    .collect::<Result<_, _>>()?,
            )),
            ExprKind::Map(entries) => {
                let mut values = IndexMap::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = self.value(value)?;
                    // As under `with`: what is absent is left out.
                    if value != Value::Absent {
                        values.insert(key.clone(), value);
                    }
                }
                Ok(Value::map(values))
            }
        }
    }

    fn truth(&self, expr: &Expr) -> Result<Option<bool>, EvaluationError> {
        truth(&self.value(expr)?).map_err(|message| EvaluationError::new(message, expr.span))
    }

    /// The test of an `if` takes a boolean, and a value that may be absent or empty: `x if x else y`.
    fn choice(&self, expr: &Expr) -> Result<Option<bool>, EvaluationError> {
        match self.value(expr)? {
            Value::Absent => Ok(Some(false)),
            Value::Text(text) => Ok(Some(!text.is_empty())),
            Value::List(items) => Ok(Some(!items.is_empty())),
            Value::Map(entries) => Ok(Some(!entries.is_empty())),
            other => truth(&other).map_err(|message| EvaluationError::new(message, expr.span)),
        }
    }

    /// Kleene's `and` (decided by false) and `or` (decided by true).
    fn connect(&self, left: &Expr, right: &Expr, decides: bool) -> Result<Value, EvaluationError> {
        let left = self.truth(left)?;
        if left == Some(decides) {
            return Ok(Value::Boolean(decides));
        }
        let right = self.truth(right)?;
        Ok(from_truth(match (left, right) {
            (_, Some(right)) if right == decides => Some(decides),
            (Some(_), Some(_)) => Some(!decides),
            _ => None,
        }))
    }

    fn compare(
        &self,
        first: &Expr,
        rest: &[(super::CompareOp, Expr)],
    ) -> Result<Value, EvaluationError> {
        let mut left = self.value(first)?;
        let mut result = Some(true);
        for (op, expr) in rest {
            let right = self.value(expr)?;
            let span = Span::new(first.span.start, expr.span.end.max(first.span.end));
            self.spend(size(&left).saturating_add(size(&right)), span)?;
            match compare::compare(*op, &left, &right)
                .map_err(|message| EvaluationError::new(message, span))?
            {
                Value::Boolean(false) => return Ok(Value::Boolean(false)),
                Value::Unknown => result = None,
                _ => {}
            }
            left = right;
        }
        Ok(from_truth(result))
    }

    fn call(
        &self,
        kind: BuiltinKind,
        name: &str,
        input: Option<&Value>,
        arguments: &[Argument],
        span: Span,
    ) -> Result<Value, EvaluationError> {
        let wrong = |message: String| EvaluationError::new(message, span);
        if let (BuiltinKind::Filter, Some(input), Some((filter, rest))) =
            (kind, input, functions::mapped(name, arguments))
        {
            return self.map(input, filter, rest, span);
        }
        let (builtin, bound) = self.bind(kind, name, arguments, span)?;
        let work = input
            .into_iter()
            .chain(bound.iter().flatten())
            .map(size)
            .sum();
        self.spend(work, span)?;
        let result = builtins::apply(builtin, input, &bound, self.scope).map_err(wrong)?;
        if matches!(&result, Value::Text(text) if text.len() > MAX_TEXT) {
            return Err(wrong("the text is too long".to_owned()));
        }
        Ok(result)
    }

    /// `list | map('filter')`
    fn map(
        &self,
        input: &Value,
        filter: &Argument,
        rest: &[Argument],
        span: Span,
    ) -> Result<Value, EvaluationError> {
        let wrong = |message: String| EvaluationError::new(message, span);
        let items = match input {
            Value::Unknown => return Ok(Value::Unknown),
            Value::List(items) => items,
            other => return Err(wrong(format!("`map` does not work on {}", other.kind()))),
        };
        let name = match &filter.value.kind {
            ExprKind::Constant(Value::Text(name)) if name.as_ref() != "map" => name,
            _ => return Err(wrong(functions::MAP_HELP.to_owned())),
        };
        let (builtin, bound) = self.bind(BuiltinKind::Filter, name, rest, span)?;
        let arguments: usize = bound.iter().flatten().map(size).sum();
        let mut length = 0;
        let mut mapped = Vec::with_capacity(items.len());
        for item in items.iter() {
            self.spend(size(item).saturating_add(arguments).saturating_add(1), span)?;
            let value = builtins::apply(builtin, Some(item), &bound, self.scope).map_err(wrong)?;
            if let Value::Text(text) = &value {
                length += text.len();
            }
            if length > MAX_TEXT {
                return Err(wrong("the texts are too long".to_owned()));
            }
            mapped.push(value);
        }
        Ok(Value::list(mapped))
    }

    /// Finds a function, filter or test and evaluates its arguments.
    fn bind(
        &self,
        kind: BuiltinKind,
        name: &str,
        arguments: &[Argument],
        span: Span,
    ) -> Result<(&'static Builtin, Vec<Option<Value>>), EvaluationError> {
        let wrong = |message: String| EvaluationError::new(message, span);
        let Some(builtin) = functions::builtin(kind, name) else {
            return Err(wrong(format!("there is no `{name}`")));
        };
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push((argument.name.as_deref(), self.value(&argument.value)?));
        }
        let bound = functions::bind(builtin, given).map_err(wrong)?;
        Ok((builtin, bound))
    }
}

/// How much work a value makes at most: its elements, or its characters by the handful.
fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => items.len(),
        Value::Map(entries) => entries.len(),
        Value::Text(text) => text.len() / 64,
        _ => 1,
    }
}

/// A member; absent where the mapping lacks it, and of what is absent.
pub(crate) fn member(value: &Value, name: &str) -> Result<Value, String> {
    match value {
        Value::Map(entries) => Ok(entries.get(name).cloned().unwrap_or(Value::Absent)),
        Value::Absent => Ok(Value::Absent),
        Value::Unknown => Ok(Value::Unknown),
        other => Err(format!("{} has no member `{name}`", other.kind())),
    }
}

fn index_into(whole: &Value, index: &Value) -> Result<Value, String> {
    match (whole, index) {
        (Value::Unknown, _) | (_, Value::Unknown) => Ok(Value::Unknown),
        (Value::Absent, _) => Ok(Value::Absent),
        (Value::Map(_), Value::Text(name)) => member(whole, name),
        (Value::List(items), Value::Integer(at)) => {
            let place = if *at < 0 {
                usize::try_from(at.unsigned_abs())
                    .ok()
                    .and_then(|back| items.len().checked_sub(back))
            } else {
                usize::try_from(*at).ok()
            };
            place
                .and_then(|place| items.get(place))
                .cloned()
                .ok_or_else(|| match items.len() {
                    0 => format!("index {at} of an empty list"),
                    1 => format!("index {at} of a list with one element"),
                    count => format!("index {at} of a list with {count} elements"),
                })
        }
        (whole, index) => Err(format!(
            "{} cannot be indexed with {}",
            whole.kind(),
            index.kind()
        )),
    }
}

fn slice(whole: &Value, start: &Value, end: &Value, step: &Value) -> Result<Value, String> {
    if [whole, start, end, step].contains(&&Value::Unknown) {
        return Ok(Value::Unknown);
    }
    let bound = |value: &Value| match value {
        Value::Absent => Ok(None),
        Value::Integer(at) => Ok(Some(*at)),
        other => Err(format!(
            "a bound of a slice is an integer, this is {}",
            other.kind()
        )),
    };
    let (start, end, step) = (bound(start)?, bound(end)?, bound(step)?.unwrap_or(1));
    if step < 1 {
        return Err("the step of a slice is at least 1; `reverse` turns a list round".to_owned());
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    let place = |at: i64, length: usize| {
        let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        if at < 0 {
            length.saturating_sub(distance)
        } else {
            distance.min(length)
        }
    };
    let range = |length: usize| {
        let start = start.map_or(0, |at| place(at, length));
        let end = end.map_or(length, |at| place(at, length));
        (start, end.saturating_sub(start))
    };
    match whole {
        Value::Absent => Ok(Value::Absent),
        Value::List(items) => {
            let (skip, take) = range(items.len());
            let items = items.iter().skip(skip).take(take).step_by(step);
            Ok(Value::list(items.cloned().collect()))
        }
        Value::Text(text) => {
            let (skip, take) = range(text.chars().count());
            let text: String = text.chars().skip(skip).take(take).step_by(step).collect();
            Ok(Value::text(text))
        }
        other => Err(format!("{} has no slices", other.kind())),
    }
}
