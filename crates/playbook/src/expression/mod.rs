//! Expressions: minijinja's grammar, our types and our truth.

mod parse;
mod scope;
mod tree;

pub(crate) use parse::string_end;
pub use parse::{MAX_LENGTH, parse};
pub use scope::Scope;
pub use tree::{Argument, Arithmetic, CompareOp, Expr, ExprKind, Expression};
