//! What is said of a fleet and of a target in a few words, the same in every format.

use crate::run_report::model::Tone;
use crate::run_report::said::tone as tone_of_verdict;
use runbook_fleet::outcome::{
    FleetOutcome, FleetStatus, NotRunCode, StopCode, TargetOutcome, TargetStatus,
};

/// The ends that targets come to, the worst first.
pub(super) const ENDS: [&str; 14] = [
    "failed",
    "unresolved",
    "unhealthy",
    "aborted",
    "undone",
    "not_run",
    "paused",
    "running",
    "waiting",
    "diagnosed",
    "resolved",
    "done",
    "healthy",
    "absent",
];

/// What a target came to.
pub(super) fn end(target: &TargetOutcome) -> &'static str {
    match target.status {
        TargetStatus::Waiting => "waiting",
        TargetStatus::Running => "running",
        TargetStatus::Paused => "paused",
        TargetStatus::NotRun => "not_run",
        // An end without a verdict is none that anybody could call good.
        TargetStatus::Ended => target.verdict.map_or("failed", |verdict| verdict.as_str()),
    }
}

/// How an end is.
pub(super) fn tone(end: &str) -> Tone {
    match end {
        "running" | "waiting" => Tone::Quiet,
        "not_run" => Tone::Attention,
        verdict => tone_of_verdict(verdict),
    }
}

/// How a target stands.
pub(super) fn tone_of(target: &TargetOutcome) -> Tone {
    match &target.not_run {
        Some(not_run) if not_run.code == NotRunCode::Stopped => Tone::Quiet,
        Some(_) => Tone::Bad,
        None => tone(end(target)),
    }
}

/// An end for people: without underscores.
pub(super) fn word(end: &str) -> String {
    end.replace('_', " ")
}

pub(super) fn status(status: FleetStatus) -> &'static str {
    match status {
        FleetStatus::Running => "running",
        FleetStatus::Waiting => "waiting",
        FleetStatus::Paused => "paused",
        FleetStatus::Interrupted => "interrupted",
        FleetStatus::Stopped => "stopped",
        FleetStatus::Ended => "ended",
    }
}

pub(super) fn stop_code(code: StopCode) -> &'static str {
    match code {
        StopCode::MaxErrors => "max_errors",
        StopCode::Alarm => "alarm",
        StopCode::Declined => "declined",
        StopCode::Cancelled => "cancelled",
        StopCode::Engine => "engine",
    }
}

pub(super) fn not_run_code(code: NotRunCode) -> &'static str {
    match code {
        NotRunCode::Stopped => "stopped",
        NotRunCode::Locked => "locked",
        NotRunCode::Place => "place",
        NotRunCode::Input => "input",
        NotRunCode::Engine => "engine",
    }
}

/// How a fleet stands.
pub(super) fn tone_of_fleet(outcome: &FleetOutcome) -> Tone {
    let bad = outcome
        .targets
        .iter()
        .any(|target| tone_of(target) == Tone::Bad);
    let stopped = outcome.stopped.as_ref().map(|stop| stop.code);
    match (outcome.status, stopped) {
        _ if outcome.is_well() => Tone::Good,
        (FleetStatus::Stopped, Some(StopCode::MaxErrors | StopCode::Alarm | StopCode::Engine)) => {
            Tone::Bad
        }
        (FleetStatus::Running, _) if !bad => Tone::Quiet,
        (FleetStatus::Ended | FleetStatus::Running, _) if bad => Tone::Bad,
        _ => Tone::Attention,
    }
}

/// A count with its thousands parted: `12,000`.
pub(super) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 target`, `1,200 targets`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{} {what}s", grouped(many)),
    }
}

/// One sentence about where a fleet stands.
pub(super) fn explanation(outcome: &FleetOutcome) -> String {
    let total = outcome.targets.len();
    let count = |fits: &dyn Fn(&TargetOutcome) -> bool| {
        outcome.targets.iter().filter(|target| fits(target)).count()
    };
    let bad = count(&|target| tone_of(target) == Tone::Bad);
    let people = count(&|target| target.status == TargetStatus::Paused);
    let ended = count(&|target| target.status == TargetStatus::Ended);
    let left = count(&|target| {
        matches!(target.status, TargetStatus::Waiting)
            || (target.status == TargetStatus::NotRun && tone_of(target) != Tone::Bad)
    });
    let all = grouped(total);
    let mut parts = Vec::new();
    match outcome.status {
        FleetStatus::Ended if outcome.is_well() => {
            return match total {
                0 => "there were no targets".to_owned(),
                1 => "the one target ended well".to_owned(),
                _ => format!("all {all} targets ended well"),
            };
        }
        FleetStatus::Ended => {}
        FleetStatus::Running => {
            parts.push(format!("{} of {all} targets have ended", grouped(ended)))
        }
        FleetStatus::Waiting => parts.push("it waits for somebody to answer".to_owned()),
        FleetStatus::Paused => parts.push("somebody paused it".to_owned()),
        FleetStatus::Interrupted => {
            parts.push("the process that rolled it out is gone".to_owned());
        }
        FleetStatus::Stopped => parts.push(outcome.stopped.as_ref().map_or_else(
            || "it was stopped".to_owned(),
            |stop| stop.message.trim_end_matches('.').to_owned(),
        )),
    }
    if bad > 0 {
        parts.push(format!(
            "{} of {all} targets did not end well",
            grouped(bad)
        ));
    }
    if people > 0 {
        let verb = if people == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {verb} for a person", counted(people, "target")));
    }
    if left > 0 && outcome.status != FleetStatus::Running {
        let verb = if left == 1 { "has" } else { "have" };
        parts.push(format!("{} {verb} not been run", counted(left, "target")));
    }
    if parts.is_empty() {
        // Taken back, or stopped by hand.
        parts.push(format!("{} of {all} targets have ended", grouped(ended)));
    }
    parts.join("; ")
}

/// What came of a target, in a sentence.
pub(super) fn said(target: &TargetOutcome) -> String {
    if let Some(not_run) = &target.not_run {
        return not_run.message.clone();
    }
    if let Some(person) = &target.person {
        return match &person.step {
            Some(step) => format!("{step}: {}", person.why),
            None => person.why.clone(),
        };
    }
    if let Some(error) = target
        .error
        .as_ref()
        .filter(|_| tone_of(target) == Tone::Bad)
    {
        let step = error.step.as_ref();
        let step = step.map_or_else(String::new, |step| format!("{step}: "));
        return format!("{step}{}: {}", error.code, error.message);
    }
    target.explanation.clone().unwrap_or_default()
}
