//! `runbook prune`: forgets old runs and fleets.

use super::history::{shown, standing};
use crate::args::PruneArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{held_as, kept as unkept, store};
use crate::problems::counted;
use crate::record::{Record, kept};
use jiff::Timestamp;
use runbook_fleet::embedded::store::{FleetRow, FleetStore};
use runbook_interpreter::journal::{Filter, RunRow};
use runbook_playbook::duration;

/// Old fleets.
struct Fleets {
    store: Option<FleetStore>,
    go: Vec<FleetRow>,
    stay: Vec<FleetRow>,
}

/// The fleets that began long ago, where there is a record of fleets.
fn fleets(
    record: &Record,
    arguments: &PruneArguments,
    before: Timestamp,
) -> Result<Fleets, Failure> {
    if !record.fleets().exists() {
        return Ok(Fleets {
            store: None,
            go: Vec::new(),
            stay: Vec::new(),
        });
    }
    let store = store(record)?;
    let all = store.fleets().map_err(unkept)?;
    let old = all.into_iter().skip(arguments.keep);
    let old = old.filter(|one| one.started < before && !record.is_held(&held_as(&one.id)));
    let (stay, go) = old.partition(|fleet| {
        let over = matches!(fleet.status.as_deref(), Some("ended" | "stopped"));
        !over && !arguments.unfinished
    });
    Ok(Fleets {
        store: Some(store),
        go,
        stay,
    })
}

/// Forgets runs that began long ago; those that go on stay.
pub fn execute(arguments: &PruneArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.state_dir.as_deref(), environment)?;
    let age = duration::parse(&arguments.older_than).map_err(|error| {
        Failure::wrong(format!(
            "--older-than {}: {error}; write 30d",
            arguments.older_than
        ))
    })?;
    let before = Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN);
    let runs = record.file.runs(&Filter::default()).map_err(kept)?;
    let old = runs.into_iter().skip(arguments.keep);
    let old = old.filter(|run| run.started < before && !record.is_held(&run.id));
    let (stay, go): (Vec<RunRow>, Vec<RunRow>) = old.partition(|run| {
        let goes_on = matches!(standing(run, &record).as_str(), "paused" | "interrupted");
        goes_on && !arguments.unfinished
    });
    let mut lines: Vec<String> = go
        .iter()
        .map(|run| format!("{}  {}  {}", run.id, shown(run.started), run.playbook))
        .collect();
    let word = if arguments.dry_run {
        "would be forgotten"
    } else {
        "forgotten"
    };
    lines.push(format!("{} {word}", counted(go.len(), "run")));
    if !stay.is_empty() {
        lines.push(format!(
            "{} could still be resumed and stay; --unfinished takes them too",
            counted(stay.len(), "run")
        ));
    }
    let fleets = fleets(&record, arguments, before)?;
    let all = fleets.go.iter().chain(&fleets.stay);
    if all.count() > 0 {
        lines.extend(fleets.go.iter().map(|fleet| {
            format!(
                "{}  {}  fleet of {}",
                fleet.id,
                shown(fleet.started),
                fleet.playbook
            )
        }));
        lines.push(format!("{} {word}", counted(fleets.go.len(), "fleet")));
    }
    if !fleets.stay.is_empty() {
        lines.push(format!(
            "{} could still be resumed and stay; --unfinished takes them too",
            counted(fleets.stay.len(), "fleet")
        ));
    }
    if !arguments.dry_run {
        if let Some(store) = &fleets.store {
            store.forget(&fleets.go).map_err(unkept)?;
        }
        record.file.forget(&go).map_err(kept)?;
        for run in &go {
            record.forget(&run.id);
        }
    }
    environment.console.out.lines(&lines);
    Ok(exit::WELL)
}
