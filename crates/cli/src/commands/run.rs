//! `runbook run`: one playbook, in the real world or in a scenario.

use super::play::{Deed, Play, Show, secrets};
use super::report::Wanted;
use super::saved;
use crate::args::RunArguments;
use crate::environment::{Environment, Left};
use crate::exit::Failure;
use crate::kept::Kept;
use crate::load::{self, Asked, Ready};
use crate::locate::Located;
use crate::record::{Record, context, note};
use crate::recorder::Recorder;
use crate::recording::Target;
use crate::shelf::Shelf;
use crate::telemetry::{self, Told};
use crate::{guards, scoped};
use runbook_interpreter::journal::MemoryJournal;
use runbook_interpreter::plan::Options;
use runbook_playbook::checked::Checked;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the text of the scenarios is kept beside the playbooks of a run.
pub(crate) const SCENARIOS: &str = "#scenarios";

/// Runs a playbook.
#[expect(
    clippy::too_many_lines,
    reason = "a run is put together here, piece by piece"
)]
pub fn execute(arguments: &RunArguments, environment: &Environment) -> Result<u8, Failure> {
    let saved = saved::open(arguments, environment)?;
    let arguments = saved.as_ref().map_or(arguments, |saved| &saved.arguments);
    let located = load::locate(&arguments.playbook, environment)?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let kept = Kept::new(shelf, BTreeMap::new());
    let asked = Asked {
        given: &arguments.given,
        scenario: arguments.scenario.as_deref(),
        options: Options {
            read_only: arguments.read_only,
            ..arguments.part.options()
        },
        open: false,
        reads: true,
    };
    let ready = load::ready(asked, &located, &kept, &registry, environment)?;
    let recorder = Recorder::new(&registry);
    let recording = Recording::of(arguments, &ready, &registry, &located, environment)?;
    let written = |code: u8| match &recording {
        Some(recording) => recording.write(code, &recorder, &kept, &located, environment),
        None => Ok(code),
    };
    let mut texts = Vec::new();
    let scenario = ready.scenario.map(|staged| {
        texts.push((SCENARIOS.to_owned(), staged.text));
        staged.scenario
    });
    let (plan, sources, given) = (ready.plan, ready.sources, ready.given);
    let secrets = secrets(&plan, &sources);
    let consent = arguments.consent.given();
    let again = environment.command(None, &secrets);
    let without = |option, value| environment.command(Some(Left { option, value }), &secrets);
    let mut prepared = Play {
        environment,
        registry: &registry,
        located: &located,
        library: &kept,
        plan: &plan,
        scenario,
        target: arguments.target.clone(),
        bound: saved.as_ref().map(|saved| &saved.bound),
        consent,
        show: Show {
            format: arguments.format,
            quiet: arguments.quiet,
            verbose: arguments.verbose,
        },
        again: again.clone(),
        onward: again,
        unanswered: without("--yes", false),
        further: arguments.part.until.map(|_| without("--until", true)),
        memory: None,
        reports: Wanted::of(&arguments.written, environment).shown(environment),
        resumes: None,
        guards: guards::read(&arguments.guards, &[], environment)?,
        record: None,
        waits: arguments.guards.wait_for_approval,
        session_policies: None,
        undoable: Cell::default(),
        recorder: recording.as_ref().map(|_| &recorder),
        told: Told {
            metrics: arguments.metrics.as_deref(),
            context: None,
        },
    };
    guards::add_common(&mut prepared.guards, &located.root, environment)?;
    if arguments.scoped {
        let (target, guards) = (&arguments.target, &prepared.guards);
        let policies = scoped::policies(&plan, &given, &*registry, &kept, target, guards)?;
        prepared.session_policies = Some(policies);
    }
    let state_dir = arguments.state_dir.as_deref();
    let wanted = Wanted::of(&arguments.written, environment);
    let mut context = begun_with(arguments, &located, environment);
    if let Some(saved) = &saved {
        context["plan"] = saved.bound.to_json();
    }
    note(&mut context, &sources);
    if state_dir.is_none() && arguments.scenario.is_some() {
        texts.extend(kept.texts());
        return off_record(&prepared, &wanted, context, texts).and_then(written);
    }
    let record = Record::open(state_dir, environment)?;
    let id = uuid::Uuid::new_v4().to_string();
    let hold = record.hold(&id)?;
    prepared.onward = record.resume(&id, &secrets);
    prepared.unanswered.clone_from(&prepared.onward);
    prepared.resumes = Some(id.clone());
    prepared.record = Some(&record);
    if prepared.scenario.is_some() {
        prepared.memory = Some(record.memory(&id));
    }
    let escalates = plan.checked.playbook.escalate.is_some();
    let named = wanted.named(record.bundle(&id).filter(|_| escalates));
    wanted.keep(&mut context, named.as_deref());
    texts.extend(kept.texts());
    let journal = record.file.start(id.clone(), context).with_files(texts);
    #[cfg(feature = "faults")]
    if let Some(point) = environment.fault() {
        let fault = runbook_interpreter::journal::fault::Fault::at(&journal, point, die);
        return prepared.play(&fault, &|_| true, &Deed::Run);
    }
    let played = prepared.play(&journal, &|_| true, &Deed::Run);
    let offer = match &played {
        Ok(_) => prepared.offer(&arguments.given.input),
        Err(_) => None,
    };
    let code = written(wanted.after(played, &record, &id, environment)?)?;
    drop(hold);
    offer.map_or(Ok(code), |offer| offer.make(code, environment))
}

/// What a run that is recorded is written into, and what it began with.
struct Recording {
    target: Target,
    inputs: Map<String, Json>,
    checked: Arc<Checked>,
    registry: Arc<Registry>,
}

impl Recording {
    /// What the command line asks for; nothing where no recording is made.
    fn of(
        arguments: &RunArguments,
        ready: &Ready,
        registry: &Arc<Registry>,
        located: &Located,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let Some(file) = arguments.record.as_deref() else {
            return Ok(None);
        };
        let name = arguments.record_as.as_deref();
        let given = ready.given.iter();
        Ok(Some(Self {
            target: Target::open(file, name, located, environment)?,
            inputs: given
                .filter_map(|name| Some((name.clone(), ready.plan.inputs.get(name)?.to_json())))
                .collect(),
            checked: Arc::clone(&ready.checked),
            registry: Arc::clone(registry),
        }))
    }

    /// Writes the scenario when the run has ended.
    fn write(
        &self,
        code: u8,
        recorder: &Recorder<'_>,
        kept: &Kept<'_>,
        located: &Located,
        environment: &Environment,
    ) -> Result<u8, Failure> {
        self.target.write(
            recorder,
            self.inputs.clone(),
            kept.texts().into_iter().map(|(_, text)| text).collect(),
            &self.checked,
            located,
            &self.registry,
            environment,
        )?;
        Ok(code)
    }
}

/// What whoever resumes the run needs to know of how it was begun.
fn begun_with(arguments: &RunArguments, located: &Located, environment: &Environment) -> Json {
    let scenario = arguments.scenario.as_deref();
    let mut context = context(located, scenario, &arguments.target);
    context["freeze"] = guards::on_record(&arguments.guards, environment);
    context["scoped"] = arguments.scoped.into();
    context["trace"] = telemetry::on_record(environment);
    context
}

/// Runs a scenario that nobody asked to keep: it is on record until its report is written, where one is wanted.
fn off_record(
    prepared: &Play<'_>,
    wanted: &Wanted,
    mut context: Json,
    texts: Vec<(String, String)>,
) -> Result<u8, Failure> {
    if wanted.is_nothing() {
        return prepared.play(&MemoryJournal::forgetting(), &|_| true, &Deed::Run);
    }
    let record = Record::fleeting()?;
    let named = wanted.named(None);
    wanted.keep(&mut context, named.as_deref());
    let journal = record.file.start(FLEETING.to_owned(), context);
    let played = prepared.play(&journal.with_files(texts), &|_| true, &Deed::Run);
    wanted.after(played, &record, FLEETING, prepared.environment)
}

/// The id of a run that is on record only until its report is written; the same each time, as a scenario's run is.
const FLEETING: &str = "00000000-0000-4000-8000-000000000001";

/// Dies as by a loss of power.
#[cfg(feature = "faults")]
pub(super) fn die() {
    let _ = std::process::Command::new("kill")
        .args(["-KILL", &std::process::id().to_string()])
        .status();
}
