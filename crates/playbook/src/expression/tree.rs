//! The tree of an expression, owned and with places in its file.

use crate::span::Span;
use crate::value::Value;

/// An expression as written, with its tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The text between `${{` and `}}`, or of a condition, trimmed.
    pub text: String,
    /// Where it stands in the file.
    pub span: Span,
    /// What it means.
    pub root: Expr,
}

/// A node of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the file.
    pub span: Span,
}

/// Kinds of expression nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A literal, `absent` included.
    Constant(Value),
    /// A name: `inputs`, `result`, a step, a capture.
    Name(String),
    /// `x.name`
    Member(Box<Expr>, String),
    /// `x[y]`
    Index(Box<Expr>, Box<Expr>),
    /// `x[a:b:c]`
    Slice(
        Box<Expr>,
        Option<Box<Expr>>,
        Option<Box<Expr>>,
        Option<Box<Expr>>,
    ),
    /// `not x`
    Not(Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `x and y`
    And(Box<Expr>, Box<Expr>),
    /// `x or y`
    Or(Box<Expr>, Box<Expr>),
    /// `a < b <= c`: each pair must hold.
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `x + y` and the like.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// `x ~ y`
    Concat(Box<Expr>, Box<Expr>),
    /// `a if test else b`
    If {
        /// The condition.
        test: Box<Expr>,
        /// The value where it is true.
        then: Box<Expr>,
        /// The value where it is false; `absent` when left out.
        otherwise: Option<Box<Expr>>,
    },
    /// `x | name(args)`
    Filter {
        /// The filter.
        name: String,
        /// What it is applied to.
        input: Box<Expr>,
        /// Further arguments.
        arguments: Vec<Argument>,
    },
    /// `x is name(args)`; `is not` is a [`ExprKind::Not`] around it.
    Test {
        /// The test.
        name: String,
        /// What is tested.
        input: Box<Expr>,
        /// Further arguments.
        arguments: Vec<Argument>,
    },
    /// `name(args)`
    Call {
        /// The function.
        name: String,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a: b}`; keys are texts.
    Map(Vec<(String, Expr)>),
}

/// An argument of a function, filter or test.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// Its name, when given by name.
    pub name: Option<String>,
    /// Its value.
    pub value: Expr,
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the operators' own names")]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// Arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the operators' own names")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}
