//! YAML documents as JSON.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value as Json};

/// Reads one YAML 1.2 document. Aliases are refused: a few of them can stand for more than fits into memory.
///
/// # Errors
/// What is wrong, with line and column where the parser knows it.
pub(crate) fn parse(text: &str) -> Result<Json, String> {
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        if matches!(event, Event::Alias(_)) {
            return Err(format!(
                "line {}: aliases are not read; write the value out",
                span.start.line()
            ));
        }
    }
    let mut documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match (documents.pop(), documents.len()) {
        (None, _) => Ok(Json::Null),
        (Some(document), 0) => json(&document),
        (Some(_), more) => Err(format!("{} documents in one file; one is read", more + 1)),
    }
}

fn json(node: &Yaml<'_>) -> Result<Json, String> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Json::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => serde_json::Number::from_f64(value.0)
            .map(Json::Number)
            .ok_or_else(|| format!("{value} is no JSON number"))?,
        Yaml::Value(Scalar::String(text)) | Yaml::Representation(text, ..) => text.as_ref().into(),
        Yaml::Sequence(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut members = Map::new();
            for (key, value) in entries {
                members.insert(key_text(key)?, json(value)?);
            }
            Json::Object(members)
        }
        Yaml::Tagged(tag, _) => return Err(format!("the tag {tag:?} is not read")),
        Yaml::Alias(_) | Yaml::BadValue => return Err("a value that cannot be read".to_owned()),
    })
}

fn key_text(key: &Yaml<'_>) -> Result<String, String> {
    match json(key)? {
        Json::String(text) => Ok(text),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(value) => Ok(value.to_string()),
        other => Err(format!("{other} cannot be the key of a mapping")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_core_schema() {
        let read = parse("a: [1, 2.5, 'no', no, ~, true]\n8080: port\n").expect("YAML");
        assert_eq!(
            read,
            json!({"a": [1, 2.5, "no", "no", null, true], "8080": "port"})
        );
        assert_eq!(parse("").expect("empty"), Json::Null);
    }

    #[test]
    fn refuses_what_json_cannot_say() {
        assert!(
            parse("a: &x [1]\nb: *x\n")
                .expect_err("alias")
                .contains("aliases")
        );
        assert!(
            parse("a: 1\n---\nb: 2\n")
                .expect_err("two")
                .contains("2 documents")
        );
        assert!(parse("a: .nan\n").is_err());
        assert!(parse("a: [").is_err());
    }
}
