//! `runbook prune`: forgets old runs.

use super::history::{shown, standing};
use crate::args::PruneArguments;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::problems::counted;
use crate::record::{Record, kept};
use jiff::Timestamp;
use runbook_interpreter::journal::{Filter, RunRow};
use runbook_playbook::duration;

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
    if !arguments.dry_run {
        record.file.forget(&go).map_err(kept)?;
        for run in &go {
            record.forget(&run.id);
        }
    }
    environment.console.out.lines(&lines);
    Ok(exit::WELL)
}
