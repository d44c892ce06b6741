//! `runbook fleet report`: what came of a fleet and of each of its targets.

use super::status::told;
use crate::args::{FleetReportArguments, FleetReportFormat};
use crate::commands::report::Pages;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::record::{Record, kept};
use runbook_fleet::outcome::{FleetOutcome, TargetOutcome};
use runbook_interpreter::journal::{Filter, RunRow};
use runbook_report::fleet_report::model::{FleetReport, document};
use runbook_report::fleet_report::{Told, html, junit, page_of, tell, text};
use runbook_report::terminal::Look;
use std::collections::HashMap;
use std::path::Path;

/// The page that the folder is entered by.
const INDEX: &str = "index.html";

/// Tells a fleet.
pub fn execute(arguments: &FleetReportArguments, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.of.on.on {
        return elsewhere(arguments, on, environment);
    }
    let state_dir = arguments.of.state_dir.as_deref();
    let (outcome, record) = told(&arguments.of.fleet, state_dir, environment)?;
    let command = |name: &str| record.fleet(name, &outcome.fleet);
    if let Some(out) = &arguments.out {
        let folder = environment.places.current.join(out);
        write(&folder, &outcome, &record, environment)?;
        let line = format!("report: {}", environment.places.shown(&folder.join(INDEX)));
        environment.console.err.line(line);
    }
    let format = match (arguments.format, &arguments.out) {
        (Some(format), _) => format,
        (None, None) => FleetReportFormat::Text,
        (None, Some(_)) => return Ok(exit::WELL),
    };
    let report = tell(
        &outcome,
        Told {
            has_page: &|_| false,
            command: &command,
        },
    );
    let out = environment.console.out;
    out.line(drawn(&report, format, out.look).trim_end());
    Ok(exit::WELL)
}

/// Tells a fleet on a Restate server.
#[cfg(feature = "restate")]
fn elsewhere(
    arguments: &FleetReportArguments,
    on: &crate::args::On,
    environment: &Environment,
) -> Result<u8, Failure> {
    if arguments.out.is_some() {
        return Err(Failure::wrong(
            "the reports of targets are with the server; write the fleet's own with --format html",
        ));
    }
    let outcome = super::remote::outcome(&arguments.of.fleet, on, environment)?;
    let report = tell(
        &outcome,
        Told {
            has_page: &|_| false,
            command: &|name: &str| super::remote::command(name, &outcome.fleet, on),
        },
    );
    let format = arguments.format.unwrap_or(FleetReportFormat::Text);
    let out = environment.console.out;
    out.line(drawn(&report, format, out.look).trim_end());
    Ok(exit::WELL)
}

fn drawn(report: &FleetReport, format: FleetReportFormat, look: Look) -> String {
    match format {
        FleetReportFormat::Text => text::lines(report, look).join("\n"),
        FleetReportFormat::Html => html::page(report),
        FleetReportFormat::Json => format!("{:#}\n", document(report)),
        FleetReportFormat::Junit => junit::document(report),
    }
}

/// Writes the folder: the pages of the targets first, so that the page that leads to them never leads nowhere.
fn write(
    folder: &Path,
    outcome: &FleetOutcome,
    record: &Record,
    environment: &Environment,
) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::environment(format!(
            "the report {} cannot be written: {error}; the fleet is on record, name another folder with --out",
            path.display()
        ))
    };
    let runs = folder.join("runs");
    std::fs::create_dir_all(&runs).map_err(|error| failed(&runs, error))?;
    let rows = record.file.runs(&Filter::default()).map_err(kept)?;
    let mut rows: HashMap<String, RunRow> =
        rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let on_record = |target: &TargetOutcome| {
        let run = target.run.as_ref();
        run.is_some_and(|run| rows.contains_key(run))
    };
    let command = |name: &str| record.fleet(name, &outcome.fleet);
    let report = tell(
        outcome,
        Told {
            has_page: &on_record,
            command: &command,
        },
    );
    let mut pages = Pages::new(record, environment);
    for target in &outcome.targets {
        let row = target.run.as_ref().and_then(|run| rows.remove(run));
        let Some(row) = row else {
            continue;
        };
        let path = folder.join(page_of(&target.name));
        let page = pages.page(row)?;
        std::fs::write(&path, page).map_err(|error| failed(&path, error))?;
    }
    for (name, format) in [
        ("report.json", FleetReportFormat::Json),
        ("junit.xml", FleetReportFormat::Junit),
        (INDEX, FleetReportFormat::Html),
    ] {
        let path = folder.join(name);
        let text = drawn(&report, format, Look::default());
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
