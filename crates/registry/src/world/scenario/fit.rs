//! Whether what a scenario wrote down fits what a call had.

use crate::local::same_scalar;
use serde_json::{Map, Value as Json};

/// Whether `wanted` is a subset of `actual`: objects by the members that are wanted (null: not there), lists and
/// scalars as a whole, numbers by value. A text that holds a JSON document is also what it holds.
pub(super) fn fits(wanted: &Json, actual: &Json) -> bool {
    match (wanted, actual) {
        (Json::Object(wanted), Json::Object(actual)) => wanted
            .iter()
            .all(|(name, value)| fits(value, actual.get(name).unwrap_or(&Json::Null))),
        (Json::Object(_) | Json::Array(_), Json::String(text)) => serde_json::from_str(text)
            .is_ok_and(|document: Json| {
                (document.is_object() || document.is_array()) && fits(wanted, &document)
            }),
        _ => same(wanted, actual),
    }
}

/// The members of what is wanted that are not so, as pairs of documents with nothing else in them; `None` where more than
/// members differ.
pub(super) fn unlike(wanted: &Json, actual: &Json) -> Option<(Json, Json)> {
    let (Json::Object(members), Json::Object(there)) = (wanted, actual) else {
        return None;
    };
    let (mut expected, mut got) = (Map::new(), Map::new());
    for (name, value) in members {
        let actual = there.get(name);
        if fits(value, actual.unwrap_or(&Json::Null)) {
            continue;
        }
        let Some(actual) = actual else {
            expected.insert(name.clone(), value.clone());
            continue;
        };
        let (value, actual) =
            unlike(value, actual).unwrap_or_else(|| (value.clone(), actual.clone()));
        expected.insert(name.clone(), value);
        got.insert(name.clone(), actual);
    }
    Some((Json::Object(expected), Json::Object(got)))
}

fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => same_scalar(one, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_shown() {
        let wanted = json!({"cluster": "a", "count": 3, "deep": {"x": 1, "y": 2}, "gone": true});
        let actual =
            json!({"cluster": "a", "count": 2, "deep": {"x": 1, "y": 3, "z": 4}, "more": 1});
        let expected = json!({"count": 3, "deep": {"y": 2}, "gone": true});
        let got = json!({"count": 2, "deep": {"y": 3}});
        assert_eq!(unlike(&wanted, &actual), Some((expected, got)));
    }

    #[test]
    fn a_document_in_a_text_fits_as_what_it_holds() {
        let actual = json!({"PolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"});
        assert!(fits(
            &json!({"PolicyDocument": {"Version": "2012-10-17"}}),
            &actual
        ));
        assert!(!fits(
            &json!({"PolicyDocument": {"Version": "2008-10-17"}}),
            &actual
        ));
        assert!(!fits(&json!({"PolicyDocument": ["Version"]}), &actual));
    }

    #[test]
    fn objects_fit_by_subset_and_lists_as_a_whole() {
        let actual =
            json!({"cluster": "a", "tasks": [1, {"x": 1, "y": 2}], "deep": {"a": 1, "b": 2}});
        for wanted in [
            json!({}),
            json!({"cluster": "a"}),
            json!({"deep": {"b": 2.0}}),
            json!({"tasks": [1.0, {"y": 2, "x": 1}]}),
            json!({"nextToken": null}),
        ] {
            assert!(fits(&wanted, &actual), "{wanted}");
        }
        for wanted in [
            json!({"cluster": "b"}),
            json!({"cluster": null}),
            json!({"tasks": [1]}),
            json!({"tasks": [1, {"x": 1}]}),
            json!({"deep": {"c": 3}}),
            json!({"deep": "a"}),
        ] {
            assert!(!fits(&wanted, &actual), "{wanted}");
        }
    }
}
