//! Expressions: minijinja's grammar, our types and our truth.

mod scope;
mod tree;

pub use scope::Scope;
pub use tree::{Argument, Arithmetic, CompareOp, Expr, ExprKind, Expression};
