//! `runbook resume`: goes on with a run where it was.

use super::play::{Deed, Play, Show, secrets};
use super::run::SCENARIOS;
use crate::args::{Replay, ResumeArguments, RunOfRecord};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::kept::Kept;
use crate::load::{self, members};
use crate::locate::Located;
use crate::record::{Record, kept, of_context};
use crate::shelf::{Shelf, text_of};
use crate::staged::Staged;
use runbook_interpreter::journal::{Hold, Mode, RunRow};
use runbook_interpreter::plan::Options;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::Given;
use runbook_playbook::syntax::input::InputKind;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Goes on with a run.
pub fn execute(arguments: &ResumeArguments, environment: &Environment) -> Result<u8, Failure> {
    let again = Again::open(&arguments.of, environment)?;
    if let Some(verdict) = again.row.verdict.as_deref()
        && !matches!(verdict, "paused" | "aborted")
    {
        return Err(Failure::wrong(format!(
            "run {} has ended: {verdict}; there is nothing to go on with. `runbook show {0}` tells what it did, `runbook undo {0}` takes it back",
            again.row.id
        )));
    }
    let changed = arguments.playbook.as_deref();
    again.with(&arguments.replay, changed, environment, |play| {
        let record = &again.record;
        let rehearsal = record
            .file
            .again(&again.row.id, Mode::Rehearsal)
            .map_err(kept)?;
        play.rehearse(&rehearsal)?;
        drop(rehearsal);
        let journal = record
            .file
            .again(&again.row.id, Mode::Live)
            .map_err(kept)?
            .with_files(play.library.texts());
        #[cfg(feature = "faults")]
        if let Some(point) = environment.fault() {
            let fault =
                runbook_interpreter::journal::fault::Fault::at(&journal, point, super::run::die);
            return play.play(&fault, &|key| journal.has_answer(key), &Deed::Run);
        }
        play.play(&journal, &|key| journal.has_answer(key), &Deed::Run)
    })
}

/// A run that is on record, and that no other process has.
pub(super) struct Again {
    pub record: Record,
    pub row: RunRow,
    _hold: Hold,
}

impl Again {
    /// Takes a run.
    ///
    /// # Errors
    /// There is none, or another process has it.
    pub fn open(of: &RunOfRecord, environment: &Environment) -> Result<Self, Failure> {
        let record = Record::open(of.state_dir.as_deref(), environment)?;
        let row = record.file.find(&of.run).map_err(kept)?;
        if row.digest.is_empty() {
            return Err(Failure::wrong(format!(
                "{} was one call and no playbook; `runbook show {0}` tells what became of it",
                row.id
            )));
        }
        let hold = record.hold(&row.id)?;
        // What another process did until it let go of the run counts.
        let row = record.file.run(&row.id).map_err(kept)?;
        Ok(Self {
            record,
            row,
            _hold: hold,
        })
    }

    /// Makes everything ready to play the run again.
    ///
    /// # Errors
    /// What is missing, or what the work says.
    pub fn with<T>(
        &self,
        replay: &Replay,
        changed: Option<&Path>,
        environment: &Environment,
        work: impl FnOnce(&Play<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let row = &self.row;
        let (mut located, target) = of_context(&row.context, &row.playbook);
        let mut texts: BTreeMap<String, String> = self
            .record
            .file
            .files(row)
            .map_err(kept)?
            .into_iter()
            .map(|file| (file.id, file.text))
            .collect();
        let scenarios = texts.remove(SCENARIOS);
        if let Some(file) = changed {
            located = other_file(&located, file, environment)?;
            texts.clear();
        } else if text_of(&located.file, &located.name).ok().as_ref() != texts.get(&row.playbook) {
            environment.console.err.line(format!(
                "{} has changed since the run began; it goes on with the playbook on record",
                located.name
            ));
        }
        let registry = Arc::new(Registry::new());
        let files = Shelf::new(&environment.places, &located.root, &*registry);
        let library = Kept::new(files, texts);
        let checked = load::playbook(&library, &located, environment.console.err)?;
        let scenario = match row.context.get("scenario").and_then(Json::as_str) {
            Some(name) => {
                let text = scenarios.unwrap_or_default();
                let staged = Staged::of_text(name, text, &located, &registry, environment)?;
                Some(staged.scenario)
            }
            None => None,
        };
        let given = given(&row.inputs, replay, &checked, &row.id)?;
        let plan = load::plan(
            &checked,
            &given,
            Options::from_json(&row.options),
            row.started,
        )?;
        let onward = self.record.resume(&row.id, &secrets(&plan));
        let prepared = Play {
            environment,
            registry: &registry,
            located: &located,
            library: &library,
            plan: &plan,
            memory: scenario.is_some().then(|| self.record.memory(&row.id)),
            scenario,
            target,
            saved: None,
            consent: replay.yes.clone().unwrap_or_default(),
            show: Show {
                format: replay.format,
                quiet: replay.quiet,
                verbose: replay.verbose,
            },
            again: String::new(),
            unanswered: onward.clone(),
            onward,
            further: None,
            resumes: Some(row.id.clone()),
        };
        work(&prepared)
    }
}

/// The same place with another file.
fn other_file(
    located: &Located,
    file: &Path,
    environment: &Environment,
) -> Result<Located, Failure> {
    let asked = file.to_string_lossy();
    let found = load::locate(&asked, environment)?;
    Ok(Located {
        id: located.id.clone(),
        ..found
    })
}

/// The inputs on record, and those that are not there: secrets.
fn given(
    recorded: &Json,
    replay: &Replay,
    checked: &Checked,
    id: &str,
) -> Result<Vec<(String, Given)>, Failure> {
    let inputs = &checked.playbook.inputs;
    let is_secret = |name: &str| {
        inputs
            .iter()
            .any(|input| input.name.value == name && input.kind == InputKind::Secret)
    };
    let known: Map<String, Json> = recorded
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !is_secret(name) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut given = members(&known);
    for (name, value) in &replay.input {
        if !is_secret(name) {
            return Err(Failure::wrong(format!(
                "`{name}` is on record and cannot be given again; only secrets are"
            )));
        }
        given.push((name.clone(), Given::Text(value.clone())));
    }
    let missing: Vec<&str> = recorded
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .filter(|name| is_secret(name) && !replay.input.iter().any(|(given, _)| given == name))
        .collect();
    if missing.is_empty() {
        return Ok(given);
    }
    let options: Vec<String> = missing.iter().map(|name| format!("-i {name}=…")).collect();
    Err(Failure::wrong(format!(
        "secrets are not on record; give them again: runbook resume {id} {}",
        options.join(" ")
    )))
}
