//! Filters that compare members with literals, search texts, or ask whether members are there, which are nearly all: read
//! without the grammar, which backtracks.

use super::parse::is_singular;
use super::plain;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};

/// Longest first: the first that fits counts.
const OPERATORS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

/// Reads the filter at the beginning of a text, `[?@.name == 'a' && !@.gone]`, and how long it is; `None` for everything
/// else, whether it is a filter or not.
pub(super) fn parse(text: &str) -> Option<(Filter, usize)> {
    let (filter, rest) = any(text.strip_prefix("[?")?)?;
    let rest = rest.strip_prefix(']')?;
    Some((filter, text.len() - rest.len()))
}

/// What `||` joins, and what follows, without spaces before it.
fn any(text: &str) -> Option<(Filter, &str)> {
    joined(text, "||", all, Filter::Or)
}

/// What `&&` joins.
fn all(text: &str) -> Option<(Filter, &str)> {
    let part = |text| atom(text).map(|(atom, rest)| (Filter::Atom(atom), rest));
    joined(text, "&&", part, Filter::And)
}

fn joined<'t>(
    text: &'t str,
    operator: &str,
    part: impl Fn(&'t str) -> Option<(Filter, &'t str)>,
    several: fn(Vec<Filter>) -> Filter,
) -> Option<(Filter, &'t str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (filter, after) = part(rest.trim_start_matches(' '))?;
        parts.push(filter);
        rest = after.trim_start_matches(' ');
        match rest.strip_prefix(operator) {
            Some(after) => rest = after,
            None if parts.len() > 1 => return Some((several(parts), rest)),
            None => return Some((parts.pop()?, rest)),
        }
    }
}

fn atom(text: &str) -> Option<(FilterAtom, &str)> {
    let (not, text) = match text.strip_prefix('!') {
        Some(after) => (true, after.trim_start_matches(' ')),
        None => (false, text),
    };
    if let Some(inside) = text.strip_prefix('(') {
        let (filter, rest) = any(inside)?;
        return Some((FilterAtom::filter(filter, not), rest.strip_prefix(')')?));
    }
    if let Some((test, rest)) = function(text) {
        return Some((FilterAtom::test(Test::Function(Box::new(test)), not), rest));
    }
    let (segments, rest) = members(text)?;
    let after = rest.trim_start_matches(' ');
    let mut operators = OPERATORS.iter();
    let operator = operators.find(|operator| !not && after.starts_with(**operator));
    let Some(operator) = operator else {
        return Some((FilterAtom::test(Test::RelQuery(segments), not), rest));
    };
    let after = after.get(operator.len()..)?.trim_start_matches(' ');
    let (literal, rest) = literal(after)?;
    let segments = segments.into_iter().map(singular).collect::<Option<_>>()?;
    let member = Comparable::SingularQuery(SingularQuery::Current(segments));
    let comparison = Comparison::try_new(operator, member, Comparable::Literal(literal)).ok()?;
    Some((FilterAtom::cmp(Box::new(comparison)), rest))
}

/// `search(@.name, 'text')` or `match(@.name, 'text')`, and what follows.
fn function(text: &str) -> Option<(TestFunction, &str)> {
    let (name, inside) = text.split_once('(')?;
    if !["search", "match"].contains(&name) {
        return None;
    }
    let (segments, rest) = members(inside.trim_start_matches(' '))?;
    if !is_singular(&segments) {
        return None;
    }
    let rest = rest.trim_start_matches(' ').strip_prefix(',')?;
    let (Literal::String(pattern), rest) = literal(rest.trim_start_matches(' '))? else {
        return None;
    };
    let rest = rest.trim_start_matches(' ').strip_prefix(')')?;
    let arguments = vec![
        FnArg::Test(Box::new(Test::RelQuery(segments))),
        FnArg::Literal(Literal::String(pattern)),
    ];
    Some((TestFunction::try_new(name, arguments).ok()?, rest))
}

/// `@.name[0]`, and what follows.
fn members(text: &str) -> Option<(Vec<Segment>, &str)> {
    let mut rest = text.strip_prefix('@')?;
    let mut segments = Vec::new();
    while rest.starts_with(['.', '[']) {
        let (segment, after) = plain::segment(rest)?;
        segments.push(segment);
        rest = after;
    }
    Some((segments, rest))
}

fn singular(segment: Segment) -> Option<SingularQuerySegment> {
    match segment {
        Segment::Selector(Selector::Name(name)) => Some(SingularQuerySegment::Name(name)),
        Segment::Selector(Selector::Index(index)) => Some(SingularQuerySegment::Index(index)),
        _ => None,
    }
}

/// Text without escapes, a whole number, `true`, `false` or `null`, and what follows.
fn literal(text: &str) -> Option<(Literal, &str)> {
    if let Some(inside) = text.strip_prefix('\'') {
        let (inside, rest) = inside.split_once('\'')?;
        let plain = |c: char| c >= ' ' && c != '\\';
        return inside
            .chars()
            .all(plain)
            .then(|| (Literal::String(inside.to_owned()), rest));
    }
    let length = text.find([' ', ']', '&', '|', ')']).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(length)?;
    let literal = match word {
        "true" => Literal::Bool(true),
        "false" => Literal::Bool(false),
        "null" => Literal::Null,
        number => Literal::Int(plain::integer(number)?),
    };
    Some((literal, rest))
}

#[cfg(test)]
mod tests {
    use crate::jsonpath::plain::parse;
    use jsonpath_rust::parser::parse_json_path;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is read here is what the grammar reads, too.
        #[test]
        fn nothing_is_read_that_the_grammar_reads_otherwise(
            tokens in prop::collection::vec(
                prop::sample::select(vec![
                    "@", "@", "@.a", "@.b", ".a", "[0]", "['x']", "[*]", "[?@", "]", "(", ")", "!", " ", " && ", "||", " == ",
                    "==", "!=", "<", "<= ", "'x'", "' y'", "1", "-2", "0", "true", "false", "null", "&", "|", ",", "..", "$",
                    "search(", "match(", "search(@.a, 'x')", "[0,'a']",
                ]),
                1..9,
            )
        ) {
            let text = format!("$[?{}]", tokens.concat());
            if let Some(plain) = parse(&text) {
                prop_assert_eq!(Ok(plain), parse_json_path(&text).map_err(|error| error.to_string()), "{}", text);
            }
        }
    }

    #[test]
    fn conditions_are_read_as_the_grammar_reads_them() {
        for text in [
            "$.a[?@.name == 'x']",
            "$.a[?@.name!='x y: [?]\u{10FFFF}name:0']",
            "$[?@ == 'FARGATE']",
            "$.a[?@.n <= 5 && @.n >= -7]",
            "$.a[?@.n<0||@.n>999999999999999]",
            "$.a[?@.on == true && @.off == false && @.none == null].b[*]",
            "$.a[?@.there]",
            "$.a[?!@.there || ! @.b[0]['c-d'] ]",
            "$.a[?@.a == 1 || @.b == 2 && @.c == 3 || @.d]",
            "$.a[?(@.a == 1 || @.b == 2) && !(@.c == 3)]",
            "$.a[?@.list[?@.b == 'deny' && (@.c || !@.d)]][0]",
            "$.a[? @.list[*] ]",
            "$.a[?((@.b))]",
            "$.a[?search(@.b, 'x y')]",
            "$.a[?!match( @.b[0]['c'],'x.*' ) && @.d == 1]",
            "$.a[?search(@, '[(]')]",
            "$.a[?@..b]",
            "$.a[?@['a','b'] || @.c[0,1]]",
        ] {
            let plain = parse(text).unwrap_or_else(|| panic!("{text} is plain"));
            let read = parse_json_path(text).expect("a path");
            assert_eq!(plain, read, "{text}");
        }
    }

    #[test]
    fn other_filters_are_left_to_the_grammar() {
        for text in [
            "$.a[?]",
            "$.a[?@.b",
            "$.a[?@.b ==]",
            "$.a[?@.b == 1.5]",
            "$.a[?@.b == 01]",
            "$.a[?@.b == -0]",
            "$.a[?@.b == \"x\"]",
            "$.a[?@.b == 'x\\'y']",
            "$.a[?@.b == @.c]",
            "$.a[?'x' == @.b]",
            "$.a[?search(@.b, @.c)]",
            "$.a[?search(@.b)]",
            "$.a[?search(@[*], 'x')]",
            "$.a[?search(@.b, 1)]",
            "$.a[?search (@.b, 'x')]",
            "$.a[?search(@.b, 'x') == true]",
            "$.a[?length(@.b) == 1]",
            "$.a[?!@.b == 1]",
            "$.a[?@[*] == 1]",
            "$.a[?@..b == 1]",
            "$.a[?(@.b]",
            "$.a[?@.b)]",
            "$.a[?@.b & @.c]",
            "$.a[?@.b, ?@.c]",
            "$.a[?@.b == 'x'y]",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
