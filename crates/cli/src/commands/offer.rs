//! After a run was stopped: whether what it did is to be taken back.

use super::play::{Play, Show};
use crate::args::{Consent, ConsentArguments, GuardArguments, Replay, RunOfRecord, UndoArguments};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::record::Record;
use crate::world;

/// A run that was stopped and has changed something.
pub(super) struct Offer {
    of: RunOfRecord,
    input: Vec<(String, String)>,
    consent: Consent,
    show: Show,
}

impl Play<'_> {
    /// What can be offered; secret inputs are given again.
    pub(super) fn offer(&self, input: &[(String, String)]) -> Option<Offer> {
        let run = self.resumes.clone().filter(|_| self.undoable.get())?;
        Some(Offer {
            of: RunOfRecord {
                run,
                state_dir: self.record.and_then(Record::named),
            },
            input: input.to_vec(),
            consent: self.consent.clone(),
            show: self.show,
        })
    }
}

impl Offer {
    /// Asks the person at the terminal, if there is one, and takes it back on a yes. The exit code stays that of the run.
    ///
    /// # Errors
    /// It cannot be taken back.
    pub fn make(self, code: u8, environment: &Environment) -> Result<u8, Failure> {
        let Some(prompt) = world::prompt(environment) else {
            return Ok(code);
        };
        let line = super::runtime()?.block_on(async {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => None,
                line = prompt.line("take it back now? [y]es, [N]o: ") => line,
            }
        });
        if !line.is_some_and(|line| matches!(line.to_lowercase().as_str(), "y" | "yes")) {
            return Ok(code);
        }
        let arguments = UndoArguments {
            of: self.of,
            replay: Replay {
                metrics: None,
                input: self.input,
                consent: ConsentArguments {
                    yes: Some(self.consent).filter(|consent| !consent.effects.is_empty()),
                },
                guards: GuardArguments::default(),
                format: self.show.format,
                quiet: self.show.quiet,
                verbose: self.show.verbose,
            },
        };
        super::undo::execute(&arguments, environment).map(|_| code)
    }
}
