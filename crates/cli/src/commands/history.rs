//! Runs on record as people and programs read them.

use crate::record::Record;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use runbook_interpreter::journal::{GateRow, RunRow};
use runbook_playbook::duration;
use serde_json::{Value as Json, json};

/// What a run is at: its verdict, or that it runs or was interrupted.
pub(super) fn standing(row: &RunRow, record: &Record) -> String {
    match &row.verdict {
        Some(verdict) => verdict.clone(),
        None if record.is_held(&row.id) && open(row, record).is_empty() => "running".to_owned(),
        None if record.is_held(&row.id) => "waiting".to_owned(),
        None => "interrupted".to_owned(),
    }
}

/// The questions of a run that somebody has to answer before it goes on.
pub(super) fn open(row: &RunRow, record: &Record) -> Vec<GateRow> {
    let goes_on = matches!(row.verdict.as_deref(), None | Some("paused" | "aborted"));
    if !goes_on {
        return Vec::new();
    }
    let gates = record.file.gates(row).unwrap_or_default();
    gates.into_iter().filter(GateRow::is_open).collect()
}

/// A time as tables show it.
pub(super) fn shown(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// How long a run took; empty where it has not ended.
pub(super) fn took(row: &RunRow) -> String {
    row.ended.map_or_else(String::new, |ended| {
        let seconds = ended.duration_since(row.started).as_secs();
        duration::format(jiff::SignedDuration::from_secs(seconds))
    })
}

/// A run as programs read it.
pub(super) fn document(row: &RunRow, record: &Record) -> Json {
    json!({
        "run": row.id,
        "playbook": row.playbook,
        "title": row.title,
        "inputs": row.inputs,
        "options": row.options,
        "scenario": row.context.get("scenario"),
        "status": standing(row, record),
        "waits_for": open(row, record).iter().map(|gate| gate.step.clone()).collect::<Vec<_>>(),
        "verdict": row.verdict,
        "reason": row.reason,
        "explanation": row.explanation,
        "writes": row.writes,
        "sessions": row.sessions,
        "started": row.started.to_string(),
        "ended": row.ended.map(|ended| ended.to_string()),
    })
}

/// Lines of columns, each as wide as its widest cell.
pub(super) fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            runbook_report::question::safe(cells.join("  ").trim_end())
        })
        .collect()
}
