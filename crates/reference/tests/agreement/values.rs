//! Our result beside a crate's output, field by field.

use crate::shown::Shown;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value as Json;

/// What a crate shows in place of a sensitive member.
const REDACTED: &str = "*** Sensitive Data Redacted ***";

/// What differs between our result and the `Debug` text of a crate's output.
pub fn differences(ours: &Json, output: &str) -> Vec<String> {
    let mut found = Vec::new();
    match Shown::read(output) {
        Ok(theirs) => compare(Some(ours), &theirs, "", &mut found),
        Err(problem) => found.push(format!("{problem} in {output}")),
    }
    found
}

fn compare(ours: Option<&Json>, theirs: &Shown, path: &str, found: &mut Vec<String>) {
    let ours = ours.filter(|ours| !ours.is_null());
    let Some(ours) = ours else {
        if !is_unset(theirs) {
            found.push(format!("{path}: missing, theirs is {theirs:?}"));
        }
        return;
    };
    let same = match (ours, theirs) {
        (_, Shown::Text(text)) if text == REDACTED => true,
        (_, Shown::Atom(text)) if text.contains(REDACTED) => true,
        (Json::Object(_) | Json::Array(_), Shown::Text(text)) => is_document(ours, text),
        (Json::String(text), Shown::Text(theirs)) => text == theirs,
        (Json::String(text), Shown::Atom(theirs)) => {
            is_same_instant(text, theirs) || letters(text) == letters(theirs)
        }
        // A value that the crate's list of values does not have.
        (Json::String(text), Shown::Wrapped(name, value)) if name == "Unknown" => {
            matches!(&**value, Shown::Wrapped(_, theirs) if **theirs == Shown::Text(text.clone()))
        }
        (Json::Bool(flag), Shown::Atom(theirs)) => flag.to_string() == *theirs,
        (Json::Number(number), Shown::Atom(theirs)) => number.as_f64() == theirs.parse().ok(),
        (Json::Array(items), Shown::List(theirs)) if items.len() == theirs.len() => {
            for (place, (item, theirs)) in items.iter().zip(theirs).enumerate() {
                compare(Some(item), theirs, &format!("{path}[{place}]"), found);
            }
            true
        }
        (Json::Object(entries), Shown::Map(theirs)) if entries.len() == theirs.len() => {
            for (key, theirs) in theirs {
                compare(entries.get(key), theirs, &format!("{path}.{key}"), found);
            }
            true
        }
        (Json::Object(members), Shown::Structure(fields)) => {
            for (name, theirs) in fields.iter().filter(|(name, _)| !name.starts_with('_')) {
                let member = members
                    .iter()
                    .find(|(member, _)| letters(member) == letters(name));
                let value = member.map(|(_, value)| value);
                compare(value, theirs, &format!("{path}.{name}"), found);
            }
            for name in members.keys() {
                if !fields
                    .iter()
                    .any(|(field, _)| letters(field) == letters(name))
                {
                    found.push(format!("{path}.{name}: unknown to the crate"));
                }
            }
            true
        }
        _ => false,
    };
    if !same {
        found.push(format!("{path}: ours is {ours}, theirs is {theirs:?}"));
    }
}

/// Whether a value is what the crates have where an answer has nothing: members that cannot be absent are filled in.
fn is_unset(theirs: &Shown) -> bool {
    match theirs {
        Shown::Atom(atom) => ["None", "false", "0", "0.0"].contains(&atom.as_str()),
        Shown::Text(text) => text.is_empty() || text == REDACTED,
        Shown::List(items) => items.is_empty(),
        _ => false,
    }
}

/// A name without what naming conventions change: `containerArn`, `container_arn`; `T3Micro`, `t3.micro`.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_same_instant(ours: &str, theirs: &str) -> bool {
    let ours = DateTime::from_str(ours, Format::DateTimeWithOffset);
    let theirs = DateTime::from_str(theirs, Format::DateTimeWithOffset);
    let micros = |at: DateTime| at.as_nanos() / 1000;
    // JSON shows microseconds, as the AWS CLI does; of a binary fraction the crates cut off what we round.
    matches!((ours, theirs), (Ok(ours), Ok(theirs)) if (micros(ours) - micros(theirs)).abs() <= 1)
}

/// Whether our document is the one in the text, which IAM sends percent-encoded.
fn is_document(ours: &Json, text: &str) -> bool {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let code = (byte == b'%').then(|| [rest.next(), rest.next()]);
        let decoded = code.and_then(|[high, low]| {
            u8::from_str_radix(std::str::from_utf8(&[high?, low?]).ok()?, 16).ok()
        });
        bytes.push(decoded.unwrap_or(byte));
    }
    [text.as_bytes(), &bytes]
        .iter()
        .any(|text| serde_json::from_slice::<Json>(text).is_ok_and(|document| document == *ours))
}

#[test]
fn differences_are_found_wherever_they_are() {
    let ours = serde_json::json!({
        "taskArn": "a", "status": "RUNNING", "at": "2026-01-15T12:00:00.250000+00:00", "list": [1, 2], "more": {},
    });
    let same = r#"T { task_arn: "a", status: Running, at: 2026-01-15T12:00:00.25Z, list: [1, 2], more: {}, none: None, _request_id: None }"#;
    assert_eq!(differences(&ours, same), Vec::<String>::new());
    let other =
        r#"T { task_arn: "b", status: Stopped, at: 2026-01-15T12:00:00Z, list: [1], other: "x" }"#;
    assert_eq!(differences(&ours, other).len(), 6);
}
