//! Formatting: the layout of `runbook fmt`.

use crate::analysis::Analysis;
use crate::place::range;
use crate::workspace::FileKind;
use runbook_playbook::layout::layout;
use runbook_playbook::span::Span;
use serde_json::{Value as Json, json};

/// The change that lays a text out: the lines that differ, so that the cursor stays where the rest stands.
///
/// # Errors
/// What keeps the text from being read.
pub(crate) fn format(analysis: &Analysis) -> Result<Json, String> {
    if analysis.kind == FileKind::Foreign {
        return Ok(Json::Null);
    }
    let before = analysis.source.text();
    let after = layout(&analysis.source).map_err(|found| {
        let first = found.first().map(|first| first.message.as_str());
        format!(
            "this cannot be laid out: {}",
            first.unwrap_or("it is no YAML")
        )
    })?;
    if before == after {
        return Ok(json!([]));
    }
    let (head, tail) = around(before, &after);
    let span = Span::new(head, before.len() - tail);
    let text = after.get(head..after.len() - tail).unwrap_or_default();
    Ok(json!([{"range": range(&analysis.source, span), "newText": text}]))
}

/// How many bytes of whole lines two texts have in common at their beginnings, and at their ends.
fn around(before: &str, after: &str) -> (usize, usize) {
    fn same<'t>(one: impl Iterator<Item = &'t str>, other: impl Iterator<Item = &'t str>) -> usize {
        let pairs = one.zip(other).take_while(|(one, other)| one == other);
        pairs.map(|(line, _)| line.len()).sum()
    }
    let head = same(before.split_inclusive('\n'), after.split_inclusive('\n'));
    let (one, other) = (&before[head..], &after[head..]);
    let tail = same(
        one.split_inclusive('\n').rev(),
        other.split_inclusive('\n').rev(),
    );
    (head, tail)
}
