//! What an expression, a template or a path names.

use crate::diagnostic::Diagnostic;
use crate::expression::{Argument, Expr, ExprKind, Expression};
use crate::jsonpath::Path;
use crate::source::Source;
use crate::span::{Span, Spanned, TextPlace};
use crate::template::{Data, Part};
use crate::value::Value;

/// A dotted name: `stopped.arns`, `inputs.port`, `now`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    /// The names between the dots, with the place of everything up to there.
    pub(super) segments: Vec<(String, Span)>,
    /// The test that it stands before: `failed` in `stopped is failed`.
    pub(super) tested: Option<String>,
}

impl Reference {
    /// The place of the whole.
    pub(super) fn span(&self) -> Span {
        self.segments
            .last()
            .map(|(_, span)| *span)
            .unwrap_or_default()
    }

    /// The name at a position.
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        self.segments.get(at).map(|(name, _)| name.as_str())
    }

    /// The place of everything up to a position.
    pub(super) fn span_to(&self, at: usize) -> Span {
        self.segments
            .get(at)
            .map_or_else(|| self.span(), |(_, span)| *span)
    }
}

/// Something written that can name things.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written<'a> {
    Expression(&'a Expression),
    Data(&'a Data),
    Path(&'a Path),
    /// A key of `with` that is a path into `base`.
    Key(&'a Spanned<String>),
}

impl Written<'_> {
    /// Everything that it names, as written from left to right.
    pub(super) fn references(self) -> Vec<Reference> {
        let mut found = Vec::new();
        match self {
            Self::Expression(expression) => walk(&expression.root, &mut found),
            Self::Data(data) => walk_data(data, &mut found),
            Self::Path(path) => walk_path(path, &mut found),
            Self::Key(key) => {
                // What cannot be read is reported where arguments are checked.
                if let Ok(path) = path_of_key(key, &Source::new("", "")) {
                    walk_path(&path, &mut found);
                }
            }
        }
        found
    }
}

/// Reads a key of `with` that begins with `$`.
pub(super) fn path_of_key(key: &Spanned<String>, source: &Source) -> Result<Path, Box<Diagnostic>> {
    let width = key.span.end.saturating_sub(key.span.start);
    let quotes = width.saturating_sub(key.value.len());
    let place = match quotes {
        0 => TextPlace {
            span: key.span,
            exact: true,
        },
        2 => TextPlace {
            span: Span::new(key.span.start + 1, key.span.end.saturating_sub(1)),
            exact: true,
        },
        _ => TextPlace {
            span: key.span,
            exact: false,
        },
    };
    Path::parse(key, place, source).map_err(Box::new)
}

/// Everything that an expression names.
pub(super) fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    walk(expr, &mut found);
    found
}

fn walk_data(data: &Data, found: &mut Vec<Reference>) {
    match data {
        Data::Scalar(_) => {}
        Data::Expression(expression) => walk(&expression.root, found),
        Data::Text(template) => {
            for part in &template.parts {
                if let Part::Expression(expression) = part {
                    walk(&expression.root, found);
                }
            }
        }
        Data::List(items) => items.iter().for_each(|item| walk_data(item, found)),
        Data::Map(entries) => entries
            .iter()
            .for_each(|(_, value)| walk_data(value, found)),
    }
}

fn walk_path(path: &Path, found: &mut Vec<Reference>) {
    let exact = path.span.end.saturating_sub(path.span.start) == path.text.len();
    for name in &path.names {
        let span = if exact {
            name.range.offset(path.span.start)
        } else {
            path.span
        };
        found.push(Reference {
            segments: name.path.iter().map(|part| (part.clone(), span)).collect(),
            tested: None,
        });
    }
}

/// The dotted name that an expression is, if it is one. `x['name']` reads as `x.name`.
fn dotted(expr: &Expr) -> Option<Vec<(String, Span)>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![(name.clone(), expr.span)]),
        ExprKind::Member(inner, name) => {
            let mut segments = dotted(inner)?;
            segments.push((name.clone(), expr.span));
            Some(segments)
        }
        ExprKind::Index(inner, key) => {
            let ExprKind::Constant(Value::Text(name)) = &key.kind else {
                return None;
            };
            let mut segments = dotted(inner)?;
            segments.push((name.to_string(), expr.span));
            Some(segments)
        }
        _ => None,
    }
}

fn walk(expr: &Expr, found: &mut Vec<Reference>) {
    if let Some(segments) = dotted(expr) {
        found.push(Reference {
            segments,
            tested: None,
        });
        return;
    }
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => {}
        ExprKind::Member(inner, _) | ExprKind::Not(inner) | ExprKind::Negate(inner) => {
            walk(inner, found);
        }
        ExprKind::Index(left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Arithmetic(_, left, right)
        | ExprKind::Concat(left, right) => {
            walk(left, found);
            walk(right, found);
        }
        ExprKind::Slice(inner, first, last, stride) => {
            walk(inner, found);
            for bound in [first, last, stride].into_iter().flatten() {
                walk(bound, found);
            }
        }
        ExprKind::Compare(first, rest) => {
            walk(first, found);
            for (_, operand) in rest {
                walk(operand, found);
            }
        }
        ExprKind::If {
            test,
            then,
            otherwise,
        } => {
            walk(test, found);
            walk(then, found);
            if let Some(otherwise) = otherwise {
                walk(otherwise, found);
            }
        }
        ExprKind::Filter {
            input, arguments, ..
        } => {
            walk(input, found);
            walk_arguments(arguments, found);
        }
        ExprKind::Test {
            name,
            input,
            arguments,
        } => {
            if let Some(segments) = dotted(input) {
                found.push(Reference {
                    segments,
                    tested: Some(name.clone()),
                });
            } else {
                walk(input, found);
            }
            walk_arguments(arguments, found);
        }
        ExprKind::Call { arguments, .. } => walk_arguments(arguments, found),
        ExprKind::List(items) => items.iter().for_each(|item| walk(item, found)),
        ExprKind::Map(entries) => entries.iter().for_each(|(_, value)| walk(value, found)),
    }
}

fn walk_arguments(arguments: &[Argument], found: &mut Vec<Reference>) {
    for argument in arguments {
        walk(&argument.value, found);
    }
}
