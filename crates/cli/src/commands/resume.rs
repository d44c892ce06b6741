//! `runbook resume`: goes on with a run where it was.

use super::play::{Deed, Play, Show, secrets as not_on_record};
use super::report::Wanted;
use super::run::SCENARIOS;
use super::saved::Bound;
use crate::args::{Replay, ResumeArguments, RunOfRecord};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::kept::Kept;
use crate::load::{self, members};
use crate::locate::Located;
use crate::record::{Record, kept, of_context, other_catalogue, sources};
use crate::secrets::{self, Handling, Secrets, is_secret};
use crate::shelf::{Shelf, text_of};
use crate::staged::Staged;
use crate::telemetry::Told;
use crate::{guards, scoped};
use runbook_interpreter::journal::{Hold, Mode, RunRow};
use runbook_interpreter::plan::Options;
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::Given;
use runbook_playbook::secret::SecretSource;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Goes on with a run.
pub fn execute(arguments: &ResumeArguments, environment: &Environment) -> Result<u8, Failure> {
    let again = Again::open(&arguments.of, "resume", environment)?;
    if let Some(verdict) = again.row.verdict.as_deref()
        && !matches!(verdict, "paused" | "aborted")
    {
        return Err(Failure::wrong(format!(
            "run {} has ended: {verdict}; there is nothing to go on with. `runbook show {0}` tells what it did, `runbook undo {0}` takes it back",
            again.row.id
        )));
    }
    if again.row.reason.as_deref() == Some("timeout") {
        return Err(Failure::wrong(format!(
            "the time that the playbook gives run {0} is over, so it cannot go on; `runbook undo {0}` takes back what it did, `runbook run` begins anew",
            again.row.id
        )));
    }
    let changed = arguments.playbook.as_deref();
    let played = again.with(&arguments.replay, changed, environment, |play| {
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
            let code = play.play(&fault, &|key| journal.has_answer(key), &Deed::Run)?;
            return Ok((code, None));
        }
        let code = play.play(&journal, &|key| journal.has_answer(key), &Deed::Run)?;
        Ok((code, play.offer(&arguments.replay.input)))
    });
    let (played, offer) = match played {
        Ok((code, offer)) => (Ok(code), offer),
        Err(failure) => (Err(failure), None),
    };
    let code = again.written(played, environment)?;
    drop(again);
    offer.map_or(Ok(code), |offer| offer.make(code, environment))
}

/// A run that is on record, and that no other process has.
pub(super) struct Again {
    pub record: Record,
    pub row: RunRow,
    /// What is done with it: `resume` or `undo`.
    verb: &'static str,
    _hold: Hold,
}

impl Again {
    /// Takes a run.
    ///
    /// # Errors
    /// There is none, or another process has it.
    pub fn open(
        of: &RunOfRecord,
        verb: &'static str,
        environment: &Environment,
    ) -> Result<Self, Failure> {
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
            verb,
            _hold: hold,
        })
    }

    /// Writes what the run was to write when it ends.
    ///
    /// # Errors
    /// That of the run, or else that of the writing.
    pub fn written(
        &self,
        played: Result<u8, Failure>,
        environment: &Environment,
    ) -> Result<u8, Failure> {
        let wanted = Wanted::of_context(&self.row.context);
        wanted.after(played, &self.record, &self.row.id, environment)
    }

    /// Makes everything ready to play the run again.
    ///
    /// # Errors
    /// What is missing, or what the work says.
    #[expect(
        clippy::too_many_lines,
        reason = "a run is put together here, piece by piece"
    )]
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
        let bound = Bound::of_context(&row.context);
        if let Some(file) = changed {
            if bound.is_some() {
                return Err(Failure::wrong(format!(
                    "run {} does what a saved plan says, and only that; it cannot go on with {}. Make a plan of that with `runbook plan --out`",
                    row.id,
                    file.display()
                )));
            }
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
        let world = row.context.get("scenario").and_then(Json::as_str);
        let staged = world.map(|name| {
            let text = scenarios.unwrap_or_default();
            Staged::of_text(name, text, &located, &registry, environment)
        });
        let scenario = staged.transpose()?.map(|staged| staged.scenario);
        let known = sources(&row.context);
        let given = given(row, replay, &checked, &known, self.verb)?;
        let handling = Handling {
            reads: true,
            scenario: scenario.is_some(),
        };
        let Secrets {
            given,
            sources: read,
        } = secrets::read(&checked.playbook, given, handling, environment)?;
        if let Some(catalogue) = other_catalogue(&row.context) {
            environment.console.err.line(format!(
                "the run began with the catalogue {catalogue}, and this program has another; what was done is held against it"
            ));
        }
        let plan = load::plan(
            &checked,
            &given,
            Options::from_json(&row.options),
            row.started,
        )?;
        let onward = self.record.resume(&row.id, &not_on_record(&plan, &read));
        let mut guards = guards::read(&replay.guards, &begun_with(row), environment)?;
        guards::add_common(&mut guards, &located.root, environment)?;
        let is_scoped = row.context.get("scoped").and_then(Json::as_bool);
        let session_policies = if is_scoped == Some(true) {
            let names = plan.inputs.keys().cloned().collect();
            let policies = scoped::policies(&plan, &names, &*registry, &library, &target, &guards);
            Some(policies?)
        } else {
            None
        };
        let prepared = Play {
            environment,
            registry: &registry,
            located: &located,
            library: &library,
            plan: &plan,
            memory: scenario.is_some().then(|| self.record.memory(&row.id)),
            scenario,
            target,
            bound: bound.as_ref(),
            consent: replay.consent.given(),
            show: Show {
                format: replay.format,
                quiet: replay.quiet,
                verbose: replay.verbose,
            },
            again: onward.clone(),
            unanswered: onward.clone(),
            onward,
            further: None,
            reports: Wanted::of_context(&row.context).shown(environment),
            resumes: Some(row.id.clone()),
            guards,
            record: Some(&self.record),
            waits: replay.guards.wait_for_approval,
            session_policies,
            undoable: Cell::default(),
            recorder: None,
            told: Told {
                metrics: replay.metrics.as_deref(),
                context: Some(&row.context),
            },
        };
        prepared.judge_target()?;
        work(&prepared)
    }
}

/// The calendars that the run was begun with.
fn begun_with(row: &RunRow) -> Vec<String> {
    let named = row.context.get("freeze").and_then(Json::as_array);
    named
        .into_iter()
        .flatten()
        .filter_map(|named| named.as_str().map(str::to_owned))
        .collect()
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

/// The inputs on record. Of secrets it is where they lie, or they are given again.
fn given(
    row: &RunRow,
    replay: &Replay,
    checked: &Checked,
    sources: &BTreeMap<String, String>,
    verb: &str,
) -> Result<Vec<(String, Given)>, Failure> {
    let is_secret = |name: &str| is_secret(&checked.playbook, name);
    let recorded = || row.inputs.as_object().into_iter().flatten();
    let known: Map<String, Json> = recorded()
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
    let mut missing = Vec::new();
    for (name, value) in recorded().filter(|(name, _)| is_secret(name)) {
        if replay.input.iter().any(|(given, _)| given == name) {
            continue;
        }
        let place = value.as_str().filter(|text| {
            let source = SecretSource::read(text);
            source.is_some_and(|source| source.call().is_some())
        });
        match sources.get(name).map(String::as_str).or(place) {
            Some(place) => given.push((name.clone(), Given::Text(place.to_owned()))),
            None => missing.push(format!("-i {name}=…")),
        }
    }
    if missing.is_empty() {
        return Ok(given);
    }
    Err(Failure::wrong(format!(
        "secrets are not on record; give them again: runbook {} {} {}",
        verb,
        row.id,
        missing.join(" ")
    )))
}
