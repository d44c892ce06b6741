//! How long things take at most.

use super::step::open_end;
use super::{Longest, PlannedStep, PlannedWork, Turn};
use jiff::SignedDuration;
use std::collections::HashMap;

impl Longest {
    /// One after the other.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.bounded = self.bounded.saturating_add(other.bounded);
        for open in other.open {
            if !self.open.contains(&open) {
                self.open.push(open);
            }
        }
        self
    }

    /// Several times, one after the other.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        let times = i32::try_from(times).unwrap_or(i32::MAX);
        self.bounded = self.bounded.saturating_mul(times);
        self
    }

    /// At most a length: what has no bound of its own ends then.
    #[must_use]
    pub fn within(self, length: SignedDuration) -> Self {
        if self.open.is_empty() {
            Self {
                bounded: self.bounded.min(length),
                open: Vec::new(),
            }
        } else {
            Self {
                bounded: length,
                open: Vec::new(),
            }
        }
    }

    /// Nothing but a wait.
    #[must_use]
    pub fn of(bounded: SignedDuration) -> Self {
        Self {
            bounded,
            open: Vec::new(),
        }
    }
}

/// The time of a step: attempts, waits, elements; the answer that it waits for is open.
pub(super) fn of_step(step: &PlannedStep) -> Longest {
    let attempts: u64 = 1 + step
        .retry
        .iter()
        .map(|rule| u64::from(rule.times))
        .sum::<u64>();
    let waits = step.retry.iter().fold(SignedDuration::ZERO, |sum, rule| {
        sum.saturating_add(rule.longest)
    });
    let mut work = Longest::default();
    let mut asked = Longest::default();
    for turn in &step.turns {
        let once = of_turn(turn);
        let mut length = once.clone().times(attempts).then(Longest::of(waits));
        if let Some(until) = &step.until {
            // Polls go on until `within` is over; the last one may have just begun.
            length = length.then(Longest::of(until.within));
        }
        if let Some(before) = &turn.before {
            length = length.then(before.longest.clone());
        }
        work = work.then(length);
    }
    if let Some(each) = &step.each
        && step.turns.len() == 1
        && let Some(at_most) = each.count.at_most
    {
        let rounds = at_most.div_ceil(u64::from(each.concurrency.max(1)));
        work = work.times(rounds.max(1));
    }
    let is_person = |open: &super::OpenEnd| open.why == PERSON;
    if let Some(timeout) = step.timeout {
        // The time that people take to answer is not the step's.
        let people: Vec<_> = work
            .open
            .iter()
            .filter(|open| is_person(open))
            .cloned()
            .collect();
        work = work.within(timeout);
        work.open = people;
    }
    if let Some(approval) = &step.approval {
        asked = match approval.within {
            Some(within) => Longest::of(within),
            None => Longest {
                bounded: SignedDuration::ZERO,
                open: vec![open_end(&step.path, PERSON)],
            },
        };
    }
    asked.then(work)
}

/// Why a question has no bound in time.
pub(super) const PERSON: &str = "a person must answer";

fn of_turn(turn: &Turn) -> Longest {
    match &turn.work {
        PlannedWork::Call(call) => call.longest.clone(),
        PlannedWork::Playbook { call, forecast } => match forecast {
            Ok(forecast) => forecast.totals.longest.clone(),
            Err(_) => Longest {
                bounded: SignedDuration::ZERO,
                open: vec![open_end(&call.action, "what it runs is not known yet")],
            },
        },
        PlannedWork::Block { steps, finally } => {
            let acts = steps
                .iter()
                .chain(finally)
                .any(|step| step.on_error.is_some());
            let inner = if acts {
                in_turn(steps)
            } else {
                side_by_side(steps)
            };
            inner.then(in_turn(finally))
        }
        PlannedWork::Reason => Longest::default(),
    }
}

/// Steps one after the other.
pub(super) fn in_turn(steps: &[PlannedStep]) -> Longest {
    steps.iter().fold(Longest::default(), |sum, step| {
        sum.then(step.longest.clone())
    })
}

/// Steps side by side, each as soon as what it comes after has ended: the longest chain of them.
pub(super) fn side_by_side(steps: &[PlannedStep]) -> Longest {
    let mut ends: HashMap<&str, SignedDuration> = HashMap::new();
    let mut longest = Longest::default();
    let mut waiting: Vec<&PlannedStep> = steps.iter().collect();
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|step| step.path.as_str()).collect();
        let is_ready = |step: &&PlannedStep| {
            step.after
                .iter()
                .all(|path| path == &step.path || !names.contains(&path.as_str()))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().copied().partition(is_ready);
        let ready = if ready.is_empty() {
            rest.clone()
        } else {
            ready
        };
        for step in &ready {
            let start = step
                .after
                .iter()
                .filter_map(|path| ends.get(path.as_str()))
                .max()
                .copied()
                .unwrap_or(SignedDuration::ZERO);
            let end = start.saturating_add(step.longest.bounded);
            ends.insert(&step.path, end);
            longest.bounded = longest.bounded.max(end);
            for open in &step.longest.open {
                if !longest.open.contains(open) {
                    longest.open.push(open.clone());
                }
            }
        }
        waiting.retain(|step| !ready.iter().any(|done| done.path == step.path));
    }
    longest
}

/// What takes back all that the steps do, one after the other.
pub(super) fn of_undo(steps: &[PlannedStep]) -> Longest {
    let mut sum = Longest::default();
    for step in steps {
        let many = step.turns.len() == 1;
        let times = match &step.each {
            Some(each) if many => each.count.at_most.unwrap_or(1),
            _ => 1,
        };
        for turn in &step.turns {
            sum = sum.then(in_turn(&turn.undo).times(times));
            if let PlannedWork::Block { steps, finally } = &turn.work {
                sum = sum.then(of_undo(steps)).then(of_undo(finally));
            }
        }
    }
    sum
}
