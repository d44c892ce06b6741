//! One run in the journal of this machine: live, and when it is run again.

mod calls;
mod questions;

use super::record::{Record, Said};
use super::recorded::{Gate, INPUTS, Recorded, StepRow, UNDO};
use super::sqlite::SqliteJournal;
use super::{CallRecord, Durability, JournalError, RunRecord, Step, Worked};
use crate::approval::{Decision, Question};
use crate::event::{Event, EventKind};
use crate::outcome::Outcome;
use jiff::{SignedDuration, Timestamp};
use runbook_registry::world::{Pending, World};
use rusqlite::params;
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// What happens at the first thing that is not on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is done.
    Live,
    /// Everything waits: only what is on record is gone through.
    Rehearsal,
    /// The run stops there.
    Frozen,
}

/// A run's record.
#[derive(Debug)]
pub struct RunJournal<'j> {
    pub(super) file: &'j SqliteJournal,
    id: String,
    /// The run's number in the file, once it has begun.
    pub(super) number: Cell<i64>,
    session: u32,
    context: Json,
    /// The texts that the run goes by, by id, beside its playbook's.
    files: Vec<(String, String)>,
    mode: Cell<Mode>,
    recorded: RefCell<Recorded>,
    /// What a rehearsal came by.
    seen: RefCell<HashSet<String>>,
    /// What a rehearsal found to be different.
    different: RefCell<Option<JournalError>>,
}

impl SqliteJournal {
    /// A run that begins. `context` is kept for whoever resumes it.
    #[must_use]
    pub fn start(&self, id: String, context: Json) -> RunJournal<'_> {
        RunJournal {
            file: self,
            id,
            number: Cell::new(0),
            session: 1,
            context,
            files: Vec::new(),
            mode: Cell::new(Mode::Live),
            recorded: RefCell::default(),
            seen: RefCell::default(),
            different: RefCell::default(),
        }
    }

    /// A run that is on record, to be gone through again.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn again(&self, id: &str, mode: Mode) -> Result<RunJournal<'_>, JournalError> {
        let row = self.run(id)?;
        Ok(RunJournal {
            recorded: RefCell::new(Recorded::load(self, row.number)?),
            number: Cell::new(row.number),
            session: row.sessions + 1,
            mode: Cell::new(mode),
            ..self.start(row.id, row.context)
        })
    }
}

impl RunJournal<'_> {
    /// Keeps texts that the run goes by, by id, when it begins.
    #[must_use]
    pub fn with_files(mut self, files: Vec<(String, String)>) -> Self {
        self.files = files;
        self
    }

    /// From here on, what is not on record is done.
    ///
    /// # Errors
    /// The record cannot be kept.
    pub fn thaw(&self) -> Result<(), JournalError> {
        self.mode.set(Mode::Live);
        self.count_session()
    }

    /// What a rehearsal found: why what is on record is not what the playbook does; `None` where it is.
    #[must_use]
    pub fn difference(&self) -> Option<JournalError> {
        if let Some(error) = self.different.borrow().clone() {
            return Some(error);
        }
        let seen = self.seen.borrow();
        let recorded = self.recorded.borrow();
        let mut left: Vec<&String> = recorded
            .steps
            .keys()
            .filter(|key| !key.contains('!') && !key.starts_with(UNDO) && !seen.contains(*key))
            // A secret that could not be read again is given in another way.
            .filter(|key| !key.starts_with(INPUTS))
            .collect();
        left.sort();
        left.first().map(|key| JournalError::Diverged {
            step: key.split(['@', '#', '~']).next().unwrap_or(key).to_owned(),
            why: "it was done, and now the run does not come by it".to_owned(),
        })
    }

    /// The keys of the calls whose answers are on record.
    #[must_use]
    pub fn has_answer(&self, key: &str) -> bool {
        let number = self.recorded.borrow().steps.get(key).copied();
        number.is_some_and(|number| {
            StepRow::read(self.file, number)
                .ok()
                .flatten()
                .is_some_and(|row| row.end.is_some())
        })
    }

    fn keep_files(
        &self,
        connection: &rusqlite::Connection,
        run: &RunRecord,
    ) -> Result<(), rusqlite::Error> {
        let own = (run.playbook.clone(), run.source.clone());
        for (id, text) in self.files.iter().chain([&own]) {
            connection.execute(
                "INSERT INTO files (run, id, text) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET text = ?3",
                params![self.number.get(), id, text],
            )?;
        }
        Ok(())
    }

    fn count_session(&self) -> Result<(), JournalError> {
        self.file.commit(|connection| {
            connection.execute(
                "UPDATE runs SET sessions = ?2, ended = NULL, verdict = NULL WHERE number = ?1",
                params![self.number.get(), self.session],
            )?;
            Ok(())
        })
    }

    /// Nothing that is not on record happens while the run is only gone through.
    async fn live(&self) -> Result<(), JournalError> {
        match self.mode.get() {
            Mode::Live => Ok(()),
            Mode::Frozen => Err(JournalError::Unrecorded),
            Mode::Rehearsal => std::future::pending().await,
        }
    }

    fn note(&self, key: &str) {
        if self.mode.get() == Mode::Rehearsal {
            self.seen.borrow_mut().insert(key.to_owned());
        }
    }

    /// A key of this session where an undo is tried again.
    fn fresh<'k>(&self, key: &'k str) -> std::borrow::Cow<'k, str> {
        if key.starts_with(UNDO) && !key.contains('!') {
            format!("{key}!{}", self.session).into()
        } else {
            key.into()
        }
    }

    async fn wait(
        &self,
        world: &dyn World,
        key: &str,
        length: SignedDuration,
    ) -> Result<Timestamp, JournalError> {
        let known = self.recorded.borrow().sleeps.get(key).copied();
        if let Some((_, Some(ended))) = known {
            return Ok(ended);
        }
        self.live().await?;
        let run = self.number.get();
        let mark = |kind: &'static str, at: Timestamp| Record::Mark {
            run,
            key: key.to_owned(),
            kind,
            at,
        };
        let until = if let Some((until, _)) = known {
            until
        } else {
            let until = world.now().checked_add(length).unwrap_or(Timestamp::MAX);
            self.file.later(mark("until", until))?;
            self.file.commit(|_| Ok(()))?;
            until
        };
        world.sleep(until.duration_since(world.now())).await;
        let ended = world.now();
        self.file.later(mark("ended", ended))?;
        Ok(ended)
    }
}

impl Durability for RunJournal<'_> {
    fn id(&self, _world: &dyn World) -> String {
        self.id.clone()
    }

    fn session(&self) -> u32 {
        self.session
    }

    fn is_settled(&self, key: &str) -> bool {
        let recorded = self.recorded.borrow();
        let answered = |gate: &Gate| gate.answer.is_some();
        self.mode.get() != Mode::Live
            || recorded.gates.get(key).is_some_and(answered)
            || recorded
                .sleeps
                .get(key)
                .is_some_and(|sleep| sleep.1.is_some())
            || self.has_answer(key)
    }

    fn report(&self) -> Option<String> {
        let report = self.context.get("report")?;
        report.as_str().map(str::to_owned)
    }

    fn begin(&self, run: &RunRecord) -> Result<Timestamp, JournalError> {
        if self.number.get() != 0 {
            if self.mode.get() == Mode::Live {
                self.count_session()?;
                self.file.commit(|connection| {
                    connection.execute(
                        "UPDATE runs SET digest = ?2 WHERE number = ?1",
                        params![self.number.get(), run.digest],
                    )?;
                    self.keep_files(connection, run)
                })?;
            }
            let started = self.recorded.borrow().instants.get("run").copied();
            return match started {
                Some(started) => Ok(started),
                None => self.file.run(&self.id).map(|row| row.started),
            };
        }
        let begun = self.file.commit(|connection| {
            connection.execute(
                "INSERT INTO runs (id, playbook, title, digest, inputs, options, context, program, sessions, started)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9)",
                params![
                    run.id,
                    run.playbook,
                    run.title,
                    run.digest,
                    run.inputs.to_string(),
                    run.options.to_string(),
                    self.context.to_string(),
                    env!("CARGO_PKG_VERSION"),
                    run.started.to_string()
                ],
            )?;
            let number = connection.last_insert_rowid();
            self.number.set(number);
            self.keep_files(connection, run)
        });
        if let Err(error) = begun {
            self.number.set(0);
            return Err(error);
        }
        Ok(run.started)
    }

    fn file(&self, id: &str, text: &str) -> Result<(), JournalError> {
        if self.mode.get() != Mode::Live {
            return Ok(());
        }
        self.file.commit(|connection| {
            connection.execute(
                "INSERT INTO files (run, id, text) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET text = ?3",
                params![self.number.get(), id, text],
            )?;
            Ok(())
        })
    }

    fn instant<'a>(
        &'a self,
        world: &'a dyn World,
        key: &'a str,
    ) -> Pending<'a, Result<Timestamp, JournalError>> {
        Box::pin(async move {
            if let Some(at) = self.recorded.borrow().instants.get(key).copied() {
                return Ok(at);
            }
            self.live().await?;
            let at = world.now();
            // Nothing that comes after it can be on record without it: what was kept back is committed first.
            self.file.later(Record::Mark {
                run: self.number.get(),
                key: key.to_owned(),
                kind: "began",
                at,
            })?;
            Ok(at)
        })
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
        Box::pin(self.wait(world, key, length))
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
        if self.mode.get() != Mode::Live || self.number.get() == 0 {
            return Ok(());
        }
        let key = self.fresh(key).into_owned();
        if self.recorded.borrow().events.contains(&key) {
            return Ok(());
        }
        self.file.later(Record::Event {
            run: self.number.get(),
            key,
            said: Said::of(event),
        })?;
        // Whoever follows the run sees at once what it waits for.
        if matches!(event.kind, EventKind::Asked(_)) {
            self.file.commit(|_| Ok(()))?;
        }
        Ok(())
    }

    fn end(&self, outcome: &Outcome) -> Result<(), JournalError> {
        if self.mode.get() != Mode::Live {
            return Ok(());
        }
        let waiting = outcome
            .waiting
            .as_ref()
            .map(|waiting| json!({"step": waiting.step, "why": waiting.why}));
        let work = |connection: &rusqlite::Connection| {
            connection.execute(
                "UPDATE runs SET ended = ?2, verdict = ?3, reason = ?4, explanation = ?5, writes = ?6,
                 undone = CASE WHEN ?3 = 'undone' THEN ?2 END WHERE number = ?1",
                params![
                    self.number.get(),
                    outcome.ended.to_string(),
                    outcome.verdict.as_str(),
                    outcome.reason.map(crate::verdict::Reason::as_str),
                    outcome.explanation,
                    i64::try_from(outcome.changes.len()).unwrap_or(i64::MAX),
                ],
            )
        };
        // A run that changed nothing loses nothing that could not be read again.
        if outcome.changes.is_empty() && waiting.is_none() {
            self.file.commit(work)?;
        } else {
            self.file.durably(work)?;
        }
        Ok(())
    }
}
