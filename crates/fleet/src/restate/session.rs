//! Runs as coroutines: each on one thread, told what happened, and asked what it wants.

use super::carrier::Carrier;
use super::shared::{Asked, Reply, Shared};
use super::wire::Batch;
use crate::engine::TargetRun;
use crate::outcome::TargetOutcome;
use futures_util::task::AtomicWaker;
use jiff::Timestamp;
use runbook_registry::world::Pending;
use serde_json::Value as Json;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;

/// How often a run is polled in a row before others on its thread get their turn.
const IN_A_ROW: usize = 256;

/// How long a call that has ended waits for others that are under way, so that they go on record together.
const GRACE: Duration = Duration::from_millis(2);

/// What came of a run: what its fleet counts, and its report.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// What came of it.
    pub outcome: TargetOutcome,
    /// The run's document (`report --format json`).
    pub report: Json,
}

/// Makes runs of what travels: knows playbooks, worlds and people.
pub trait Runs: Send + Sync + 'static {
    /// Carries one run out. Whatever it does that is to be on record goes through `carrier`.
    fn carry<'a>(
        &'a self,
        package: &'a Json,
        run: &'a TargetRun,
        carrier: &'a Carrier,
    ) -> Pending<'a, Finished>;

    /// Looks at a fleet's alarms: which is on.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn alarmed<'a>(
        &'a self,
        package: &'a Json,
        alarms: &'a [String],
    ) -> Pending<'a, Result<Option<String>, String>>;
}

/// Threads on which runs are carried out.
#[derive(Debug, Clone)]
pub(super) struct Threads {
    threads: Arc<[UnboundedSender<Task>]>,
    next: Arc<AtomicUsize>,
}

/// Something that is done on one of the threads.
type Task = Box<dyn FnOnce() -> Pending<'static, ()> + Send>;

impl Threads {
    /// Starts so many threads.
    ///
    /// # Errors
    /// The system starts none.
    pub fn start(count: usize) -> std::io::Result<Self> {
        let mut threads = Vec::new();
        for number in 0..count.max(1) {
            let (tasks, mut taken) = unbounded_channel::<Task>();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            std::thread::Builder::new()
                .name(format!("runs-{number}"))
                .spawn(move || {
                    LocalSet::new().block_on(&runtime, async move {
                        while let Some(task) = taken.recv().await {
                            tokio::task::spawn_local(task());
                        }
                    });
                })?;
            threads.push(tasks);
        }
        Ok(Self {
            threads: threads.into(),
            next: Arc::default(),
        })
    }

    /// Does something on one of them.
    pub fn spawn(&self, task: impl FnOnce() -> Pending<'static, ()> + Send + 'static) {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(thread) = self.threads.get(next % self.threads.len()) {
            // A thread that has ended takes its runs with it: whoever waits for them is told.
            let _ = thread.send(Box::new(task));
        }
    }
}

/// What a run is told.
enum Turn {
    /// These were handed back, in this order.
    Hand(Vec<(u64, Reply)>),
    /// It is to end early.
    Stop,
    /// Make what may be made, until something has ended or the time is over.
    Work {
        doubtful: Vec<(u64, Timestamp)>,
        at_most: Duration,
    },
}

/// What a run says.
enum Said {
    Rests(Box<Rest>),
    Worked(Batch),
}

/// A run that goes no further by itself.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// What it has asked for since.
    pub asked: Vec<Asked>,
    /// What it has given up since.
    pub closed: Vec<u64>,
    /// What came of it, where it has ended.
    pub finished: Option<Finished>,
}

/// The thread on which a run is has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was dropped: its thread has ended; the worker must be started again")]
pub(super) struct Dropped;

/// A run on its thread. It ends when this is dropped.
pub(super) struct Session {
    turns: UnboundedSender<Turn>,
    said: UnboundedReceiver<Said>,
}

impl Session {
    /// Puts a run on one of the threads.
    pub fn start(
        threads: &Threads,
        runs: Arc<dyn Runs>,
        package: Arc<Json>,
        run: TargetRun,
        version: String,
    ) -> Self {
        let (turns, mut told) = unbounded_channel();
        let (says, said) = unbounded_channel();
        threads.spawn(move || {
            Box::pin(async move {
                let shared = Rc::new(Shared::default());
                let carrier = Carrier::new(Rc::clone(&shared), run.run.clone(), version);
                let root = runs.carry(&package, &run, &carrier);
                let driven = drive(root, &shared, &mut told, &says);
                driven.await;
            })
        });
        Self { turns, said }
    }

    /// What it wants, once it goes no further by itself.
    ///
    /// # Errors
    /// Its thread has ended.
    pub async fn rest(&mut self) -> Result<Rest, Dropped> {
        match self.said.recv().await {
            Some(Said::Rests(rest)) => Ok(*rest),
            _ => Err(Dropped),
        }
    }

    /// Hands things back, one after the other; what it wants then.
    ///
    /// # Errors
    /// Its thread has ended.
    pub async fn hand(&mut self, handed: Vec<(u64, Reply)>) -> Result<Rest, Dropped> {
        self.turns.send(Turn::Hand(handed)).map_err(|_| Dropped)?;
        self.rest().await
    }

    /// Asks it to end early; what it wants then.
    ///
    /// # Errors
    /// Its thread has ended.
    pub async fn stop(&mut self) -> Result<Rest, Dropped> {
        self.turns.send(Turn::Stop).map_err(|_| Dropped)?;
        self.rest().await
    }

    /// Lets it make what it has asked for, until something has ended or the time is over.
    ///
    /// # Errors
    /// Its thread has ended.
    pub async fn work(
        &mut self,
        doubtful: Vec<(u64, Timestamp)>,
        at_most: Duration,
    ) -> Result<Batch, Dropped> {
        let turn = Turn::Work { doubtful, at_most };
        self.turns.send(turn).map_err(|_| Dropped)?;
        loop {
            match self.said.recv().await {
                Some(Said::Worked(batch)) => return Ok(batch),
                Some(Said::Rests(_)) => {}
                None => return Err(Dropped),
            }
        }
    }
}

/// Notes that something woke, and passes it on.
#[derive(Default)]
struct Flag {
    up: AtomicBool,
    outer: AtomicWaker,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.up.store(true, Ordering::SeqCst);
        self.outer.wake();
    }
}

/// A run that is polled only when it is its turn.
struct Root<'a> {
    run: Pending<'a, Finished>,
    flag: Arc<Flag>,
    finished: Option<Finished>,
}

impl Root<'_> {
    /// Polls once, where something woke; says whether it did.
    fn poll(&mut self, outer: &Waker) -> bool {
        self.flag.outer.register(outer);
        if self.finished.is_some() || !self.flag.up.swap(false, Ordering::SeqCst) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.flag));
        let run: Pin<&mut _> = self.run.as_mut();
        if let Poll::Ready(finished) = run.poll(&mut Context::from_waker(&waker)) {
            self.finished = Some(finished);
        }
        true
    }

    /// Goes on until it goes no further by itself.
    async fn settle(&mut self, shared: &Shared) {
        poll_fn(|context| {
            for _ in 0..IN_A_ROW {
                if !self.poll(context.waker()) {
                    return if shared.is_busy() {
                        Poll::Pending
                    } else {
                        Poll::Ready(())
                    };
                }
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Goes on until something that was asked for has ended, or the time is over.
    async fn work(&mut self, shared: &Shared, at_most: Duration) {
        let mut over = std::pin::pin!(tokio::time::sleep(at_most));
        poll_fn(|context| {
            self.poll(context.waker());
            if !shared.ended().is_empty() || self.finished.is_some() {
                return Poll::Ready(());
            }
            over.as_mut().poll(context)
        })
        .await;
        if !shared.has_more_soon() {
            return;
        }
        // What else ends at about the same time goes on record with it.
        let mut over = std::pin::pin!(tokio::time::sleep(GRACE));
        poll_fn(|context| {
            self.poll(context.waker());
            if shared.has_more_soon() {
                return over.as_mut().poll(context);
            }
            Poll::Ready(())
        })
        .await;
    }
}

async fn drive(
    run: Pending<'_, Finished>,
    shared: &Shared,
    turns: &mut UnboundedReceiver<Turn>,
    says: &UnboundedSender<Said>,
) {
    let flag = Arc::new(Flag::default());
    flag.up.store(true, Ordering::SeqCst);
    let mut root = Root {
        run,
        flag,
        finished: None,
    };
    root.settle(shared).await;
    loop {
        let (asked, closed) = shared.taken();
        let rest = Rest {
            asked,
            closed,
            finished: root.finished.clone(),
        };
        if says.send(Said::Rests(Box::new(rest))).is_err() {
            return;
        }
        loop {
            match turns.recv().await {
                None => return,
                Some(Turn::Hand(handed)) => {
                    // One after the other: what follows from the first is done before the second is known.
                    for (number, reply) in handed {
                        shared.hand(number, reply);
                        root.settle(shared).await;
                    }
                    break;
                }
                Some(Turn::Stop) => {
                    shared.stop();
                    root.settle(shared).await;
                    break;
                }
                Some(Turn::Work { doubtful, at_most }) => {
                    shared.allow(&doubtful);
                    root.work(shared, at_most).await;
                    shared.hold();
                    let ended = shared.ended();
                    let latest = ended.iter().map(|one| one.how.at()).max();
                    let now = latest.unwrap_or(Timestamp::UNIX_EPOCH);
                    if says.send(Said::Worked(Batch { now, ended })).is_err() {
                        return;
                    }
                }
            }
        }
    }
}
