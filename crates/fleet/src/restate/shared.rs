//! A run's side of its record: what it asks for is numbered and handed to whoever keeps the journal.
//!
//! The server replays a handler's commands by their positions, and a run addresses what it does by names. So a run does
//! nothing here by itself: it asks, in the order of a deterministic program on one thread, and goes on when it is handed what
//! came of it. What it is handed, and in which order, is on record; all else follows.

use super::wire::{Begun, Ended, How};
use jiff::Timestamp;
use runbook_interpreter::approval::Decision;
use runbook_interpreter::cancel::Cancel;
use runbook_registry::world::{Pending, Place};
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
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
    pub working: Cell<bool>,
    /// What takes real time and is no part of the record.
    busy: Cell<usize>,
    /// Where the run is, by its record.
    pub place: RefCell<Place>,
    /// Names of calls whose answers are on record.
    answered: RefCell<BTreeSet<String>>,
    /// What is done when the first thing happens that is not on record.
    pub edge: RefCell<Option<Edge>>,
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

    /// Asks for something.
    pub fn ask(self: &Rc<Self>, key: &str, what: What) -> Ticket {
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
pub(super) struct Ticket {
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
    /// What it was handed, once it was.
    pub fn reply(&self, context: &Context<'_>) -> Option<Reply> {
        let mut open = self.shared.open.borrow_mut();
        let one = open.get_mut(&self.number)?;
        if let Some(reply) = one.reply.take() {
            return Some(reply);
        }
        one.waker = Some(context.waker().clone());
        None
    }

    /// Waits until it is handed back.
    pub async fn handed(&self) -> Reply {
        poll_fn(|context| match self.reply(context) {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        })
        .await
    }

    /// Makes something when that is allowed, and waits until it is handed back; also what came of it here.
    pub async fn made<T>(
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
    pub fn work<T>(
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
    /// From now on.
    pub fn of(shared: &Rc<Shared>) -> Self {
        shared.busy.set(shared.busy.get() + 1);
        Self(Rc::clone(shared))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get().saturating_sub(1));
    }
}
