//! A run's record as the interpreter sees it: [`Durability`] that asks for everything and does nothing by itself.

use super::carried_world::CarriedWorld;
use super::shared::{Busy, Reply, Shared, What};
use super::wire::{Begun, How};
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Decision, Question};
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::Event;
use runbook_interpreter::journal::{
    CallRecord, Called, Durability, Gathering, JournalError, Repeat, RunRecord, RunRows, Step,
    Worked, renewed,
};
use runbook_interpreter::outcome::Outcome;
use runbook_playbook::catalog::Effect;
use runbook_registry::call::{Answer, CallError};
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// What a run is given so that it can be carried: it is made where the run is, and never leaves that thread.
#[derive(Clone)]
pub struct Carrier {
    shared: Rc<Shared>,
    run: String,
    version: String,
    gathered: Rc<Gathering>,
}

impl Carrier {
    pub(super) fn new(shared: Rc<Shared>, run: String, version: String) -> Self {
        Self {
            shared,
            run,
            version,
            gathered: Rc::default(),
        }
    }

    /// Does what the run needs before it begins and what is no part of it, such as asking who it is.
    pub async fn prepare<T>(&self, work: impl Future<Output = T>) -> T {
        let _busy = Busy::of(&self.shared);
        work.await
    }

    /// Begins where the world is, or as it is on record; says why calls do not get there. `edge` is told which calls' answers are on record before
    /// the first thing happens that is not.
    pub async fn begin(
        &self,
        world: &dyn World,
        refused: Option<String>,
        edge: impl FnOnce(&dyn Fn(&str) -> bool) + 'static,
    ) -> Option<String> {
        *self.shared.edge.borrow_mut() = Some(Box::new(edge));
        let place = world.place();
        let begun = Begun {
            now: world.now(),
            account: place.account,
            region: place.region,
            partition: place.partition,
            principal: place.principal,
            refused,
            version: self.version.clone(),
            timed: world.is_timed(),
            real: Timestamp::now(),
        };
        let ticket = self.shared.ask("begin", What::Begin(begun));
        match ticket.handed().await {
            Reply::Begin(begun) => begun.refused,
            _ => None,
        }
    }

    /// What the run has gathered for its report, once it has ended; `context` says how it was started.
    #[must_use]
    pub fn rows(&self, context: Json) -> Option<RunRows> {
        self.gathered.rows(context)
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
pub(super) async fn wait(
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

    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError> {
        let started = self.shared.now();
        self.gathered.begun(run, started, &self.version);
        Ok(started)
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

    fn event(&self, key: &str, event: &Event) -> Result<(), JournalError> {
        // Whoever goes through the record comes by every event again.
        self.gathered.happened(key, event);
        Ok(())
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        self.gathered.ended(outcome);
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
        let sent = self.shared.now();
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
        self.gathered.called(&call, sent, called(at, &answer));
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

/// What came of a call as its report has it: what is on record, secrets masked.
fn called(at: Timestamp, answer: &Result<Answer, CallError>) -> Called {
    match answer {
        Ok(answer) => Called {
            at,
            answer: Ok(answer.result.clone()),
            request_id: answer.request_id.clone(),
            truncated: answer.truncated,
        },
        Err(error) => Called {
            at,
            answer: Err((error.code.clone(), error.message.clone())),
            request_id: error.request_id.clone(),
            truncated: false,
        },
    }
}

/// The time at which something ends that is being made.
fn time_of(shared: &Rc<Shared>, world: &dyn World) -> Timestamp {
    let before = shared.working.replace(true);
    let now = world.now();
    shared.working.set(before);
    now
}
