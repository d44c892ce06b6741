//! `runbook runs`: the runs on record.

use super::history::{document, open, shown, standing, table, took};
use crate::args::{Format, RunsArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::record::{Record, kept};
use jiff::Timestamp;
use runbook_interpreter::journal::Filter;
use runbook_playbook::duration;
use runbook_report::question::safe;
use serde_json::Value as Json;

/// Lists runs, newest first.
pub fn execute(arguments: &RunsArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.state_dir.as_deref(), environment)?;
    let since = arguments.since.as_deref().map(since).transpose()?;
    let filter = Filter {
        playbook: arguments.playbook.clone(),
        verdict: None,
        since,
    };
    let runs = record.file.runs(&filter).map_err(kept)?;
    let runs: Vec<_> = runs
        .into_iter()
        .filter(|row| {
            let wanted = arguments.verdict.as_ref();
            wanted.is_none_or(|verdict| *verdict == standing(row, &record))
        })
        .collect();
    let out = environment.console.out;
    if arguments.format == Format::Json {
        let runs: Vec<Json> = runs.iter().map(|row| document(row, &record)).collect();
        out.line(format!("{:#}", Json::Array(runs)));
        return Ok(exit::WELL);
    }
    if runs.is_empty() {
        out.line("no runs");
        return Ok(exit::WELL);
    }
    let mut rows = vec![
        [
            "RUN",
            "STARTED (UTC)",
            "TOOK",
            "VERDICT",
            "WRITES",
            "PLAYBOOK",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    rows.extend(runs.iter().map(|row| {
        vec![
            row.id.chars().take(8).collect(),
            shown(row.started),
            took(row),
            standing(row, &record),
            row.writes.to_string(),
            match row.context.get("scenario").and_then(Json::as_str) {
                Some(scenario) => format!("{} (scenario {scenario})", row.playbook),
                None => row.playbook.clone(),
            },
        ]
    }));
    out.lines(&table(&rows));
    let waiting: Vec<String> = runs
        .iter()
        .filter(|row| {
            matches!(
                standing(row, &record).as_str(),
                "waiting" | "paused" | "interrupted"
            )
        })
        .flat_map(|row| {
            let gates = open(row, &record);
            let id: String = row.id.chars().take(8).collect();
            let lines = gates.into_iter().map(move |gate| (id.clone(), gate.step));
            lines.collect::<Vec<_>>()
        })
        .map(|(id, step)| {
            let command = record.approve(&id);
            safe(&format!(
                "{id} waits for somebody to approve {step}: {command} {step}"
            ))
        })
        .collect();
    if !waiting.is_empty() {
        out.line("");
        out.lines(&waiting);
    }
    Ok(exit::WELL)
}

/// A time, or one so long ago.
fn since(text: &str) -> Result<Timestamp, Failure> {
    if let Ok(length) = duration::parse(text) {
        return Ok(Timestamp::now()
            .checked_sub(length)
            .unwrap_or(Timestamp::MIN));
    }
    text.parse().map_err(|_| {
        Failure::wrong(format!(
            "`{text}` is neither a duration such as 7d nor a time such as 2026-01-15T12:00:00Z"
        ))
    })
}
