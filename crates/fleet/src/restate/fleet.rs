//! A fleet as a workflow: drives the rollout, one invocation a target.

use super::target::{Going, Package, Start, TARGETS};
use super::waits::Waits;
use super::worker::Hosting;
use crate::outcome::{
    FORMAT_VERSION, FleetOutcome, FleetStatus, GateAnswer, NotRunCode, Stop, StopCode,
    TargetOutcome, TargetStatus, WaveOutcome,
};
use crate::rollout::{Decision, Ending, Gate, Rollout, RolloutPolicy, Standing};
use crate::target::{Target, run_id};
use jiff::Timestamp;
use restate_sdk::context::{
    ContextAwakeables as _, ContextClient as _, ContextPromises as _, ContextReadState as _,
    ContextSideEffects as _, ContextTimers as _, ContextWriteState as _, DurableFuture as _,
    RequestTarget, RunFuture as _, SharedWorkflowContext, WorkflowContext,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// The name of the service, by which the server finds it.
pub const FLEETS: &str = "RunbookFleet";

/// How often a fleet's alarms are looked at while something runs.
const ALARMS_EVERY: Duration = Duration::from_secs(30);

/// How often a fleet can be paused, resumed, cancelled and answered in all.
const MOST_SAID: usize = 1000;

/// The most bytes that a fleet sends of what its runs go by, all targets together; else each target asks for it.
const MOST_SENT: usize = 16 * 1024 * 1024;

/// What a fleet keeps.
const PACKAGE: &str = "package";
const HEAD: &str = "head";
const BOARD: &str = "board";
const ENDED: &str = "ended/";

/// A fleet that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FleetStart {
    /// What its runs go by.
    pub package: Package,
    /// What it is.
    pub head: Head,
}

/// What a fleet is, said once when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The playbook's id.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// How bad the problem is.
    pub severity: Option<String>,
    /// The scenario whose world all of it happens in.
    pub scenario: Option<String>,
    /// How it is rolled out.
    pub policy: RolloutPolicy,
    /// Where.
    pub targets: Vec<Target>,
}

impl Head {
    /// The name by which a target's runs are kept apart: one run of a playbook on a target at a time.
    #[must_use]
    pub fn place(&self, target: &Target) -> String {
        match &self.scenario {
            Some(scenario) => format!("{} in {scenario}: {}", self.playbook, target.name),
            None => format!("{}: {}", self.playbook, target.name),
        }
    }
}

/// Where a fleet stands, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Where it stands.
    pub status: FleetStatus,
    /// Why nothing starts any more.
    pub stopped: Option<Stop>,
    /// The wave that is open, from 1.
    pub wave: usize,
    /// The wave that a person is asked about.
    pub asks: Option<Gate>,
    /// What people said about waves.
    pub answers: BTreeMap<usize, GateAnswer>,
    /// The targets that run, by number.
    pub running: Vec<usize>,
    /// Those that wait for a person's answer.
    pub waits: Vec<usize>,
    /// Those whose runs have paused before they wrote anything: they begin anew when the fleet is resumed.
    #[serde(default)]
    pub paused: Vec<usize>,
    /// How many have ended, and how many of them badly.
    pub ended: (usize, usize),
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub over: Option<Timestamp>,
}

impl Board {
    /// Whether it says something that the last one does not: what targets do is only said every hundredth of them.
    fn is_news(&self, last: &Self, total: usize) -> bool {
        let same = Self {
            running: last.running.clone(),
            ended: last.ended,
            ..self.clone()
        };
        same != *last || self.ended.0 >= last.ended.0 + (total / 100).max(1)
    }
}

/// Whether what runs go by is small enough to be sent with each of so many targets.
fn fits(package: &Package, targets: usize) -> bool {
    let bytes = package.body.to_string().len();
    bytes.saturating_mul(targets) <= MOST_SENT
}

impl Board {
    /// Whether nothing goes on until somebody resumes it.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let open = !self.running.is_empty() || !self.waits.is_empty() || self.asks.is_some();
        self.status == FleetStatus::Waiting && !open
    }
}

/// What a person tells a fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Its own id, so that telling it again does nothing.
    pub id: String,
    /// What.
    pub command: Command,
    /// Who.
    pub by: String,
    /// When, by that person's clock.
    pub at: Timestamp,
}

/// What can be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Nothing starts any more until it is resumed.
    Pause,
    /// It goes on.
    Resume,
    /// Nothing starts any more; runs that wait for people end, and with `now` those under way too.
    Cancel {
        /// Runs under way are ended in order.
        now: bool,
    },
    /// An answer to the question before a wave.
    Wave {
        /// The wave.
        gate: Gate,
        /// Yes.
        yes: bool,
        /// Why.
        reason: Option<String>,
    },
}

/// The fleet as a workflow: its key is its id.
pub(super) struct Fleets(pub Arc<Hosting>);

#[restate_sdk::workflow(name = "RunbookFleet")]
impl Fleets {
    /// Rolls it out.
    #[handler]
    async fn run(
        &self,
        context: WorkflowContext<'_>,
        start: Json<FleetStart>,
    ) -> Result<Json<Board>, HandlerError> {
        let start = start.into_inner();
        let whose = format!("fleet {}", context.key());
        self.0.is_own(&start.package.version, &whose)?;
        let fleet = context.key().to_owned();
        let names: Vec<String> = (0..MOST_SAID).map(said_name).collect();
        let board = Driven::new(&context, &self.0, fleet, start, &names)
            .drive()
            .await?;
        Ok(Json(board))
    }

    /// What its runs go by.
    #[handler]
    async fn package(
        &self,
        context: SharedWorkflowContext<'_>,
    ) -> Result<Json<Going>, HandlerError> {
        let board = context.get::<Json<Board>>(BOARD).await?;
        let stopped = board.and_then(|board| board.into_inner().stopped);
        match context.get::<Json<Package>>(PACKAGE).await? {
            Some(package) => Ok(Json(Going {
                package: package.into_inner(),
                stopped: stopped.map(|stop| stop.message),
            })),
            None => Err(unknown(context.key())),
        }
    }

    /// Where it stands, in short.
    #[handler]
    async fn board(&self, context: SharedWorkflowContext<'_>) -> Result<Json<Board>, HandlerError> {
        match context.get::<Json<Board>>(BOARD).await? {
            Some(board) => Ok(board),
            None => Err(unknown(context.key())),
        }
    }

    /// What it is.
    #[handler]
    async fn head(&self, context: SharedWorkflowContext<'_>) -> Result<Json<Head>, HandlerError> {
        match context.get::<Json<Head>>(HEAD).await? {
            Some(head) => Ok(head),
            None => Err(unknown(context.key())),
        }
    }

    /// The whole document.
    #[handler]
    async fn outcome(
        &self,
        context: SharedWorkflowContext<'_>,
    ) -> Result<Json<FleetOutcome>, HandlerError> {
        let (Some(head), Some(board)) = (
            context.get::<Json<Head>>(HEAD).await?,
            context.get::<Json<Board>>(BOARD).await?,
        ) else {
            return Err(unknown(context.key()));
        };
        let (head, board) = (head.into_inner(), board.into_inner());
        let ended = ended(&context).await?;
        Ok(Json(document(context.key(), &head, &board, ended)))
    }

    /// The interpreter that serves.
    #[expect(clippy::unused_async, reason = "what a handler is")]
    #[handler]
    async fn version(&self, _context: SharedWorkflowContext<'_>) -> Result<String, HandlerError> {
        Ok(self.0.version().to_owned())
    }

    /// Takes note of what a person says.
    #[handler]
    async fn tell(
        &self,
        context: SharedWorkflowContext<'_>,
        told: Json<Told>,
    ) -> Result<(), HandlerError> {
        let told = told.into_inner();
        // Each thing that is said has a promise of its own, in the order in which they came.
        for number in 0..MOST_SAID {
            let name = said_name(number);
            if peek(&context, &name).await?.is_none() {
                context.resolve_promise(&name, Json(told.clone()));
            }
            // Two people may have spoken at once: whoever comes second takes the next.
            let kept = peek(&context, &name).await?;
            if kept.is_some_and(|kept| kept.id == told.id) {
                return Ok(());
            }
        }
        let why = format!(
            "fleet {} has been told {MOST_SAID} things, and takes no more",
            context.key()
        );
        Err(TerminalError::new_with_code(429, why).into())
    }
}

fn said_name(number: usize) -> String {
    format!("said/{number}")
}

fn unknown(fleet: &str) -> HandlerError {
    TerminalError::new_with_code(
        404,
        format!("the server knows no fleet {fleet}: it was never started here, its time is over, or the server has lost its disk"),
    )
    .into()
}

async fn peek<'s>(
    context: &'s SharedWorkflowContext<'s>,
    name: &'s str,
) -> Result<Option<Told>, TerminalError> {
    let told = context.peek_promise::<Json<Told>>(name).await?;
    Ok(told.map(Json::into_inner))
}

async fn ended(
    context: &SharedWorkflowContext<'_>,
) -> Result<BTreeMap<usize, TargetOutcome>, TerminalError> {
    let mut ended = BTreeMap::new();
    for key in context.get_keys().await? {
        let Some(index) = key.strip_prefix(ENDED).and_then(|text| text.parse().ok()) else {
            continue;
        };
        if let Some(outcome) = outcome_at(context, &key).await? {
            ended.insert(index, outcome.into_inner());
        }
    }
    Ok(ended)
}

async fn outcome_at<'s>(
    context: &'s SharedWorkflowContext<'s>,
    key: &'s str,
) -> Result<Option<Json<TargetOutcome>>, TerminalError> {
    context.get(key).await
}

/// Puts the document together.
fn document(
    fleet: &str,
    head: &Head,
    board: &Board,
    mut ended: BTreeMap<usize, TargetOutcome>,
) -> FleetOutcome {
    let waves = head.policy.waves_of(head.targets.len());
    let wave_of = |index: usize| waves.partition_point(|wave| wave.end <= index) + 1;
    let targets = head.targets.iter().enumerate().map(|(index, target)| {
        if let Some(outcome) = ended.remove(&index) {
            return outcome;
        }
        let wave = wave_of(index);
        let begun = |status| TargetOutcome {
            status,
            run: Some(run_id(fleet, &target.name)),
            ..TargetOutcome::waiting(target, wave)
        };
        if board.waits.contains(&index) {
            begun(TargetStatus::Paused)
        } else if board.running.contains(&index) {
            begun(TargetStatus::Running)
        } else if let Some(stop) = &board.stopped {
            let why = stop.message.clone();
            TargetOutcome::not_run(target, wave, NotRunCode::Stopped, why)
        } else {
            TargetOutcome::waiting(target, wave)
        }
    });
    FleetOutcome {
        format_version: FORMAT_VERSION,
        fleet: fleet.to_owned(),
        playbook: head.playbook.clone(),
        title: head.title.clone(),
        severity: head.severity.clone(),
        status: board.status,
        stopped: board.stopped.clone(),
        policy: head.policy.clone(),
        waves: waves
            .iter()
            .enumerate()
            .map(|(number, wave)| WaveOutcome {
                wave: number + 1,
                targets: wave.len(),
                answer: board.answers.get(&(number + 1)).cloned(),
            })
            .collect(),
        targets: targets.collect(),
        scenario: head.scenario.clone(),
        started: board.started,
        ended: board.over,
    }
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

struct Driven<'c, 'w> {
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
    fn new(
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

    async fn drive(mut self) -> Result<Board, HandlerError> {
        self.tick().await;
        self.started = self.now;
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
