//! The one layout of playbooks, of scenarios and of files of escalation: text in, text out.
//!
//! Lines stay as their author broke them. What is laid out is the rest: indentation, blanks, blank lines and quotes.

mod same;
mod scalars;
mod stack;
mod tokens;
mod writer;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Source;
use crate::span::Span;
use crate::yaml;

/// Lays a file out: the same keys, values and comments in the same order, indented by two blanks a level.
///
/// # Errors
/// What keeps the file from being read. A file whose layout cannot be changed without changing what it says is refused,
/// too.
pub fn layout(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let node = yaml::read(source, &mut diagnostics);
    let Some(node) = node.filter(|_| diagnostics.is_empty()) else {
        return Err(diagnostics);
    };
    let refused = |place: usize| {
        let place = Span::new(place, (place + 1).min(source.text().len()).max(place));
        vec![
            Diagnostic::new(
                Code::YamlFeature,
                source,
                place,
                "the layout of this file cannot be changed without changing what it says",
            )
            .help("write it with plain keys, each before its value: `key: value`"),
        ]
    };
    let tokens = tokens::read(source).map_err(refused)?;
    let text = writer::write(source.text(), &tokens);
    let laid = Source::new(source.name(), text);
    let mut found = Vec::new();
    let read = yaml::read(&laid, &mut found);
    let kept = found.is_empty()
        && read.is_some_and(|read| same::nodes(&node, &read))
        && same::comments(source, &laid);
    if kept {
        Ok(laid.text().to_owned())
    } else {
        Err(refused(0))
    }
}

#[cfg(test)]
mod tests;
