//! From the outcome of a fleet to what its report says.

use super::model::{
    ChangeTold, Count, FORMAT_VERSION, FleetReport, FleetTotals, Group, Next, PersonNeeded,
    RankedCause, RankedFailure, Slow, Stopped, TargetTold, Throttled, WaveAnswer, WaveTold,
};
use super::page_of;
use super::said::{
    ENDS, end, explanation, not_run_code, said, status, stop_code, tone, tone_of, tone_of_fleet,
};
use crate::run_report::model::Tone;
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_fleet::outcome::{
    FleetOutcome, FleetStatus, StopCode, TargetChange, TargetOutcome, TargetStatus, WaveOutcome,
};
use std::collections::{BTreeMap, HashMap};

/// As many of the slowest and of the most throttled are told.
const MOST: usize = 10;
/// More groups than these say nothing any more.
const GROUPS: usize = 100;

/// How a report is told.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Whether the page of a target's own report lies beside the fleet's.
    pub has_page: &'a dyn Fn(&TargetOutcome) -> bool,
    /// The command of a name about the fleet: `runbook fleet resume …`.
    pub command: &'a dyn Fn(&str) -> String,
}

/// Tells a fleet.
#[must_use]
pub fn tell(outcome: &FleetOutcome, told: Told<'_>) -> FleetReport {
    let targets = &outcome.targets;
    let seconds = |ended: Timestamp| ended.duration_since(outcome.started).as_secs();
    FleetReport {
        format_version: FORMAT_VERSION,
        fleet: outcome.fleet.clone(),
        playbook: outcome.playbook.clone(),
        title: outcome.title.clone(),
        severity: outcome.severity.clone(),
        status: status(outcome.status).to_owned(),
        tone: tone_of_fleet(outcome),
        explanation: explanation(outcome),
        stopped: outcome.stopped.as_ref().map(|stop| Stopped {
            code: stop_code(stop.code).to_owned(),
            message: stop.message.clone(),
        }),
        started: outcome.started,
        ended: outcome.ended,
        seconds: outcome.ended.map(seconds),
        scenario: outcome.scenario.clone(),
        counts: counts(targets),
        causes: causes(targets),
        failures: failures(targets),
        people: people(targets),
        next: next(outcome, told.command),
        waves: waves(outcome),
        groups: groups(targets),
        slowest: slowest(targets),
        throttled: throttled(targets),
        totals: totals(targets),
        targets: targets
            .iter()
            .map(|target| one(target, told.has_page))
            .collect(),
    }
}

/// What targets came to, the worst first.
fn counts<'t>(targets: impl IntoIterator<Item = &'t TargetOutcome>) -> Vec<Count> {
    let mut counted: HashMap<&'static str, usize> = HashMap::new();
    for target in targets {
        *counted.entry(end(target)).or_default() += 1;
    }
    let ends = ENDS.iter();
    ends.filter_map(|end| {
        let targets = *counted.get(end)?;
        Some(Count {
            end: (*end).to_owned(),
            tone: tone(end),
            targets,
        })
    })
    .collect()
}

fn causes(targets: &[TargetOutcome]) -> Vec<RankedCause> {
    let mut found: IndexMap<&str, RankedCause> = IndexMap::new();
    for target in targets {
        for cause in &target.causes {
            let ranked = found.entry(&cause.name).or_insert_with(|| RankedCause {
                name: cause.name.clone(),
                title: cause.title.clone(),
                targets: 0,
                names: Vec::new(),
            });
            ranked.targets += 1;
            ranked.names.push(target.name.clone());
        }
    }
    let mut ranked: Vec<RankedCause> = found.into_values().collect();
    // Stable: causes that are as frequent stay in the order in which they were found.
    ranked.sort_by_key(|cause| std::cmp::Reverse(cause.targets));
    ranked
}

/// What kept targets from a good end. What failed at a target that came to one all the same is not told here.
fn failures(targets: &[TargetOutcome]) -> Vec<RankedFailure> {
    let mut found: IndexMap<String, RankedFailure> = IndexMap::new();
    for target in targets.iter().filter(|target| target.is_error()) {
        let (code, message, step) = match (&target.error, &target.not_run) {
            (_, Some(not_run)) => (
                not_run_code(not_run.code).to_owned(),
                not_run.message.clone(),
                None,
            ),
            (Some(error), None) => (
                error.code.clone(),
                error.message.clone(),
                error.step.clone(),
            ),
            (None, None) => (end(target).to_owned(), said(target), None),
        };
        let ranked = found.entry(code.clone()).or_insert_with(|| RankedFailure {
            code,
            message,
            step: step.clone(),
            targets: 0,
            names: Vec::new(),
        });
        ranked.targets += 1;
        ranked.names.push(target.name.clone());
        if ranked.step != step {
            ranked.step = None;
        }
    }
    let mut ranked: Vec<RankedFailure> = found.into_values().collect();
    ranked.sort_by_key(|failure| std::cmp::Reverse(failure.targets));
    ranked
}

fn people(targets: &[TargetOutcome]) -> Vec<PersonNeeded> {
    targets
        .iter()
        .filter_map(|target| {
            let person = target.person.as_ref()?;
            Some(PersonNeeded {
                target: target.name.clone(),
                why: person.why.clone(),
                step: person.step.clone(),
                question: person.question.clone(),
                next: person.next.clone(),
            })
        })
        .collect()
}

/// What to do next about the fleet itself; about its targets, `people` says it.
fn next(outcome: &FleetOutcome, command: &dyn Fn(&str) -> String) -> Vec<Next> {
    let mut next = Vec::new();
    let mut add = |text: &str, command: String| {
        next.push(Next {
            text: text.to_owned(),
            command,
        });
    };
    let asks = outcome
        .targets
        .iter()
        .any(|target| target.status == TargetStatus::Paused);
    if outcome.status == FleetStatus::Waiting || asks {
        add("say yes or no to what it waits for", command("approve"));
    }
    match (
        outcome.status,
        outcome.stopped.as_ref().map(|stop| stop.code),
    ) {
        (FleetStatus::Running, _) => add("see how far it is", command("status")),
        (FleetStatus::Waiting | FleetStatus::Paused, _) => add("then go on", command("resume")),
        (FleetStatus::Interrupted, _) => {
            add("go on where it was interrupted", command("resume"));
        }
        (FleetStatus::Stopped, Some(StopCode::MaxErrors)) => add(
            "go on, with more errors than now",
            format!("{} --max-errors AMOUNT", command("resume")),
        ),
        (FleetStatus::Stopped, Some(StopCode::Engine | StopCode::Alarm)) => {
            add("mend what stopped it, then go on", command("resume"));
        }
        (FleetStatus::Stopped | FleetStatus::Ended, _) => {}
    }
    next
}

fn waves(outcome: &FleetOutcome) -> Vec<WaveTold> {
    let mut by_wave: BTreeMap<usize, Vec<&TargetOutcome>> = BTreeMap::new();
    for target in &outcome.targets {
        by_wave.entry(target.wave).or_default().push(target);
    }
    let wave = |wave: &WaveOutcome| {
        let own = by_wave.get(&wave.wave).map_or(&[][..], Vec::as_slice);
        let over = own
            .iter()
            .all(|target| !matches!(target.status, TargetStatus::Waiting | TargetStatus::Running));
        WaveTold {
            wave: wave.wave,
            targets: wave.targets,
            counts: counts(own.iter().copied()),
            started: own.iter().filter_map(|target| target.started).min(),
            ended: own
                .iter()
                .filter_map(|target| target.ended)
                .max()
                .filter(|_| over),
            answer: wave.answer.as_ref().map(|answer| WaveAnswer {
                yes: answer.yes,
                by: answer.by.clone(),
                reason: answer.reason.clone(),
                at: answer.at,
            }),
        }
    };
    outcome.waves.iter().map(wave).collect()
}

/// Account, region and labels, each where it parts the targets.
fn groups(targets: &[TargetOutcome]) -> Vec<Group> {
    let mut labels: IndexMap<&str, ()> = IndexMap::new();
    for target in targets {
        labels.extend(target.labels.keys().map(|name| (name.as_str(), ())));
    }
    let mut groups = Vec::new();
    let mut part = |by: &str, value: &dyn Fn(&TargetOutcome) -> Option<String>| {
        let mut found: BTreeMap<String, Vec<&TargetOutcome>> = BTreeMap::new();
        for target in targets {
            if let Some(value) = value(target) {
                found.entry(value).or_default().push(target);
            }
        }
        if (2..=GROUPS).contains(&found.len()) {
            groups.extend(found.into_iter().map(|(value, own)| {
                Group {
                    by: by.to_owned(),
                    value,
                    targets: own.len(),
                    errors: own
                        .iter()
                        .filter(|target| tone_of(target) == Tone::Bad)
                        .count(),
                    counts: counts(own),
                }
            }));
        }
    };
    part("account", &|target| target.account.clone());
    part("region", &|target| target.region.clone());
    for label in labels.keys() {
        part(label, &|target| target.labels.get(*label).cloned());
    }
    groups
}

fn lasted(target: &TargetOutcome) -> Option<f64> {
    let ended = target
        .ended
        .filter(|_| target.status == TargetStatus::Ended)?;
    Some(ended.duration_since(target.started?).as_secs_f64())
}

fn slowest(targets: &[TargetOutcome]) -> Vec<Slow> {
    let mut slow: Vec<Slow> = targets
        .iter()
        .filter_map(|target| {
            Some(Slow {
                target: target.name.clone(),
                seconds: lasted(target)?,
            })
        })
        .collect();
    slow.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    slow.truncate(MOST);
    slow
}

fn throttled(targets: &[TargetOutcome]) -> Vec<Throttled> {
    let mut throttled: Vec<Throttled> = targets
        .iter()
        .filter(|target| target.throttled > 0)
        .map(|target| Throttled {
            target: target.name.clone(),
            throttled: target.throttled,
            calls: target.calls,
            retries: target.retries,
        })
        .collect();
    throttled.sort_by_key(|target| std::cmp::Reverse(target.throttled));
    throttled.truncate(MOST);
    throttled
}

fn totals(targets: &[TargetOutcome]) -> FleetTotals {
    let count = |fits: fn(&TargetOutcome) -> bool| targets.iter().filter(|one| fits(one)).count();
    let sum = |of: fn(&TargetOutcome) -> u64| targets.iter().map(of).sum();
    let changes = |fits: fn(&TargetChange) -> bool| {
        let changes = targets.iter().flat_map(|target| &target.changes);
        changes.filter(|change| fits(change)).count()
    };
    FleetTotals {
        targets: targets.len(),
        ended: count(|target| target.status == TargetStatus::Ended),
        well: count(|target| {
            target.status == TargetStatus::Ended
                && target
                    .verdict
                    .is_some_and(runbook_interpreter::verdict::Verdict::is_well)
        }),
        errors: count(TargetOutcome::is_error),
        calls: sum(|target| target.calls),
        throttled: sum(|target| target.throttled),
        retries: sum(|target| target.retries),
        writes: changes(|_| true),
        unconfirmed: changes(|change| !change.confirmed),
        undone: changes(|change| change.undone),
    }
}

fn one(target: &TargetOutcome, has_page: &dyn Fn(&TargetOutcome) -> bool) -> TargetTold {
    TargetTold {
        name: target.name.clone(),
        account: target.account.clone(),
        region: target.region.clone(),
        wave: target.wave,
        end: end(target).to_owned(),
        tone: tone_of(target),
        not_run: target
            .not_run
            .as_ref()
            .map(|not_run| not_run_code(not_run.code).to_owned()),
        said: said(target),
        causes: target
            .causes
            .iter()
            .map(|cause| cause.title.clone())
            .collect(),
        changes: target.changes.iter().map(change).collect(),
        seconds: lasted(target),
        run: target.run.clone(),
        page: has_page(target).then(|| page_of(&target.name)),
    }
}

fn change(change: &TargetChange) -> ChangeTold {
    let state = match (change.undone, change.confirmed) {
        (true, _) => "taken back",
        (false, false) => "not confirmed",
        (false, true) => "done",
    };
    ChangeTold {
        step: change.step.clone(),
        action: change.action.clone(),
        effect: change.effect.clone(),
        state: state.to_owned(),
    }
}
