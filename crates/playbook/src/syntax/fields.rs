//! A mapping that is read by a table of keys.

use super::keys::{Key, Place, Shape, Table};
use super::reader::Reader;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Span, Spanned};
use crate::yaml::{Entry, Node, NodeKind};

/// The mapping's entries, checked against their table: keys that the table does not have are reported. A misspelt key is
/// read as the one that it is near to, so that what it holds is checked too.
#[derive(Clone)]
pub(super) struct Fields<'n> {
    entries: Vec<(&'static Key, Field<'n>)>,
    pub(super) span: Span,
}

/// One entry that its table has.
#[derive(Clone, Copy)]
pub(super) struct Field<'n> {
    pub(super) key: &'n Spanned<String>,
    pub(super) node: &'n Node,
    pub(super) shape: Shape,
}

impl<'n> Fields<'n> {
    /// Reads a node as a mapping with a table's keys; `owner` names it in messages.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        node: &'n Node,
        table: &'static Table,
        owner: &str,
        place: Option<Place>,
    ) -> Option<Self> {
        let NodeKind::Map(entries) = &node.kind else {
            reader.wrong_kind(owner, node, &Shape::Object(table));
            return None;
        };
        let mut read = Vec::with_capacity(entries.len());
        for (written, node) in entries {
            let key = table.key(written).or_else(|| {
                let near = reader.unknown_key(written, table, place)?;
                let taken = entries.iter().any(|(other, _)| other.value == near);
                if taken { None } else { table.key(near) }
            });
            if let Some(key) = key {
                let field = Field {
                    key: written,
                    node,
                    shape: key.shape,
                };
                read.push((key, field));
            }
        }
        for key in table.all_keys().filter(|key| key.required) {
            if !read.iter().any(|(present, _)| present.name == key.name) {
                reader.push(missing(reader, node, entries, key, owner));
            }
        }
        Some(Self {
            entries: read,
            span: node.span,
        })
    }

    /// The entry of a key.
    pub(super) fn get(&self, name: &str) -> Option<Field<'n>> {
        self.entries
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, field)| *field)
    }

    /// The keys that are there, in written order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static Key, Field<'n>)> + '_ {
        self.entries.iter().copied()
    }
}

fn missing(
    reader: &Reader<'_>,
    node: &Node,
    entries: &[Entry],
    key: &Key,
    owner: &str,
) -> Diagnostic {
    let span = entries.first().map_or(node.span, |(first, _)| first.span);
    Diagnostic::new(
        Code::MissingKey,
        reader.source,
        span,
        format!("{owner} has no `{}`", key.name),
    )
    .help(format!("add `{}:` with {}", key.name, key.shape.due()))
}
