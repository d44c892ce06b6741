//! Questions on record: an answer holds for what was asked and nothing else.

use super::super::recorded::{Gate, StepRow};
use super::super::{JournalError, encode, memory};
use super::{Mode, RunJournal};
use crate::approval::{Decision, Question};
use jiff::{SignedDuration, Timestamp};
use runbook_registry::world::{Pending, World};
use rusqlite::params;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write as _;

impl RunJournal<'_> {
    pub(super) async fn ask(
        &self,
        world: &dyn World,
        key: &str,
        question: &Question,
        within: Option<SignedDuration>,
        ask: Pending<'_, Decision>,
    ) -> Result<(Decision, Timestamp), JournalError> {
        let hash = hash(question);
        let known = self.recorded.borrow().gates.get(key).cloned();
        // An answer holds for what was asked and nothing else; a rehearsal goes on to see whether it was made use of. What
        // was done by it is done, whoever goes on with the run.
        let rehearses = self.mode.get() == Mode::Rehearsal;
        let mut known = known;
        if let Some(gate) = &known
            && !rehearses
            && gate.hash != hash
            && !self.is_done(key, question)?
        {
            known = None;
        }
        if let Some(Gate {
            answer: Some((decision, at)),
            ..
        }) = known
        {
            return Ok((decision, at));
        }
        self.live().await?;
        let (number, asked) = if let Some(gate) = known {
            (gate.number, gate.asked)
        } else {
            let asked = world.now();
            (self.asked(key, question, &hash, asked)?, asked)
        };
        let left = within.map(|within| within - world.now().duration_since(asked));
        let until = within.and_then(|within| asked.checked_add(within).ok());
        // What was said while the run did not look counts: nothing is asked that has been answered.
        let mut vote = self.vote_for(question, &hash, until)?;
        let decision = if let Some(found) = &vote {
            found.decision.clone()
        } else {
            tokio::select! {
                biased;
                decision = memory::bounded(world, left, ask) => decision,
                found = self.voted(question, &hash, until) => {
                    let decision = found.decision.clone();
                    vote = Some(found);
                    decision
                }
            }
        };
        let at = world.now();
        let (answer, by) = match &decision {
            Decision::Approved { by } => ("approved", Some(by)),
            Decision::Declined { by } => ("declined", Some(by)),
            Decision::Expired => ("expired", None),
            // The next one who goes on with the run is asked.
            Decision::Nobody | Decision::Abort => return Ok((decision, at)),
        };
        self.file.commit(|connection| {
            if let Some(vote) = &vote {
                connection.execute(
                    "UPDATE votes SET gate = ?2 WHERE number = ?1",
                    params![vote.number, number],
                )?;
            }
            connection
                .prepare_cached(
                    "UPDATE gates SET answer = ?2, by = ?3, answered = ?4 WHERE number = ?1",
                )?
                .execute(params![number, answer, by, at.to_string()])
        })?;
        Ok((decision, at))
    }

    /// Whether all calls of a question were made and answered well.
    fn is_done(&self, key: &str, question: &Question) -> Result<bool, JournalError> {
        let Some((step, _)) = key.rsplit_once("/leave") else {
            return Ok(false);
        };
        let recorded = self.recorded.borrow();
        let mut done = HashSet::new();
        for (key, number) in &recorded.steps {
            let Some((call, attempt)) = key.rsplit_once('@') else {
                continue;
            };
            let own = call
                .strip_prefix(step)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
            if own && !call.contains("/before") && !attempt.contains('!') {
                let row = StepRow::read(self.file, *number)?;
                let well = row.is_some_and(|row| matches!(row.end, Some((_, Ok(_)))));
                if well {
                    done.insert(call);
                }
            }
        }
        Ok(!done.is_empty() && done.len() >= question.calls.len())
    }

    fn asked(
        &self,
        key: &str,
        question: &Question,
        hash: &str,
        at: Timestamp,
    ) -> Result<i64, JournalError> {
        let body = encode::question_text(question);
        let key = self.fresh(key);
        self.file.commit(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO gates (run, key, step, hash, question, asked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![self.number.get(), key, question.step, hash, body, at.to_string()])?;
            Ok(connection.last_insert_rowid())
        })
    }
}

/// What an answer to a question holds for.
fn hash(question: &Question) -> String {
    let mut hash = String::new();
    for byte in Sha256::digest(encode::question_text(question)) {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}
