//! Carries out what a rollout decides, many targets side by side in one thread.

use super::store::{Control, Wish};
use crate::engine::{Engine, TargetRun};
use crate::outcome::{GateAnswer, Stop, StopCode, TargetOutcome};
use crate::rollout::{Decision, Ending, Gate, Rollout, Standing};
use crate::target::{Target, run_id};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::verdict::Verdict;
use runbook_registry::world::Pending;
use std::time::{Duration, Instant};

/// How often it is looked whether somebody wants something, or has answered.
const EVERY: Duration = Duration::from_millis(500);

/// What surrounds a fleet that is driven: its record, its people, its clock.
pub trait Surroundings {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits until then, or for as long as it takes until something should be looked at again.
    fn wait(&self, until: Timestamp) -> Pending<'_, ()>;

    /// A target's run begins.
    fn began(&self, run: &TargetRun);

    /// What came of a target is kept.
    ///
    /// # Errors
    /// It cannot be: the fleet stops.
    fn ended(&self, run: &TargetRun, outcome: &TargetOutcome) -> Result<(), String>;

    /// What somebody wants of the fleet.
    ///
    /// # Errors
    /// It cannot be told.
    fn control(&self) -> Result<Option<Control>, String>;

    /// What a person has said about a wave.
    ///
    /// # Errors
    /// It cannot be told.
    fn answer(&self, gate: Gate) -> Result<Option<GateAnswer>, String>;

    /// Asks whoever is at this terminal about a wave; nothing where nobody is, or nobody answers.
    fn ask(&self, gate: Gate) -> Pending<'_, Option<GateAnswer>>;

    /// Whether somebody has answered what a target's run waits for.
    fn is_answered(&self, run: &str) -> bool;

    /// Why an alarm stops the fleet; nothing where none does. It is looked at only as often as makes sense.
    fn alarm(&self) -> Pending<'_, Option<String>>;

    /// Something stopped the fleet.
    fn stopped(&self, stop: &Stop);

    /// The runs that are going on are asked to end in order.
    fn end_runs(&self);

    /// Whether people are waited for, instead of the process ending.
    fn waits(&self) -> bool;
}

/// How driving came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing runs, and nothing will.
    Finished,
    /// People are waited for.
    NeedsPeople,
    /// Somebody paused it.
    Paused,
    /// The process was asked to stop, and what ran has come to its end.
    Interrupted,
}

/// A fleet that is driven.
pub struct Drive<'d> {
    /// The fleet's id.
    pub fleet: &'d str,
    /// Its targets.
    pub targets: &'d [Target],
    /// What decides.
    pub rollout: Rollout,
    /// What runs a target.
    pub engine: &'d dyn Engine,
    /// What is around it.
    pub around: &'d dyn Surroundings,
    /// Asks the process to stop.
    pub cancel: &'d Cancel,
}

/// Runs that are polled side by side.
type Running<'d> = FuturesUnordered<Pending<'d, (TargetRun, TargetOutcome)>>;

impl<'d> Drive<'d> {
    /// Drives until there is nothing more to do, or until it is somebody else's turn.
    pub async fn on(&mut self) -> End {
        let mut running: Running<'d> = FuturesUnordered::new();
        let mut looked: Option<Instant> = None;
        loop {
            if self.cancel.is_cancelled() {
                let Some((run, outcome)) = running.next().await else {
                    return End::Interrupted;
                };
                self.over(&run, &outcome);
                continue;
            }
            if looked.is_none_or(|at| at.elapsed() >= EVERY) {
                self.look(running.is_empty()).await;
                looked = Some(Instant::now());
            }
            let mut rest = None;
            for decision in self.rollout.decide(self.around.now()) {
                match decision {
                    Decision::Start(index) => running.extend(self.begin(index)),
                    Decision::Stop(stop) => self.around.stopped(&stop),
                    other => rest = Some(other),
                }
            }
            if running.is_empty() {
                if let Some(end) = self.rest(rest).await {
                    return end;
                }
                continue;
            }
            tokio::select! {
                biased;
                Some((run, outcome)) = running.next() => self.over(&run, &outcome),
                () = self.cancel.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Begins a target's run.
    fn begin(&self, index: usize) -> Option<Pending<'d, (TargetRun, TargetOutcome)>> {
        let target = self.targets.get(index)?;
        let run = TargetRun {
            fleet: self.fleet.to_owned(),
            index,
            wave: self.rollout.wave_of(index),
            run: run_id(self.fleet, &target.name),
            target: target.clone(),
        };
        self.around.began(&run);
        let engine = self.engine;
        Some(Box::pin(async move {
            let outcome = engine.run_target(&run).await;
            (run, outcome)
        }))
    }

    /// A target's run has come to its end.
    fn over(&mut self, run: &TargetRun, outcome: &TargetOutcome) {
        // What ended because this process was asked to stop is gone on with, so it has not come to its end.
        if self.cancel.is_cancelled() && outcome.verdict == Some(Verdict::Aborted) {
            return;
        }
        if let Err(why) = self.around.ended(run, outcome) {
            self.rollout.stop(Stop {
                code: StopCode::Engine,
                message: why,
            });
        }
        let ending = outcome.ending().unwrap_or(Ending::Badly);
        self.rollout.ended(run.index, ending, self.around.now());
    }

    /// What to do while nothing runs; an end where there is nothing.
    async fn rest(&mut self, rest: Option<Decision>) -> Option<End> {
        let answered = match rest {
            None | Some(Decision::Finished | Decision::Start(_) | Decision::Stop(_)) => {
                return Some(End::Finished);
            }
            Some(Decision::WaitUntil(until)) => {
                tokio::select! {
                    () = self.around.wait(until) => {}
                    () = self.cancel.cancelled() => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
                return None;
            }
            Some(Decision::Ask(gate)) => match self.answer(gate).await {
                Ok(answer) => answer.map(|answer| (gate, answer)),
                Err(end) => return end,
            },
            Some(Decision::Paused) if !self.around.waits() => return Some(End::Paused),
            Some(Decision::NeedPeople) if !self.around.waits() => return Some(End::NeedsPeople),
            Some(Decision::Paused | Decision::NeedPeople) => None,
        };
        if let Some((gate, answer)) = answered {
            self.rollout.answered(gate, answer.yes, &answer.by);
            return None;
        }
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
        None
    }

    /// What is said about a wave, here or elsewhere; nothing where it is waited for.
    async fn answer(&mut self, gate: Gate) -> Result<Option<GateAnswer>, Option<End>> {
        let mut asked = self.around.ask(gate);
        loop {
            match self.around.answer(gate) {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) => {}
                Err(why) => {
                    self.rollout.stop(Stop {
                        code: StopCode::Engine,
                        message: why,
                    });
                    return Err(None);
                }
            }
            tokio::select! {
                biased;
                answer = &mut asked => return match answer {
                    Some(answer) => Ok(Some(answer)),
                    None if self.around.waits() => Ok(None),
                    None => Err(Some(End::NeedsPeople)),
                },
                () = self.cancel.cancelled() => return Err(None),
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Looks at what somebody wants, at what was answered elsewhere, and at alarms.
    async fn look(&mut self, idle: bool) {
        match self.around.control() {
            Ok(Some(Control {
                wish: Wish::Pause, ..
            })) => self.rollout.pause(),
            Ok(Some(Control {
                wish: Wish::Cancel,
                by,
            })) => {
                self.rollout.cancel(&by);
                self.around.end_runs();
            }
            Ok(None) => self.rollout.resume(),
            Err(why) => self.rollout.stop(Stop {
                code: StopCode::Engine,
                message: why,
            }),
        }
        if self.around.waits() && idle {
            for (index, target) in self.targets.iter().enumerate() {
                if self.rollout.standing(index) == Standing::Waits
                    && self.around.is_answered(&run_id(self.fleet, &target.name))
                {
                    self.rollout.woken(index);
                }
            }
        }
        if self.rollout.stopped().is_none()
            && let Some(why) = self.around.alarm().await
        {
            self.rollout.stop(Stop {
                code: StopCode::Alarm,
                message: why,
            });
        }
    }
}
