//! Calls on record: what is about to be sent, and what came of it.

use super::super::recorded::{StepRow, kind_word, renewed};
use super::super::{CallRecord, JournalError, Repeat, Step, Worked};
use super::{Mode, RunJournal};
use jiff::Timestamp;
use runbook_registry::call::{Answer, CallError};
use runbook_registry::world::{Pending, World};
use rusqlite::params;

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

    fn insert(
        &self,
        call: &CallRecord,
        at: Timestamp,
        end: Option<(&Worked, Timestamp)>,
    ) -> Result<i64, JournalError> {
        let key = self.fresh(&call.key);
        let work = |connection: &rusqlite::Connection| {
            connection
                .prepare_cached(
                    "INSERT INTO steps (run, key, step, element, action, arguments, region, role, effect, before, token,
                     attempt, sent, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13)",
                )?
                .execute(params![
                    self.number.get(),
                    key,
                    call.step,
                    call.element.and_then(|element| i64::try_from(element).ok()),
                    call.action,
                    call.arguments.to_string(),
                    call.target.region,
                    call.target.role,
                    call.effect.as_str(),
                    call.before.as_ref().map(ToString::to_string),
                    call.token,
                    call.attempt,
                    at.to_string(),
                ])?;
            let number = connection.last_insert_rowid();
            if let Some((worked, at)) = end {
                update(connection, number, worked, at)?;
            }
            Ok(number)
        };
        if call.guards() && end.is_none() {
            self.file.durably(work)
        } else {
            self.file.commit(work)
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
            number = Some(match number {
                Some(number) => {
                    self.file.durably(|connection| {
                        connection.execute(
                            "UPDATE steps SET sent = sent + 1 WHERE number = ?1",
                            [number],
                        )
                    })?;
                    number
                }
                None => self.insert(&call, started, None)?,
            });
        }
        let worked = work.await;
        if let Some((at, answer)) = known
            && worked.keep
        {
            return Ok(again(at, answer, worked.answer));
        }
        let at = world.now();
        let unkept = if worked.keep {
            let kept = match number {
                Some(number) => self
                    .file
                    .commit(|connection| update(connection, number, &worked, at)),
                None => self.insert(&call, started, Some((&worked, at))).map(|_| ()),
            };
            kept.err()
        } else {
            None
        };
        Ok(Step::Done {
            answer: worked.answer,
            at,
            lost: false,
            unkept,
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

fn update(
    connection: &rusqlite::Connection,
    number: i64,
    worked: &Worked,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let (result, code, message) = match &worked.shown {
        Ok(result) => (Some(result.to_string()), None, None),
        Err((code, message)) => (None, Some(code), Some(message)),
    };
    let (kind, request_id, truncated) = match &worked.answer {
        Ok(answer) => (None, &answer.request_id, answer.truncated),
        Err(error) => (Some(kind_word(error.kind)), &error.request_id, false),
    };
    connection
        .prepare_cached(
            "UPDATE steps SET ended = ?2, result = ?3, error_code = ?4, error_message = ?5, error_kind = ?6, request_id = ?7,
             truncated = ?8, masked = ?9 WHERE number = ?1",
        )?
        .execute(params![
            number,
            at.to_string(),
            result,
            code,
            message,
            kind,
            request_id,
            truncated,
            worked.masked
        ])?;
    Ok(())
}
