//! `data:Diff`: how one document differs from another.

use super::arguments::Arguments;
use super::path_pattern::{Pattern, Place, Segment};
use super::signature::{local, some_text};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Map, Value as Json, json};

/// Compares two documents, member by member.
///
/// Inputs: `expected`, `actual`; `key` (the member that identifies the elements of lists of objects, which are then
/// compared in any order; without it, or where an element lacks it, by position); `ignore` (members that do not count:
/// a bare name anywhere, or a path such as `$.revision` or `$.containers[*].image`).
///
/// Result: `changes`, each with `path` (JSONPath), `kind` (`added`: only in `actual`, `removed`: only in `expected`,
/// `changed`), `expected` and `actual`; and `same`. A member that is null is one that is not there; numbers are equal
/// by value.
#[derive(Debug, Clone, Copy)]
pub struct DataDiff;

impl LocalAction for DataDiff {
    fn signature(&self) -> Action {
        let input = Record::new("data:Diff input")
            .optional("expected", Type::Any)
            .optional("actual", Type::Any)
            .optional("key", some_text())
            .optional("ignore", Type::list(some_text()))
            .build();
        let change = Record::new("data:Diff change")
            .required("path", Type::text())
            .required("kind", Type::one_of(&["added", "removed", "changed"]))
            .optional("expected", Type::Any)
            .optional("actual", Type::Any)
            .build();
        let output = Record::new("data:Diff result")
            .required("changes", Type::list(change))
            .required("same", Type::Boolean)
            .build();
        local("data:Diff", input, output, Effect::Read, &[])
    }

    fn is_self_contained(&self) -> bool {
        true
    }

    fn run<'a>(
        &'a self,
        _: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let arguments = Arguments::of(call);
            let ignore = arguments
                .texts("ignore")?
                .iter()
                .map(|text| Pattern::parse(text))
                .collect::<Result<_, _>>()
                .map_err(|what| {
                    arguments.wrong("ignore", format_args!("has a wrong entry: {what}"))
                })?;
            let mut comparison = Comparison {
                key: arguments.optional_text("key")?,
                ignore,
                place: Vec::new(),
                changes: Vec::new(),
            };
            comparison.compare(
                arguments.json("expected").unwrap_or(&Json::Null),
                arguments.json("actual").unwrap_or(&Json::Null),
            );
            let same = comparison.changes.is_empty();
            Ok(Answer {
                result: json!({"changes": comparison.changes, "same": same}),
                ..Answer::default()
            })
        })
    }
}

struct Comparison<'a> {
    key: Option<&'a str>,
    ignore: Vec<Pattern>,
    place: Vec<Segment>,
    changes: Vec<Json>,
}

impl Comparison<'_> {
    fn compare(&mut self, expected: &Json, actual: &Json) {
        if self
            .ignore
            .iter()
            .any(|pattern| pattern.matches(&self.place))
        {
            return;
        }
        match (expected, actual) {
            (Json::Object(expected), Json::Object(actual)) => self.members(expected, actual),
            (Json::Array(expected), Json::Array(actual)) => self.elements(expected, actual),
            (Json::Null, Json::Null) => {}
            (Json::Null, _) => self.change("added", None, Some(actual)),
            (_, Json::Null) => self.change("removed", Some(expected), None),
            _ if same_scalar(expected, actual) => {}
            _ => self.change("changed", Some(expected), Some(actual)),
        }
    }

    fn below(&mut self, segment: Segment, expected: Option<&Json>, actual: Option<&Json>) {
        self.place.push(segment);
        self.compare(
            expected.unwrap_or(&Json::Null),
            actual.unwrap_or(&Json::Null),
        );
        self.place.pop();
    }

    fn members(&mut self, expected: &Map<String, Json>, actual: &Map<String, Json>) {
        for (name, value) in expected {
            self.below(Segment::Name(name.clone()), Some(value), actual.get(name));
        }
        for (name, value) in actual {
            if !expected.contains_key(name) {
                self.below(Segment::Name(name.clone()), None, Some(value));
            }
        }
    }

    fn elements(&mut self, expected: &[Json], actual: &[Json]) {
        let keyed = self
            .key
            .and_then(|key| Some((key, by_key(key, expected)?, by_key(key, actual)?)));
        let Some((key, expected, actual)) = keyed else {
            for index in 0..expected.len().max(actual.len()) {
                self.below(
                    Segment::Index(index),
                    expected.get(index),
                    actual.get(index),
                );
            }
            return;
        };
        let find = |among: &[(&Json, &'_ Json)], id: &Json| {
            among
                .iter()
                .find(|(other, _)| same_scalar(other, id))
                .map(|(_, element)| (*element).clone())
        };
        for (id, element) in &expected {
            let other = find(&actual, id);
            self.below(
                Segment::Keyed(key.to_owned(), (*id).clone()),
                Some(element),
                other.as_ref(),
            );
        }
        for (id, element) in &actual {
            if find(&expected, id).is_none() {
                self.below(
                    Segment::Keyed(key.to_owned(), (*id).clone()),
                    None,
                    Some(element),
                );
            }
        }
    }

    fn change(&mut self, kind: &str, expected: Option<&Json>, actual: Option<&Json>) {
        let mut change = Map::new();
        change.insert("path".to_owned(), Place(&self.place).to_string().into());
        change.insert("kind".to_owned(), kind.into());
        for (name, value) in [("expected", expected), ("actual", actual)] {
            if let Some(value) = value {
                change.insert(name.to_owned(), value.clone());
            }
        }
        self.changes.push(Json::Object(change));
    }
}

/// The elements with what identifies each; none where one has no such scalar, or two share one.
fn by_key<'a>(key: &str, elements: &'a [Json]) -> Option<Vec<(&'a Json, &'a Json)>> {
    let mut keyed: Vec<(&Json, &Json)> = Vec::new();
    for element in elements {
        let id = element
            .get(key)
            .filter(|id| id.is_string() || id.is_number())?;
        if keyed.iter().any(|(other, _)| same_scalar(other, id)) {
            return None;
        }
        keyed.push((id, element));
    }
    Some(keyed)
}

/// Whether two values are equal; numbers by value, so 1 is 1.0.
pub(crate) fn same_scalar(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => {
            one == other || (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{context, run};
    use super::*;

    async fn changes(arguments: Json) -> Json {
        let result = run(&DataDiff, &context(), arguments)
            .await
            .expect("compares");
        assert_eq!(result["same"], result["changes"] == json!([]));
        result["changes"].clone()
    }

    #[tokio::test]
    async fn members_are_added_removed_and_changed() {
        let found = changes(json!({
            "expected": {"cpu": 1, "image": "a:1", "user": "app", "none": null},
            "actual": {"cpu": 1.0, "image": "a:2", "memory": 512},
        }))
        .await;
        assert_eq!(
            found,
            json!([
                {"path": "$.image", "kind": "changed", "expected": "a:1", "actual": "a:2"},
                {"path": "$.user", "kind": "removed", "expected": "app"},
                {"path": "$.memory", "kind": "added", "actual": 512},
            ])
        );
    }

    #[tokio::test]
    async fn a_key_makes_the_order_of_elements_irrelevant() {
        let expected = json!([{"name": "a", "v": 1}, {"name": "b", "v": 2}]);
        let actual = json!([{"name": "b", "v": 3}, {"name": "a", "v": 1}]);
        let found = changes(json!({"expected": expected, "actual": actual, "key": "name"})).await;
        assert_eq!(
            found,
            json!([{"path": "$[?@.name == \"b\"].v", "kind": "changed", "expected": 2, "actual": 3}])
        );
        let by_position = changes(json!({"expected": expected, "actual": actual})).await;
        assert_eq!(by_position.as_array().map(Vec::len), Some(4));
    }

    #[tokio::test]
    async fn ignored_members_do_not_count() {
        let found = changes(json!({
            "expected": {"revision": 1, "containers": [{"image": "a:1", "revision": 7}]},
            "actual": {"revision": 2, "containers": [{"image": "a:2", "revision": 8}]},
            "ignore": ["revision", "$.containers[*].image"],
        }))
        .await;
        assert_eq!(found, json!([]));
        let error = run(&DataDiff, &context(), json!({"ignore": ["$["]}))
            .await
            .expect_err("no path");
        assert_eq!(error.code, "arguments");
    }
}
