//! A run's side of its record: what it asks for is numbered and handed to whoever keeps the journal.
//!
//! The server replays a handler's commands by their positions, and a run addresses what it does by names. So a run does
//! nothing here by itself: it asks, in the order of a deterministic program on one thread, and goes on when it is handed what
//! came of it. What it is handed, and in which order, is on record; all else follows.

use super::wire::{Begun, Ended, How};
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::Event;
use runbook_interpreter::journal::{
    CallRecord, Durability, JournalError, Repeat, RunRecord, Step, Worked, renewed,
};
use runbook_interpreter::outcome::Outcome;
use runbook_playbook::catalog::Effect;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::local::{Session, SessionOutput};
use runbook_registry::world::{Pending, Place, Recalled, World};
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What a run asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// Its number in the order of asking, from 0.
    pub number: u64,
    /// Its name in the run.
    pub key: String,
    /// What it is.
    pub what: What,
}

/// The kinds of things that a run asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// Leave to begin, where the world is.
    Begin(Begun),
    /// A call, or a wait in a world whose time only moves in waits.
    Call {
        /// It must not be made again unless it is known that it was not made.
        once: bool,
    },
    /// A wait.
    Sleep {
        /// Its end.
        until: Timestamp,
    },
    /// A question to people.
    Gate {
        /// What is asked.
        question: Json,
        /// Until when an answer counts.
        until: Option<Timestamp>,
    },
}

/// What a run is handed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    /// It may begin.
    Begin(Begun),
    /// What came of a call or a wait.
    Ended(How),
    /// A question was answered.
    Answered(Decision, Timestamp),
}

/// Something that was asked for and has not been handed back.
#[derive(Debug)]
struct Open {
    key: String,
    /// It may be made by whoever asked.
    is_call: bool,
    waker: Option<Waker>,
    reply: Option<Reply>,
    /// It has ended here, and is to be recorded.
    ended: bool,
}

/// What a run and whoever carries it share, on one thread.
#[derive(Default)]
pub(super) struct Shared {
    next: Cell<u64>,
    open: RefCell<BTreeMap<u64, Open>>,
    asked: RefCell<Vec<Asked>>,
    closed: RefCell<Vec<u64>>,
    ended: RefCell<Vec<Ended>>,
    /// The time on record.
    clock: Cell<Timestamp>,
    /// Time passes by itself.
    timed: Cell<bool>,
    /// Calls may be made.
    allowed: Cell<bool>,
    /// A call is being made at this moment: what is asked for inside it belongs to it.
    working: Cell<bool>,
    /// What takes real time and is no part of the record.
    busy: Cell<usize>,
    place: RefCell<Place>,
    /// Names of calls whose answers are on record.
    answered: RefCell<BTreeSet<String>>,
    /// What is done when the first thing happens that is not on record.
    edge: RefCell<Option<Edge>>,
    /// Ends the run early.
    pub cancel: Cancel,
}

/// Told which calls' answers are on record.
type Edge = Box<dyn FnOnce(&dyn Fn(&str) -> bool)>;

impl Shared {
    /// What was asked for and given up since the last time.
    pub fn taken(&self) -> (Vec<Asked>, Vec<u64>) {
        (self.asked.take(), self.closed.take())
    }

    /// Whether something takes real time that is no part of the record.
    pub fn is_busy(&self) -> bool {
        self.busy.get() > 0
    }

    /// The time on record.
    pub fn now(&self) -> Timestamp {
        self.clock.get()
    }

    fn advance(&self, to: Timestamp) {
        self.clock.set(self.clock.get().max(to));
    }

    /// Hands something back. What the run has given up is not missed.
    pub fn hand(&self, number: u64, reply: Reply) {
        let mut open = self.open.borrow_mut();
        match &reply {
            Reply::Begin(begun) => {
                self.clock.set(begun.now);
                self.timed.set(begun.timed);
                *self.place.borrow_mut() = begun.place();
            }
            Reply::Ended(how) => self.advance(how.at()),
            Reply::Answered(_, at) => self.advance(*at),
        }
        let Some(one) = open.get_mut(&number) else {
            return;
        };
        if matches!(
            reply,
            Reply::Ended(How::Answered { .. } | How::Failed { .. })
        ) {
            self.answered.borrow_mut().insert(one.key.clone());
        }
        one.reply = Some(reply);
        if let Some(waker) = one.waker.take() {
            waker.wake();
        }
    }

    /// Lets calls be made from here on. Those that a worker before this one may have sent are not.
    pub fn allow(&self, doubtful: &[(u64, Timestamp)]) {
        if let Some(edge) = self.edge.take() {
            let answered = self.answered.borrow();
            edge(&|key| answered.contains(key));
        }
        for (number, since) in doubtful {
            let mut open = self.open.borrow_mut();
            if let Some(one) = open.get_mut(number)
                && !one.ended
            {
                one.ended = true;
                self.ended.borrow_mut().push(Ended {
                    number: *number,
                    how: How::Doubtful { since: *since },
                });
            }
        }
        self.allowed.set(true);
        let wakers: Vec<Waker> = {
            let mut open = self.open.borrow_mut();
            let going = open.values_mut().filter(|one| one.is_call && !one.ended);
            going.filter_map(|one| one.waker.take()).collect()
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// Asks the run to end early.
    pub fn stop(&self) {
        self.cancel.cancel();
        let wakers: Vec<Waker> = {
            let mut open = self.open.borrow_mut();
            open.values_mut()
                .filter_map(|one| one.waker.take())
                .collect()
        };
        for waker in wakers {
            waker.wake();
        }
    }

    /// Lets no call go on until it is let again.
    pub fn hold(&self) {
        self.allowed.set(false);
    }

    /// Whether calls are under way that may end at any moment. A world whose time only moves in waits is not waited for.
    pub fn has_more_soon(&self) -> bool {
        let open = self.open.borrow();
        self.timed.get() && open.values().any(|one| one.is_call && !one.ended)
    }

    /// What has ended and was not handed back.
    pub fn ended(&self) -> Vec<Ended> {
        let open = self.open.borrow();
        let mut ended = self.ended.borrow_mut();
        ended.retain(|one| {
            open.get(&one.number)
                .is_some_and(|open| open.reply.is_none())
        });
        ended.clone()
    }

    fn ask(self: &Rc<Self>, key: &str, what: What) -> Ticket {
        let number = self.next.get();
        self.next.set(number + 1);
        let is_call = matches!(what, What::Call { .. });
        self.open.borrow_mut().insert(
            number,
            Open {
                key: key.to_owned(),
                is_call,
                waker: None,
                reply: None,
                ended: false,
            },
        );
        self.asked.borrow_mut().push(Asked {
            number,
            key: key.to_owned(),
            what,
        });
        Ticket {
            shared: Rc::clone(self),
            number,
        }
    }
}

/// Something that a run has asked for; given up when it is dropped.
struct Ticket {
    shared: Rc<Shared>,
    number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.open.borrow_mut().remove(&self.number);
        self.shared.closed.borrow_mut().push(self.number);
    }
}

impl Ticket {
    fn reply(&self, context: &Context<'_>) -> Option<Reply> {
        let mut open = self.shared.open.borrow_mut();
        let one = open.get_mut(&self.number)?;
        if let Some(reply) = one.reply.take() {
            return Some(reply);
        }
        one.waker = Some(context.waker().clone());
        None
    }

    /// Waits until it is handed back.
    async fn handed(&self) -> Reply {
        poll_fn(|context| match self.reply(context) {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        })
        .await
    }

    /// Makes something when that is allowed, and waits until it is handed back; also what came of it here.
    async fn made<T>(
        &self,
        work: &mut Pending<'_, T>,
        record: impl Fn(&T) -> How,
    ) -> (Reply, Option<T>) {
        let mut made = None;
        let reply = poll_fn(|context| {
            if let Some(reply) = self.reply(context) {
                return Poll::Ready(reply);
            }
            let shared = &self.shared;
            let open = |number: &u64| {
                shared
                    .open
                    .borrow()
                    .get(number)
                    .is_some_and(|one| !one.ended)
            };
            if shared.allowed.get()
                && open(&self.number)
                && let Poll::Ready(value) = shared.work(work.as_mut(), context)
            {
                let how = record(&value);
                made = Some(value);
                if let Some(one) = shared.open.borrow_mut().get_mut(&self.number) {
                    one.ended = true;
                }
                shared.ended.borrow_mut().push(Ended {
                    number: self.number,
                    how,
                });
            }
            Poll::Pending
        })
        .await;
        (reply, made)
    }
}

impl Shared {
    /// Polls what is being made.
    fn work<T>(
        &self,
        work: Pin<&mut dyn Future<Output = T>>,
        context: &mut Context<'_>,
    ) -> Poll<T> {
        let before = self.working.replace(true);
        let polled = work.poll(context);
        self.working.set(before);
        polled
    }
}

/// What takes real time and is no part of the record, for as long as it is there.
pub(super) struct Busy(Rc<Shared>);

impl Busy {
    fn of(shared: &Rc<Shared>) -> Self {
        shared.busy.set(shared.busy.get() + 1);
        Self(Rc::clone(shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get().saturating_sub(1));
    }
}

/// What a run is given so that it can be carried: it is made where the run is, and never leaves that thread.
#[derive(Clone)]
pub struct Carrier {
    shared: Rc<Shared>,
    run: String,
    version: String,
}

impl Carrier {
    pub(super) fn new(shared: Rc<Shared>, run: String, version: String) -> Self {
        Self {
            shared,
            run,
            version,
        }
    }

    /// Does what the run needs before it begins and what is no part of it, such as asking who it is.
    pub async fn prepare<T>(&self, work: impl Future<Output = T>) -> T {
        let _busy = Busy::of(&self.shared);
        work.await
    }

    /// Begins where the world is, or as it is on record; says when. `edge` is told which calls' answers are on record before
    /// the first thing happens that is not.
    pub async fn begin(
        &self,
        world: &dyn World,
        edge: impl FnOnce(&dyn Fn(&str) -> bool) + 'static,
    ) -> Timestamp {
        *self.shared.edge.borrow_mut() = Some(Box::new(edge));
        let place = world.place();
        let begun = Begun {
            now: world.now(),
            account: place.account,
            region: place.region,
            partition: place.partition,
            principal: place.principal,
            version: self.version.clone(),
            timed: world.is_timed(),
            real: Timestamp::now(),
        };
        let ticket = self.shared.ask("begin", What::Begin(begun));
        ticket.handed().await;
        self.shared.now()
    }

    /// What ends the run early.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.shared.cancel
    }

    /// The world as the run may see it: its time is that on record, except inside of a call.
    #[must_use]
    pub fn world<'w>(&self, world: &'w dyn World) -> CarriedWorld<'w> {
        CarriedWorld {
            shared: Rc::clone(&self.shared),
            inner: world,
        }
    }

    async fn wait(&self, world: &dyn World, key: &str, length: SignedDuration) -> Timestamp {
        wait(&self.shared, world, key, length).await
    }
}

/// Waits; says when the wait ended.
async fn wait(
    shared: &Rc<Shared>,
    world: &dyn World,
    key: &str,
    length: SignedDuration,
) -> Timestamp {
    if shared.working.get() {
        world.sleep(length).await;
        return world.now();
    }
    if world.is_timed() {
        let until = shared.now().checked_add(length.max(SignedDuration::ZERO));
        let until = until.unwrap_or(Timestamp::MAX);
        let ticket = shared.ask(key, What::Sleep { until });
        ticket.handed().await;
        return shared.now().max(until);
    }
    let ticket = shared.ask(key, What::Call { once: false });
    let mut work: Pending<'_, Timestamp> = Box::pin(async {
        world.sleep(length).await;
        world.now()
    });
    let (reply, _) = ticket.made(&mut work, |at| How::Over { at: *at }).await;
    match reply {
        Reply::Ended(how) => how.at(),
        _ => shared.now(),
    }
}

/// What is left of a call whose record is not that of a call.
fn unread(key: &str) -> JournalError {
    JournalError::Diverged {
        step: key.split(['@', '#', '~']).next().unwrap_or(key).to_owned(),
        why: "what is on record is no answer to a call".to_owned(),
    }
}

impl Durability for Carrier {
    fn id(&self, _world: &dyn World) -> String {
        self.run.clone()
    }

    fn begin(&self, _run: &RunRecord) -> Result<Timestamp, JournalError> {
        Ok(self.shared.now())
    }

    fn file(&self, _id: &str, _text: &str) -> Result<(), JournalError> {
        Ok(())
    }

    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        _key: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        let at = if self.shared.working.get() {
            world.now()
        } else {
            self.shared.now()
        };
        Box::pin(std::future::ready(Ok(at)))
    }

    fn step<'a>(
        &'a self,
        world: &'a dyn World,
        call: CallRecord,
        work: Pending<'a, Worked>,
    ) -> Pending<'a, Result<Step, JournalError>> {
        Box::pin(self.attempt(world, call, work))
    }

    fn sleep<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        length: SignedDuration,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(async move { Ok(self.wait(world, key, length).await) })
    }

    fn gate<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        question: &'a Question,
        within: Option<SignedDuration>,
        ask: Pending<'a, Decision>,
    ) -> Pending<'a, Result<(Decision, Timestamp), JournalError>> {
        Box::pin(self.ask(world, key, question, within, ask))
    }

    fn event(&self, _key: &str, _event: &Event) -> Result<(), JournalError> {
        // Whoever goes through the record comes by every event again.
        Ok(())
    }

    fn end(&self, _outcome: &Outcome) -> Result<(), JournalError> {
        Ok(())
    }
}

impl Carrier {
    async fn attempt(
        &self,
        world: &dyn World,
        call: CallRecord,
        mut work: Pending<'_, Worked>,
    ) -> Result<Step, JournalError> {
        if self.shared.working.get() {
            // What a call looks at while it is made is part of it: what comes of the call is on record.
            let worked = work.await;
            return Ok(Step::Done {
                answer: worked.answer,
                at: world.now(),
                lost: false,
                unkept: None,
            });
        }
        let reads = call.effect == Effect::Read;
        let once = call.repeat == Repeat::Never;
        let ticket = self.shared.ask(&call.key, What::Call { once });
        let record = |worked: &Worked| {
            // The time inside of a call is that of the world.
            How::of(worked, reads, time_of(&self.shared, world))
        };
        let (reply, made) = ticket.made(&mut work, record).await;
        let how = match reply {
            Reply::Ended(How::Doubtful { since }) => return Ok(Step::InFlight { since }),
            Reply::Ended(how) => how,
            _ => return Err(unread(&call.key)),
        };
        let at = how.at();
        let Some((answer, masked)) = how.answer() else {
            return Err(unread(&call.key));
        };
        let done = |answer, lost| Step::Done {
            answer,
            at,
            lost,
            unkept: None,
        };
        if !masked {
            return Ok(done(answer, false));
        }
        // Secrets are not on record: where the call was made in this process they are at hand.
        if let Some(worked) = made {
            let answer = worked.answer;
            return Ok(done(answer, false));
        }
        if call.repeat != Repeat::Free {
            return Ok(done(answer, true));
        }
        let fresh = self.read_again(work).await;
        Ok(match (answer, fresh.answer) {
            (Ok(recorded), Ok(fresh)) => {
                let result = renewed(&recorded.result, &fresh.result);
                done(Ok(Answer { result, ..recorded }), false)
            }
            (recorded, _) => done(recorded, true),
        })
    }

    /// Makes a read for its secrets; it is no part of the record.
    async fn read_again(&self, mut work: Pending<'_, Worked>) -> Worked {
        let _busy = Busy::of(&self.shared);
        poll_fn(|context| self.shared.work(work.as_mut(), context)).await
    }

    async fn ask(
        &self,
        world: &dyn World,
        key: &str,
        question: &Question,
        within: Option<SignedDuration>,
        mut ask: Pending<'_, Decision>,
    ) -> Result<(Decision, Timestamp), JournalError> {
        // Consent that was given when the run was started is the same whenever it is asked for.
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(decision) = ask.as_mut().poll(&mut context)
            && decision != Decision::Nobody
        {
            return Ok((decision, self.shared.now()));
        }
        let now = self.shared.now();
        let until = within.filter(|_| world.is_timed());
        let until = until.and_then(|within| now.checked_add(within).ok());
        let what = What::Gate {
            question: question.to_json(),
            until,
        };
        let ticket = self.shared.ask(key, what);
        let reply = poll_fn(|context| {
            if let Some(reply) = ticket.reply(context) {
                return Poll::Ready(Some(reply));
            }
            if self.shared.cancel.is_cancelled() {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await;
        match reply {
            Some(Reply::Answered(decision, at)) => Ok((decision, at)),
            Some(_) => Err(unread(key)),
            None => Ok((Decision::Abort, self.shared.now())),
        }
    }
}

/// The time at which something ends that is being made.
fn time_of(shared: &Rc<Shared>, world: &dyn World) -> Timestamp {
    let before = shared.working.replace(true);
    let now = world.now();
    shared.working.set(before);
    now
}

/// A world whose time is that on record, except inside of a call.
pub struct CarriedWorld<'w> {
    shared: Rc<Shared>,
    inner: &'w dyn World,
}

impl World for CarriedWorld<'_> {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.inner.send(call)
    }

    fn answers(&self, action: &str) -> bool {
        self.inner.answers(action)
    }

    fn now(&self) -> Timestamp {
        if self.shared.working.get() {
            self.inner.now()
        } else {
            self.shared.now()
        }
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        if self.shared.working.get() {
            return self.inner.sleep(length);
        }
        Box::pin(async move {
            wait(&self.shared, self.inner, "pause", length).await;
        })
    }

    fn is_timed(&self) -> bool {
        self.inner.is_timed()
    }

    fn fresh_id(&self) -> String {
        self.inner.fresh_id()
    }

    fn seed(&self) -> Option<String> {
        self.inner.seed()
    }

    fn recall(&self, call: &Call, key: &str) -> Option<Recalled> {
        self.inner.recall(call, key)
    }

    fn place(&self) -> Place {
        self.shared.place.borrow().clone()
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        self.inner.session(session)
    }

    fn stopped(&self) -> Pending<'_, ()> {
        self.inner.stopped()
    }

    fn session_plugin(&self) -> Result<PathBuf, String> {
        self.inner.session_plugin()
    }
}
