//! What scenarios reach of the files that the command line names.

use crate::args::TestArguments;
use crate::commands::check::usual;
use crate::coverage::{Coverage, Ledger};
use crate::environment::Environment;
use crate::locate::{files_below, is_playbook, is_scenarios};
use crate::parallel::side_by_side;
use crate::shelf::Shelf;
use runbook_registry::Registry;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What was reached of the files that the command line names; those of which nothing was are there too.
pub(super) fn within(
    mut covered: Coverage,
    arguments: &TestArguments,
    registry: &Registry,
    environment: &Environment,
) -> Coverage {
    let places = &environment.places;
    let mut wanted = BTreeSet::new();
    for path in usual(&arguments.paths, &places.current) {
        let full = places.current.join(&path);
        if full.is_dir() {
            let below = files_below(&full, is_playbook);
            wanted.extend(below.iter().map(|file| places.place(file).name));
            let known: Vec<PathBuf> = below
                .into_iter()
                .filter(|file| !covered.files.contains_key(&places.place(file).name))
                .collect();
            for unreached in side_by_side(&known, |file| nothing_of(file, registry, environment)) {
                covered.merge(unreached);
            }
        } else if is_scenarios(&full) {
            let name = places.place(&full).name.replace(".scenarios.", ".");
            if covered.files.contains_key(&name) {
                wanted.insert(name);
            } else {
                // It names its playbook itself.
                wanted.extend(covered.files.keys().cloned());
            }
        } else if let Ok(located) = places.locate(&path.to_string_lossy()) {
            wanted.insert(located.name);
        }
    }
    covered.files.retain(|name, _| wanted.contains(name));
    covered
}

/// A playbook of which nothing was reached; nothing where the file is none.
fn nothing_of(file: &Path, registry: &Registry, environment: &Environment) -> Coverage {
    let located = environment.places.place(file);
    let shelf = Shelf::new(&environment.places, &located.root, registry);
    let mut ledger = Ledger::new(&shelf);
    if let Ok(read) = shelf.read(&located)
        && let Some(checked) = read.checked
    {
        ledger.know(&checked);
    }
    ledger.close()
}
