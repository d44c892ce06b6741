//! Files of scenarios with their playbooks.

use crate::commands::check::usual;
use crate::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::load::{self, Unusable};
use crate::locate::{files_below, is_scenarios, scenarios_of};
use crate::shelf::{Shelf, text_of};
use indexmap::IndexMap;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, Severity, render};
use runbook_playbook::source::Source;
use runbook_playbook::yaml::Node;
use runbook_registry::Registry;
use runbook_registry::world::scenario::Scenario;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files of scenarios that paths name; a playbook stands for its own.
pub(in crate::commands) fn files(
    paths: &[PathBuf],
    environment: &Environment,
) -> Result<Vec<PathBuf>, Failure> {
    let places = &environment.places;
    let mut found = Vec::new();
    for path in usual(paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            found.extend(files_below(&full, is_scenarios));
            continue;
        }
        let file = if is_scenarios(&full) && full.is_file() {
            full
        } else {
            let located = places
                .locate(&path.to_string_lossy())
                .map_err(|error| Failure::wrong(error.to_string()))?;
            scenarios_of(&located.file)
        };
        if !file.is_file() {
            let shown = places.shown(&file);
            return Err(Failure::wrong(format!(
                "{0} has no scenarios: there is no {shown}; `runbook run {0} --record {shown}` writes one of a run",
                path.display()
            )));
        }
        found.push(file);
    }
    Ok(found)
}

/// A file of scenarios with its playbook.
pub(in crate::commands) struct Suite {
    /// The file.
    pub source: Source,
    /// What it says.
    pub node: Node,
    /// The playbook.
    pub checked: Arc<Checked>,
    /// The playbook root.
    pub root: PathBuf,
    /// The scenarios, by name.
    pub scenarios: IndexMap<String, Scenario>,
}

/// Reads a file of scenarios and its playbook.
pub(in crate::commands) fn suite(
    file: &Path,
    registry: &Registry,
    environment: &Environment,
) -> Result<Suite, Vec<String>> {
    let places = &environment.places;
    let shown = places.shown(file);
    let text = text_of(file, &shown).map_err(|wrong| vec![wrong])?;
    let source = Source::new(&shown, text);
    let (scenarios, node) =
        document::scenarios(&source).map_err(|found| drawn(environment, &found))?;
    let playbook = document::playbook_of(&scenarios, file);
    let located = places.place(&playbook);
    let shelf = Shelf::new(places, &located.root, registry);
    let (checked, _) = load::checked(&shelf, &located).map_err(|unusable| match unusable {
        Unusable::Unreadable(why) => vec![why],
        Unusable::Wrong { diagnostics, .. } => drawn(environment, &diagnostics),
    })?;
    Ok(Suite {
        source,
        node,
        checked,
        root: located.root,
        scenarios: scenarios.scenarios,
    })
}

/// Errors with their source lines.
pub(super) fn drawn(environment: &Environment, diagnostics: &[Diagnostic]) -> Vec<String> {
    let style = environment.console.err.style();
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| render(diagnostic, style).trim_end().to_owned())
        .collect()
}
