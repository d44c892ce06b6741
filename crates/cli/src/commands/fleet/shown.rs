//! Fleets as text.

use crate::record::Record;
use runbook_fleet::outcome::{FleetOutcome, FleetStatus, TargetOutcome, TargetStatus};
use runbook_report::question::safe;
use std::collections::BTreeMap;

/// The most targets that are named.
const NAMED: usize = 20;

/// The document.
pub fn document(told: &FleetOutcome) -> String {
    // All of it is text, numbers, lists and mappings with text as keys.
    serde_json::to_string_pretty(told).unwrap_or_default()
}

/// How a fleet stands, in a word.
pub fn word(status: FleetStatus) -> &'static str {
    match status {
        FleetStatus::Running => "running",
        FleetStatus::Waiting => "waiting",
        FleetStatus::Paused => "paused",
        FleetStatus::Interrupted => "interrupted",
        FleetStatus::Stopped => "stopped",
        FleetStatus::Ended => "ended",
    }
}

/// How a target stands, in a word.
pub fn target_word(target: &TargetOutcome) -> &'static str {
    match (target.status, target.verdict) {
        (TargetStatus::Waiting, _) => "waiting",
        (TargetStatus::Running, _) => "running",
        (TargetStatus::NotRun, _) => "not run",
        (_, Some(verdict)) => verdict.as_str(),
        (_, None) => "ended",
    }
}

/// How many targets stand how, what needs a person, and how to go on.
pub fn end(told: &FleetOutcome, record: &Record) -> Vec<String> {
    let mut lines = counts(told);
    lines.extend(onward(told, record));
    lines.iter().map(|line| safe(line)).collect()
}

/// How many targets stand how, and what needs a person.
pub fn counts(told: &FleetOutcome) -> Vec<String> {
    let mut lines = vec![format!(
        "fleet {}: {}, {} targets",
        told.fleet,
        word(told.status),
        told.targets.len()
    )];
    if let Some(stop) = &told.stopped {
        lines.push(format!("  stopped: {}", stop.message));
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for target in &told.targets {
        *counts.entry(target_word(target)).or_default() += 1;
    }
    let width = told.targets.len().to_string().len();
    for (word, count) in counts {
        lines.push(format!("  {count:>width$} {word}"));
    }
    let people: Vec<&TargetOutcome> = told
        .targets
        .iter()
        .filter(|target| target.person.is_some())
        .collect();
    for target in people.iter().take(NAMED) {
        if let Some(person) = &target.person {
            let next = person.next.as_deref().unwrap_or_default();
            lines.push(format!("  {} needs a person: {}", target.name, person.why));
            if !next.is_empty() {
                lines.push(format!("    {next}"));
            }
        }
    }
    if people.len() > NAMED {
        lines.push(format!("  and {} more need a person", people.len() - NAMED));
    }
    lines
}

/// The commands that go on.
fn onward(told: &FleetOutcome, record: &Record) -> Vec<String> {
    let command = |name: &str| record.fleet(name, &told.fleet);
    let waits = told
        .targets
        .iter()
        .any(|target| target.status == TargetStatus::Paused);
    let mut lines = Vec::new();
    if told.status == FleetStatus::Waiting || (waits && told.status != FleetStatus::Running) {
        lines.push(format!("to say yes or no: {}", command("approve")));
    }
    match told.status {
        FleetStatus::Waiting | FleetStatus::Paused | FleetStatus::Interrupted => {
            lines.push(format!("to go on: {}", command("resume")));
        }
        FleetStatus::Stopped => {
            let code = told.stopped.as_ref().map(|stop| stop.code);
            if code == Some(runbook_fleet::outcome::StopCode::MaxErrors) {
                lines.push(format!(
                    "to go on with more errors: {} --max-errors AMOUNT",
                    command("resume")
                ));
            }
        }
        FleetStatus::Running | FleetStatus::Ended => {}
    }
    lines
}

/// A line for each target.
pub fn targets(told: &FleetOutcome) -> Vec<Vec<String>> {
    let mut rows = vec![
        ["target", "wave", "status", "run", "why"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for target in &told.targets {
        let why = match (&target.not_run, &target.person, &target.error) {
            (Some(not_run), ..) => not_run.message.clone(),
            (None, Some(person), _) => person.why.clone(),
            (None, None, Some(error)) => format!("{}: {}", error.code, error.message),
            _ => String::new(),
        };
        rows.push(vec![
            safe(&target.name),
            target.wave.to_string(),
            target_word(target).to_owned(),
            target.run.clone().unwrap_or_default(),
            safe(&why.replace('\n', " ")),
        ]);
    }
    rows
}
