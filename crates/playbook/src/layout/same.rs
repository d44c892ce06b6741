//! Whether two texts say the same.

use crate::source::Source;
use crate::yaml::{self, Node, NodeKind};

/// Whether two trees differ in places alone.
pub(super) fn nodes(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (
            NodeKind::Scalar { text, plain, .. },
            NodeKind::Scalar {
                text: other,
                plain: bare,
                ..
            },
        ) => text == other && plain == bare,
        (NodeKind::List(items), NodeKind::List(others)) => {
            items.len() == others.len()
                && items
                    .iter()
                    .zip(others)
                    .all(|(one, other)| nodes(one, other))
        }
        (NodeKind::Map(entries), NodeKind::Map(others)) => {
            let pairs = entries.iter().zip(others);
            entries.len() == others.len()
                && pairs.into_iter().all(|((key, value), (name, other))| {
                    key.value == name.value && nodes(value, other)
                })
        }
        _ => false,
    }
}

/// Whether two files have the same comments in the same order.
pub(super) fn comments(one: &Source, other: &Source) -> bool {
    let of = |source: &Source| -> Vec<String> {
        let spans = yaml::comments(source).into_iter();
        spans
            .map(|span| source.slice(span).trim_end().to_owned())
            .collect()
    };
    of(one) == of(other)
}
