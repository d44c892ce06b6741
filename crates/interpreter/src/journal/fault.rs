//! A process that dies: for tests. At a chosen point around the record nothing goes on any more.

use super::{CallRecord, Durability, JournalError, Repeat, RunRecord, Step, Worked};
use crate::approval::{Decision, Question};
use crate::event::{Event, EventKind};
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::world::{Pending, World};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// A journal whose process dies at one of its points: before a record is written, between the record and what it guards,
/// between that and the record of what came of it, and after that; and after what is written besides calls.
pub struct Fault<'j> {
    inner: &'j dyn Durability,
    /// How many points are left; the process dies at the one at which none is.
    left: Cell<u64>,
    passed: Cell<u64>,
    dead: Cell<bool>,
    /// What the process does when it dies; where it returns, nothing goes on.
    dies: fn(),
    /// Told of each point that the process comes by.
    watch: Option<&'j dyn Fn(u64)>,
    /// What comes by is on record; where only points after that count.
    replays: Cell<bool>,
    /// Names of calls that may be made again.
    free: RefCell<HashSet<String>>,
}

impl<'j> Fault<'j> {
    /// Dies at the point with this number, from 0.
    #[must_use]
    pub fn at(inner: &'j dyn Durability, point: u64, dies: fn()) -> Self {
        Self {
            inner,
            left: Cell::new(point),
            passed: Cell::new(0),
            dead: Cell::new(false),
            dies,
            watch: None,
            replays: Cell::new(false),
            free: RefCell::default(),
        }
    }

    /// Lives, and waits for `watch` at each point: what a process that died there would leave is what there is meanwhile.
    #[must_use]
    pub fn watched(inner: &'j dyn Durability, watch: &'j dyn Fn(u64)) -> Self {
        Self {
            watch: Some(watch),
            ..Self::at(inner, u64::MAX, || {})
        }
    }

    /// Counts points from the first call, wait or question that is not on record.
    #[must_use]
    pub fn beyond_the_record(self) -> Self {
        self.replays.set(true);
        self
    }

    fn comes_by(&self, key: &str) {
        if self.replays.get() && !self.inner.is_settled(key) {
            self.replays.set(false);
        }
    }

    /// Whether the call with this name has come by, and changes nothing if it is made again.
    #[must_use]
    pub fn is_free(&self, key: &str) -> bool {
        self.free.borrow().contains(key)
    }

    /// Whether it has died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.get()
    }

    /// How many points it has come by.
    #[must_use]
    pub fn points(&self) -> u64 {
        self.passed.get()
    }

    fn strike(&self) -> bool {
        if self.dead.get() {
            return true;
        }
        if self.replays.get() {
            self.passed.set(self.passed.get() + 1);
            return false;
        }
        if self.left.get() == 0 {
            self.dead.set(true);
            (self.dies)();
            return true;
        }
        if let Some(watch) = self.watch {
            watch(self.passed.get());
        }
        self.left.set(self.left.get() - 1);
        self.passed.set(self.passed.get() + 1);
        false
    }

    async fn point(&self) {
        if self.strike() {
            std::future::pending::<()>().await;
        }
    }

    async fn alive(&self) {
        if self.dead.get() {
            std::future::pending::<()>().await;
        }
    }
}

impl Durability for Fault<'_> {
    fn id(&self, world: &dyn World) -> String {
        self.inner.id(world)
    }

    fn session(&self) -> u32 {
        self.inner.session()
    }

    fn is_settled(&self, key: &str) -> bool {
        self.inner.is_settled(key)
    }

    fn report(&self) -> Option<String> {
        self.inner.report()
    }

    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError> {
        let begun = self.inner.begin(run);
        self.strike();
        begun
    }

    fn file(&self, id: &str, text: &str) -> Result<(), JournalError> {
        if self.dead.get() {
            return Ok(());
        }
        let kept = self.inner.file(id, text);
        self.strike();
        kept
    }

    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(async move {
            self.alive().await;
            self.inner.instant(world, key).await
        })
    }

    fn step<'a>(
        &'a self,
        world: &'a dyn World,
        call: CallRecord,
        work: Pending<'a, Worked>,
    ) -> Pending<'a, Result<Step, JournalError>> {
        self.comes_by(&call.key);
        if call.repeat == Repeat::Free {
            self.free.borrow_mut().insert(call.key.clone());
        }
        Box::pin(async move {
            self.point().await;
            let work: Pending<'a, Worked> = Box::pin(async move {
                self.point().await;
                let worked = work.await;
                self.point().await;
                worked
            });
            let step = self.inner.step(world, call, work).await;
            self.point().await;
            step
        })
    }

    fn sleep<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        length: SignedDuration,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        self.comes_by(key);
        Box::pin(async move {
            self.point().await;
            let ended = self.inner.sleep(world, key, length).await;
            self.point().await;
            ended
        })
    }

    fn gate<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
        question: &'a Question,
        within: Option<SignedDuration>,
        ask: Pending<'a, Decision>,
    ) -> Pending<'a, Result<(Decision, Timestamp), JournalError>> {
        self.comes_by(key);
        Box::pin(async move {
            self.point().await;
            let ask: Pending<'a, Decision> = Box::pin(async move {
                self.point().await;
                let decision = ask.await;
                self.point().await;
                decision
            });
            let answered = self.inner.gate(world, key, question, within, ask).await;
            self.point().await;
            answered
        })
    }

    fn event(&self, key: &str, event: &Event) -> Result<(), JournalError> {
        if self.dead.get() {
            return Ok(());
        }
        let kept = self.inner.event(key, event);
        // What others wait for is written at once.
        if matches!(event.kind, EventKind::Asked(_)) {
            self.strike();
        }
        kept
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        if self.strike() {
            return Ok(());
        }
        self.inner.end(outcome)
    }
}

/// Everything that a journal holds, a row a line, for comparisons.
///
/// # Errors
/// It cannot be read.
pub fn dump(file: &super::SqliteJournal) -> Result<Vec<String>, JournalError> {
    let mut lines = Vec::new();
    for table in ["runs", "files", "steps", "marks", "gates", "events"] {
        file.guard((|| {
            let connection = file.connection();
            let mut all = connection.prepare(&format!("SELECT * FROM {table}"))?;
            let columns = all.column_count();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                let values: Result<Vec<String>, rusqlite::Error> = (0..columns)
                    .map(|at| Ok(format!("{:?}", row.get::<_, rusqlite::types::Value>(at)?)))
                    .collect();
                lines.push(format!("{table}: {}", values?.join(" | ")));
            }
            Ok(())
        })())?;
    }
    Ok(lines)
}
