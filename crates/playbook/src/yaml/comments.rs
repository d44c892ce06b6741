//! Comments and scalars with their places: the YAML library drops the first.

use super::read::{Offsets, within_quotes};
use crate::source::Source;
use crate::span::Span;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

/// The comments of a file in written order, each from its `#` to the end of its line. Where the text is not well-formed,
/// those before the place at which reading stops.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    if !text.contains('#') {
        return Vec::new();
    }
    let (scalars, end) = written_scalars(text);
    let scalars: Vec<Span> = scalars.into_iter().map(|(span, _)| span).collect();
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end_matches(['\n', '\r']);
        let begins = written.match_indices('#').map(|(at, _)| start + at);
        let comment = begins.into_iter().find(|at| {
            let apart = *at == start
                || text
                    .get(..*at)
                    .is_some_and(|before| before.ends_with([' ', '\t']));
            apart && !within(&scalars, *at)
        });
        if let Some(at) = comment.filter(|at| *at < end) {
            found.push(Span::new(at, start + written.len()));
        }
        start += line.len();
    }
    found
}

/// Whether a byte belongs to one of the scalars, which are in written order.
fn within(scalars: &[Span], at: usize) -> bool {
    let before = scalars.partition_point(|scalar| scalar.start <= at);
    let last = before.checked_sub(1).and_then(|last| scalars.get(last));
    last.is_some_and(|scalar| at < scalar.end)
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As lines below `|` or `>`.
    Block,
}

/// The scalars of a file in written order, quotes included; a block scalar from its `|` or `>` to its last line of text.
/// Where the text is not well-formed, those before the place at which reading stops.
#[must_use]
pub fn scalars(source: &Source) -> Vec<(Span, Style)> {
    let text = source.text();
    let (scalars, _) = written_scalars(text);
    let trimmed = scalars.into_iter().map(|(span, style)| {
        let written = text.get(span.start..span.end).unwrap_or_default();
        let end = span.start + written.trim_end().len();
        (Span::new(span.start, end), style)
    });
    trimmed.collect()
}

/// Where text stands that is no comment, and where reading ended.
fn written_scalars(text: &str) -> (Vec<(Span, Style)>, usize) {
    let offsets = Offsets::new(text, 0);
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    let mut found: Vec<(Span, Style)> = Vec::new();
    while let Some(event) = parser.next_event() {
        let Ok((event, place)) = event else {
            let end = found.last().map_or(0, |(last, _)| last.end);
            return (found, end);
        };
        let Event::Scalar(_, style, ..) = event else {
            continue;
        };
        let span = Span::new(
            offsets.byte(place.start.index()),
            offsets.byte(place.end.index()),
        );
        let written = within_quotes(text.get(span.start..span.end).unwrap_or_default(), style);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        found.push((Span::new(span.start, span.start + written.len()), style));
    }
    (found, text.len())
}

#[cfg(test)]
mod tests {
    use super::comments;
    use crate::source::Source;

    fn of(text: &str) -> Vec<String> {
        let source = Source::new("test.yaml", text);
        comments(&source)
            .into_iter()
            .map(|span| source.slice(span).to_owned())
            .collect()
    }

    #[test]
    fn comments_are_what_yaml_does_not_read() {
        let text = "# first\na: b # second\nc: \"x \\\" # no\" # third\nd: e#f\ng: [h, # fourth\n  'é '' # no']\n#fifth\r\n";
        assert_eq!(
            of(text),
            ["# first", "# second", "# third", "# fourth", "#fifth"]
        );
    }

    #[test]
    fn text_of_many_lines_has_no_comments_but_what_follows_it_may() {
        let text =
            "a:\n  b: | # header\n    # no\n     # no\n\n    no\n  # yes\n  c: >-\n    # no\n# end";
        assert_eq!(of(text), ["# header", "# yes", "# end"]);
    }

    #[test]
    fn what_is_not_well_formed_is_read_as_far_as_it_goes() {
        let found = of("# a\nb: c # d\ne: [\"f # g\n");
        assert!(
            found.len() <= 2 && found.iter().all(|one| one != "# g"),
            "{found:?}"
        );
    }
}
