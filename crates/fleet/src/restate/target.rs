//! One target's run as an invocation: what the run asks for becomes durable commands, in the order of asking.
//!
//! Only one thing is awaited at a time. Calls that are under way are looked at by one journalled step after the other, each of
//! which says what has ended since the last; where nothing is under way, waits and people are waited for, and the server may
//! put the invocation aside.

use super::durable::{Asked, Reply, What};
use super::session::{Finished, Rest, Session};
use super::waits::Waits;
use super::wire::{Batch, Begun, Ended, Holder, How, Sending, Vote, Waiting};
use super::worker::{Hosting, Turn};
use crate::engine::TargetRun;
use crate::outcome::{NotRunCode, TargetOutcome};
use crate::target::Target;
use jiff::{SignedDuration, Timestamp};
use restate_sdk::context::{
    ContextAwakeables as _, ContextClient as _, ContextReadState as _, ContextSideEffects as _,
    ContextTimers as _, ContextWriteState as _, DurableFuture as _, ObjectContext, RequestTarget,
    RunFuture as _, SharedObjectContext,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use runbook_interpreter::approval::{Decision, Question};
use runbook_interpreter::voter::Voter;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The name of the service, by which the server finds it.
pub const TARGETS: &str = "RunbookTarget";

/// How long a step looks for something to end at first, and at most. The server takes a step for stuck that says nothing for a
/// minute.
const LOOK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(40));

/// Where a target keeps the questions that its run waits for.
const WAITING: &str = "waiting";

/// A run that begins later than this after it was asked for has waited for another one.
const PROMPT: SignedDuration = SignedDuration::from_secs(2);

/// Where a target keeps which run it has, once that waits.
const AT: &str = "at";

/// Where a target keeps the reports of its runs, below this and the fleet's id.
const REPORT: &str = "report/";

/// A run that is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    pub fleet: String,
    pub index: usize,
    pub wave: usize,
    pub run: String,
    pub target: Target,
    /// Who is told when the run waits for people.
    pub ear: String,
    /// When it was asked for.
    pub sent: Timestamp,
    /// What it goes by; where it is too large to be sent with every target, the fleet is asked for it.
    pub package: Option<Package>,
}

/// The target as a virtual object: one run of a playbook at a time.
pub(super) struct Targets(pub Arc<Hosting>);

#[restate_sdk::object(name = "RunbookTarget")]
impl Targets {
    /// Runs.
    #[handler]
    async fn run(
        &self,
        context: ObjectContext<'_>,
        start: Json<Start>,
    ) -> Result<Json<TargetOutcome>, HandlerError> {
        let mut start = start.into_inner();
        let whose = format!("target {} of fleet {}", start.target.name, start.fleet);
        let package = match start.package.take() {
            Some(package) => package,
            None => going(&context, &start.fleet).await?.package,
        };
        self.0.is_own(&package.version, &whose)?;
        let report = format!("{REPORT}{}", start.fleet);
        let carried = Carried::new(&context, &self.0, start, &whose);
        let finished = carried.carry(Arc::new(package.body)).await?;
        context.set(&report, Json(finished.report));
        Ok(Json(finished.outcome))
    }

    /// What its run waits for.
    #[handler]
    async fn waiting(
        &self,
        context: SharedObjectContext<'_>,
    ) -> Result<Json<Vec<Waiting>>, HandlerError> {
        let waiting = context.get::<Json<Vec<Waiting>>>(WAITING).await?;
        Ok(waiting.unwrap_or_else(|| Json(Vec::new())))
    }

    /// The run that has it and waits; null where none does.
    #[handler]
    async fn holder(
        &self,
        context: SharedObjectContext<'_>,
    ) -> Result<Json<Option<Holder>>, HandlerError> {
        let holder = context.get::<Json<Holder>>(AT).await?;
        Ok(Json(holder.map(Json::into_inner)))
    }

    /// Ends a run in order.
    #[handler]
    async fn stop(
        &self,
        context: SharedObjectContext<'_>,
        run: String,
    ) -> Result<(), HandlerError> {
        if let Some(Json(at)) = context.get::<Json<Holder>>(AT).await?
            && at.run == run
        {
            context.invocation_handle(at.invocation).cancel();
        }
        Ok(())
    }

    /// The report of its run in a fleet; null where there is none.
    #[handler]
    async fn report(
        &self,
        context: SharedObjectContext<'_>,
        fleet: String,
    ) -> Result<Json<Value>, HandlerError> {
        let key = format!("{REPORT}{fleet}");
        let keys = context.get_keys().await?;
        if !keys.contains(&key) {
            return Ok(Json(Value::Null));
        }
        let report = read_report(&context, &key).await?;
        Ok(report)
    }
}

/// What a fleet gives its targets, as it stands.
async fn going(context: &ObjectContext<'_>, fleet: &str) -> Result<Going, TerminalError> {
    let package = RequestTarget::workflow(super::fleet::FLEETS, fleet, "package");
    let going = context.request::<(), Json<Going>>(package, ()).call().await;
    going.map(Json::into_inner)
}

async fn read_report<'s>(
    context: &'s SharedObjectContext<'s>,
    key: &'s str,
) -> Result<Json<Value>, TerminalError> {
    let found = context.get::<Json<Value>>(key).await?;
    Ok(found.unwrap_or(Json(Value::Null)))
}

/// What all runs of a fleet go by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// The interpreter that checked it.
    pub version: String,
    /// Playbooks, scenario, options: what [`Runs`](super::Runs) makes runs of.
    pub body: Value,
}

/// What a fleet gives its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Going {
    /// What they go by.
    pub package: Package,
    /// Why nothing begins any more.
    pub stopped: Option<String>,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Sleep(u64),
    Gate(u64),
    Late(u64),
    Look,
}

/// What came.
enum Came {
    Time,
    Said(Vote),
}

/// A call that is under way.
struct Call {
    key: String,
    once: bool,
    sent: Option<Sending>,
}

/// A question that is open.
struct Gate {
    key: String,
    question: Value,
    until: Option<Timestamp>,
    since: Timestamp,
    awakeable: Option<String>,
}

/// A run that is carried from one durable command to the next.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Carried<'c, 'w> {
    context: &'c ObjectContext<'c>,
    hosting: &'w Hosting,
    start: Start,
    whose: &'w str,
    /// This execution of the handler: what another one was about to send is in doubt.
    life: String,
    now: Timestamp,
    begin: Option<(u64, Begun)>,
    calls: BTreeMap<u64, Call>,
    sleeps: BTreeMap<u64, Timestamp>,
    gates: BTreeMap<u64, Gate>,
    /// Who has said yes to what.
    agreed: Vec<(Value, Voter)>,
    waits: Waits<'c, Name, Came>,
    look: Duration,
    /// Leave to make calls, until it waits for people or a time.
    turn: Option<Turn>,
    finished: Option<Finished>,
    told: bool,
    /// It is known to whoever wants to end it.
    held: bool,
    timed: bool,
    /// It was asked to end while something else was on its way.
    stopping: bool,
}

impl<'c, 'w> Carried<'c, 'w> {
    fn new(
        context: &'c ObjectContext<'c>,
        hosting: &'w Hosting,
        start: Start,
        whose: &'w str,
    ) -> Self {
        Self {
            context,
            hosting,
            start,
            whose,
            life: Uuid::new_v4().to_string(),
            now: Timestamp::UNIX_EPOCH,
            begin: None,
            calls: BTreeMap::new(),
            sleeps: BTreeMap::new(),
            gates: BTreeMap::new(),
            agreed: Vec::new(),
            waits: Waits::new(),
            look: LOOK.0,
            turn: None,
            finished: None,
            told: false,
            held: false,
            timed: true,
            stopping: false,
        }
    }

    async fn carry(mut self, package: Arc<Value>) -> Result<Finished, HandlerError> {
        let run = TargetRun {
            fleet: self.start.fleet.clone(),
            index: self.start.index,
            wave: self.start.wave,
            run: self.start.run.clone(),
            target: self.start.target.clone(),
        };
        let mut session = self.hosting.session(package, run);
        let rest = session.rest().await?;
        self.take(rest);
        loop {
            if let Some(finished) = self.finished.take() {
                if self.held {
                    self.context.clear(AT);
                }
                return Ok(finished);
            }
            let handed = match self.next(&mut session).await? {
                Next::Hand(handed) => session.hand(handed).await?,
                Next::Stop => session.stop().await?,
                Next::Nothing => continue,
            };
            self.take(handed);
        }
    }

    /// Notes what the run has asked for and given up.
    fn take(&mut self, rest: Rest) {
        let Rest {
            asked,
            closed,
            finished,
        } = rest;
        for Asked { number, key, what } in asked {
            match what {
                What::Begin(begun) => self.begin = Some((number, begun)),
                What::Call { once } => {
                    let sent = None;
                    self.calls.insert(number, Call { key, once, sent });
                }
                What::Sleep { until } => {
                    self.sleeps.insert(number, until);
                }
                What::Gate { question, until } => {
                    let gate = Gate {
                        key,
                        question,
                        until,
                        since: self.now,
                        awakeable: None,
                    };
                    self.gates.insert(number, gate);
                }
            }
        }
        let mut fewer = false;
        for number in closed {
            self.calls.remove(&number);
            self.sleeps.remove(&number);
            self.waits.remove(Name::Sleep(number));
            if self.gates.remove(&number).is_some() {
                self.waits.remove(Name::Gate(number));
                self.waits.remove(Name::Late(number));
                fewer = true;
            }
        }
        if fewer {
            self.show_gates();
        }
        self.finished = finished;
    }

    /// Does the next durable thing.
    async fn next(&mut self, session: &mut Session) -> Result<Next, HandlerError> {
        if std::mem::take(&mut self.stopping) {
            return Ok(Next::Stop);
        }
        if let Some((number, begun)) = self.begin.clone() {
            return self.begin(number, begun).await;
        }
        if self
            .calls
            .values()
            .any(|call| call.once && call.sent.is_none())
        {
            return Ok(self.note_writes().await);
        }
        self.open_gates();
        if self.calls.is_empty() {
            // Whoever waits for people or a time is in nobody's way.
            self.turn = None;
            return self.wait().await;
        }
        let ended = match self.look(session).await {
            Ok(ended) => ended,
            Err(_cancelled) => return Ok(Next::Stop),
        };
        if ended.is_empty() && !self.gates.is_empty() {
            // People may have answered while a call takes its time.
            if !self.waits.has(Name::Look) {
                self.wait_for(Name::Look, Duration::ZERO);
            }
            return self.wait().await;
        }
        Ok(Next::Hand(ended))
    }

    async fn begin(&mut self, number: u64, begun: Begun) -> Result<Next, HandlerError> {
        let run = self
            .context
            .run(|| async move { Ok(Json(begun)) })
            .name("begin");
        let begun = match run.await {
            Ok(begun) => begun.into_inner(),
            Err(_cancelled) => return Ok(Next::Stop),
        };
        self.hosting.is_own(&begun.version, self.whose)?;
        if begun.real.duration_since(self.start.sent) > PROMPT
            && let Ok(Going {
                stopped: Some(why), ..
            }) = going(self.context, &self.start.fleet).await
        {
            // It waited behind another run, and its fleet has been stopped meanwhile.
            let code = NotRunCode::Stopped;
            let (target, wave) = (&self.start.target, self.start.wave);
            self.finished = Some(Finished {
                outcome: TargetOutcome::not_run(target, wave, code, why),
                report: Value::Null,
            });
            return Ok(Next::Nothing);
        }
        self.begin = None;
        self.now = begun.now;
        self.timed = begun.timed;
        Ok(Next::Hand(vec![(number, Reply::Begin(begun))]))
    }

    /// Notes that writes are about to be sent which must not be sent twice.
    async fn note_writes(&mut self) -> Next {
        let unsent = |call: &&mut Call| call.once && call.sent.is_none();
        let name = named(
            "send",
            self.calls
                .values()
                .filter(|call| call.once && call.sent.is_none()),
        );
        let sending = Sending {
            life: self.life.clone(),
            at: Timestamp::now(),
        };
        let run = self.context.run(|| async move { Ok(Json(sending)) });
        let Ok(sending) = run.name(name).await else {
            return Next::Stop;
        };
        let sending = sending.into_inner();
        for call in self.calls.values_mut().filter(unsent) {
            call.sent = Some(sending.clone());
        }
        Next::Nothing
    }

    /// Lets calls be made until one has ended.
    async fn look(&mut self, session: &mut Session) -> Result<Vec<(u64, Reply)>, TerminalError> {
        let sent = self.calls.iter();
        let doubtful: Vec<(u64, Timestamp)> = sent
            .filter_map(|(number, call)| Some((*number, call.sent.as_ref()?)))
            .filter(|(_, sent)| sent.life != self.life)
            .map(|(number, sent)| (number, sent.at))
            .collect();
        let lates = self.gates.values().filter_map(|gate| gate.until);
        let due = self.sleeps.values().copied().chain(lates).min();
        let (look, now) = (self.look, self.now);
        let name = named("", self.calls.values());
        let (hosting, turn) = (self.hosting, &mut self.turn);
        let run = self.context.run(|| async move {
            let left = due.map(|due| due.duration_since(Timestamp::now()));
            let left = left.map(|left| Duration::try_from(left).unwrap_or_default());
            let at_most = left.map_or(look, |left| left.min(look));
            let batch = if hosting.turn(turn, at_most).await {
                session.work(doubtful, at_most).await?
            } else {
                Batch::default()
            };
            let time = due.map_or(now, |_| Timestamp::now());
            Ok(Json(Batch {
                now: batch.now.max(now).max(time),
                ..batch
            }))
        });
        let batch = run.name(name).await?.into_inner();
        self.now = self.now.max(batch.now);
        if batch.ended.is_empty() {
            self.hold();
        }
        self.look = if batch.ended.is_empty() {
            (self.look * 2).min(LOOK.1)
        } else {
            LOOK.0
        };
        let mut handed = Vec::new();
        for Ended { number, how } in batch.ended {
            self.calls.remove(&number);
            handed.push((number, Reply::Ended(how)));
        }
        let over: Vec<(u64, Timestamp)> = self
            .sleeps
            .iter()
            .filter(|(_, until)| **until <= self.now)
            .map(|(number, until)| (*number, *until))
            .collect();
        for (number, at) in over {
            self.sleeps.remove(&number);
            self.waits.remove(Name::Sleep(number));
            handed.push((number, Reply::Ended(How::Over { at })));
        }
        Ok(handed)
    }

    fn wait_for(&mut self, name: Name, length: Duration) {
        let sleep = self.context.sleep(length).map_ok(|()| Came::Time);
        self.waits.push(name, Box::pin(sleep));
    }

    /// Makes the run known to whoever wants to end it. One that does not wait ends by itself.
    fn hold(&mut self) {
        if !std::mem::replace(&mut self.held, true) {
            let at = Holder {
                fleet: self.start.fleet.clone(),
                run: self.start.run.clone(),
                invocation: self.context.invocation_id().to_owned(),
            };
            self.context.set(AT, Json(at));
        }
    }

    /// Waits for the first of what takes its time.
    async fn wait(&mut self) -> Result<Next, HandlerError> {
        self.hold();
        let sleeps: Vec<(Name, Timestamp)> = {
            let lates = self.gates.iter();
            let lates = lates.filter_map(|(number, gate)| Some((Name::Late(*number), gate.until?)));
            let sleeps = self.sleeps.iter();
            let sleeps = sleeps.map(|(number, until)| (Name::Sleep(*number), *until));
            sleeps.chain(lates).collect()
        };
        for (name, until) in sleeps {
            if !self.waits.has(name) {
                let left = until.duration_since(Timestamp::now());
                self.wait_for(name, Duration::try_from(left).unwrap_or_default());
            }
        }
        let (name, came) = match self.waits.next().await {
            Ok(Some(came)) => came,
            Ok(None) => {
                let why = format!("{} goes no further, and waits for nothing", self.whose);
                return Err(why.into());
            }
            Err(_cancelled) => return Ok(Next::Stop),
        };
        let Ok(came) = came else {
            return Ok(Next::Stop);
        };
        match (name, came) {
            (Name::Sleep(number), _) => {
                let Some(at) = self.sleeps.remove(&number) else {
                    return Ok(Next::Nothing);
                };
                self.now = self.now.max(at);
                Ok(Next::Hand(vec![(number, Reply::Ended(How::Over { at }))]))
            }
            (Name::Late(number), _) => {
                let Some(gate) = self.gates.remove(&number) else {
                    return Ok(Next::Nothing);
                };
                self.waits.remove(Name::Gate(number));
                self.show_gates();
                let at = gate.until.unwrap_or(self.now).max(self.now);
                self.now = at;
                Ok(Next::Hand(vec![(
                    number,
                    Reply::Answered(Decision::Expired, at),
                )]))
            }
            (Name::Gate(number), Came::Said(vote)) => self.said(number, vote).await,
            (Name::Gate(_) | Name::Look, _) => Ok(Next::Nothing),
        }
    }

    /// Opens what people can answer.
    fn open_gates(&mut self) {
        let new: BTreeSet<u64> = {
            let gates = self.gates.iter();
            let new = gates.filter(|(_, gate)| gate.awakeable.is_none());
            new.map(|(number, _)| *number).collect()
        };
        if new.is_empty() {
            return;
        }
        for number in new {
            let (id, said) = self.context.awakeable::<Json<Vote>>();
            let said = said.map_ok(|vote| Came::Said(vote.into_inner()));
            self.waits.push(Name::Gate(number), Box::pin(said));
            if let Some(gate) = self.gates.get_mut(&number) {
                gate.awakeable = Some(id);
            }
        }
        self.show_gates();
        if !std::mem::replace(&mut self.told, true) {
            self.context.resolve_awakeable(&self.start.ear, true);
        }
    }

    /// Shows what is asked to whoever looks.
    fn show_gates(&self) {
        let waiting: Vec<Waiting> = self
            .gates
            .values()
            .filter_map(|gate| {
                let step = gate.question.get("step").and_then(Value::as_str);
                Some(Waiting {
                    run: self.start.run.clone(),
                    step: step.unwrap_or_default().to_owned(),
                    key: gate.key.clone(),
                    question: gate.question.clone(),
                    agreed: self
                        .agreed(&gate.question)
                        .map(ToString::to_string)
                        .collect(),
                    awakeable: gate.awakeable.clone()?,
                    since: gate.since,
                    until: gate.until,
                })
            })
            .collect();
        if waiting.is_empty() {
            self.context.clear(WAITING);
        } else {
            self.context.set(WAITING, Json(waiting));
        }
    }

    fn agreed<'q>(&'q self, question: &'q Value) -> impl Iterator<Item = &'q Voter> {
        let same = self
            .agreed
            .iter()
            .filter(move |(asked, _)| asked == question);
        same.map(|(_, voter)| voter)
    }

    /// Takes note of what a person said; who may not say so, or has said so before, does not count.
    async fn said(&mut self, number: u64, vote: Vote) -> Result<Next, HandlerError> {
        // In a world whose time only moves in waits, people take none of it.
        if self.timed {
            let run = self.context.run(|| async { Ok(Json(Timestamp::now())) });
            match run.name("answered").await {
                Ok(now) => self.now = self.now.max(now.into_inner()),
                // What was said counts: the run is asked to end when the next thing is awaited.
                Err(_cancelled) => self.stopping = true,
            }
        }
        let at = self.now;
        let Some(gate) = self.gates.get_mut(&number) else {
            return Ok(Next::Nothing);
        };
        let voter = Voter::of(&vote.by);
        let from = Question::of_json(&gate.question).map(|asked| asked.from);
        let from = from.unwrap_or_default();
        let may = from.is_empty() || from.iter().any(|name| voter.is_named(name));
        let asked = gate.question.clone();
        let again = self.agreed(&asked).any(|other| other.may_be(&voter));
        if vote.approves && (!may || again) {
            if let Some(gate) = self.gates.get_mut(&number) {
                gate.awakeable = None;
            }
            return Ok(Next::Nothing);
        }
        self.gates.remove(&number);
        self.waits.remove(Name::Late(number));
        self.show_gates();
        let by = vote.by;
        let decision = if vote.approves {
            self.agreed.push((asked, voter));
            Decision::Approved { by }
        } else {
            Decision::Declined { by }
        };
        Ok(Next::Hand(vec![(number, Reply::Answered(decision, at))]))
    }
}

/// What a run is told next.
enum Next {
    Hand(Vec<(u64, Reply)>),
    Stop,
    Nothing,
}

/// What a journalled step is called.
fn named<'a>(what: &str, calls: impl Iterator<Item = &'a Call>) -> String {
    let mut name = what.to_owned();
    for call in calls {
        if name.len() > 120 {
            name.push('…');
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        // How often guards were looked at inside of calls is not on record.
        let key = match call.key.split_once('~') {
            Some((key, _)) if key.contains("guard.") => key,
            _ => &call.key,
        };
        name.push_str(key);
    }
    name
}
