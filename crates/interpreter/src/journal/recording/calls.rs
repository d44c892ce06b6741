//! Calls on record: what is about to be sent, and what came of it.

use super::super::record::{End, Record, end_call, insert_call};
use super::super::recorded::{StepRow, renewed};
use super::super::{CallRecord, JournalError, Repeat, Step, Worked};
use super::{Mode, RunJournal};
use jiff::Timestamp;
use runbook_registry::call::{Answer, CallError};
use runbook_registry::world::{Pending, World};

impl RunJournal<'_> {
    fn row(&self, call: &CallRecord) -> Result<Option<(i64, StepRow)>, JournalError> {
        let Some(number) = self.recorded.borrow().steps.get(&call.key).copied() else {
            return Ok(None);
        };
        self.note(&call.key);
        let Some(row) = StepRow::read(self.file, number)? else {
            return Ok(None);
        };
        if let Some(why) = row.differs(call) {
            let error = JournalError::Diverged {
                step: call.step.clone(),
                why,
            };
            self.different.borrow_mut().get_or_insert(error.clone());
            return Err(error);
        }
        Ok(Some((number, row)))
    }

    /// The same call under the name that it has in this session.
    fn renamed(&self, call: CallRecord) -> CallRecord {
        CallRecord {
            key: self.fresh(&call.key).into_owned(),
            ..call
        }
    }

    pub(super) async fn attempt(
        &self,
        world: &dyn World,
        call: CallRecord,
        work: Pending<'_, Worked>,
    ) -> Result<Step, JournalError> {
        let (mut number, mut known) = (None, None);
        if let Some((at, row)) = self.row(&call)? {
            number = Some(at);
            match row.end {
                Some((at, answer)) => {
                    // A read whose secrets are not on record is made again; there is nothing else to get them from. What is
                    // taken back may need them as well.
                    let makes = self.mode.get() != Mode::Rehearsal;
                    let again = row.masked && call.repeat == Repeat::Free && makes;
                    if !again {
                        return Ok(Step::Done {
                            answer,
                            at,
                            lost: row.masked,
                            unkept: None,
                        });
                    }
                    known = Some((at, answer));
                }
                None if call.repeat == Repeat::Never => {
                    return Ok(Step::InFlight { since: row.started });
                }
                None => {}
            }
        }
        if known.is_none() {
            self.live().await?;
        }
        let started = world.now();
        if call.guards() {
            number = Some(if let Some(number) = number {
                self.file.durably(|connection| {
                    connection.execute(
                        "UPDATE steps SET sent = sent + 1 WHERE number = ?1",
                        [number],
                    )
                })?;
                number
            } else {
                let (run, call) = (self.number.get(), self.renamed(call.clone()));
                self.file
                    .durably(|connection| insert_call(connection, run, &call, started, None))?
            });
        }
        let worked = work.await;
        if let Some((at, answer)) = known
            && worked.keep
        {
            return Ok(again(at, answer, worked.answer));
        }
        let at = world.now();
        if !worked.keep {
            return Ok(Step::Done {
                answer: worked.answer,
                at,
                lost: false,
                unkept: None,
            });
        }
        let (end, answer) = End::of(worked, at);
        let kept = match number {
            // Whether a write was answered must not be forgotten with the process: nobody else may know.
            Some(number) => self
                .file
                .commit(|connection| end_call(connection, number, &end)),
            None => self.file.later(Record::Call {
                run: self.number.get(),
                call: Box::new(self.renamed(call)),
                started,
                end,
            }),
        };
        Ok(Step::Done {
            answer,
            at,
            lost: false,
            unkept: kept.err(),
        })
    }
}

/// A read that was made again for its secrets. It stands for the one that was: it ended then, and what is no secret is as it
/// was.
fn again(
    at: Timestamp,
    recorded: Result<Answer, CallError>,
    fresh: Result<Answer, CallError>,
) -> Step {
    let (answer, lost) = match (recorded, fresh) {
        (Ok(recorded), Ok(fresh)) => {
            let result = renewed(&recorded.result, &fresh.result);
            (Ok(Answer { result, ..recorded }), false)
        }
        (recorded, _) => (recorded, true),
    };
    Step::Done {
        answer,
        at,
        lost,
        unkept: None,
    }
}
