//! Whether a call gives a member, before its expressions are known.

use super::step::Call;
use crate::template::Data;

/// Methods of HTTP that change nothing.
const READING_METHODS: [&str; 2] = ["GET", "HEAD"];

impl Call {
    /// Whether the effect counts that the action has when this member is given. A `method` of `http:Request` that is written
    /// out and reads changes nothing.
    #[must_use]
    pub fn raises_effect(&self, member: &str) -> bool {
        let reads = self.action.value == "http:Request"
            && self.with.iter().any(|(key, value)| {
                let method = match &value.value {
                    Data::Scalar(scalar) => scalar.text.as_str(),
                    _ => return false,
                };
                key.value == "method" && READING_METHODS.contains(&method)
            });
        self.gives(member) && !reads
    }

    /// Whether `with` gives the member at a dotted path, as far as the text tells: an expression on the way to the member
    /// may give it, so it counts. What `base` holds does not.
    #[must_use]
    pub fn gives(&self, path: &str) -> bool {
        let wanted: Vec<&str> = path.split('.').collect();
        self.with.iter().any(|(key, value)| {
            let (at, descends) = key_segments(&key.value);
            if descends {
                return at.last().is_some_and(|last| wanted.contains(last));
            }
            let shared = at.len().min(wanted.len());
            at.get(..shared) == wanted.get(..shared)
                && data_gives(&value.value, wanted.get(at.len()..).unwrap_or_default())
        })
    }
}

/// The members that a key of `with` leads through, and whether it searches at any depth (`$..name`).
fn key_segments(key: &str) -> (Vec<&str>, bool) {
    let Some(path) = key.strip_prefix('$') else {
        return (vec![key], false);
    };
    let mut segments = Vec::new();
    for part in path.split(['.', '[']) {
        let part = part.trim_end_matches(']');
        let name = part.trim_matches(['\'', '"']);
        let selects = name.starts_with(['?', '*', '@', '-', ':'])
            || name.starts_with(|c: char| c.is_ascii_digit());
        if !name.is_empty() && !selects {
            segments.push(name);
        }
    }
    // The names in a filter are of elements; what follows cannot be told from them.
    (segments, path.contains("..") || path.contains('?'))
}

fn data_gives(data: &Data, wanted: &[&str]) -> bool {
    match (data, wanted.split_first()) {
        (data, _) if data.is_absent() => false,
        (_, None) | (Data::Expression(_), _) => true,
        (Data::List(items), _) => items.iter().any(|item| data_gives(&item.value, wanted)),
        (Data::Map(members), Some((member, rest))) => members
            .iter()
            .any(|(name, value)| name.value == *member && data_gives(&value.value, rest)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::step::Call;
    use crate::span::{Span, Spanned};
    use crate::template::{Data, Scalar};
    use serde_json::{Value as Json, json};

    fn spanned<T>(value: T) -> Spanned<T> {
        Spanned::new(value, Span::new(0, 0))
    }

    fn data(json: &Json) -> Data {
        match json {
            Json::Array(items) => Data::List(items.iter().map(|one| spanned(data(one))).collect()),
            Json::Object(members) => Data::Map(
                members
                    .iter()
                    .map(|(name, value)| (spanned(name.clone()), spanned(data(value))))
                    .collect(),
            ),
            other => Data::Scalar(Scalar {
                text: other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_owned),
                plain: !other.is_string(),
            }),
        }
    }

    /// Whether a call with these arguments gives the member.
    fn gives(with: &Json, path: &str) -> bool {
        let Data::Map(with) = data(with) else {
            return false;
        };
        let call = Call {
            action: spanned("ecs:RunTask".to_owned()),
            with,
            base: None,
        };
        call.gives(path)
    }

    #[test]
    fn members_are_found_below_others_and_in_lists() {
        let path = "overrides.taskRoleArn";
        assert!(gives(&json!({"overrides": {"taskRoleArn": "r"}}), path));
        assert!(!gives(&json!({"overrides": {"cpu": "1"}}), path));
        assert!(!gives(&json!({"overrides": {"taskRoleArn": null}}), path));
        assert!(gives(
            &json!({"Targets": [{"Id": "1"}, {"RoleArn": "r"}]}),
            "Targets.RoleArn"
        ));
        assert!(!gives(
            &json!({"Targets": [{"Id": "1"}]}),
            "Targets.RoleArn"
        ));
    }

    #[test]
    fn paths_into_a_base_give_what_they_lead_to() {
        assert!(gives(&json!({"$.taskRoleArn": "r"}), "taskRoleArn"));
        assert!(gives(
            &json!({"$.overrides": {"taskRoleArn": "r"}}),
            "overrides.taskRoleArn"
        ));
        assert!(gives(
            &json!({"$.Targets[0].RoleArn": "r"}),
            "Targets.RoleArn"
        ));
        assert!(gives(&json!({"$..RoleArn": "r"}), "Targets.RoleArn"));
        assert!(!gives(&json!({"$.Targets[0].Arn": "a"}), "Targets.RoleArn"));
    }
}
