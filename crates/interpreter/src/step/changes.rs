//! What a write changes from which value to which, as far as `before` tells.

use crate::approval::ValueChange;
use serde_json::Value as Json;

/// Arguments that differ from the members of `before` that have the same name.
pub(super) fn changes(before: Option<&Json>, arguments: &Json) -> Vec<ValueChange> {
    let mut found = Vec::new();
    if let Some(before) = before {
        compare(subject(before, arguments), arguments, "", &mut found);
    }
    found
}

/// The part of `before` that the arguments are about: `before` itself, or the only thing that it describes, as
/// `{"services": [{…}], "failures": []}` does.
pub(crate) fn subject<'j>(before: &'j Json, arguments: &Json) -> &'j Json {
    let (Json::Object(members), Json::Object(wanted)) = (before, arguments) else {
        return before;
    };
    if wanted.keys().any(|name| members.contains_key(name)) {
        return before;
    }
    let mut inside = members.values().filter_map(|value| match value {
        Json::Object(_) => Some(value),
        Json::Array(items) => match items.as_slice() {
            [one @ Json::Object(_)] => Some(one),
            _ => None,
        },
        _ => None,
    });
    match (inside.next(), inside.next()) {
        (Some(only), None) => only,
        _ => before,
    }
}

fn compare(before: &Json, arguments: &Json, path: &str, found: &mut Vec<ValueChange>) {
    let (Json::Object(before), Json::Object(arguments)) = (before, arguments) else {
        return;
    };
    for (name, to) in arguments {
        let Some(from) = before.get(name) else {
            continue;
        };
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        if from.is_object() && to.is_object() {
            compare(from, to, &path, found);
        } else if from != to {
            found.push(ValueChange {
                path,
                from: from.clone(),
                to: to.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::changes;
    use serde_json::{Value as Json, json};

    fn shown(before: &Json, arguments: &Json) -> Vec<String> {
        changes(Some(before), arguments)
            .iter()
            .map(|change| format!("{}: {} → {}", change.path, change.from, change.to))
            .collect()
    }

    #[test]
    fn members_of_the_same_name_are_compared() {
        let before = json!({"desiredCount": 2, "network": {"public": true, "zone": "a"}});
        let arguments = json!({"desiredCount": 3, "service": "web", "network": {"public": false}});
        assert_eq!(
            shown(&before, &arguments),
            ["desiredCount: 2 → 3", "network.public: true → false"]
        );
        assert_eq!(shown(&before, &json!({"desiredCount": 2})), [""; 0]);
    }

    #[test]
    fn the_only_thing_that_was_described_is_what_is_changed() {
        let arguments = json!({"service": "web", "desiredCount": 3});
        let one = json!({"services": [{"desiredCount": 2}], "failures": []});
        assert_eq!(shown(&one, &arguments), ["desiredCount: 2 → 3"]);
        let two = json!({"services": [{"desiredCount": 2}, {"desiredCount": 1}]});
        assert_eq!(shown(&two, &arguments), [""; 0]);
    }
}
