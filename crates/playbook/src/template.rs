//! Data with templates in it: what stands under `with`, `message`, `default` and the like.

mod check;
mod literal;
mod made;
mod parse;
mod pieces;
mod render;
#[cfg(test)]
mod tests;

pub use check::{accepts, check_data};
pub use literal::read_scalar;
pub(crate) use literal::{check_count, check_text, fit};
pub use parse::parse;
pub use render::{read, read_default, render, render_text, write};

use crate::expression::{ExprKind, Expression};
use crate::span::Spanned;
use crate::value::Value;

/// A value as written: read by the type of its place, from its source text.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A scalar without a template.
    Scalar(Scalar),
    /// A value that is nothing but one `${{ … }}`: keeps its type.
    Expression(Expression),
    /// Text with templates in it: only text, numbers, timestamps and durations interpolate.
    Text(Template),
    /// A list.
    List(Vec<Spanned<Data>>),
    /// A mapping, in written order. Keys are never templates.
    Map(Vec<(Spanned<String>, Spanned<Data>)>),
}

impl Data {
    /// Whether it is nothing, as written: `null`, an empty value, or `${{ absent }}`.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Scalar(scalar) => {
                scalar.plain && matches!(scalar.text.as_str(), "" | "~" | "null")
            }
            Self::Expression(expression) => {
                expression.root.kind == ExprKind::Constant(Value::Absent)
            }
            _ => false,
        }
    }
}

/// A scalar's source text; what it is, its place decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved.
    pub text: String,
    /// It was written without quotes, so that it may be a number, a boolean or null where the place allows that.
    pub plain: bool,
}

/// Text with templates in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The pieces, in order.
    pub parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text that stays as it is.
    Text(String),
    /// `${{ … }}`
    Expression(Expression),
}
