//! `causes`: what a step of `diagnose` may find.

use super::assertion::{ASSERTION, Assertion};
use super::fields::{Field, Fields};
use super::keys::{Shape, Table, key};
use super::reader::Reader;
use crate::diagnostic::Code;
use crate::span::Spanned;
use crate::yaml::{Node, NodeKind};

/// One step's finder of one cause: all its assertions must be true.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseFinder {
    /// The cause.
    pub name: Spanned<String>,
    /// What it is called for people.
    pub title: Option<Spanned<String>>,
    /// `remedy: none` was said: nothing in the playbook mends it.
    pub no_remedy: bool,
    /// What must be true.
    pub assertions: Vec<Assertion>,
}

static ASSERTIONS: Shape = Shape::Object(&ASSERTION);

/// The keys of a cause.
pub static CAUSE: Table = Table {
    name: "a cause",
    example: "{title: Out of memory, path: $.reason, matches: OOM}",
    keys: &[
        key("title", Shape::Text, "What the cause is called for people."),
        key(
            "remedy",
            Shape::Word(&["none"]),
            "`none`: nothing in the playbook mends it.",
        ),
        key(
            "assert",
            Shape::OneOrMore(&Shape::Object(&ASSERTION)),
            "Several assertions, which must all be true.",
        ),
    ],
    includes: Some(&ASSERTION),
};

impl CauseFinder {
    /// Reads one entry of `causes`: an assertion with `title` and `remedy`, or a list of assertions.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        name: &Spanned<String>,
        node: &Node,
    ) -> Option<Self> {
        reader.name("cause", name);
        let owner = format!("cause `{}`", name.value);
        match &node.kind {
            NodeKind::List(_) => {
                let field = Field {
                    key: name,
                    node,
                    shape: Shape::List(&ASSERTIONS),
                };
                Some(Self {
                    name: name.clone(),
                    title: None,
                    no_remedy: false,
                    assertions: Assertion::read_all(reader, &field),
                })
            }
            NodeKind::Map(_) => {
                let fields = Fields::read(reader, node, &CAUSE, &owner, None)?;
                let title = fields.get("title").and_then(|field| reader.text(&field));
                let no_remedy = fields
                    .get("remedy")
                    .and_then(|field| reader.word(&field, &[("none", true)]))
                    .is_some();
                let assertions = match fields.get("assert") {
                    None => vec![Assertion::read(reader, &fields, &owner)],
                    Some(several) => {
                        let beside = fields
                            .iter()
                            .find(|(key, _)| !matches!(key.name, "title" | "remedy" | "assert"));
                        if let Some((key, field)) = beside {
                            reader.report(
                                Code::ConflictingKeys,
                                field.key.span,
                                format!("{owner} has `assert` and `{}` beside it", key.name),
                                format!("move `{}` into the list of `assert`", key.name),
                            );
                        }
                        Assertion::read_all(reader, &several)
                    }
                };
                Some(Self {
                    name: name.clone(),
                    title,
                    no_remedy,
                    assertions,
                })
            }
            NodeKind::Scalar { .. } => {
                reader.report(
                    Code::WrongKind,
                    node.span,
                    format!("{owner} cannot be {}", node.kind_name()),
                    format!(
                        "write `{}: {{that: {}}}`",
                        name.value,
                        node.text().unwrap_or("…")
                    ),
                );
                None
            }
        }
    }
}
