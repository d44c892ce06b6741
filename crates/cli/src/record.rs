//! Where runs and calls leave their record.

use crate::environment::Environment;
use crate::exit::Failure;
use runbook_interpreter::journal::{Journal, SqliteJournal};
use std::path::Path;

/// Opens the journal in the folder that `--state-dir` names, or in the usual one.
///
/// # Errors
/// There is no such folder and none can be made, or the file in it is no journal.
pub fn open(
    state_dir: Option<&Path>,
    environment: &Environment,
) -> Result<Box<dyn Journal>, Failure> {
    let named = state_dir.map(|folder| environment.places.current.join(folder));
    let Some(folder) = named.or_else(|| environment.state.clone()) else {
        return Err(Failure::environment(
            "there is no home folder to keep the journal in; name one with --state-dir",
        ));
    };
    made(&folder).map_err(Failure::environment)
}

fn made(folder: &Path) -> Result<Box<dyn Journal>, String> {
    std::fs::create_dir_all(folder).map_err(|error| {
        format!(
            "the folder {} for the journal cannot be made: {error}; choose another with --state-dir",
            folder.display()
        )
    })?;
    let journal =
        SqliteJournal::open(&folder.join("journal.sqlite")).map_err(|error| error.to_string())?;
    Ok(Box::new(journal))
}
