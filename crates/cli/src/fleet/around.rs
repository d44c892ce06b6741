//! What is around a fleet of this process: its record, its people, its clock, and whoever reads its progress.

use super::Alarms;
use crate::console::Stream;
use crate::environment::Environment;
use crate::record::Record;
use crate::world;
use jiff::{SignedDuration, Timestamp};
use runbook_fleet::embedded::drive::Surroundings;
use runbook_fleet::embedded::store::{Control, FleetRow, FleetStore};
use runbook_fleet::engine::TargetRun;
use runbook_fleet::outcome::{GateAnswer, Stop, TargetOutcome, TargetStatus};
use runbook_fleet::rollout::Gate;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::journal::GateRow;
use runbook_registry::world::Pending;
use runbook_report::question::safe;
use std::cell::Cell;

/// How far a fleet has come, a line for each end of a target.
#[derive(Debug)]
pub struct Steps {
    stream: Option<Stream>,
    total: usize,
    over: Cell<usize>,
}

impl Steps {
    /// Progress of so many targets; without a stream nobody reads it.
    #[must_use]
    pub fn new(stream: Option<Stream>, total: usize, over: usize) -> Self {
        Self {
            stream,
            total,
            over: Cell::new(over),
        }
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        if let Some(stream) = self.stream {
            stream.line(safe(line));
        }
    }

    fn ended(&self, outcome: &TargetOutcome) {
        if outcome.status != TargetStatus::Paused {
            self.over.set(self.over.get() + 1);
        }
        let width = self.total.to_string().len();
        let mut line = format!(
            "[{:>width$}/{}] {}  {}",
            self.over.get(),
            self.total,
            outcome.name,
            word(outcome)
        );
        let why = match (&outcome.not_run, &outcome.person, &outcome.explanation) {
            (Some(not_run), ..) => Some(not_run.message.clone()),
            (None, Some(person), _) => Some(match &person.next {
                Some(next) => format!("{}; {next}", person.why),
                None => person.why.clone(),
            }),
            (None, None, Some(explanation)) if outcome.is_error() => Some(explanation.clone()),
            _ => None,
        };
        if let Some(why) = why {
            line.push_str(": ");
            line.push_str(&why);
        }
        self.say(&line);
    }
}

/// How a target came out, in a word.
fn word(outcome: &TargetOutcome) -> &'static str {
    match (outcome.status, outcome.verdict) {
        (TargetStatus::NotRun, _) => "not run",
        (_, Some(verdict)) => verdict.as_str(),
        _ => "running",
    }
}

/// The surroundings of a fleet.
pub struct Around<'a> {
    pub environment: &'a Environment,
    pub store: &'a FleetStore,
    pub fleet: &'a FleetRow,
    pub record: &'a Record,
    pub steps: Steps,
    pub alarms: Alarms<'a>,
    /// Asks the runs to end in order.
    pub runs: Cancel,
    /// The time of a scenario, which moves in waits only.
    pub staged: Option<Cell<Timestamp>>,
    pub waits: bool,
}

impl Surroundings for Around<'_> {
    fn now(&self) -> Timestamp {
        self.staged.as_ref().map_or_else(Timestamp::now, Cell::get)
    }

    fn wait(&self, until: Timestamp) -> Pending<'_, ()> {
        Box::pin(async move {
            let left = until.duration_since(self.now());
            if let Some(staged) = &self.staged {
                staged.set(until.max(staged.get()));
                return;
            }
            tokio::time::sleep(left.max(SignedDuration::ZERO).unsigned_abs()).await;
        })
    }

    fn began(&self, _: &TargetRun) {}

    fn ended(&self, run: &TargetRun, outcome: &TargetOutcome) -> Result<(), String> {
        self.store
            .keep(self.fleet, run.index, outcome)
            .map_err(|error| error.to_string())?;
        if let Some(staged) = &self.staged
            && let Some(ended) = outcome.ended
        {
            staged.set(ended.max(staged.get()));
        }
        self.steps.ended(outcome);
        Ok(())
    }

    fn control(&self) -> Result<Option<Control>, String> {
        let row = self.store.again(self.fleet);
        row.map(|row| row.control)
            .map_err(|error| error.to_string())
    }

    fn answer(&self, gate: Gate) -> Result<Option<GateAnswer>, String> {
        let answers = self.store.answers(self.fleet);
        answers
            .map(|mut answers| answers.remove(&gate.wave))
            .map_err(|error| error.to_string())
    }

    fn ask(&self, gate: Gate) -> Pending<'_, Option<GateAnswer>> {
        Box::pin(async move {
            let Some(prompt) = world::prompt(self.environment) else {
                if self.waits {
                    self.steps.say(&format!(
                        "wave {} waits: {}",
                        gate.wave,
                        self.record.fleet("approve", &self.fleet.id)
                    ));
                }
                return None;
            };
            let yes = loop {
                let question = format!("begin wave {}? [y]es, [n]o: ", gate.wave);
                match prompt.line(&question).await?.to_lowercase().as_str() {
                    "y" | "yes" => break true,
                    "n" | "no" => break false,
                    _ => {}
                }
            };
            let answer = GateAnswer {
                yes,
                by: prompt.user,
                reason: None,
                at: Timestamp::now(),
            };
            // What cannot be kept is asked again by whoever goes on with it.
            let _ = self.store.answer(self.fleet, gate.wave, &answer);
            Some(answer)
        })
    }

    fn is_answered(&self, run: &str) -> bool {
        let Ok(row) = self.record.file.run(run) else {
            return false;
        };
        let gates = self.record.file.gates(&row).unwrap_or_default();
        let mut open = gates.iter().filter(|gate| GateRow::is_open(gate));
        row.verdict.as_deref() != Some("paused") || open.any(|gate| gate.waiting().next().is_some())
    }

    fn alarm(&self) -> Pending<'_, Option<String>> {
        Box::pin(self.alarms.look())
    }

    fn stopped(&self, stop: &Stop) {
        self.steps
            .say(&format!("stopped: {}; nothing more starts", stop.message));
    }

    fn end_runs(&self) {
        self.runs.cancel();
    }

    fn waits(&self) -> bool {
        self.waits
    }
}
