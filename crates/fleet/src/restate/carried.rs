//! One target's run as an invocation: what the run asks for becomes durable commands, in the order of asking.
//!
//! Only one thing is awaited at a time. Calls that are under way are looked at by one journalled step after the other, each of
//! which says what has ended since the last; where nothing is under way, waits and people are waited for, and the server may
//! put the invocation aside.

use super::session::{Finished, Rest, Session};
use super::shared::{Asked, Reply, What};
use super::target::{AT, Going, Start, going};
use super::waits::Waits;
use super::wire::{Batch, Begun, Ended, Holder, How, Sending, Vote};
use super::worker::{Hosting, Turn};
use crate::engine::TargetRun;
use crate::outcome::{NotRunCode, TargetOutcome};
use jiff::{SignedDuration, Timestamp};
use restate_sdk::context::{
    ContextSideEffects as _, ContextTimers as _, ContextWriteState as _, DurableFuture as _,
    ObjectContext, RunFuture as _,
};
use restate_sdk::errors::{HandlerError, TerminalError};
use restate_sdk::serde::Json;
use runbook_interpreter::approval::Decision;
use runbook_interpreter::voter::Voter;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long a step looks for something to end at first, and at most. The server takes a step for stuck that says nothing for a
/// minute.
const LOOK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(40));

/// A run that begins later than this after it was asked for has waited for another one.
const PROMPT: SignedDuration = SignedDuration::from_secs(2);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Sleep(u64),
    Gate(u64),
    Late(u64),
    Look,
}

/// What came.
pub(super) enum Came {
    Time,
    Said(Vote),
}

/// A call that is under way.
pub(super) struct Call {
    key: String,
    once: bool,
    sent: Option<Sending>,
}

/// A question that is open.
pub(super) struct Gate {
    pub key: String,
    pub question: Value,
    pub until: Option<Timestamp>,
    pub since: Timestamp,
    pub awakeable: Option<String>,
}

/// A run that is carried from one durable command to the next.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Carried<'c, 'w> {
    pub context: &'c ObjectContext<'c>,
    hosting: &'w Hosting,
    pub start: Start,
    whose: &'w str,
    /// This execution of the handler: what another one was about to send is in doubt.
    life: String,
    pub now: Timestamp,
    begin: Option<(u64, Begun)>,
    calls: BTreeMap<u64, Call>,
    sleeps: BTreeMap<u64, Timestamp>,
    pub gates: BTreeMap<u64, Gate>,
    /// Who has said yes to what.
    pub agreed: Vec<(Value, Voter)>,
    pub waits: Waits<'c, Name, Came>,
    look: Duration,
    /// Leave to make calls, until it waits for people or a time.
    turn: Option<Turn>,
    finished: Option<Finished>,
    pub told: bool,
    /// It is known to whoever wants to end it.
    held: bool,
    pub timed: bool,
    /// It was asked to end while something else was on its way.
    pub stopping: bool,
}

impl<'c, 'w> Carried<'c, 'w> {
    /// A run that is asked for.
    pub fn new(
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

    /// Carries it to its end.
    pub async fn carry(mut self, package: Arc<Value>) -> Result<Finished, HandlerError> {
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
}

/// What a run is told next.
pub(super) enum Next {
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
