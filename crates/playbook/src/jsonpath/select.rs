//! Queries of documents, and assignment into them.

use super::Path;
use super::parse::PLACEHOLDER;
use crate::expression::{EvaluationError, Scope};
use crate::value::Value;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, Test,
    TestFunction,
};
use serde_json::Value as Json;
use std::collections::HashSet;

impl Path {
    /// Finds the nodes that the path leads to, in document order. JSON null is a node.
    ///
    /// # Errors
    /// A name in a filter that nothing defines, or whose value cannot stand in a path.
    pub fn select<'j>(
        &self,
        document: &'j Json,
        scope: &dyn Scope,
    ) -> Result<Vec<&'j Json>, EvaluationError> {
        if let Some(nodes) = plainly(&self.query, document) {
            return Ok(nodes);
        }
        if self.names.is_empty() {
            return self.run(&self.query, document);
        }
        self.run(&self.bound(scope)?, document)
    }

    /// Sets the last name of the path in each parent that matches; creates it where it is not there. Gives the number of
    /// parents: 0 means that nothing was changed.
    ///
    /// # Errors
    /// As [`Path::select`], and for a path that does not end with a name.
    pub fn assign(
        &self,
        document: &mut Json,
        value: &Json,
        scope: &dyn Scope,
    ) -> Result<usize, EvaluationError> {
        let Some(name) = self.assignable() else {
            return Err(EvaluationError::new(
                format!("`{}` does not end with a name", self.text),
                self.span,
            ));
        };
        let mut parents = self.bound(scope)?;
        parents.segments.pop();
        // A reference that the query gives is the one thing that tells its node apart whatever the names on the way are.
        let found: HashSet<usize> = self
            .run(&parents, document)?
            .into_iter()
            .filter(|parent| parent.is_object())
            .map(address)
            .collect();
        Ok(set(document, &found, name, value))
    }

    fn run<'j>(
        &self,
        query: &JpQuery,
        document: &'j Json,
    ) -> Result<Vec<&'j Json>, EvaluationError> {
        jsonpath_rust::query::js_path_process(query, document)
            .map(|nodes| nodes.into_iter().map(|node| node.val).collect())
            .map_err(|error| {
                EvaluationError::new(
                    format!("`{}` cannot be evaluated: {error}", self.text),
                    self.span,
                )
            })
    }

    /// The query with the values of its names.
    fn bound(&self, scope: &dyn Scope) -> Result<JpQuery, EvaluationError> {
        let mut query = self.query.clone();
        if self.names.is_empty() {
            return Ok(query);
        }
        let literals = self
            .names
            .iter()
            .map(|name| {
                literal(&name.path, scope).map_err(|message| {
                    EvaluationError::new(format!("in `{}`: {message}", self.text), self.span)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        for segment in &mut query.segments {
            in_segment(segment, &literals);
        }
        Ok(query)
    }
}

/// The nodes of a query of names, indexes and wildcards, as nearly all are; nothing for any other.
fn plainly<'j>(query: &JpQuery, document: &'j Json) -> Option<Vec<&'j Json>> {
    let mut nodes = vec![document];
    for segment in &query.segments {
        let Segment::Selector(selector) = segment else {
            return None;
        };
        nodes = match selector {
            Selector::Name(name) if !name.contains(['\'', '"', '\\']) => {
                let found = nodes.into_iter();
                found
                    .filter_map(|node| node.as_object()?.get(name))
                    .collect()
            }
            Selector::Index(index) => {
                let found = nodes.into_iter();
                found.filter_map(|node| at(node, *index)).collect()
            }
            Selector::Wildcard => nodes.into_iter().flat_map(children).collect(),
            _ => return None,
        };
    }
    Some(nodes)
}

/// The item at an index, which counts from the end where it is negative.
fn at(node: &Json, index: i64) -> Option<&Json> {
    let items = node.as_array()?;
    let place = usize::try_from(index).ok().or_else(|| {
        let back = usize::try_from(index.unsigned_abs()).ok()?;
        items.len().checked_sub(back)
    })?;
    items.get(place)
}

fn children(node: &Json) -> Vec<&Json> {
    match node {
        Json::Array(items) => items.iter().collect(),
        Json::Object(members) => members.values().collect(),
        _ => Vec::new(),
    }
}

fn address(node: &Json) -> usize {
    std::ptr::from_ref(node).addr()
}

fn set(node: &mut Json, found: &HashSet<usize>, name: &str, value: &Json) -> usize {
    let here = found.contains(&address(node));
    let mut count = 0;
    match node {
        Json::Array(items) => {
            for item in items {
                count += set(item, found, name, value);
            }
        }
        Json::Object(members) => {
            for (_, member) in members.iter_mut() {
                count += set(member, found, name, value);
            }
            if here {
                members.insert(name.to_owned(), value.clone());
                count += 1;
            }
        }
        _ => {}
    }
    count
}

fn literal(path: &[String], scope: &dyn Scope) -> Result<Literal, String> {
    let mut names = path.iter();
    let first = names.next().map(String::as_str).unwrap_or_default();
    let mut value = scope
        .lookup(first)
        .or_else(|| (first == "now").then(|| Value::Timestamp(scope.now())))
        .ok_or_else(|| format!("nothing is called `{first}`"))?;
    for name in names {
        value = crate::expression::member(&value, name)?;
    }
    match value {
        Value::Absent => Ok(Literal::Null),
        Value::Boolean(value) => Ok(Literal::Bool(value)),
        Value::Integer(value) => Ok(Literal::Int(value)),
        Value::Number(value) => Ok(Literal::Float(value)),
        Value::Text(text) => Ok(Literal::String(text.as_ref().to_owned())),
        Value::Timestamp(at) => Ok(Literal::String(at.to_string())),
        Value::Duration(length) => Ok(Literal::String(crate::duration::format(length))),
        other => Err(format!(
            "`{}` is {}, a filter compares with text, numbers and booleans",
            path.join("."),
            other.kind()
        )),
    }
}

fn in_segment(segment: &mut Segment, literals: &[Literal]) {
    match segment {
        Segment::Descendant(inner) => in_segment(inner, literals),
        Segment::Selector(selector) => in_selector(selector, literals),
        Segment::Selectors(selectors) => {
            for selector in selectors {
                in_selector(selector, literals);
            }
        }
    }
}

fn in_selector(selector: &mut Selector, literals: &[Literal]) {
    if let Selector::Filter(filter) = selector {
        in_filter(filter, literals);
    }
}

fn in_filter(filter: &mut Filter, literals: &[Literal]) {
    match filter {
        Filter::Or(filters) | Filter::And(filters) => {
            for filter in filters {
                in_filter(filter, literals);
            }
        }
        Filter::Atom(FilterAtom::Filter { expr, .. }) => in_filter(expr, literals),
        Filter::Atom(FilterAtom::Test { expr, .. }) => in_test(expr, literals),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (Comparison::Eq(left, right)
            | Comparison::Ne(left, right)
            | Comparison::Gt(left, right)
            | Comparison::Gte(left, right)
            | Comparison::Lt(left, right)
            | Comparison::Lte(left, right)) = comparison.as_mut();
            in_comparable(left, literals);
            in_comparable(right, literals);
        }
    }
}

fn in_comparable(comparable: &mut Comparable, literals: &[Literal]) {
    match comparable {
        Comparable::Literal(literal) => in_literal(literal, literals),
        Comparable::Function(function) => in_function(function, literals),
        Comparable::SingularQuery(_) => {}
    }
}

fn in_test(test: &mut Test, literals: &[Literal]) {
    match test {
        Test::RelQuery(segments) => {
            for segment in segments {
                in_segment(segment, literals);
            }
        }
        Test::AbsQuery(query) => {
            for segment in &mut query.segments {
                in_segment(segment, literals);
            }
        }
        Test::Function(function) => in_function(function, literals),
    }
}

fn in_function(function: &mut TestFunction, literals: &[Literal]) {
    match function {
        TestFunction::Custom(_, arguments) => {
            for argument in arguments {
                in_argument(argument, literals);
            }
        }
        TestFunction::Length(argument) => in_argument(argument, literals),
        TestFunction::Value(argument) | TestFunction::Count(argument) => {
            in_argument(argument, literals);
        }
        TestFunction::Search(left, right) | TestFunction::Match(left, right) => {
            in_argument(left, literals);
            in_argument(right, literals);
        }
    }
}

fn in_argument(argument: &mut FnArg, literals: &[Literal]) {
    match argument {
        FnArg::Literal(literal) => in_literal(literal, literals),
        FnArg::Test(test) => in_test(test, literals),
        FnArg::Filter(filter) => in_filter(filter, literals),
    }
}

fn in_literal(literal: &mut Literal, literals: &[Literal]) {
    if let Literal::String(text) = literal
        && let Some(place) = text.strip_prefix(PLACEHOLDER)
        && let Some(value) = place
            .parse::<usize>()
            .ok()
            .and_then(|place| literals.get(place))
    {
        *literal = value.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::span::{Span, TextPlace};
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    struct Names;

    impl Scope for Names {
        fn lookup(&self, name: &str) -> Option<Value> {
            match name {
                "inputs" => Some(Value::from_json(
                    &json!({"port": 443, "name": "it's \"x\"]", "list": []}),
                )),
                "container" => Some(Value::text("app")),
                _ => None,
            }
        }

        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn since(&self, _: SignedDuration) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn path(text: &str) -> Path {
        let place = TextPlace {
            span: Span::new(0, text.len()),
            exact: true,
        };
        Path::parse(text, place, &Source::new("test.yaml", text))
            .unwrap_or_else(|problem| panic!("{text}: {}", problem.message))
    }

    #[test]
    fn selects() {
        let document = json!({
            "rules": [
                {"Port": 80, "name": "a"},
                {"Port": 443, "name": "b", "deep": {"Port": 1}},
                {"Port": 443.0, "name": "it's \"x\"]"},
                {"name": null},
            ],
            "my-member": {"x.y": 1},
        });
        for (text, expected) in [
            ("$.rules[0].name", json!(["a"])),
            ("$.rules[-1].name", json!([null])),
            ("$.rules[9].name", json!([])),
            ("$.nothing.here", json!([])),
            ("$['my-member']['x.y']", json!([1])),
            ("$.rules[*].Port", json!([80, 443, 443.0])),
            ("$.rules[1:].Port", json!([443, 443.0])),
            ("$..Port", json!([80, 443, 1, 443.0])),
            (
                "$.rules[?@.Port == inputs.port].name",
                json!(["b", "it's \"x\"]"]),
            ),
            (
                "$.rules[?@.Port==inputs.port && @.name == 'b'].name",
                json!(["b"]),
            ),
            ("$.rules[?@.name == inputs.name].Port", json!([443.0])),
            ("$.rules[?(@.Port < 100)].name", json!(["a"])),
            ("$.rules[?!@.Port].name", json!([null])),
            ("$.rules[?match(@.name, 'a|b')].name", json!(["a", "b"])),
            ("$.rules[?length(@.name) == 1].Port", json!([80, 443])),
            ("$.rules[?@.deep.Port == 1].name", json!(["b"])),
        ] {
            let found = path(text).select(&document, &Names).expect(text);
            assert_eq!(json!(found), expected, "{text}");
        }
    }

    #[test]
    fn assigns_in_each_parent_that_matches() {
        let mut document = json!({"c": [{"name": "app"}, {"name": "x", "memory": 1}, {"name": "app", "memory": 2}]});
        let edit = path("$.c[?@.name == container].memory");
        assert_eq!(edit.assign(&mut document, &json!(9), &Names), Ok(2));
        assert_eq!(
            document,
            json!({"c": [{"name": "app", "memory": 9}, {"name": "x", "memory": 1}, {"name": "app", "memory": 9}]})
        );
        let nowhere = path("$.d[*].memory");
        assert_eq!(nowhere.assign(&mut document, &json!(9), &Names), Ok(0));
        assert_eq!(
            path("$.new").assign(&mut document, &json!(1), &Names),
            Ok(1)
        );
        assert!(
            path("$.c[0]")
                .assign(&mut document, &json!(1), &Names)
                .is_err()
        );
    }

    #[test]
    fn says_what_a_filter_cannot_compare_with() {
        for text in ["$.c[?@.name == nobody]", "$.c[?@.name == inputs.list]"] {
            assert!(
                path(text)
                    .select(&json!({"c": [{"name": 1}]}), &Names)
                    .is_err()
            );
        }
    }
}
