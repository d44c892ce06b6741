//! `runbook fleet report` of a fleet on a Restate server.

use super::super::report::{Folder, say};
use super::{command, failed, reached, told};
use crate::args::{FleetReportArguments, On};
use crate::carried::{Carried, RunReport};
use crate::commands::report::{Playbooks, page_of, playbooks};
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_fleet::outcome::FleetOutcome;
use runbook_fleet::restate::{Client, ClientError};
use runbook_fleet::target::Target;
use runbook_interpreter::journal::FileRow;
use std::collections::HashMap;

/// Tells a fleet.
pub fn report(
    arguments: &FleetReportArguments,
    on: &On,
    environment: &Environment,
) -> Result<u8, Failure> {
    let (client, fleet) = reached(&arguments.of.fleet, on, environment)?;
    let outcome = runtime()?.block_on(told(&client, &fleet, on));
    let outcome = outcome.map_err(|error| failed(&error))?;
    let command = |name: &str| command(name, &fleet, on);
    if let Some(out) = &arguments.out {
        let folder = Folder::make(&environment.places.current.join(out))?;
        pages(&client, &outcome, folder, &command, environment)?;
    }
    say(arguments, &outcome, &command, environment);
    Ok(exit::WELL)
}

/// Writes the folder of a fleet: a page for each target whose run has ended.
fn pages(
    client: &Client,
    outcome: &FleetOutcome,
    mut folder: Folder,
    command: &dyn Fn(&str) -> String,
    environment: &Environment,
) -> Result<(), Failure> {
    let runtime = runtime()?;
    let fleet = outcome.fleet.as_str();
    let head = runtime.block_on(client.head(fleet));
    let head = head.map_err(|error| failed(&error))?;
    let files = files(runtime.block_on(client.package(fleet)), fleet)?;
    let targets: HashMap<&str, &Target> = head
        .targets
        .iter()
        .map(|target| (target.name.as_str(), target))
        .collect();
    let mut known: Option<Playbooks> = None;
    for ended in outcome.targets.iter().filter(|one| one.verdict.is_some()) {
        let Some(target) = targets.get(ended.name.as_str()) else {
            continue;
        };
        let found = runtime.block_on(client.report(fleet, &head, target));
        let found = found.map_err(|error| failed(&error))?;
        let read = found.map(serde_json::from_value::<RunReport>).transpose();
        let read = read.map_err(|error| {
            Failure::environment(format!(
                "the report of target {} cannot be read: {error}",
                ended.name
            ))
        })?;
        if let Some(report) = read {
            let run = &report.rows.run;
            let known = known.get_or_insert_with(|| playbooks(run, &files, environment));
            folder.page(&ended.name, &page_of(&report.rows, known))?;
        }
    }
    folder.finish(outcome, command, environment)
}

/// The texts that the runs go by.
fn files(
    package: Result<runbook_fleet::restate::Package, ClientError>,
    fleet: &str,
) -> Result<Vec<FileRow>, Failure> {
    let package = package.map_err(|error| failed(&error))?;
    let carried: Carried = serde_json::from_value(package.body).map_err(|error| {
        Failure::environment(format!(
            "what fleet {fleet} was started with cannot be read: {error}"
        ))
    })?;
    let files = carried.files.into_iter();
    Ok(files.map(|(id, text)| FileRow { id, text }).collect())
}
