//! Paths of members, indexes, wildcards, conditions, several of these, and what is anywhere below: nearly all there are, read
//! without the grammar, which backtracks.

use super::condition;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};

/// The most digits of a whole number; the grammar allows one more.
const DIGITS: usize = 15;

/// Reads `$.items[*].name`, `$.items[-1]['my-member']`, `$.items[?@.name == 'a']`, `$..['a', 'b']`; `None` for everything else,
/// whether it is a path or not.
pub(super) fn parse(text: &str) -> Option<JpQuery> {
    let mut rest = text.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let (segment, after) = segment(rest)?;
        segments.push(segment);
        rest = after;
    }
    Some(JpQuery::new(segments))
}

/// The segment at the beginning of a text, and what follows.
pub(super) fn segment(text: &str) -> Option<(Segment, &str)> {
    let Some(below) = text.strip_prefix("..") else {
        return one(text);
    };
    // What is below is written with one dot less: `..name`, `..[0]`.
    let (segment, rest) = if below.starts_with('[') {
        one(below)?
    } else {
        one(text.strip_prefix('.')?)?
    };
    Some((Segment::Descendant(Box::new(segment)), rest))
}

fn one(text: &str) -> Option<(Segment, &str)> {
    if let Some((selector, length)) = selector(text) {
        return Some((Segment::Selector(selector), text.get(length..)?));
    }
    let (inside, rest) = text.strip_prefix('[')?.split_once(']')?;
    let several: Option<Vec<Selector>> = inside
        .split(',')
        .map(|part| plain(part.trim_matches(' ')))
        .collect();
    Some((
        Segment::Selectors(several.filter(|several| several.len() > 1)?),
        rest,
    ))
}

/// The selector at the beginning of a text, and how long it is.
fn selector(text: &str) -> Option<(Selector, usize)> {
    if text.starts_with("[?") {
        let (filter, length) = condition::parse(text)?;
        return Some((Selector::Filter(filter), length));
    }
    member(text).or_else(|| bracket(text))
}

/// `.name` or `.*`, and how long it is.
fn member(text: &str) -> Option<(Selector, usize)> {
    let name = text.strip_prefix('.')?;
    if name.starts_with('*') {
        return Some((Selector::Wildcard, 2));
    }
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let name = name.get(..length)?;
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins.then(|| (Selector::Name(name.to_owned()), 1 + length))
}

/// `[*]`, `[0]`, `[-1]` or `['name']`, and how long it is.
fn bracket(text: &str) -> Option<(Selector, usize)> {
    let (inside, _) = text.strip_prefix('[')?.split_once(']')?;
    Some((plain(inside)?, inside.len() + 2))
}

/// `*`, `0`, `-1` or `'name'`.
fn plain(text: &str) -> Option<Selector> {
    if text == "*" {
        return Some(Selector::Wildcard);
    }
    let quoted = text
        .strip_prefix('\'')
        .and_then(|name| name.strip_suffix('\''));
    let Some(name) = quoted else {
        return Some(Selector::Index(integer(text)?));
    };
    let ordinary = |c: char| c.is_ascii_alphanumeric() || "_-.:/".contains(c);
    let is_ordinary = name.chars().all(ordinary);
    is_ordinary.then(|| Selector::Name(name.to_owned()))
}

/// A whole number as the grammar has it, without zeros before it: `0`, `12`, `-1`.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.len() <= DIGITS && digits.chars().all(|c| c.is_ascii_digit());
    let canonical = text == "0" || digits.starts_with(|c: char| ('1'..='9').contains(&c));
    (whole && canonical).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::parse;
    use jsonpath_rust::parser::parse_json_path;

    #[test]
    fn what_is_plain_is_read_as_the_grammar_reads_it() {
        for text in [
            "$",
            "$.a",
            "$.taskArns[*]",
            "$.services[0].runningCount",
            "$.*._x9",
            "$[-1]['my-member'][12]['a.b:c/d']['']",
            "$['length'].count",
            "$[999999999999999]",
            "$..a",
            "$..*",
            "$.a..['b'][0]..[-1]",
            "$..[*].c",
            "$[0,1]",
            "$['a', 'b' ,*]",
            "$.tasks..['stoppedReason','reason'].x",
        ] {
            let plain = parse(text).unwrap_or_else(|| panic!("{text} is plain"));
            let read = parse_json_path(text).expect("a path");
            assert_eq!(plain, read, "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_grammar() {
        for text in [
            "",
            "a",
            "$.",
            "$..",
            "$...a",
            "$.. a",
            "$..9",
            "$.9",
            "$.a b",
            "$ .a",
            "$.é",
            "$[00]",
            "$[-0]",
            "$[01]",
            "$[ 0 ]",
            "$[1:2]",
            "$[0,]",
            "$[,0]",
            "$[0,'a,b']",
            "$[0,?@.a]",
            "$[\"a\"]",
            "$['a\\'b']",
            "$['a]b']",
            "$[",
            "$[]",
            "$[-]",
            "$[9007199254740992]",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
