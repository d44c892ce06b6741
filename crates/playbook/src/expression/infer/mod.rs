//! Types of expressions, before anything runs.

mod calls;
mod guards;
mod operators;
mod relation;
#[cfg(test)]
mod tests;

pub(super) use relation::{LITERAL, has_order, may_contain};
pub(crate) use relation::{is_literal, is_secret, join, no_text, same_kind};

use super::functions::BuiltinKind;
use super::tree::{Arithmetic, Expr, ExprKind};
use super::{arithmetic, closest};
use crate::diagnostic::Code;
use crate::span::Span;
use crate::types::{Record, Structure, Type};
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
    /// What is wrong, in one sentence without a full end.
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

/// A whole number from 0 on, as written.
fn is_natural(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant(Value::Integer(number)) if number >= 0)
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
    /// Says what is wrong, once: a value in the middle of `a < b < c` is looked at twice.
    fn push(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn problem(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Problem::new(code, span, message));
    }

    fn mistype(&mut self, span: Span, message: impl Into<String>) {
        self.problem(Code::ExpressionType, span, message);
    }

    fn of(&mut self, expr: &Expr) -> Type {
        let ty = self.unguarded(expr);
        match &ty {
            Type::Optional(inner) if self.is_found(expr) => inner.present().clone(),
            _ => ty,
        }
    }

    /// Whether a guard has found a chain of names to be there.
    fn is_found(&self, expr: &Expr) -> bool {
        !self.present.is_empty()
            && guards::chain(expr).is_some_and(|path| self.present.contains(&path))
    }

    fn unguarded(&mut self, expr: &Expr) -> Type {
        match &expr.kind {
            ExprKind::Constant(value) => relation::of_value(value),
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Member(inner, name) => {
                let inner = self.of(inner);
                self.member(&inner, name, expr.span)
            }
            ExprKind::Index(inner, index) => self.index(inner, index, expr.span),
            ExprKind::Slice(inner, start, end, step) => {
                let bounds = [start, end, step].into_iter().flatten();
                self.slice(inner, bounds.map(AsRef::as_ref), expr.span)
            }
            ExprKind::Not(inner) => {
                self.condition(inner);
                Type::Boolean
            }
            ExprKind::Negate(inner) => self.negate(inner, expr.span),
            ExprKind::And(left, right) => self.connect(left, right, true),
            ExprKind::Or(left, right) => self.connect(left, right, false),
            ExprKind::Compare(first, rest) => self.chain(first, rest),
            ExprKind::Arithmetic(op, left, right) => {
                let sign = format!("`{}`", arithmetic::sign(*op));
                let left = self.present_of(left, &sign);
                let exponent = right;
                let right = self.present_of(right, &sign);
                match self.calculate(*op, &left, &right, expr.span) {
                    // `2 ** -1` is 0.5.
                    Type::Integer(..) if *op == Arithmetic::Power && !is_natural(exponent) => {
                        Type::number()
                    }
                    ty => ty,
                }
            }
            ExprKind::Concat(left, right) => self.concat(left, right),
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
                let ty = if calls::takes_absent(name) {
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
                let element = types.into_iter().reduce(|left, right| join(&left, &right));
                Type::list(element.unwrap_or(Type::Any))
            }
            ExprKind::Map(entries) => entries
                .iter()
                .fold(
                    Record::new(relation::LITERAL),
                    |record, (name, value)| match self.of(value) {
                        Type::Optional(inner) => record.optional(name, inner.present().clone()),
                        ty => record.required(name, ty),
                    },
                )
                .build(),
        }
    }

    fn slice<'e>(
        &mut self,
        whole: &Expr,
        bounds: impl Iterator<Item = &'e Expr>,
        span: Span,
    ) -> Type {
        for bound in bounds {
            let ty = self.present_of(bound, "a bound of a slice");
            if !matches!(ty, Type::Integer(..) | Type::Any) {
                let message = format!("a bound of a slice is an integer, this is {ty}");
                self.mistype(bound.span, message);
            }
        }
        let ty = self.of(whole);
        let sliced = match ty.present() {
            Type::List(list) => Type::list(list.element.clone()),
            Type::Text(_) => Type::text(),
            Type::Any | Type::JsonText => return Type::Any,
            other => {
                self.mistype(span, format!("{other} has no slices"));
                return Type::Any;
            }
        };
        match ty {
            Type::Optional(_) => sliced.optional(),
            _ => sliced,
        }
    }

    fn negate(&mut self, inner: &Expr, span: Span) -> Type {
        match self.present_of(inner, "`-`") {
            Type::Integer(..) => Type::integer(),
            Type::Number(_) => Type::number(),
            ty @ (Type::Duration | Type::Any) => ty,
            other => {
                self.mistype(span, format!("{other} has no sign"));
                Type::Any
            }
        }
    }

    fn concat(&mut self, left: &Expr, right: &Expr) -> Type {
        let mut secret = false;
        for part in [left, right] {
            let ty = self.present_of(part, "`~`");
            secret |= relation::is_secret(&ty);
            if let Some(message) = no_text(&ty) {
                self.mistype(part.span, message);
            }
        }
        if secret { Type::Secret } else { Type::text() }
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
        self.push(match guess {
            Some(guess) => problem.help(format!("did you mean `{guess}`?")),
            None => problem,
        });
        Type::Any
    }

    fn member(&mut self, ty: &Type, name: &str, span: Span) -> Type {
        match ty {
            Type::Any | Type::JsonText => Type::Any,
            Type::Absent => Type::Absent,
            Type::Optional(inner) => self.member(inner, name, span).optional(),
            Type::Map(inner) => inner.as_ref().clone().optional(),
            Type::Structure(structure) => match structure.member(name) {
                Some(member) if member.required => member.known(),
                Some(member) => member.known().optional(),
                None => {
                    self.push(unknown_member(structure.as_ref(), name, span));
                    Type::Any
                }
            },
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
            Type::Optional(_) => self.push(
                Problem::new(
                    Code::MaybeAbsent,
                    expr.span,
                    format!("{what} of a value that may be absent"),
                )
                .help("give it a `default(…)`, or ask `is defined` before"),
            ),
            Type::Absent => self.push(
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
}
