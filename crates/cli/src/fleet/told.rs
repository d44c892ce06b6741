//! A fleet as it stands, from its record and the journal of its runs.

use super::{held_as, kept, restored};
use crate::exit::Failure;
use crate::record::Record;
use runbook_fleet::embedded::store::{FleetRow, FleetStore, Spec, TargetRow, Wish};
use runbook_fleet::engine::TargetRun;
use runbook_fleet::outcome::{
    FORMAT_VERSION, FleetOutcome, FleetStatus, NotRunCode, Stop, TargetOutcome, TargetStatus,
    WaveOutcome,
};
use runbook_fleet::rollout::{Ending, Gate, Rollout};
use runbook_fleet::target::run_id;
use runbook_interpreter::journal::{JournalError, RunRow};

/// Makes the document of a fleet.
///
/// # Errors
/// The record cannot be read.
pub fn outcome(
    fleet: &FleetRow,
    spec: &Spec,
    rows: &[TargetRow],
    store: &FleetStore,
    record: &Record,
) -> Result<FleetOutcome, Failure> {
    let held = record.is_held(&held_as(&fleet.id));
    let stopped: Option<Stop> = fleet
        .stopped
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let answers = store.answers(fleet).map_err(kept)?;
    let targets: Vec<_> = rows.iter().map(|row| &row.target).collect();
    let rollout = Rollout::new(spec.policy.clone(), targets.iter().copied());
    let mut told = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let run = TargetRun {
            fleet: fleet.id.clone(),
            index,
            wave: rollout.wave_of(index),
            run: run_id(&fleet.id, &row.target.name),
            target: row.target.clone(),
        };
        let mut outcome = now(&run, row, record)?;
        if outcome.status == TargetStatus::Waiting {
            if outcome.run.is_some() && record.is_held(&run.run) {
                outcome.status = TargetStatus::Running;
            } else if let Some(stop) = stopped.as_ref().filter(|_| outcome.run.is_none()) {
                let wave = run.wave;
                let why = stop.message.clone();
                outcome = TargetOutcome::not_run(&run.target, wave, NotRunCode::Stopped, why);
            }
        }
        told.push(outcome);
    }
    let ended = |target: &TargetOutcome| {
        matches!(target.status, TargetStatus::Ended | TargetStatus::NotRun)
    };
    let paused = fleet
        .control
        .as_ref()
        .is_some_and(|control| control.wish == Wish::Pause);
    let status = if held && fleet.status.is_none() {
        FleetStatus::Running
    } else if stopped.is_some() {
        FleetStatus::Stopped
    } else if told.iter().all(ended) {
        FleetStatus::Ended
    } else {
        match fleet.status.as_deref() {
            Some("waiting") => FleetStatus::Waiting,
            Some("paused") => FleetStatus::Paused,
            _ if paused => FleetStatus::Paused,
            _ => FleetStatus::Interrupted,
        }
    };
    Ok(FleetOutcome {
        format_version: FORMAT_VERSION,
        fleet: fleet.id.clone(),
        playbook: fleet.playbook.clone(),
        title: spec.title.clone(),
        severity: spec.severity.clone(),
        status,
        stopped,
        waves: rollout
            .waves()
            .iter()
            .enumerate()
            .map(|(number, wave)| WaveOutcome {
                wave: number + 1,
                targets: wave.len(),
                answer: answers.get(&(number + 1)).cloned(),
            })
            .collect(),
        policy: spec.policy.clone(),
        targets: told,
        scenario: spec.scenario.clone(),
        started: fleet.started,
        ended: fleet.ended,
    })
}

/// What came of a target, by the fleet's record and, where that says that it is not over, by the journal.
fn now(run: &TargetRun, row: &TargetRow, record: &Record) -> Result<TargetOutcome, Failure> {
    if let Some(outcome) = &row.outcome
        && matches!(outcome.status, TargetStatus::Ended | TargetStatus::NotRun)
    {
        return Ok(outcome.clone());
    }
    let Some(journal) = journalled(&run.run, record)? else {
        let none = || TargetOutcome::waiting(&run.target, run.wave);
        return Ok(row.outcome.clone().unwrap_or_else(none));
    };
    match &row.outcome {
        // It waits as it did.
        Some(outcome) if journal.verdict.as_deref() == Some("paused") => Ok(outcome.clone()),
        // Its process was asked to stop, and it is gone on with.
        None if journal.verdict.as_deref() == Some("aborted") && journal.reason.is_none() => {
            Ok(TargetOutcome {
                status: TargetStatus::Waiting,
                verdict: None,
                ..restored(run, &journal, record)
            })
        }
        _ => Ok(restored(run, &journal, record)),
    }
}

fn journalled(run: &str, record: &Record) -> Result<Option<RunRow>, Failure> {
    match record.file.run(run) {
        Ok(row) => Ok(Some(row)),
        Err(JournalError::NoRun(_)) => Ok(None),
        Err(error) => Err(crate::record::kept(error)),
    }
}

/// The rollout of a fleet as far as it has come, and what came of targets that the fleet's record does not know yet.
///
/// # Errors
/// The record cannot be read.
pub fn rebuilt(
    fleet: &FleetRow,
    spec: &Spec,
    rows: &[TargetRow],
    store: &FleetStore,
    record: &Record,
) -> Result<(Rollout, Vec<(usize, TargetOutcome)>), Failure> {
    let targets = rows.iter().map(|row| &row.target);
    let mut rollout = Rollout::new(spec.policy.clone(), targets);
    let mut news = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let run = TargetRun {
            fleet: fleet.id.clone(),
            index,
            wave: rollout.wave_of(index),
            run: run_id(&fleet.id, &row.target.name),
            target: row.target.clone(),
        };
        let outcome = now(&run, row, record)?;
        if outcome.status == TargetStatus::NotRun {
            // What kept it from being run may be over.
            continue;
        }
        let at = outcome.ended.unwrap_or(fleet.started);
        match outcome.ending() {
            Some(ending) => rollout.ended(index, ending, at),
            None if outcome.run.is_some() => rollout.interrupted(index),
            None => continue,
        }
        if outcome
            .ending()
            .is_some_and(|ending| ending != Ending::Waits)
            && row.outcome.as_ref() != Some(&outcome)
        {
            news.push((index, outcome));
        }
    }
    for (wave, answer) in store.answers(fleet).map_err(kept)? {
        rollout.answered(Gate { wave }, answer.yes, &answer.by);
    }
    Ok((rollout, news))
}
