//! Expressions: minijinja's grammar, our types and our truth.

mod arithmetic;
mod builtins;
mod compare;
mod evaluate;
mod functions;
mod infer;
mod lists;
mod mappings;
mod number;
mod parse;
pub mod partial;
mod reference;
mod references;
mod returns;
mod scope;
mod series;
#[cfg(test)]
mod tests;
mod texts;
mod tree;

pub(crate) use builtins::{float, integer, text, timestamp};
pub use compare::{equal, ordering};
pub(crate) use evaluate::member;
pub use evaluate::{EvaluationError, evaluate, evaluate_condition};
pub use functions::closest;
pub use functions::{BUILTINS, Builtin, BuiltinKind, builtin, similar};
pub use infer::{Problem, TypeScope, infer, infer_condition};
pub(crate) use infer::{is_literal, is_secret, join, no_text, same_kind, unknown_member};
pub(crate) use number::to_integer;
pub use parse::{MAX_LENGTH, parse};
pub(crate) use parse::{parse_part, string_end};
pub use reference::builtins_reference;
pub(crate) use references::children;
pub use references::{Reference, references, references_of_data, references_of_path, static_path};
pub use scope::Scope;
pub use tree::{Argument, Arithmetic, CompareOp, Expr, ExprKind, Expression};
