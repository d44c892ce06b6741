//! Comments with their places: the YAML library drops them.

use super::read::{Offsets, within_quotes};
use crate::source::Source;
use crate::span::Span;
use saphyr_parser::{Event, Parser, StrInput};

/// The comments of a file in written order, each from its `#` to the end of its line. Where the text is not well-formed,
/// those before the place at which reading stops.
#[must_use]
pub fn comments(source: &Source) -> Vec<Span> {
    let text = source.text();
    if !text.contains('#') {
        return Vec::new();
    }
    let (scalars, end) = scalars(text);
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

/// Where text stands that is no comment, and where reading ended.
fn scalars(text: &str) -> (Vec<Span>, usize) {
    let offsets = Offsets::new(text, 0);
    let mut parser: Parser<'_, StrInput<'_>> = Parser::new_from_str(text);
    let mut found: Vec<Span> = Vec::new();
    while let Some(event) = parser.next_event() {
        let Ok((event, place)) = event else {
            let end = found.last().map_or(0, |last| last.end);
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
        found.push(Span::new(span.start, span.start + written.len()));
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
