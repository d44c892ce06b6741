//! `JMESPath` expressions of the models: pagination, endpoint parameters.
//!
//! Nearly all of them are names joined by dots; those need no interpreter.

use serde_json::{Map, Value as Json};

/// The value of an expression; null where it finds nothing or is wrong.
pub(super) fn search(expression: &str, value: &Json) -> Json {
    if let Some(found) = follow(expression, value) {
        return found.cloned().unwrap_or(Json::Null);
    }
    jmespath::compile(expression)
        .and_then(|compiled| compiled.search(value))
        .ok()
        .and_then(|found| serde_json::to_value(&*found).ok())
        .unwrap_or(Json::Null)
}

/// Whether an expression is nothing but names joined by dots.
pub(super) fn is_path(expression: &str) -> bool {
    !expression.is_empty()
        && expression
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

/// Follows names joined by dots; nothing for any other expression.
#[expect(clippy::option_option, reason = "“no path” and “finds nothing” differ")]
pub(super) fn follow<'j>(expression: &str, value: &'j Json) -> Option<Option<&'j Json>> {
    is_path(expression).then(|| {
        expression
            .split('.')
            .try_fold(value, |value, name| value.get(name))
            .filter(|found| !found.is_null())
    })
}

/// Takes the value of a path out of a structure, leaving null there.
pub(super) fn take(path: &str, value: &mut Json) -> Option<Json> {
    path.split('.')
        .try_fold(value, |value, name| value.get_mut(name))
        .map(Json::take)
        .filter(|taken| !taken.is_null())
}

/// The place of a path in a structure, made where it is missing.
pub(super) fn place<'j>(path: &str, value: &'j mut Json) -> &'j mut Json {
    path.split('.').fold(value, |value, name| {
        if !value.is_object() {
            *value = Json::Object(Map::new());
        }
        &mut value[name]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_and_expressions_find_alike() {
        let page = json!({"A": {"B": [1, 2]}, "Marker": "m", "Jobs": [{"Id": "x"}, {"Id": "y"}]});
        assert_eq!(search("A.B", &page), json!([1, 2]));
        assert_eq!(search("A.C", &page), Json::Null);
        assert_eq!(search("Jobs[-1].Id", &page), json!("y"));
        assert_eq!(search("NextMarker || Marker", &page), json!("m"));
        assert_eq!(search("keys(A)", &page), json!(["B"]));
    }

    #[test]
    fn places_are_made_and_emptied() {
        let mut merged = json!({});
        *place("A.B", &mut merged) = json!([1]);
        assert_eq!(merged, json!({"A": {"B": [1]}}));
        assert_eq!(take("A.B", &mut merged), Some(json!([1])));
        assert_eq!(take("A.B", &mut merged), None);
    }
}
