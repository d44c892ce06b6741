//! The JSON Schemas against every file that is there: what is shipped validates, and fixtures that are wrong in shape are
//! refused, so that an editor with a YAML language server says so while somebody writes.

use runbook_playbook::diagnostic::Code;
use runbook_playbook::schema::{
    escalation_schema, playbook_schema, scenarios_schema, targets_schema,
};
use runbook_playbook::source::Source;
use runbook_playbook::yaml;
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};

/// Codes about the shape of a file: which keys there are, and of what kind their values are. All others need more than one
/// place of the file, a grammar, or what is known of actions.
const SHAPE: [&str; 7] = [
    "unknown-key",
    "missing-key",
    "wrong-kind",
    "conflicting-keys",
    "invalid-name",
    "invalid-duration",
    "template-place",
];

/// Codes of which some mistakes are of that kind, that of their page among them.
const PARTLY_SHAPE: [&str; 2] = ["invalid-value", "misplaced-key"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // What deploys workers is Kubernetes' and others' own.
                if !path.ends_with("examples/deploy") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file as an editor's schema checker sees it; nothing where it is not well-formed.
fn json(path: &Path) -> Option<Json> {
    read(&fs::read_to_string(path).expect("a file"))
}

fn read(text: &str) -> Option<Json> {
    let source = Source::new("file", text);
    let mut problems = Vec::new();
    let node = yaml::read(&source, &mut problems)?;
    problems
        .is_empty()
        .then(|| node.to_json(&source, &mut problems))
}

struct Schemas {
    playbook: jsonschema::Validator,
    escalation: jsonschema::Validator,
    scenarios: jsonschema::Validator,
    targets: jsonschema::Validator,
}

impl Schemas {
    fn new() -> Self {
        let read = |schema: &Json| jsonschema::draft7::new(schema).expect("a schema of draft 7");
        Self {
            playbook: read(&playbook_schema()),
            escalation: read(&escalation_schema()),
            scenarios: read(&scenarios_schema()),
            targets: read(&targets_schema()),
        }
    }

    /// What the schema of its kind says against a file.
    fn complaints(&self, path: &Path, document: &Json) -> Vec<String> {
        let schema = if path.to_string_lossy().ends_with(".scenarios.yaml") {
            &self.scenarios
        } else if document.get("targets").is_some() {
            &self.targets
        } else if document.get("escalation").is_some() {
            &self.escalation
        } else {
            &self.playbook
        };
        schema
            .iter_errors(document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    }
}

#[test]
fn every_shipped_file_validates() {
    let schemas = Schemas::new();
    let mut seen = 0;
    for path in ["playbooks", "examples", "tests/check/ok"]
        .into_iter()
        .flat_map(files)
    {
        let document = json(&path).unwrap_or_else(|| panic!("{} is no YAML", path.display()));
        let complaints = schemas.complaints(&path, &document);
        assert!(complaints.is_empty(), "{}: {complaints:#?}", path.display());
        seen += 1;
    }
    assert!(seen > 30, "{seen} files");
}

#[test]
fn what_is_wrong_in_shape_is_refused_and_nothing_else() {
    let schemas = Schemas::new();
    let mut slips = Vec::new();
    for path in files("tests/check/err") {
        let slug = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        let Some(document) = json(&path) else {
            continue;
        };
        let shape = SHAPE
            .iter()
            .any(|code| expected.contains(&format!(" {code}: ")));
        let refused = !schemas.complaints(&path, &document).is_empty();
        let slip = slug == "scenario-shape.scenarios";
        if slip && !refused {
            slips.push(format!("{slug} is wrong in shape, and the schema takes it"));
        }
        if SHAPE.contains(&slug.as_str()) && !refused {
            slips.push(format!("{slug} is wrong in shape, and the schema takes it"));
        }
        if refused && !shape && !path.to_string_lossy().ends_with(".scenarios.yaml") {
            let complaints = schemas.complaints(&path, &document);
            slips.push(format!(
                "{slug} is well in shape, and the schema says {complaints:#?}"
            ));
        }
    }
    assert!(slips.is_empty(), "{}", slips.join("\n"));
}

#[test]
fn the_pages_of_codes_show_what_editors_say_too() {
    let schemas = Schemas::new();
    for code in Code::ALL {
        let slug = code.slug();
        let blocks: Vec<&str> = code
            .page()
            .split("```yaml\n")
            .skip(1)
            .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
            .collect();
        let complaints = |block: &&str| {
            let scenarios = block.contains("\nscenarios:");
            let name = if scenarios {
                "x.scenarios.yaml"
            } else {
                "x.yaml"
            };
            read(block).map(|document| schemas.complaints(Path::new(name), &document))
        };
        let (Some(wrong), Some(mended)) = (blocks.first(), blocks.last()) else {
            continue;
        };
        assert_eq!(complaints(mended), Some(Vec::new()), "{slug}, mended");
        if SHAPE.contains(&slug) || PARTLY_SHAPE.contains(&slug) {
            let complaints = complaints(wrong).unwrap_or_default();
            assert!(
                !complaints.is_empty(),
                "{slug}: the schema takes its mistake"
            );
        }
    }
}
