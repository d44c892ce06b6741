//! The names that expressions, data and paths read.

use super::tree::{Expr, ExprKind};
use crate::jsonpath::Path;
use crate::span::Span;
use crate::template::{Data, Part};

/// A name that is read: the longest chain of members that is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// `["diagnose", "stopped", "arns"]`
    pub path: Vec<String>,
    /// Where it stands.
    pub span: Span,
    /// The test that is applied to it directly: `skipped` in `restart is skipped`.
    pub test: Option<String>,
}

/// The names that an expression reads, in written order.
#[must_use]
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    visit(expr, None, &mut found);
    found
}

/// The names that the expressions in data read.
#[must_use]
pub fn references_of_data(data: &Data) -> Vec<Reference> {
    match data {
        Data::Scalar(_) => Vec::new(),
        Data::Expression(expression) => references(&expression.root),
        Data::Text(template) => template
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Expression(expression) => Some(references(&expression.root)),
                Part::Text(_) => None,
            })
            .flatten()
            .collect(),
        Data::List(items) => items
            .iter()
            .flat_map(|item| references_of_data(item))
            .collect(),
        Data::Map(entries) => entries
            .iter()
            .flat_map(|(_, value)| references_of_data(value))
            .collect(),
    }
}

/// The names that the filters of a path read.
#[must_use]
pub fn references_of_path(path: &Path) -> Vec<Reference> {
    path.names
        .iter()
        .map(|name| Reference {
            path: name.path.clone(),
            span: path.span,
            test: None,
        })
        .collect()
}

/// The chain of names that an expression is, if it is one: `x.y`, `x['y']`.
#[must_use]
pub fn static_path(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![name.clone()]),
        ExprKind::Member(inner, name) => {
            let mut path = static_path(inner)?;
            path.push(name.clone());
            Some(path)
        }
        ExprKind::Index(inner, index) => match &index.kind {
            ExprKind::Constant(crate::value::Value::Text(name)) => {
                let mut path = static_path(inner)?;
                path.push(name.as_ref().to_owned());
                Some(path)
            }
            _ => None,
        },
        _ => None,
    }
}

fn visit(expr: &Expr, test: Option<&str>, found: &mut Vec<Reference>) {
    if let Some(path) = static_path(expr) {
        found.push(Reference {
            path,
            span: expr.span,
            test: test.map(str::to_owned),
        });
        return;
    }
    if let ExprKind::Test {
        name,
        input,
        arguments,
    } = &expr.kind
    {
        visit(input, Some(name), found);
        for argument in arguments {
            visit(&argument.value, None, found);
        }
        return;
    }
    for child in children(expr) {
        visit(child, None, found);
    }
}

/// The direct parts of an expression, in written order.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => Vec::new(),
        ExprKind::Member(inner, _) | ExprKind::Not(inner) | ExprKind::Negate(inner) => vec![inner],
        ExprKind::Index(left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Arithmetic(_, left, right)
        | ExprKind::Concat(left, right) => vec![left, right],
        ExprKind::Slice(inner, start, end, step) => std::iter::once(inner)
            .chain(start)
            .chain(end)
            .chain(step)
            .map(AsRef::as_ref)
            .collect(),
        ExprKind::Compare(first, rest) => std::iter::once(first.as_ref())
            .chain(rest.iter().map(|(_, right)| right))
            .collect(),
        ExprKind::If {
            test,
            then,
            otherwise,
        } => [Some(then), Some(test), otherwise.as_ref()]
            .into_iter()
            .flatten()
            .map(AsRef::as_ref)
            .collect(),
        ExprKind::Filter {
            input, arguments, ..
        }
        | ExprKind::Test {
            input, arguments, ..
        } => std::iter::once(input.as_ref())
            .chain(arguments.iter().map(|argument| &argument.value))
            .collect(),
        ExprKind::Call { arguments, .. } => {
            arguments.iter().map(|argument| &argument.value).collect()
        }
        ExprKind::List(items) => items.iter().collect(),
        ExprKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
    }
}
