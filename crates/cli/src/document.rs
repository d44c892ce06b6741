//! YAML and JSON files that are not playbooks: inputs, arguments, scenarios.

use crate::console::Stream;
use crate::exit::Failure;
use crate::problems;
use crate::shelf::text_of;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Code, Diagnostic, has_errors, silence};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::yaml::{self, Node};
use runbook_registry::Registry;
use runbook_registry::world::scenario::{ScenarioFile, ScenarioProblem, Segment, text_is_due};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

/// Reads a file of inputs or arguments.
///
/// # Errors
/// Its problems have been shown, or the failure says why it cannot be read.
pub fn read(file: &Path, name: &str, stream: Stream) -> Result<Json, Failure> {
    let text = text_of(file, name).map_err(Failure::wrong)?;
    if file.extension().is_some_and(|ending| ending == "json") {
        return json(&text, name);
    }
    let source = Source::new(name, text);
    let (_, json, diagnostics) = document(&source, &|_| false);
    problems::show(&diagnostics, stream);
    if has_errors(&diagnostics) {
        return Err(Failure::wrong(format!(
            "{name} cannot be read; mend what is marked above, then say this again"
        )));
    }
    Ok(json)
}

/// Reads JSON text; `name` is what messages call it.
///
/// # Errors
/// Says at which line and column it is no JSON.
pub fn json(text: &str, name: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let place = if name.starts_with('-') {
            name.to_owned()
        } else {
            format!("{name}:{}:{}", error.line(), error.column())
        };
        Failure::wrong(format!("{place}: this is no JSON: {error}"))
    })
}

/// Reads a file of scenarios.
///
/// # Errors
/// All its problems, with their places.
pub fn scenarios(source: &Source) -> Result<(ScenarioFile, Node), Vec<Diagnostic>> {
    let (node, json, diagnostics) = document(source, &text_is_due);
    let Some(node) = node.filter(|_| !has_errors(&diagnostics)) else {
        return Err(diagnostics);
    };
    match ScenarioFile::from_json(&json) {
        Ok(file) => Ok((file, node)),
        Err(problems) => Err(problems
            .iter()
            .map(|problem| placed(source, &node, &[], problem))
            .collect()),
    }
}

/// Checks a file of scenarios: its keys, what its actions answer, and whether its playbook is there. `file` is where it
/// stands, `checked` reads and checks the playbook; of one with errors only those are worth knowing, and they are its own.
#[must_use]
pub fn check_scenarios(
    source: &Source,
    file: &Path,
    registry: &Registry,
    checked: impl FnOnce(&Path) -> Option<Checked>,
) -> Vec<Diagnostic> {
    let found = match scenarios(source) {
        Err(found) => found,
        Ok((scenarios, node)) => {
            let playbook = playbook_of(&scenarios, file);
            let checked = Some(&playbook)
                .filter(|playbook| playbook.is_file())
                .and_then(|playbook| checked(playbook));
            let mut found = Vec::new();
            for (name, scenario) in &scenarios.scenarios {
                let route = ["scenarios", name.as_str()];
                let mut problems = scenario.check(registry);
                if let Some(checked) = &checked {
                    problems.extend(scenario.check_against(checked, registry));
                }
                let placed = |problem| placed(source, &node, &route, problem);
                found.extend(problems.iter().map(placed));
            }
            if !playbook.is_file() {
                let place = place_of(&node, &["playbook".to_owned()]);
                let name = playbook.file_name().unwrap_or_default().to_string_lossy();
                found.push(
                    Diagnostic::new(
                        Code::UnknownPlaybook,
                        source,
                        place,
                        format!("the playbook of these scenarios, `{name}`, does not exist"),
                    )
                    .help("name it in `playbook:`, relative to this file"),
                );
            }
            found
        }
    };
    silence(source, found)
}

/// The playbook of a file of scenarios.
#[must_use]
pub fn playbook_of(scenarios: &ScenarioFile, file: &Path) -> PathBuf {
    match &scenarios.playbook {
        Some(playbook) => file.parent().unwrap_or(Path::new("")).join(playbook),
        None => PathBuf::from(file.to_string_lossy().replace(".scenarios.yaml", ".yaml")),
    }
}

/// A problem of a scenario at its place in the file; `prefix` is where the problem's path begins.
pub fn placed(
    source: &Source,
    node: &Node,
    prefix: &[&str],
    problem: &ScenarioProblem,
) -> Diagnostic {
    let mut route: Vec<String> = prefix.iter().map(ToString::to_string).collect();
    route.extend(problem.path.iter().map(|segment| match segment {
        Segment::Key(key) => key.clone(),
        Segment::Index(index) => index.to_string(),
    }));
    let span = place_of(node, &route);
    Diagnostic::new(problem.code, source, span, problem.message.clone())
}

/// Where a route of keys and positions ends: the last key, or the last element. What is missing has no place of its own;
/// what it is missing from has.
fn place_of(node: &Node, route: &[String]) -> Span {
    let mut place = node.span;
    let mut here = node;
    for segment in route {
        let key = here
            .entries()
            .and_then(|entries| entries.iter().find(|(key, _)| key.value == *segment));
        let next = match key {
            Some((key, value)) => Some((key.span, value)),
            None => here.at([segment.as_str()]).map(|node| (node.span, node)),
        };
        let Some((span, value)) = next else {
            return place;
        };
        (place, here) = (span, value);
    }
    place
}

fn document(
    source: &Source,
    text_is_due: &dyn Fn(&[&str]) -> bool,
) -> (Option<Node>, Json, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let node = yaml::read(source, &mut diagnostics);
    let json = node.as_ref().map_or(Json::Null, |node| {
        node.to_json_where(source, &mut diagnostics, text_is_due)
    });
    (node, json, diagnostics)
}
