//! YAML as playbooks use it: one document of mappings, lists and scalars, each with its place in the file.

mod characters;
mod comments;
mod json;
mod read;
mod trap;
pub mod write;

pub use comments::{Style, comments, scalars};
pub use json::POSITION;
pub use read::{MAX_BYTES, MAX_DEPTH, MAX_NODES, read};

use crate::span::{Span, Spanned, TextPlace};

/// A key of a mapping and its value.
pub type Entry = (Spanned<String>, Node);

/// A node of the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands; the key's place for a value that is left out.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// Kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// Text, not yet read as anything: its place decides what it is.
    Scalar {
        /// The text, quotes and escapes resolved.
        text: String,
        /// It was written without quotes.
        plain: bool,
        /// Where the text stands.
        place: TextPlace,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in written order.
    Map(Vec<Entry>),
}

impl Node {
    /// The kind of node, as messages name it.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Scalar { .. } if self.is_null() => "nothing",
            NodeKind::Scalar { .. } => "text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }

    /// Whether nothing was written, or `null` or `~` without quotes.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true, .. } if is_null(text))
    }

    /// The entries of a mapping.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a scalar that is not null.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The value of a mapping's key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?
            .iter()
            .find(|(name, _)| name.value == key)
            .map(|(_, node)| node)
    }

    /// The node at the end of a route of keys and list indexes (`["scenarios", "leaking", "actions", "0"]`).
    #[must_use]
    pub fn at<'a>(&self, route: impl IntoIterator<Item = &'a str>) -> Option<&Node> {
        route
            .into_iter()
            .try_fold(self, |node, segment| match &node.kind {
                NodeKind::Map(_) => node.get(segment),
                NodeKind::List(items) => items.get(segment.parse::<usize>().ok()?),
                NodeKind::Scalar { .. } => None,
            })
    }
}

/// Whether text without quotes means null in YAML's core schema.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
