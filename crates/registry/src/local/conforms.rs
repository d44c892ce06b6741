//! Whether a result has the type that a signature declares, for tests.

use runbook_playbook::duration;
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// What of a document is not of the type, each with its place.
pub(crate) fn problems(ty: &Type, document: &Json) -> Vec<String> {
    let mut found = Vec::new();
    walk(ty, document, "$", &mut found);
    found
}

fn walk(ty: &Type, document: &Json, place: &str, found: &mut Vec<String>) {
    let fits = match ty {
        Type::Any => true,
        Type::Optional(_) if document.is_null() => true,
        Type::Optional(inner) => return walk(inner, document, place, found),
        Type::Boolean => document.is_boolean(),
        Type::Integer(..) => document.is_i64() || document.is_u64(),
        Type::Number(_) => document.is_number(),
        Type::Text(rule) => document.as_str().is_some_and(|text| {
            rule.values.is_empty() || rule.values.iter().any(|value| value == text)
        }),
        Type::Timestamp(_) => document
            .as_str()
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        Type::Duration => document
            .as_str()
            .is_some_and(|text| duration::parse(text).is_ok()),
        Type::List(list) => {
            for (index, item) in document.as_array().into_iter().flatten().enumerate() {
                walk(&list.element, item, &format!("{place}[{index}]"), found);
            }
            document.is_array()
        }
        Type::Map(value) => {
            for (key, item) in document.as_object().into_iter().flatten() {
                walk(value, item, &format!("{place}.{key}"), found);
            }
            document.is_object()
        }
        Type::Structure(structure) => {
            for (name, item) in document.as_object().into_iter().flatten() {
                match structure.member(name) {
                    Some(member) => walk(&member.ty, item, &format!("{place}.{name}"), found),
                    None => found.push(format!("{place}.{name} is not declared")),
                }
            }
            for name in structure.member_names() {
                let required = structure
                    .member(&name)
                    .is_some_and(|member| member.required);
                if required && document.get(&name).is_none() {
                    found.push(format!("{place}.{name} is missing"));
                }
            }
            document.is_object()
        }
        Type::Blob | Type::JsonText | Type::Secret | Type::Absent => false,
    };
    if !fits {
        found.push(format!("{place} is {document}, not {ty}"));
    }
}

#[test]
fn a_document_of_another_type_does_not_conform() {
    use runbook_playbook::types::Record;
    use serde_json::json;
    let ty = Record::new("point")
        .required("at", Type::timestamp())
        .optional("kind", Type::one_of(&["a"]))
        .build();
    let ty = Type::list(ty);
    assert_eq!(
        problems(&ty, &json!([{"at": "2026-01-15T12:00:00Z"}])),
        [""; 0]
    );
    assert_eq!(
        problems(&ty, &json!([{"kind": "b", "more": 1}])),
        [
            r#"$[0].kind is "b", not text"#,
            "$[0].more is not declared",
            "$[0].at is missing"
        ]
    );
}
