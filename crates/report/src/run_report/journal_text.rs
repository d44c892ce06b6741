//! Reading the members of what the journal holds, whatever version of the program wrote it.

use super::model::ValueChange;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// A member that is a text; empty where there is none.
pub(super) fn text(json: &Json, name: &str) -> String {
    maybe(json, name).unwrap_or_default()
}

/// A member that is a text.
pub(super) fn maybe(json: &Json, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

/// A member that is a list of texts.
pub(super) fn texts(json: &Json, name: &str) -> Vec<String> {
    let items = json.get(name).and_then(Json::as_array);
    let texts = items.into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// A member that is a mapping.
pub(super) fn members(json: &Json, name: &str) -> Map<String, Json> {
    let found = json.get(name).and_then(Json::as_object);
    found.cloned().unwrap_or_default()
}

/// The items of a member that is a list.
pub(super) fn items<'j>(json: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    json.get(name)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
}

/// A member that is true.
pub(super) fn is(json: &Json, name: &str) -> bool {
    json.get(name).and_then(Json::as_bool).unwrap_or_default()
}

/// A member that is a small number.
pub(super) fn number(json: &Json, name: &str) -> Option<u32> {
    json.get(name)?
        .as_u64()
        .and_then(|number| number.try_into().ok())
}

/// A member that is a time.
pub(super) fn time(json: &Json, name: &str) -> Option<Timestamp> {
    json.get(name)?.as_str()?.parse().ok()
}

/// Values that change.
pub(super) fn changes(json: &Json, name: &str) -> Vec<ValueChange> {
    items(json, name)
        .map(|change| ValueChange {
            path: text(change, "path"),
            from: change.get("from").cloned().unwrap_or_default(),
            to: change.get("to").cloned().unwrap_or_default(),
        })
        .collect()
}

/// The name of what happened, without what tells a second session or an attempt apart: `verify.memory~2` of
/// `verify.memory:step_ended~2!1`.
pub(super) fn instance(key: &str) -> String {
    let (base, tail) = match key.rsplit_once(':') {
        Some((base, tail)) => (base, tail),
        None => (key.rsplit_once('@').map_or(key, |(base, _)| base), ""),
    };
    let base = without_sessions(base);
    let tail = without_sessions(tail);
    match tail.split_once('~') {
        Some((_, round)) if !base.ends_with(&format!("~{round}")) => format!("{base}~{round}"),
        _ => base,
    }
}

fn without_sessions(text: &str) -> String {
    let mut parts = text.split('!');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    whole
}

/// What stands before the last name in a key or a path: `resolve.restart/` of `resolve.restart/resolve.redeploy`.
pub(super) fn prefix(name: &str) -> &str {
    name.rfind('/')
        .map_or("", |at| name.get(..=at).unwrap_or(""))
}

/// A path without what stands before its last name.
pub(super) fn own(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The graph that a path names.
pub(super) fn graph_of(path: &str) -> &str {
    own(path).split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{graph_of, instance, prefix};

    #[test]
    fn keys_name_what_happened_whatever_the_session() {
        for (key, due) in [
            ("verify.memory:step_ended~2", "verify.memory~2"),
            ("verify.memory~2:step_started", "verify.memory~2"),
            ("verify.memory~2@1", "verify.memory~2"),
            ("resolve.a:step_ended!1", "resolve.a"),
            ("resolve.a!12:step_started", "resolve.a"),
            ("check.b#3/symptom.c@2", "check.b#3/symptom.c"),
        ] {
            assert_eq!(instance(key), due, "{key}");
        }
    }

    #[test]
    fn paths_have_a_graph_and_what_is_around_them() {
        assert_eq!(prefix("check.b/symptom.c"), "check.b/");
        assert_eq!(graph_of("check.b/symptom.c"), "symptom");
    }
}
