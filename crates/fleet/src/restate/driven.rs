//! Drives a fleet's rollout, one invocation a target.

use super::board::{Board, Command, FleetStart, Head, Told};
use super::directory::{ALL, DIRECTORY, Entry};
use super::fleet::{BOARD, ENDED, FLEETS, HEAD, PACKAGE};
use super::target::{Package, Start, TARGETS};
use super::waits::Waits;
use super::worker::{Hosting, RETENTION};
use crate::outcome::{FleetStatus, GateAnswer, NotRunCode, Stop, StopCode, TargetOutcome};
use crate::rollout::{Decision, Ending, Gate, Rollout, Standing};
use crate::target::run_id;
use jiff::Timestamp;
use restate_sdk::context::{
    ContextAwakeables as _, ContextClient as _, ContextPromises as _, ContextSideEffects as _,
    ContextTimers as _, ContextWriteState as _, DurableFuture as _, RequestTarget, RunFuture as _,
    WorkflowContext,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How often a fleet's alarms are looked at while something runs.
const ALARMS_EVERY: Duration = Duration::from_secs(30);

/// How long the reports of a fleet's runs are kept after its end: a little shorter than the fleet itself, which knows where
/// they are.
const KEPT: Duration = RETENTION.saturating_sub(Duration::from_hours(24));

/// The most bytes that a fleet sends of what its runs go by, all targets together; else each target asks for it.
const MOST_SENT: usize = 16 * 1024 * 1024;

/// Whether what runs go by is small enough to be sent with each of so many targets.
fn fits(package: &Package, targets: usize) -> bool {
    let bytes = package.body.to_string().len();
    bytes.saturating_mul(targets) <= MOST_SENT
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Target(usize),
    Ear(usize),
    Pause,
    Alarms,
    Said,
}

/// What came.
enum Came {
    Ended(Box<TargetOutcome>),
    Waits,
    Time,
    Said(Told),
}

/// A fleet that is rolled out.
pub(super) struct Driven<'c, 'w> {
    context: &'c WorkflowContext<'c>,
    hosting: &'w Hosting,
    fleet: String,
    package: Arc<Value>,
    /// What is sent with every target.
    sent: Option<Package>,
    head: Head,
    rollout: Rollout,
    now: Timestamp,
    started: Timestamp,
    waits: Waits<'c, Name, Came>,
    /// The runs under way.
    live: BTreeSet<usize>,
    waiting: Vec<usize>,
    /// Targets whose runs have ended paused.
    paused: Vec<usize>,
    asks: Option<Gate>,
    needs_people: bool,
    answers: BTreeMap<usize, GateAnswer>,
    said: usize,
    names: &'c [String],
    board: Option<Board>,
    finished: bool,
    until: Option<Timestamp>,
}

impl<'c, 'w> Driven<'c, 'w> {
    /// A fleet that is asked for.
    pub fn new(
        context: &'c WorkflowContext<'c>,
        hosting: &'w Hosting,
        fleet: String,
        start: FleetStart,
        names: &'c [String],
    ) -> Self {
        let FleetStart { package, head } = start;
        context.set(PACKAGE, Json(package.clone()));
        context.set(HEAD, Json(head.clone()));
        let rollout = Rollout::new(head.policy.clone(), &head.targets);
        Self {
            context,
            hosting,
            fleet,
            sent: fits(&package, head.targets.len()).then(|| package.clone()),
            package: Arc::new(package.body),
            head,
            rollout,
            now: Timestamp::UNIX_EPOCH,
            started: Timestamp::UNIX_EPOCH,
            waits: Waits::new(),
            live: BTreeSet::new(),
            waiting: Vec::new(),
            paused: Vec::new(),
            asks: None,
            needs_people: false,
            answers: BTreeMap::new(),
            said: 0,
            names,
            board: None,
            finished: false,
            until: None,
        }
    }

    /// Rolls it out.
    pub async fn drive(mut self) -> Result<Board, HandlerError> {
        self.tick().await;
        self.started = self.now;
        self.enlist();
        self.listen();
        if !self.head.policy.alarms.is_empty() {
            self.look_at_alarms().await;
        }
        loop {
            self.decide();
            self.show();
            if self.finished && self.live.is_empty() {
                self.tick().await;
                self.show();
                let forget = RequestTarget::workflow(FLEETS, self.fleet.clone(), "forget");
                self.context.request::<(), ()>(forget, ()).send_after(KEPT);
                return self.board.ok_or_else(|| "nothing was shown".into());
            }
            match self.waits.next().await {
                Err(_) => {
                    // Whoever has the server's controls: what runs is ended with it.
                    self.rollout.cancel("the server's operator");
                }
                Ok(None) => return Err(format!("fleet {} waits for nothing", self.fleet).into()),
                Ok(Some((name, came))) => self.came(name, came).await,
            }
        }
    }

    /// Takes the time, so that it is on record.
    async fn tick(&mut self) {
        let time = self.context.run(|| async { Ok(Json(Timestamp::now())) });
        if let Ok(now) = time.name("time").await {
            self.now = self.now.max(now.into_inner());
        }
    }

    /// Has the fleet listed among those of the server.
    fn enlist(&self) {
        let entry = Entry {
            fleet: self.fleet.clone(),
            playbook: self.head.playbook.clone(),
            targets: self.head.targets.len(),
            started: self.started,
        };
        let list = RequestTarget::object(DIRECTORY, ALL, "add");
        self.context
            .request::<Json<Entry>, ()>(list, Json(entry))
            .send();
    }

    fn listen(&mut self) {
        let Some(name) = self.names.get(self.said) else {
            return;
        };
        self.said += 1;
        let said = self.context.promise::<Json<Told>>(name);
        let said = said.map_ok(|told| Came::Said(told.into_inner()));
        self.waits.push(Name::Said, Box::pin(said));
    }

    fn decide(&mut self) {
        self.asks = None;
        self.needs_people = false;
        self.finished = false;
        let mut until = None;
        for decision in self.rollout.decide(self.now) {
            match decision {
                Decision::Start(index) => self.start(index),
                Decision::WaitUntil(time) => until = Some(time),
                Decision::Ask(gate) => self.asks = Some(gate),
                Decision::NeedPeople => self.needs_people = true,
                Decision::Paused | Decision::Stop(_) => {}
                Decision::Finished => self.finished = true,
            }
        }
        if until != self.until {
            self.waits.remove(Name::Pause);
            if let Some(until) = until {
                let left = until.duration_since(Timestamp::now());
                self.wait(Name::Pause, Duration::try_from(left).unwrap_or_default());
            }
            self.until = until;
        }
    }

    fn wait(&mut self, name: Name, length: Duration) {
        let sleep = self.context.sleep(length).map_ok(|()| Came::Time);
        self.waits.push(name, Box::pin(sleep));
    }

    fn start(&mut self, index: usize) {
        if self.live.contains(&index) {
            return;
        }
        let Some(target) = self.head.targets.get(index) else {
            return;
        };
        let (ear, waits) = self.context.awakeable::<bool>();
        let start = Start {
            fleet: self.fleet.clone(),
            index,
            wave: self.rollout.wave_of(index),
            run: run_id(&self.fleet, &target.name),
            target: target.clone(),
            ear,
            sent: self.now,
            package: self.sent.clone(),
        };
        let place = RequestTarget::object(TARGETS, self.head.place(target), "run");
        let call = self
            .context
            .request::<Json<Start>, Json<TargetOutcome>>(place, Json(start))
            .call();
        self.live.insert(index);
        let ended = call.map_ok(|outcome| Came::Ended(Box::new(outcome.into_inner())));
        self.waits.push(Name::Target(index), Box::pin(ended));
        let waits = waits.map_ok(|_| Came::Waits);
        self.waits.push(Name::Ear(index), Box::pin(waits));
    }

    async fn came(&mut self, name: Name, came: Result<Came, TerminalError>) {
        match (name, came) {
            (Name::Target(index), came) => self.ended(index, came).await,
            (Name::Ear(index), _) => {
                if self.live.contains(&index) && !self.waiting.contains(&index) {
                    self.waiting.push(index);
                    self.rollout.ended(index, Ending::Waits, self.now);
                }
            }
            (Name::Pause, _) => {
                self.now = self.until.map_or(self.now, |until| self.now.max(until));
                self.until = None;
            }
            (Name::Alarms, _) => self.look_at_alarms().await,
            (Name::Said, Ok(Came::Said(told))) => {
                self.listen();
                self.told(told).await;
            }
            (Name::Said, _) => self.listen(),
        }
    }

    async fn ended(&mut self, index: usize, came: Result<Came, TerminalError>) {
        self.waits.remove(Name::Ear(index));
        self.live.remove(&index);
        self.waiting.retain(|one| *one != index);
        let wave = self.rollout.wave_of(index);
        let Some(target) = self.head.targets.get(index) else {
            return;
        };
        let outcome = match came {
            Ok(Came::Ended(outcome)) => *outcome,
            Ok(_) => return,
            Err(error) => {
                let why = format!("the server ended its run: {error}");
                TargetOutcome::not_run(target, wave, NotRunCode::Engine, why)
            }
        };
        if self.head.policy.pause.is_some() {
            self.tick().await;
        } else if let (None, Some(ended)) = (&self.head.scenario, outcome.ended) {
            self.now = self.now.max(ended);
        }
        let mut ending = outcome.ending().unwrap_or(Ending::Badly);
        if ending == Ending::Waits && !outcome.changes.is_empty() {
            // To begin it anew would write again what it has written.
            ending = Ending::Badly;
        }
        if ending == Ending::Waits {
            self.paused.push(index);
        }
        self.context.set(&format!("{ENDED}{index}"), Json(outcome));
        self.rollout.ended(index, ending, self.now);
    }

    async fn told(&mut self, told: Told) {
        match told.command {
            Command::Pause => self.rollout.pause(),
            Command::Resume => {
                self.rollout.resume();
                for index in std::mem::take(&mut self.paused) {
                    self.rollout.woken(index);
                }
            }
            Command::Cancel { now } => {
                self.rollout.cancel(&told.by);
                self.end_runs(now);
            }
            Command::Wave { gate, yes, reason } => {
                if self.asks != Some(gate) {
                    return;
                }
                self.tick().await;
                let answer = GateAnswer {
                    yes,
                    by: told.by.clone(),
                    reason,
                    at: self.now,
                };
                self.answers.insert(gate.wave, answer);
                self.rollout.answered(gate, yes, &told.by);
            }
        }
    }

    /// Ends runs that wait for people, or all.
    fn end_runs(&mut self, all: bool) {
        let runs: Vec<usize> = if all {
            self.live.iter().copied().collect()
        } else {
            self.waiting.clone()
        };
        for index in runs {
            if let Some(target) = self.head.targets.get(index) {
                let place = self.head.place(target);
                let stop = RequestTarget::object(TARGETS, place, "stop");
                let run = run_id(&self.fleet, &target.name);
                self.context.request::<String, ()>(stop, run).send();
            }
        }
    }

    /// Looks at the alarms; one that is on stops the fleet.
    async fn look_at_alarms(&mut self) {
        let package = Arc::clone(&self.package);
        let alarms = self.head.policy.alarms.clone();
        let runs = Arc::clone(&self.hosting.runs);
        let threads = self.hosting.threads().clone();
        let look = self.context.run(move || async move {
            let (says, said) = oneshot::channel();
            threads.spawn(move || {
                Box::pin(async move {
                    let seen = runs.alarmed(&package, &alarms).await;
                    // Whoever asked may be gone.
                    let _ = says.send(seen);
                })
            });
            let seen = said.await?;
            Ok(Json(seen))
        });
        let Ok(seen) = look.name("alarms").await else {
            return;
        };
        let why = match seen.into_inner() {
            Ok(None) => None,
            Ok(Some(why)) => Some(why),
            Err(why) => Some(format!("the alarms cannot be read: {why}")),
        };
        if let Some(message) = why {
            self.rollout.stop(Stop {
                code: StopCode::Alarm,
                message,
            });
            return;
        }
        self.wait(Name::Alarms, ALARMS_EVERY);
    }

    /// Shows where it stands, where that has changed.
    fn show(&mut self) {
        let counts = self.rollout.counts();
        let over = self.finished && self.live.is_empty();
        let status = match self.rollout.stopped() {
            Some(_) if over => FleetStatus::Stopped,
            None if over => FleetStatus::Ended,
            _ if self.rollout.is_paused() => FleetStatus::Paused,
            _ if self.asks.is_some() || self.needs_people || counts.running == 0 => {
                FleetStatus::Waiting
            }
            _ => FleetStatus::Running,
        };
        let stands = |standing| {
            let live = self.live.iter().copied();
            live.filter(|index| (self.rollout.standing(*index) == Standing::Waits) == standing)
                .collect()
        };
        let board = Board {
            status,
            stopped: self.rollout.stopped().cloned(),
            wave: self.rollout.open_wave(),
            asks: self.asks,
            answers: self.answers.clone(),
            running: stands(false),
            waits: stands(true),
            paused: self.paused.clone(),
            ended: (counts.ended, counts.errors),
            started: self.started,
            over: over.then_some(self.now),
        };
        let total = self.head.targets.len();
        if self
            .board
            .as_ref()
            .is_none_or(|last| board.is_news(last, total))
        {
            self.context.set(BOARD, Json(board.clone()));
            self.board = Some(board);
        }
    }
}
