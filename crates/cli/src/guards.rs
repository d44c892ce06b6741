//! The guards that a command line adds and overrides.

use crate::args::GuardArguments;
#[cfg(feature = "restate")]
use crate::carried::CarriedGuards;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::shelf::text_of;
use runbook_interpreter::guard::{Guards, Override};
use runbook_playbook::calendar::Calendar;
use runbook_playbook::guard::Freeze;
use serde_json::{Value as Json, json};
use std::path::Path;

/// The calendar that holds for all playbooks below the folder that it lies in.
const OF_ALL: &str = "all.freeze.ics";

/// The variable that names calendars for every run on a machine, with commas between them.
const VARIABLE: &str = "RUNBOOK_FREEZE";

/// Adds the calendars that hold whatever the command line says: that of the folder of playbooks, and those that the environment
/// names.
///
/// # Errors
/// A calendar that cannot be read: a freeze that is not known could be in force.
pub fn add_common(
    guards: &mut Guards,
    root: &Path,
    environment: &Environment,
) -> Result<(), Failure> {
    let of_all = root.join(OF_ALL);
    if of_all.exists() {
        let shown = environment.places.shown(&of_all);
        let calendar = calendar(&of_all, &shown).map_err(Failure::wrong)?;
        guards.calendars.push((shown, calendar));
    }
    let named = environment.variable(VARIABLE).unwrap_or_default();
    for named in named
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
    {
        add(guards, named, VARIABLE, environment)?;
    }
    Ok(())
}

fn calendar(file: &Path, shown: &str) -> Result<Calendar, String> {
    text_of(file, shown)
        .and_then(|text| Calendar::read(&text).map_err(|why| format!("{shown}: {why}")))
}

fn add(
    guards: &mut Guards,
    named: &str,
    by: &str,
    environment: &Environment,
) -> Result<(), Failure> {
    let wrong = |why: String| Failure::wrong(format!("{by}: {why}"));
    match Freeze::read(named).map_err(wrong)? {
        Freeze::File(path) => {
            let file = environment.places.current.join(&path);
            let calendar = calendar(&file, &path).map_err(wrong)?;
            guards.calendars.push((path, calendar));
        }
        change @ Freeze::Change { .. } => guards.changes.push(change),
    }
    Ok(())
}

/// All guards that hold for a fleet which others carry: what [`add_common`] and [`read`] find, as texts.
///
/// # Errors
/// A calendar that cannot be read: a freeze that is not known could be in force.
#[cfg(feature = "restate")]
pub fn travelling(
    arguments: &GuardArguments,
    root: &Path,
    environment: &Environment,
) -> Result<CarriedGuards, Failure> {
    // Each is read once more as a calendar, so that what cannot be read is said before it travels.
    let mut all = read(arguments, &[], environment)?;
    add_common(&mut all, root, environment)?;
    let mut guards = CarriedGuards::default();
    let of_all = root.join(OF_ALL);
    if of_all.exists() {
        let shown = environment.places.shown(&of_all);
        let text = text_of(&of_all, &shown).map_err(Failure::wrong)?;
        guards.calendars.push((shown, text));
    }
    let by_variable = environment.variable(VARIABLE).unwrap_or_default();
    let by_variable = by_variable.split(',').map(str::trim);
    let named = by_variable.chain(arguments.freeze.iter().map(String::as_str));
    for named in named.filter(|one| !one.is_empty()) {
        match Freeze::read(named).map_err(Failure::wrong)? {
            Freeze::File(path) => {
                let file = environment.places.current.join(&path);
                let text = text_of(&file, &path).map_err(Failure::wrong)?;
                guards.calendars.push((path, text));
            }
            Freeze::Change { arn, .. } => guards.changes.push(arn),
        }
    }
    for (kind, given) in &all.overridden {
        let given = (given.reason.clone(), given.by.clone());
        guards.overridden.insert(kind.as_str().to_owned(), given);
    }
    Ok(guards)
}

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
        add(&mut guards, named, "--freeze", environment)?;
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
