//! SARIF 2.1.0 (OASIS Standard, errata 01), for code scanning and editors.

use super::{Finding, Findings, Region};
use runbook_playbook::diagnostic::{Code, Severity};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative addresses begin from: the folder in which the command was started.
const ROOT: &str = "%SRCROOT%";

/// The findings as a log of one run. `version` is the program's; `pages` is where the pages of the codes are published,
/// `None` where they are not.
#[must_use]
pub fn log(findings: &Findings, version: &str, pages: Option<&str>) -> Json {
    let rules: Vec<Json> = Code::ALL.iter().map(|code| rule(*code, pages)).collect();
    let results: Vec<Json> = findings.found.iter().map(result).collect();
    let unread: Vec<Json> = findings
        .unread
        .iter()
        .map(|unread| {
            json!({
                "level": "error",
                "message": {"text": unread.why},
                "locations": [{"physicalLocation": {"artifactLocation": artifact(&unread.file)}}],
            })
        })
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "runbook",
                "semanticVersion": version,
                "rules": rules,
            }},
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": {
                ROOT: {"description": {"text": "The folder in which `runbook check` was started."}},
            },
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": unread,
            }],
            "results": results,
        }],
    })
}

fn rule(code: Code, pages: Option<&str>) -> Json {
    let mut rule = json!({
        "id": code.slug(),
        "shortDescription": {"text": code.meaning()},
        "help": {"text": code.page(), "markdown": code.page()},
        "defaultConfiguration": {"level": level(code.severity())},
    });
    if let (Some(pages), Some(fields)) = (pages, rule.as_object_mut()) {
        let address = format!("{}/{}", pages.trim_end_matches('/'), code.slug());
        fields.insert("helpUri".to_owned(), address.into());
    }
    rule
}

fn result(finding: &Finding) -> Json {
    let message = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let place = |region: Region| {
        json!({
            "artifactLocation": artifact(&finding.file),
            "region": {
                "startLine": region.start.line,
                "startColumn": region.start.utf16,
                "endLine": region.end.line,
                "endColumn": region.end.utf16,
            },
        })
    };
    let related: Vec<Json> = finding
        .related
        .iter()
        .map(|related| {
            json!({
                "message": {"text": related.message},
                "physicalLocation": place(related.region),
            })
        })
        .collect();
    json!({
        "ruleId": finding.code.slug(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.severity),
        "message": {"text": message},
        "locations": [{"physicalLocation": place(finding.region)}],
        "relatedLocations": related,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Lint => "note",
    }
}

/// The address of a file: relative to the folder in which the command was started, or whole where it lies outside.
fn artifact(file: &str) -> Json {
    let path = encoded(file);
    if file.starts_with('/') {
        json!({"uri": format!("file://{path}")})
    } else {
        json!({"uri": path, "uriBaseId": ROOT})
    }
}

/// A path as an address has it (RFC 3986, section 3.3): what is not allowed there in percent-encoding, and `:` too, which
/// would read as a scheme.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'\\' if cfg!(windows) => text.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => text.push(char::from(byte)),
            b'/' | b'-' | b'.' | b'_' | b'~' | b'@' | b'+' | b'=' | b'!' | b'$' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{artifact, log};
    use crate::findings::Findings;
    use crate::findings::tests::some;
    use serde_json::{Value as Json, json};

    fn complaints(log: &Json) -> Vec<String> {
        let schema = include_str!("../../tests/sarif/sarif-schema-2.1.0.json");
        let mut schema: Json = serde_json::from_str(schema).expect("JSON");
        // Its pattern of languages is no regular expression of ECMA-262 ("lone quantifier brackets"); no log here has one.
        for of in ["run", "toolComponent"] {
            let language = schema.pointer_mut(&format!("/definitions/{of}/properties/language"));
            let fields = language.and_then(Json::as_object_mut).expect("a language");
            fields.remove("pattern");
        }
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("a schema");
        validator
            .iter_errors(log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }

    #[test]
    fn logs_are_valid_sarif() {
        let pages = Some("https://docs.example/errors/");
        for log in [
            log(&some(), "0.1.0", pages),
            log(&Findings::default(), "0.1.0", None),
        ] {
            assert_eq!(complaints(&log), [""; 0]);
        }
        let mut slip = log(&some(), "0.1.0", pages);
        *slip
            .pointer_mut("/runs/0/results/0/level")
            .expect("a level") = json!("bad");
        assert_eq!(complaints(&slip).len(), 1, "the schema is in force");
    }

    #[test]
    fn a_result_leads_to_its_place_and_to_its_rule() {
        let log = log(&some(), "0.1.0", Some("https://docs.example/errors/"));
        let run = log.pointer("/runs/0").expect("a run");
        let result = run.pointer("/results/0").expect("a result");
        let index = result
            .get("ruleIndex")
            .and_then(Json::as_u64)
            .expect("an index");
        let rule = run
            .pointer(&format!("/tool/driver/rules/{index}"))
            .expect("a rule");
        assert_eq!(rule.get("id"), Some(&json!("duplicate-key")));
        assert_eq!(
            rule.get("helpUri"),
            Some(&json!("https://docs.example/errors/duplicate-key"))
        );
        insta::assert_json_snapshot!(result);
    }

    #[test]
    fn addresses_are_relative_to_the_root_where_they_lie_below() {
        assert_eq!(
            artifact("a b/é:c.yaml"),
            json!({"uri": "a%20b/%C3%A9%3Ac.yaml", "uriBaseId": "%SRCROOT%"})
        );
        assert_eq!(artifact("/x/y.yaml"), json!({"uri": "file:///x/y.yaml"}));
    }
}
