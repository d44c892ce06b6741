//! Types of expressions, before anything runs.

use super::functions::{self, BuiltinKind};
use super::references::static_path;
use super::tree::{Argument, Arithmetic, CompareOp, Expr, ExprKind};
use super::{arithmetic, closest, compare, returns};
use crate::diagnostic::Code;
use crate::span::Span;
use crate::types::{Structure, Type};
use crate::value::Value;
use std::collections::HashSet;

/// The types of the names that an expression can see.
pub trait TypeScope {
    /// The type of a top-level name; `None` where nothing defines it.
    fn name(&self, name: &str) -> Option<Type>;

    /// The names there are, for suggestions.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is wrong with an expression or with data, before a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// Makes a problem.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Finds the type of an expression and what is wrong in it.
#[must_use]
pub fn infer(expr: &Expr, scope: &dyn TypeScope) -> (Type, Vec<Problem>) {
    let mut inference = Inference {
        scope,
        problems: Vec::new(),
        present: HashSet::new(),
    };
    let ty = inference.of(expr);
    (ty, inference.problems)
}

/// Finds what is wrong in a condition: as [`infer`], and that it is not a boolean.
#[must_use]
pub fn infer_condition(expr: &Expr, scope: &dyn TypeScope) -> Vec<Problem> {
    let mut inference = Inference {
        scope,
        problems: Vec::new(),
        present: HashSet::new(),
    };
    inference.condition(expr);
    inference.problems
}

/// The problem of a member that a structure lacks.
pub(crate) fn unknown_member(structure: &dyn Structure, name: &str, span: Span) -> Problem {
    let members = structure.member_names();
    let problem = Problem::new(
        Code::UnknownMember,
        span,
        format!("{} has no member `{name}`", structure.name()),
    );
    match closest(name, members.iter().map(String::as_str)) {
        Some(guess) => problem.help(format!("did you mean `{guess}`?")),
        None if members.len() <= 12 && !members.is_empty() => {
            problem.help(format!("it has {}", members.join(", ")))
        }
        None => problem,
    }
}

struct Inference<'a> {
    scope: &'a dyn TypeScope,
    problems: Vec<Problem>,
    /// Chains of names that a guard has found to be there.
    present: HashSet<Vec<String>>,
}

impl Inference<'_> {
    fn problem(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(code, span, message));
    }

    fn mistype(&mut self, span: Span, message: impl Into<String>) {
        self.problem(Code::ExpressionType, span, message);
    }

    fn of(&mut self, expr: &Expr) -> Type {
        let ty = self.unguarded(expr);
        match (&ty, static_path(expr)) {
            (Type::Optional(inner), Some(path)) if self.present.contains(&path) => {
                inner.present().clone()
            }
            _ => ty,
        }
    }

    fn unguarded(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Constant(value) => of_value(value),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Member(inner, name) => {
                let inner = self.of(inner);
                self.member(&inner, name, expr.span)
            }
            ExprKind::Index(inner, index) => self.index(inner, index, expr.span),
            ExprKind::Slice(inner, start, stop, step) => {
                for bound in [start, stop, step].into_iter().flatten() {
                    let ty = self.present_of(bound, "a bound of a slice");
                    if !matches!(ty, Type::Integer(..) | Type::Any) {
                        self.mistype(
                            bound.span,
                            format!("a bound of a slice is an integer, this is {ty}"),
                        );
                    }
                }
                let ty = self.of(inner);
                match ty.present() {
                    Type::List(list) => {
                        let sliced = Type::list(list.element.clone());
                        if matches!(ty, Type::Optional(_)) {
                            sliced.optional()
                        } else {
                            sliced
                        }
                    }
                    Type::Text(_) => Type::text(),
                    Type::Any => Type::Any,
                    other => {
                        self.mistype(expr.span, format!("{other} has no slices"));
                        Type::Any
                    }
                }
            }
            ExprKind::Not(inner) => {
                self.condition(inner);
                Type::Boolean
            }
            ExprKind::Negate(inner) => {
                let ty = self.present_of(inner, "`-`");
                match ty {
                    Type::Integer(..) => Type::integer(),
                    Type::Number(_) | Type::Duration | Type::Any => ty,
                    other => {
                        self.mistype(expr.span, format!("{other} has no sign"));
                        Type::Any
                    }
                }
            }
            ExprKind::And(left, right) => self.connect(left, right, true),
            ExprKind::Or(left, right) => self.connect(left, right, false),
            ExprKind::Compare(first, rest) => {
                let mut left_type = self.of(first);
                let mut left = first.as_ref();
                for (op, right) in rest {
                    let right_type = self.of(right);
                    self.compare(*op, (left, &left_type), (right, &right_type));
                    left = right;
                    left_type = right_type;
                }
                Type::Boolean
            }
            ExprKind::Arithmetic(op, left, right) => {
                let sign = format!("`{}`", arithmetic::sign(*op));
                let left = self.present_of(left, &sign);
                let right = self.present_of(right, &sign);
                self.calculate(*op, &left, &right, expr.span)
            }
            ExprKind::Concat(left, right) => {
                let mut secret = false;
                for part in [left, right] {
                    let ty = self.present_of(part, "`~`");
                    secret |= matches!(ty, Type::Secret);
                    self.interpolates(&ty, part.span);
                }
                if secret { Type::Secret } else { Type::text() }
            }
            ExprKind::If {
                test,
                then,
                otherwise,
            } => self.choice(test, then, otherwise.as_deref()),
            ExprKind::Filter {
                name,
                input,
                arguments,
            } => {
                let ty = if name == "default" || name == "tojson" {
                    self.of(input)
                } else {
                    self.present_of(input, &format!("`{name}`"))
                };
                self.call(BuiltinKind::Filter, name, Some(&ty), arguments, expr.span)
            }
            ExprKind::Test {
                name,
                input,
                arguments,
            } => {
                let ty = self.of(input);
                self.call(BuiltinKind::Test, name, Some(&ty), arguments, expr.span)
            }
            ExprKind::Call { name, arguments } => {
                self.call(BuiltinKind::Function, name, None, arguments, expr.span)
            }
            ExprKind::List(items) => {
                let types: Vec<Type> = items.iter().map(|item| self.of(item)).collect();
                Type::list(
                    types
                        .into_iter()
                        .reduce(|left, right| join(&left, &right))
                        .unwrap_or(Type::Any),
                )
            }
            ExprKind::Map(entries) => {
                let mut record = crate::types::Record::new("mapping");
                for (name, value) in entries {
                    record = record.required(name, self.of(value));
                }
                record.build()
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Type {
        if let Some(ty) = self.scope.name(name) {
            return ty;
        }
        if name == "now" {
            return Type::timestamp();
        }
        let problem = Problem::new(
            Code::UnknownName,
            span,
            format!("nothing is called `{name}`"),
        );
        let names = self.scope.names();
        let guess = closest(name, names.iter().map(String::as_str));
        self.problems.push(match guess {
            Some(guess) => problem.help(format!("did you mean `{guess}`?")),
            None => problem,
        });
        Type::Any
    }

    fn member(&mut self, ty: &Type, name: &str, span: Span) -> Type {
        match ty {
            Type::Any => Type::Any,
            Type::Absent => Type::Absent,
            Type::Optional(inner) => self.member(inner, name, span).optional(),
            Type::Map(inner) => inner.as_ref().clone().optional(),
            Type::Structure(structure) => match structure.member(name) {
                Some(member) if member.required => member.ty,
                Some(member) => member.ty.optional(),
                None => {
                    self.problems
                        .push(unknown_member(structure.as_ref(), name, span));
                    Type::Any
                }
            },
            Type::JsonText => Type::Any,
            other => {
                self.problem(
                    Code::UnknownMember,
                    span,
                    format!("{other} has no member `{name}`"),
                );
                Type::Any
            }
        }
    }

    fn index(&mut self, inner: &Expr, index: &Expr, span: Span) -> Type {
        let ty = self.of(inner);
        if let ExprKind::Constant(Value::Text(name)) = &index.kind {
            return self.member(&ty, name, span);
        }
        let index_type = self.present_of(index, "an index");
        match (ty.present(), &index_type) {
            (Type::List(list), Type::Integer(..) | Type::Any) => {
                let element = list.element.clone();
                if matches!(ty, Type::Optional(_)) {
                    element.optional()
                } else {
                    element
                }
            }
            (Type::Map(inner), Type::Text(_) | Type::Any) => inner.as_ref().clone().optional(),
            (Type::Any | Type::JsonText, _) | (Type::Structure(_), Type::Text(_) | Type::Any) => {
                Type::Any
            }
            (whole, index) => {
                let message = format!("{whole} cannot be indexed with {index}");
                self.mistype(span, message);
                Type::Any
            }
        }
    }

    /// The type of a value that must be there.
    fn present_of(&mut self, expr: &Expr, what: &str) -> Type {
        let ty = self.of(expr);
        self.require_present(expr, &ty, what);
        ty.present().clone()
    }

    fn require_present(&mut self, expr: &Expr, ty: &Type, what: &str) {
        match ty {
            Type::Optional(_) => self.problems.push(
                Problem::new(
                    Code::MaybeAbsent,
                    expr.span,
                    format!("{what} of a value that may be absent"),
                )
                .help("give it a `default(…)`, or ask `is defined` before"),
            ),
            Type::Absent => self.problems.push(
                Problem::new(
                    Code::MaybeAbsent,
                    expr.span,
                    format!("{what} of what is always absent"),
                )
                .help("whether a value is there, `is defined` asks"),
            ),
            _ => {}
        }
    }

    fn condition(&mut self, expr: &Expr) {
        let ty = self.present_of(expr, "a condition");
        if !matches!(ty, Type::Boolean | Type::Any | Type::Absent) {
            self.mistype(expr.span, format!("a condition is a boolean, this is {ty}"));
        }
    }

    fn connect(&mut self, left: &Expr, right: &Expr, and: bool) -> Type {
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

    fn choice(&mut self, test: &Expr, then: &Expr, otherwise: Option<&Expr>) -> Type {
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

    fn compare(&mut self, op: CompareOp, left: (&Expr, &Type), right: (&Expr, &Type)) {
        let sign = format!("`{}`", compare::sign(op));
        self.require_present(left.0, left.1, &sign);
        self.require_present(right.0, right.1, &sign);
        let span = Span::new(left.0.span.start, right.0.span.end.max(left.0.span.end));
        let (a, b) = (left.1.present(), right.1.present());
        if matches!(a, Type::Secret) || matches!(b, Type::Secret) {
            self.mistype(span, "a secret cannot be compared");
            return;
        }
        if matches!(a, Type::Any | Type::Absent) || matches!(b, Type::Any | Type::Absent) {
            return;
        }
        match op {
            CompareOp::In | CompareOp::NotIn => {
                let fits = match b {
                    Type::List(list) => same_kind(a, list.element.present()),
                    Type::Text(_) | Type::Map(_) | Type::Structure(_) => matches!(a, Type::Text(_)),
                    Type::JsonText => true,
                    _ => false,
                };
                if !fits {
                    self.mistype(span, format!("{sign} does not look for {a} in {b}"));
                } else if let Type::List(list) = b {
                    self.literal_of((left.0, a), list.element.present());
                }
            }
            _ if !same_kind(a, b) => self.mistype(span, format!("{sign} compares {a} with {b}")),
            CompareOp::Equal | CompareOp::NotEqual => {
                self.literal_of((left.0, a), b);
                self.literal_of((right.0, b), a);
            }
            _ if !matches!(
                a,
                Type::Integer(..) | Type::Number(_) | Type::Timestamp(_) | Type::Duration
            ) =>
            {
                self.mistype(
                    span,
                    format!("{sign} orders numbers, timestamps and durations, not {a}"),
                );
            }
            _ => {}
        }
    }

    /// A literal that looks like a misspelt value of an enumeration. Results may have values that are not listed.
    fn literal_of(&mut self, literal: (&Expr, &Type), other: &Type) {
        let (ExprKind::Constant(Value::Text(text)), Type::Text(rule)) = (&literal.0.kind, other)
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
            self.problems.push(
                Problem::new(
                    Code::ExpressionType,
                    literal.0.span,
                    format!("`{text}` is not among its values"),
                )
                .help(format!("did you mean `{guess}`?")),
            );
        }
    }

    fn calculate(&mut self, op: Arithmetic, left: &Type, right: &Type, span: Span) -> Type {
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
            (Type::Text(_), Add, Type::Text(_)) => {
                self.problems.push(
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

    fn interpolates(&mut self, ty: &Type, span: Span) {
        if let Some(message) = no_text(ty) {
            self.mistype(span, message);
        }
    }

    fn call(
        &mut self,
        kind: BuiltinKind,
        name: &str,
        input: Option<&Type>,
        arguments: &[Argument],
        span: Span,
    ) -> Type {
        let Some(builtin) = functions::builtin(kind, name) else {
            let what = match kind {
                BuiltinKind::Function => "function",
                BuiltinKind::Filter => "filter",
                BuiltinKind::Test => "test",
            };
            let problem = Problem::new(
                Code::UnknownFunction,
                span,
                format!("there is no {what} `{name}`"),
            );
            self.problems.push(match functions::similar(kind, name) {
                Some(guess) => problem.help(format!("did you mean `{guess}`?")),
                None => problem,
            });
            return Type::Any;
        };
        let mut given = Vec::new();
        for argument in arguments {
            let ty = if matches!(name, "default" | "select" | "reject") {
                self.of(&argument.value)
            } else {
                self.present_of(&argument.value, &format!("an argument of `{name}`"))
            };
            given.push((argument.name.as_deref(), (&argument.value, ty)));
        }
        match functions::bind(builtin, given) {
            Err(message) => {
                self.mistype(span, message);
                Type::Any
            }
            Ok(bound) => returns::of(builtin, input, &bound).unwrap_or_else(|(code, message)| {
                self.problem(code, span, message);
                Type::Any
            }),
        }
    }
}

/// Why a value of the type cannot stand in a text.
pub(crate) fn no_text(ty: &Type) -> Option<String> {
    match ty {
        Type::Boolean | Type::List(_) | Type::Map(_) | Type::Structure(_) => Some(format!(
            "{ty} cannot stand in a text; only text, numbers, timestamps and durations can"
        )),
        _ => None,
    }
}

fn of_value(value: &Value) -> Type {
    match value {
        Value::Absent => Type::Absent,
        Value::Unknown => Type::Any,
        Value::Boolean(_) => Type::Boolean,
        Value::Integer(_) => Type::integer(),
        Value::Number(_) => Type::number(),
        Value::Text(_) => Type::text(),
        Value::Timestamp(_) => Type::timestamp(),
        Value::Duration(_) => Type::Duration,
        Value::List(_) => Type::list(Type::Any),
        Value::Map(_) => Type::map(Type::Any),
    }
}

/// Whether values of two types can be compared.
pub(crate) fn same_kind(left: &Type, right: &Type) -> bool {
    match (left.present(), right.present()) {
        (Type::Any, _) | (_, Type::Any) => true,
        (Type::Integer(..) | Type::Number(_), Type::Integer(..) | Type::Number(_))
        | (
            Type::Map(_) | Type::Structure(_) | Type::JsonText,
            Type::Map(_) | Type::Structure(_) | Type::JsonText,
        )
        | (Type::Text(_) | Type::Blob, Type::Text(_) | Type::Blob) => true,
        (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}

/// The type that values of both types have.
pub(crate) fn join(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Any, _) | (_, Type::Any) => Type::Any,
        (Type::Absent, other) | (other, Type::Absent) => other.clone().optional(),
        (Type::Optional(inner), other) | (other, Type::Optional(inner)) => {
            join(inner, other.present()).optional()
        }
        (Type::Secret, _) | (_, Type::Secret) => Type::Secret,
        (Type::Integer(..), Type::Integer(..)) => Type::integer(),
        (Type::Integer(..) | Type::Number(_), Type::Integer(..) | Type::Number(_)) => {
            Type::number()
        }
        (Type::Text(left), Type::Text(right)) if left != right => Type::text(),
        (Type::List(left), Type::List(right)) => Type::list(join(&left.element, &right.element)),
        (Type::Structure(left), Type::Structure(right)) if left.name() != right.name() => Type::Any,
        (left, right) if same_kind(left, right) => left.clone(),
        _ => Type::Any,
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
        (ExprKind::Test { name, input, .. }, truth) => {
            let there = match name.as_str() {
                "defined" => truth,
                "undefined" | "empty" => !truth,
                _ => truth,
            };
            if there {
                found(input, present);
            }
        }
        (ExprKind::Name(_) | ExprKind::Member(..) | ExprKind::Index(..), true) => {
            found(guard, present)
        }
        _ => {}
    }
}

/// A member that is there has parents that are.
fn found(expr: &Expr, present: &mut HashSet<Vec<String>>) {
    let mut path = static_path(expr).unwrap_or_default();
    while !path.is_empty() {
        present.insert(path.clone());
        path.pop();
    }
}
