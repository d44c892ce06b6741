//! The JSON document of `runbook check`. Its fields are described in `docs/checking.md`.

use super::{Finding, Findings, Point, Region};
use runbook_playbook::diagnostic::Severity;
use serde_json::{Map, Value as Json, json};

/// The version of the document. It rises when a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// The findings as a document. It is the same, byte for byte, for the same files.
#[must_use]
pub fn document(findings: &Findings) -> Json {
    json!({
        "version": VERSION,
        "files": findings.files,
        "errors": findings.count(Severity::Error),
        "warnings": findings.count(Severity::Warning),
        "lints": findings.count(Severity::Lint),
        "findings": findings.found.iter().map(finding).collect::<Vec<_>>(),
        "unread": findings.unread.iter()
            .map(|unread| json!({"file": unread.file, "message": unread.why}))
            .collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Json {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Json| {
        fields.insert(name.to_owned(), value);
    };
    put("code", finding.code.slug().into());
    put("severity", finding.severity.word().into());
    put("message", finding.message.as_str().into());
    put("help", finding.help.as_deref().into());
    put("file", finding.file.as_str().into());
    put("start", point(finding.region.start));
    put("end", point(finding.region.end));
    let related = finding.related.iter().map(|related| {
        let Region { start, end } = related.region;
        json!({"message": related.message, "start": point(start), "end": point(end)})
    });
    put("related", related.collect());
    Json::Object(fields)
}

fn point(point: Point) -> Json {
    json!({"line": point.line, "column": point.column})
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::findings::tests::some;

    #[test]
    fn the_document_says_everything_and_fits_its_schema() {
        let document = document(&some());
        let schema = include_str!("../../../../schemas/check.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).expect("JSON");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let complaints: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(complaints, [""; 0]);
        insta::assert_json_snapshot!(document);
    }
}
