//! `runbook undo`: takes back what a run did.

use super::play::Deed;
use super::resume::Again;
use crate::args::UndoArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::record::kept;
use runbook_interpreter::journal::Mode;

/// Takes back what a run did.
pub fn execute(arguments: &UndoArguments, environment: &Environment) -> Result<u8, Failure> {
    let again = Again::open(&arguments.of, "undo", environment)?;
    if again.row.verdict.as_deref() == Some("undone") {
        return Err(Failure::wrong(format!(
            "run {0} has been taken back already; `runbook show {0}` tells what that did",
            again.row.id
        )));
    }
    let undone = again.with(&arguments.replay, None, environment, |play| {
        let file = &again.record.file;
        let rehearsal = file.again(&again.row.id, Mode::Rehearsal).map_err(kept)?;
        play.rehearse(&rehearsal)?;
        drop(rehearsal);
        let journal = file.again(&again.row.id, Mode::Frozen).map_err(kept)?;
        play.play(
            &journal,
            &|key| journal.has_answer(key),
            &Deed::Undo(&journal),
        )
    });
    again.written(undone, environment)
}
