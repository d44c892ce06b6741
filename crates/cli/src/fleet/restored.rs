//! What came of a target, from the journal of its run: where the process died between the run's end and its note in the fleet's
//! record, or where somebody went on with the run by itself.

use crate::record::Record;
use runbook_fleet::engine::TargetRun;
use runbook_fleet::outcome::{
    FoundCause, NeedsPerson, TargetChange, TargetError, TargetOutcome, TargetStatus, verdict,
};
use runbook_interpreter::journal::{CallRow, GateRow, RunRow};
use runbook_interpreter::verdict::Verdict;
use serde_json::Value as Json;

/// What came of a target whose run is on record.
#[must_use]
pub fn restored(run: &TargetRun, row: &RunRow, record: &Record) -> TargetOutcome {
    let calls = record.file.calls(row).unwrap_or_default();
    let events = record.file.events(row, 0).unwrap_or_default();
    let verdict = row.verdict.as_deref().and_then(verdict);
    let of_kind = |kind: &'static str| {
        let bodies = events.iter().map(|event| &event.body);
        bodies.filter(move |body| body["event"].as_str() == Some(kind))
    };
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let mut causes: Vec<FoundCause> = Vec::new();
    for body in of_kind("cause_judged") {
        let cause = FoundCause {
            name: text(&body["cause"]),
            title: text(&body["cause"]),
        };
        if body["found"] == "true" && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let answered = |call: &&CallRow| call.answer.is_some();
    let failed = calls.iter().rev().find_map(|call| match &call.answer {
        Some(Err((code, message))) => Some(TargetError {
            step: Some(call.step.clone()),
            code: code.clone(),
            message: message.clone(),
        }),
        _ => None,
    });
    let bad = verdict.is_some_and(|verdict| !verdict.is_well());
    let waits = verdict == Some(Verdict::Paused);
    let gates = record.file.gates(row).unwrap_or_default();
    let open = gates.into_iter().find(GateRow::is_open);
    let options = record.options();
    TargetOutcome {
        status: match verdict {
            Some(Verdict::Paused) => TargetStatus::Paused,
            Some(_) => TargetStatus::Ended,
            None => TargetStatus::Waiting,
        },
        run: Some(row.id.clone()),
        verdict,
        reason: row.reason.clone(),
        explanation: row.explanation.clone().filter(|text| !text.is_empty()),
        causes,
        error: failed.filter(|_| bad && !waits),
        person: open.filter(|_| waits).map(|gate| NeedsPerson {
            next: Some(format!("runbook approve {}{options} {}", row.id, gate.step)),
            step: Some(gate.step),
            question: None,
            why: "nobody could be asked".to_owned(),
        }),
        calls: calls.iter().filter(answered).count() as u64,
        retries: calls.iter().filter(|call| call.attempt > 1).count() as u64,
        changes: calls
            .iter()
            .filter(|call| call.effect != "read")
            .map(|call| TargetChange {
                step: call.step.clone(),
                action: call.action.clone(),
                effect: call.effect.clone(),
                confirmed: matches!(call.answer, Some(Ok(_))),
                undone: verdict == Some(Verdict::Undone),
            })
            .collect(),
        started: Some(row.started),
        ended: row.ended,
        ..TargetOutcome::waiting(&run.target, run.wave)
    }
}
