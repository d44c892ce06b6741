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
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The page that the folder is entered by.
const INDEX: &str = "index.html";

/// Tells a fleet.
pub fn execute(arguments: &FleetReportArguments, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.of.on.on {
        return super::remote::report(arguments, on, environment);
    }
    let state_dir = arguments.of.state_dir.as_deref();
    let (outcome, record) = told(&arguments.of.fleet, state_dir, environment)?;
    let command = |name: &str| record.fleet(name, &outcome.fleet);
    if let Some(out) = &arguments.out {
        let folder = Folder::make(&environment.places.current.join(out))?;
        write(folder, &outcome, &record, environment)?;
    }
    say(arguments, &outcome, &command, environment);
    Ok(exit::WELL)
}

/// Says it on standard output, where that is wanted.
pub(super) fn say(
    arguments: &FleetReportArguments,
    outcome: &FleetOutcome,
    command: &dyn Fn(&str) -> String,
    environment: &Environment,
) {
    let format = match (arguments.format, &arguments.out) {
        (Some(format), _) => format,
        (None, None) => FleetReportFormat::Text,
        (None, Some(_)) => return,
    };
    let told = Told {
        has_page: &|_| false,
        command,
    };
    let report = tell(outcome, told);
    let out = environment.console.out;
    out.line(drawn(&report, format, out.look).trim_end());
}

fn drawn(report: &FleetReport, format: FleetReportFormat, look: Look) -> String {
    match format {
        FleetReportFormat::Text => text::lines(report, look).join("\n"),
        FleetReportFormat::Html => html::page(report),
        FleetReportFormat::Json => format!("{:#}\n", document(report)),
        FleetReportFormat::Junit => junit::document(report),
    }
}

/// The folder of a report. Pages of targets are written first, so that the page that leads to them never leads nowhere.
pub(super) struct Folder {
    path: PathBuf,
    /// The targets that have a page.
    written: HashSet<String>,
}

impl Folder {
    /// Makes it.
    pub fn make(path: &Path) -> Result<Self, Failure> {
        let runs = path.join("runs");
        std::fs::create_dir_all(&runs).map_err(|error| unwritten(&runs, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            written: HashSet::new(),
        })
    }

    /// Writes the page of a target's own report.
    pub fn page(&mut self, target: &str, page: &str) -> Result<(), Failure> {
        let path = self.path.join(page_of(target));
        std::fs::write(&path, page).map_err(|error| unwritten(&path, &error))?;
        self.written.insert(target.to_owned());
        Ok(())
    }

    /// Writes the fleet's own pages, and says where they are.
    pub fn finish(
        self,
        outcome: &FleetOutcome,
        command: &dyn Fn(&str) -> String,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let has_page = |target: &TargetOutcome| self.written.contains(&target.name);
        let told = Told {
            has_page: &has_page,
            command,
        };
        let report = tell(outcome, told);
        for (name, format) in [
            ("report.json", FleetReportFormat::Json),
            ("junit.xml", FleetReportFormat::Junit),
            (INDEX, FleetReportFormat::Html),
        ] {
            let path = self.path.join(name);
            let text = drawn(&report, format, Look::default());
            std::fs::write(&path, text).map_err(|error| unwritten(&path, &error))?;
        }
        let index = environment.places.shown(&self.path.join(INDEX));
        environment.console.err.line(format!("report: {index}"));
        Ok(())
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::environment(format!(
        "the report {} cannot be written: {error}; the fleet is on record, name another folder with --out",
        path.display()
    ))
}

/// Writes the folder of a fleet of this machine.
fn write(
    mut folder: Folder,
    outcome: &FleetOutcome,
    record: &Record,
    environment: &Environment,
) -> Result<(), Failure> {
    let rows = record.file.runs(&Filter::default()).map_err(kept)?;
    let mut rows: HashMap<String, RunRow> =
        rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let mut pages = Pages::new(record, environment);
    for target in &outcome.targets {
        let row = target.run.as_ref().and_then(|run| rows.remove(run));
        let Some(row) = row else {
            continue;
        };
        folder.page(&target.name, &pages.page(row)?)?;
    }
    let command = |name: &str| record.fleet(name, &outcome.fleet);
    folder.finish(outcome, &command, environment)
}
