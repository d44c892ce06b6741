//! `runbook check`: what is wrong with playbooks.

use crate::args::CheckArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::locate::{files_below, is_playbook};
use crate::problems;
use crate::shelf::Shelf;
use runbook_playbook::diagnostic::Severity;
use runbook_registry::Registry;
use std::path::{Path, PathBuf};

/// Checks every playbook and says what is wrong.
pub fn execute(arguments: &CheckArguments, environment: &Environment) -> Result<u8, Failure> {
    let places = &environment.places;
    let registry = Registry::new();
    let mut errors = 0;
    let mut checked = 0;
    for file in playbooks(&arguments.paths, environment)? {
        let located = places.place(&file);
        let shelf = Shelf {
            places,
            root: &located.root,
            catalog: &registry,
        };
        let read = shelf.read(&located).map_err(Failure::wrong)?;
        problems::show(&read.diagnostics, environment.console.err);
        errors += read
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count();
        checked += 1;
    }
    if errors > 0 {
        return Err(Failure::wrong(problems::counted(errors, "error")));
    }
    let line = format!("{} without errors", problems::counted(checked, "playbook"));
    environment.console.out.line(line);
    Ok(exit::WELL)
}

/// The playbooks that files and folders name; a name that is no path is looked for as `run` does.
fn playbooks(paths: &[PathBuf], environment: &Environment) -> Result<Vec<PathBuf>, Failure> {
    let places = &environment.places;
    let mut found = Vec::new();
    for path in usual(paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            found.extend(files_below(&full, is_playbook));
        } else {
            let located = places
                .locate(&path.to_string_lossy())
                .map_err(|error| Failure::wrong(error.to_string()))?;
            found.push(located.file);
        }
    }
    if found.is_empty() {
        return Err(Failure::wrong(
            "there are no playbooks here; name a file or a folder",
        ));
    }
    Ok(found)
}

/// The paths that were given, else the folders in which playbooks usually are.
pub(super) fn usual(paths: &[PathBuf], current: &Path) -> Vec<PathBuf> {
    if paths.is_empty() {
        ["playbooks", "examples"]
            .into_iter()
            .filter(|folder| current.join(folder).is_dir())
            .map(PathBuf::from)
            .collect()
    } else {
        paths.to_vec()
    }
}
