//! Which target starts when, and when none does any more: a state machine without a clock, a network or a record.
//!
//! An engine tells it what has happened, asks [`Rollout::decide`] what is to be done, does it, and asks again. The same things told in
//! the same order give the same decisions, so an engine that is interrupted tells a new machine what is on its record and goes on.

mod policy;
mod queue;
#[cfg(test)]
mod tests;

pub use policy::{Amount, CONCURRENCY, NoAmount, RolloutPolicy};

use crate::outcome::{Stop, StopCode};
use crate::target::Target;
use jiff::Timestamp;
use queue::Queue;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::Range;

/// What is to be done. All but [`Start`](Self::Start) and [`Stop`](Self::Stop) are said each time for as long as they are so.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// This target's run begins, or goes on where it is on record. It counts as running from here on; it is said once, until the
    /// target has ended or waits for a person.
    Start(usize),
    /// Nothing more starts until then: a pause between waves.
    WaitUntil(Timestamp),
    /// Nothing more starts until a person has answered: [`Rollout::answered`].
    Ask(Gate),
    /// Somebody paused it, and nothing runs any more.
    Paused,
    /// Nothing runs, and what is left to do waits for people: targets that [wait](Ending::Waits).
    NeedPeople,
    /// From here on nothing starts that has not started; what runs ends by itself. Said once.
    Stop(Stop),
    /// Nothing runs, and nothing will.
    Finished,
}

/// The question before a wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gate {
    /// The wave that begins after it, from 2.
    pub wave: usize,
}

/// How the run of a target came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It ended, and does not count as an error.
    Well,
    /// It ended, or could not be run, and counts as an error.
    Badly,
    /// It waits for a person, and its run goes on once that person has answered: [`Rollout::woken`]. Its wave is not over.
    Waits,
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its turn has not come.
    Queued,
    /// It runs.
    Running,
    /// It waits for a person.
    Waits,
    /// It has ended.
    Ended,
    /// It was not run, and will not be: [`Rollout::stopped`] says why.
    NotRun,
}

/// How many targets stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Those whose turn has not come.
    pub queued: usize,
    /// Those that run.
    pub running: usize,
    /// Those that wait for a person.
    pub waits: usize,
    /// Those that have ended.
    pub ended: usize,
    /// Of those that have ended: badly.
    pub errors: usize,
    /// Those that will not be run.
    pub not_run: usize,
}

/// A fleet that is rolled out.
#[derive(Debug, Clone)]
pub struct Rollout {
    policy: RolloutPolicy,
    waves: Vec<Range<usize>>,
    /// The number of the wave that is open, from 0.
    open: usize,
    /// Whether the open wave may begin: its pause is over, and its question answered.
    passed: Vec<bool>,
    /// How many targets of each wave have not ended.
    left: Vec<usize>,
    /// When the last target of each wave ended.
    last: Vec<Option<Timestamp>>,
    standing: Vec<Standing>,
    /// Targets whose runs have begun and go on before others begin.
    again: VecDeque<usize>,
    /// Whether a target is one of those.
    begun: Vec<bool>,
    queue: Queue,
    counts: Counts,
    stop: Option<Stop>,
    told: bool,
    paused: bool,
}

impl Rollout {
    /// A rollout of which nothing has begun. Of targets only their order, account and region count.
    #[must_use]
    pub fn new<'t>(policy: RolloutPolicy, targets: impl IntoIterator<Item = &'t Target>) -> Self {
        let queue = Queue::new(&policy, targets);
        let total = queue.len();
        let waves = policy.waves_of(total);
        let mut rollout = Self {
            passed: (0..waves.len()).map(|wave| wave == 0).collect(),
            left: waves.iter().map(ExactSizeIterator::len).collect(),
            last: vec![None; waves.len()],
            standing: vec![Standing::Queued; total],
            again: VecDeque::new(),
            begun: vec![false; total],
            counts: Counts {
                queued: total,
                ..Counts::default()
            },
            open: 0,
            stop: None,
            told: false,
            paused: false,
            queue,
            waves,
            policy,
        };
        rollout.fill();
        rollout
    }

    /// What is to be done now. It changes what it says: what it says to start counts as running.
    pub fn decide(&mut self, now: Timestamp) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if let Some(stop) = self.stop.clone()
            && !self.told
        {
            self.told = true;
            self.sweep();
            decisions.push(Decision::Stop(stop));
        }
        if !self.paused {
            self.start_again(&mut decisions);
        }
        let held = if self.stop.is_some() || self.paused {
            None
        } else {
            self.advance(now)
        };
        if self.stop.is_none() && !self.paused && held.is_none() {
            while self.counts.running < self.policy.concurrency.max(1)
                && let Some(index) = self.queue.next()
            {
                self.run(index);
                decisions.push(Decision::Start(index));
            }
        }
        if self.counts.running > 0 {
            return decisions;
        }
        decisions.extend(self.at_rest(held));
        decisions
    }

    /// What is said where nothing runs.
    fn at_rest(&self, held: Option<Decision>) -> Option<Decision> {
        if self.stop.is_some() && self.again.is_empty() {
            return Some(Decision::Finished);
        }
        if self.counts.ended == self.standing.len() {
            return Some(Decision::Finished);
        }
        if self.paused {
            return Some(Decision::Paused);
        }
        held.or((self.counts.waits > 0).then_some(Decision::NeedPeople))
    }

    fn start_again(&mut self, decisions: &mut Vec<Decision>) {
        while self.counts.running < self.policy.concurrency.max(1) {
            let free = |index: &usize| self.queue.is_free(*index);
            let Some(at) = self.again.iter().position(free) else {
                return;
            };
            let Some(index) = self.again.remove(at) else {
                return;
            };
            self.mark(index, false);
            self.run(index);
            decisions.push(Decision::Start(index));
        }
    }

    /// Notes whether a target's run has begun and is to go on.
    fn mark(&mut self, index: usize, begun: bool) {
        if let Some(mark) = self.begun.get_mut(index) {
            *mark = begun;
        }
    }

    fn is_begun(&self, index: usize) -> bool {
        self.begun.get(index).copied().unwrap_or_default()
    }

    /// Opens the next wave where the open one is over; what holds it back, if anything does.
    fn advance(&mut self, now: Timestamp) -> Option<Decision> {
        while self.left.get(self.open) == Some(&0) {
            let next = self.open + 1;
            if next >= self.waves.len() {
                return None;
            }
            if !self.passed.get(next).copied().unwrap_or_default() {
                let ended = self.last.get(self.open).copied().flatten();
                let until = self.policy.pause.zip(ended);
                let until = until.and_then(|(pause, ended)| ended.checked_add(pause).ok());
                if let Some(until) = until.filter(|until| *until > now) {
                    return Some(Decision::WaitUntil(until));
                }
                if self.policy.approve {
                    return Some(Decision::Ask(Gate { wave: next + 1 }));
                }
            }
            self.open = next;
            self.fill();
        }
        None
    }

    /// Queues the targets of the open wave whose turn has come.
    fn fill(&mut self) {
        for index in self.waves.get(self.open).cloned().unwrap_or_default() {
            if self.standing(index) == Standing::Queued && !self.is_begun(index) {
                self.queue.push(index);
            }
        }
    }

    fn run(&mut self, index: usize) {
        self.queue.began(index);
        self.stand(index, Standing::Running);
    }

    fn stand(&mut self, index: usize, standing: Standing) {
        let Some(stands) = self.standing.get_mut(index) else {
            return;
        };
        for (place, add) in [(*stands, false), (standing, true)] {
            let count = match place {
                Standing::Queued => &mut self.counts.queued,
                Standing::Running => &mut self.counts.running,
                Standing::Waits => &mut self.counts.waits,
                Standing::Ended => &mut self.counts.ended,
                Standing::NotRun => &mut self.counts.not_run,
            };
            *count = if add {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        }
        *stands = standing;
    }

    /// From the record: the target's run had begun when the engine was interrupted. It goes on before others begin, whatever has
    /// stopped the fleet since.
    pub fn interrupted(&mut self, index: usize) {
        if self.standing(index) == Standing::Queued && !self.is_begun(index) {
            self.was_open(index);
            self.queue.remove(index);
            self.again.push_back(index);
            self.mark(index, true);
        }
    }

    /// A target's run came to its end, or, from the record, has come to it before.
    pub fn ended(&mut self, index: usize, ending: Ending, at: Timestamp) {
        match self.standing(index) {
            Standing::Ended | Standing::NotRun => return,
            Standing::Running => self.queue.ended(index),
            Standing::Queued | Standing::Waits => {
                self.was_open(index);
                self.queue.remove(index);
                if self.is_begun(index) {
                    self.again.retain(|again| *again != index);
                    self.mark(index, false);
                }
            }
        }
        if ending == Ending::Waits {
            self.stand(index, Standing::Waits);
            return;
        }
        self.stand(index, Standing::Ended);
        let wave = self.wave_of(index).saturating_sub(1);
        if let Some(left) = self.left.get_mut(wave) {
            *left = left.saturating_sub(1);
        }
        if let Some(last) = self.last.get_mut(wave) {
            *last = (*last).max(Some(at));
        }
        if ending == Ending::Badly {
            self.counts.errors += 1;
            let allowed = self.policy.max_errors.of(self.standing.len());
            if self.counts.errors > allowed {
                self.stop(Stop {
                    code: StopCode::MaxErrors,
                    message: format!(
                        "{} {} badly, and {} may",
                        self.counts.errors,
                        if self.counts.errors == 1 {
                            "target ended"
                        } else {
                            "targets ended"
                        },
                        match self.policy.max_errors {
                            Amount::Number(_) if allowed == 0 => "none".to_owned(),
                            Amount::Number(_) => allowed.to_string(),
                            Amount::Percent(_) => format!("{allowed} ({})", self.policy.max_errors),
                        }
                    ),
                });
            }
        }
    }

    /// What has begun was let begin: the waves up to that of the target are open.
    fn was_open(&mut self, index: usize) {
        let wave = self.wave_of(index);
        for passed in self.passed.iter_mut().take(wave) {
            *passed = true;
        }
    }

    /// A person answered what a target waits for: its run goes on before others begin, unless the fleet has stopped.
    pub fn woken(&mut self, index: usize) {
        if self.standing(index) == Standing::Waits && self.stop.is_none() {
            self.stand(index, Standing::Queued);
            self.again.push_back(index);
            self.mark(index, true);
        }
    }

    /// A person answered the question before a wave. A no stops the fleet.
    pub fn answered(&mut self, gate: Gate, yes: bool, by: &str) {
        if yes {
            for passed in self.passed.iter_mut().take(gate.wave) {
                *passed = true;
            }
            return;
        }
        self.stop(Stop {
            code: StopCode::Declined,
            message: format!("{by} said no to wave {}", gate.wave),
        });
    }

    /// Nothing starts any more until it is [resumed](Self::resume); what runs ends by itself.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// What was paused goes on.
    pub fn resume(&mut self) {
        self.paused = false;
    }

    /// Nothing starts any more, because somebody said so.
    pub fn cancel(&mut self, by: &str) {
        self.stop(Stop {
            code: StopCode::Cancelled,
            message: format!("cancelled by {by}"),
        });
    }

    /// Nothing starts any more; the first reason counts. What has begun by the record may still be told until the next decision.
    pub fn stop(&mut self, stop: Stop) {
        if self.stop.is_none() {
            self.stop = Some(stop);
        }
    }

    /// What has not begun will not be run.
    fn sweep(&mut self) {
        for index in 0..self.standing.len() {
            if self.standing(index) == Standing::Queued && !self.is_begun(index) {
                self.queue.remove(index);
                self.stand(index, Standing::NotRun);
            }
        }
    }

    /// Why nothing starts any more; nothing where it does.
    #[must_use]
    pub fn stopped(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Whether somebody paused it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Where a target stands.
    #[must_use]
    pub fn standing(&self, index: usize) -> Standing {
        self.standing
            .get(index)
            .copied()
            .unwrap_or(Standing::NotRun)
    }

    /// How many targets stand where.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How it is rolled out.
    #[must_use]
    pub fn policy(&self) -> &RolloutPolicy {
        &self.policy
    }

    /// The waves, as ranges of targets' numbers.
    #[must_use]
    pub fn waves(&self) -> &[Range<usize>] {
        &self.waves
    }

    /// The number of a target's wave, from 1.
    #[must_use]
    pub fn wave_of(&self, index: usize) -> usize {
        self.waves.partition_point(|wave| wave.end <= index) + 1
    }

    /// The number of the wave that is open, from 1.
    #[must_use]
    pub fn open_wave(&self) -> usize {
        self.open + 1
    }
}
