//! `runbook fleet status`: where fleets stand.

use super::shown;
use crate::args::{FleetStatusArguments, Format};
use crate::commands::history::{shown as time, table};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{kept as unkept, outcome, store};
use crate::record::Record;
use runbook_fleet::outcome::FleetOutcome;
use serde_json::json;
use std::path::Path;

/// Says where fleets stand, or one of them with its targets.
pub fn execute(arguments: &FleetStatusArguments, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.on.on {
        let fleet = arguments.fleet.as_deref();
        return super::remote::status(fleet, on, arguments.format, environment);
    }
    let out = environment.console.out;
    let Some(fleet) = &arguments.fleet else {
        return all(arguments, environment);
    };
    let (told, record) = told(fleet, arguments.state_dir.as_deref(), environment)?;
    match arguments.format {
        Format::Json => out.line(shown::document(&told)),
        Format::Text => {
            out.lines(&table(&shown::targets(&told)));
            out.line("");
            out.lines(&shown::end(&told, &record));
        }
    }
    Ok(exit::WELL)
}

fn all(arguments: &FleetStatusArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.state_dir.as_deref(), environment)?;
    let store = store(&record)?;
    let mut fleets = Vec::new();
    for fleet in store.fleets().map_err(unkept)? {
        let spec = store.spec(&fleet).map_err(unkept)?;
        let rows = store.targets(&fleet).map_err(unkept)?;
        fleets.push(outcome(&fleet, &spec, &rows, &store, &record)?);
    }
    let out = environment.console.out;
    if arguments.format == Format::Json {
        let documents: Vec<_> = fleets
            .iter()
            .map(|told| {
                json!({
                    "fleet": told.fleet, "playbook": told.playbook, "status": shown::word(told.status),
                    "targets": told.targets.len(), "started": told.started, "ended": told.ended,
                })
            })
            .collect();
        out.line(format!("{:#}", json!({ "fleets": documents })));
        return Ok(exit::WELL);
    }
    if fleets.is_empty() {
        out.line("no fleet is on record; `runbook fleet run` makes one");
        return Ok(exit::WELL);
    }
    let mut rows = vec![
        ["fleet", "playbook", "status", "targets", "started"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(fleets.iter().map(|told| {
        vec![
            told.fleet.clone(),
            told.playbook.clone(),
            shown::word(told.status).to_owned(),
            told.targets.len().to_string(),
            time(told.started),
        ]
    }));
    out.lines(&table(&rows));
    Ok(exit::WELL)
}

/// A fleet on record, as it stands.
pub(super) fn told(
    fleet: &str,
    state_dir: Option<&Path>,
    environment: &Environment,
) -> Result<(FleetOutcome, Record), Failure> {
    let record = Record::open(state_dir, environment)?;
    let store = store(&record)?;
    let fleet = store.find(fleet).map_err(unkept)?;
    let spec = store.spec(&fleet).map_err(unkept)?;
    let rows = store.targets(&fleet).map_err(unkept)?;
    let told = outcome(&fleet, &spec, &rows, &store, &record)?;
    Ok((told, record))
}
