//! `capture`: what a step keeps of its result.

use super::fields::{Field, Fields};
use super::keys::{Shape, Table, key};
use super::reader::{Reader, poison};
use crate::diagnostic::Code;
use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::Spanned;
use crate::template::Data;
use crate::yaml::{Node, NodeKind};

/// One captured name.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    /// The name.
    pub name: Spanned<String>,
    /// Where the value comes from.
    pub from: CaptureFrom,
    /// The value where nothing is found.
    pub default: Option<Spanned<Data>>,
    /// What the value is converted to; fails loudly.
    pub convert: Option<Spanned<Convert>>,
    /// One value of many nodes.
    pub take: Option<Spanned<Take>>,
}

/// Where a captured value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum CaptureFrom {
    /// A path into the result: a singular one gives the value, any other a list.
    Path(Path),
    /// An expression.
    Expression(Expression),
}

/// `as: …`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the conversions' own names")]
pub enum Convert {
    Integer,
    Number,
    Timestamp,
    Duration,
    Json,
    Text,
}

/// `take: …`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// There must be exactly one.
    One,
    /// The first of at least one.
    First,
}

/// The conversions and their words.
pub(super) const CONVERSIONS: [(&str, Convert); 6] = [
    ("integer", Convert::Integer),
    ("number", Convert::Number),
    ("timestamp", Convert::Timestamp),
    ("duration", Convert::Duration),
    ("json", Convert::Json),
    ("text", Convert::Text),
];

/// The keys of a capture in its mapping form.
pub static CAPTURE: Table = Table {
    name: "a capture",
    example: "{path: \"$.tags[*]\", default: []}",
    keys: &[
        key("path", Shape::Path, "A path into the result.").required(),
        key("default", Shape::Data, "The value where nothing is found."),
        key(
            "as",
            Shape::Word(&["integer", "number", "timestamp", "duration", "json", "text"]),
            "What the value is converted to.",
        ),
        key(
            "take",
            Shape::Word(&["one", "first"]),
            "One value of many: the only one, or the first.",
        ),
    ],
    includes: None,
};

impl Capture {
    /// Reads one entry of `capture`.
    pub(super) fn read(reader: &mut Reader<'_>, name: &Spanned<String>, node: &Node) -> Self {
        reader.name("capture", name);
        let mut capture = Self {
            name: name.clone(),
            from: CaptureFrom::Expression(poison(node.span)),
            default: None,
            convert: None,
            take: None,
        };
        let field = Field {
            key: name,
            node,
            shape: Shape::Path,
        };
        match &node.kind {
            NodeKind::Scalar { text, .. } if !node.is_null() => {
                if text.trim_start().starts_with("${{") {
                    capture.from = CaptureFrom::Expression(reader.expression(&field));
                } else if text.trim_start().starts_with('$') {
                    if let Some(path) = reader.path(&field) {
                        capture.from = CaptureFrom::Path(path);
                    }
                } else {
                    reader.report(
                        Code::WrongKind,
                        node.span,
                        format!("capture `{}` is neither a JSONPath nor a template", name.value),
                        format!("write `$.{0}` for a member of the result, or `${{{{ {0} }}}}` for an expression", text.trim()),
                    );
                }
            }
            NodeKind::Map(_) => {
                let owner = format!("capture `{}`", name.value);
                if let Some(fields) = Fields::read(reader, node, &CAPTURE, &owner, None) {
                    capture.mapping(reader, &fields);
                }
            }
            _ => reader.report(
                Code::WrongKind,
                node.span,
                format!("capture `{}` cannot be {}", name.value, node.kind_name()),
                "write a JSONPath (`$.taskArns[*]`), `{path: …, default: …}` or `${{ expression }}`",
            ),
        }
        capture
    }

    /// Reads `{path, default, as, take}`.
    fn mapping(&mut self, reader: &mut Reader<'_>, fields: &Fields<'_>) {
        if let Some(path) = fields.get("path").and_then(|field| reader.path(&field)) {
            self.from = CaptureFrom::Path(path);
        }
        self.default = fields.get("default").map(|field| reader.data(field.node));
        self.convert = fields
            .get("as")
            .and_then(|field| reader.word(&field, &CONVERSIONS));
        self.take = fields
            .get("take")
            .and_then(|field| reader.word(&field, &[("one", Take::One), ("first", Take::First)]));
    }
}
