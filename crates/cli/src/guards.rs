//! The guards that a command line adds and overrides.

use crate::args::GuardArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::shelf::text_of;
use runbook_interpreter::guard::{Guards, Override};
use runbook_playbook::calendar::Calendar;
use runbook_playbook::guard::Freeze;
use serde_json::{Value as Json, json};

/// Reads the calendars that the command line names, and those that the run was begun with.
///
/// # Errors
/// A calendar that cannot be read: a freeze that is not known could be in force.
pub fn read(
    arguments: &GuardArguments,
    begun_with: &[String],
    environment: &Environment,
) -> Result<Guards, Failure> {
    let mut guards = Guards::default();
    for named in begun_with.iter().chain(&arguments.freeze) {
        let freeze =
            Freeze::read(named).map_err(|why| Failure::wrong(format!("--freeze: {why}")))?;
        match freeze {
            Freeze::File(path) => {
                let file = environment.places.current.join(&path);
                let calendar = text_of(&file, &path)
                    .and_then(|text| Calendar::read(&text).map_err(|why| format!("{path}: {why}")))
                    .map_err(|why| Failure::wrong(format!("--freeze: {why}")))?;
                guards.calendars.push((path, calendar));
            }
            change @ Freeze::Change { .. } => guards.changes.push(change),
        }
    }
    for (kind, reason) in &arguments.overrides {
        let given = Override {
            reason: reason.clone(),
            by: environment.user.clone(),
        };
        guards.overridden.insert(*kind, given);
    }
    Ok(guards)
}

/// The calendars as whoever resumes the run finds them: files by their full paths.
pub fn on_record(arguments: &GuardArguments, environment: &Environment) -> Json {
    let named = arguments.freeze.iter().map(|named| {
        if named.starts_with("arn:") {
            named.clone()
        } else {
            environment.places.current.join(named).display().to_string()
        }
    });
    json!(named.collect::<Vec<_>>())
}
