//! JSONPath (RFC 9535) over results.

mod compare;
mod condition;
mod infer;
mod parse;
mod plain;
mod select;

pub use infer::PathProblem;

use crate::span::Span;
use jsonpath_rust::parser::model::JpQuery;

/// A parsed path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// The query. Where the path names inputs or captures in filters, this is the query with a stand-in text in each
    /// such place, good for typing only.
    pub query: JpQuery,
    /// It gives at most one value (names and indexes only).
    pub singular: bool,
    /// The inputs and captures that its filters name, with their places in `text`; they become literals before each
    /// query.
    pub names: Vec<PathName>,
}

/// A name in a filter: `inputs.port` in `[?@.Port == inputs.port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathName {
    /// `["inputs", "port"]`
    pub path: Vec<String>,
    /// Byte range in the path's text.
    pub range: Span,
}
