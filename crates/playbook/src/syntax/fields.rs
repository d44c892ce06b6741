//! A mapping that is read by a table of keys.

use super::keys::{Key, Place, Shape, Table};
use super::reader::Reader;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Span, Spanned};
use crate::yaml::{Entry, Node, NodeKind};

/// The mapping's entries, checked against their table: keys that the table does not have are reported.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    entries: &'n [Entry],
    table: &'static Table,
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
    /// Reads a node as a mapping with a table's keys; `owner` names it in messages (`step `restart``).
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
        for (key, _) in entries {
            if table.key(key).is_none() {
                reader.unknown_key(key, table, place);
            }
        }
        for key in table.all_keys().filter(|key| key.required) {
            if !entries.iter().any(|(name, _)| name.value == key.name) {
                reader.push(missing(reader, node, entries, key, owner));
            }
        }
        Some(Self {
            entries,
            table,
            span: node.span,
        })
    }

    /// The entry of a key that the table has.
    pub(super) fn get(&self, name: &str) -> Option<Field<'n>> {
        let key = self.table.key(name)?;
        self.entries
            .iter()
            .find(|(written, _)| written.value == name)
            .map(|(written, node)| Field {
                key: written,
                node,
                shape: key.shape,
            })
    }

    /// The keys that are there, in written order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static Key, Field<'n>)> + use<'n> {
        let table = self.table;
        self.entries.iter().filter_map(move |(written, node)| {
            let key = table.key(written)?;
            Some((
                key,
                Field {
                    key: written,
                    node,
                    shape: key.shape,
                },
            ))
        })
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
    Diagnostic::error(
        Code::MissingKey,
        reader.source,
        span,
        format!("{owner} has no `{}`", key.name),
    )
    .help(format!("add `{}:` with {}", key.name, key.shape.due()))
}
