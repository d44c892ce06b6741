//! `runbook run`: one playbook, in the real world or in a scenario.

use super::play::{Deed, Play, Show, secrets};
use super::report::Wanted;
use super::saved;
use crate::args::{RunArguments, UntilGraph};
use crate::environment::{Environment, Left};
use crate::exit::Failure;
use crate::kept::Kept;
use crate::locate::{Located, scenarios_of};
use crate::record::{Record, context};
use crate::shelf::{Shelf, text_of};
use crate::{document, load, problems};
use jiff::Timestamp;
use runbook_interpreter::journal::MemoryJournal;
use runbook_interpreter::plan::{Options, Until};
use runbook_playbook::inputs::Given;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use runbook_registry::world::scenario::Scenario;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Where the text of the scenarios is kept beside the playbooks of a run.
pub(super) const SCENARIOS: &str = "#scenarios";

/// Runs a playbook.
pub fn execute(arguments: &RunArguments, environment: &Environment) -> Result<u8, Failure> {
    let saved = saved::open(arguments, environment)?;
    let arguments = saved.as_ref().map_or(arguments, |saved| &saved.arguments);
    let located = environment
        .places
        .locate(&arguments.playbook)
        .map_err(|error| Failure::wrong(error.to_string()))?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let kept = Kept::new(shelf, BTreeMap::new());
    let checked = load::playbook(&kept, &located, environment.console.err)?;
    let mut texts = Vec::new();
    let scenario = match &arguments.scenario {
        Some(name) => {
            let text = scenario_text(&located, environment)?;
            texts.push((SCENARIOS.to_owned(), text.clone()));
            let found = scenario_in(name, &located, &registry, environment, text)?;
            Some(Arc::new(found))
        }
        None => None,
    };
    let now = scenario
        .as_ref()
        .map_or_else(Timestamp::now, |scenario| scenario.clock);
    let given = given(
        arguments.inputs.as_deref(),
        &arguments.input,
        scenario.as_deref(),
        environment,
    )?;
    let plan = load::plan(&checked, &given, options(arguments), now)?;
    let secrets = secrets(&plan);
    let consent = arguments.yes.clone().unwrap_or_default();
    let again = environment.command(None, &secrets);
    let mut prepared = Play {
        environment,
        registry: &registry,
        located: &located,
        library: &kept,
        plan: &plan,
        scenario,
        target: arguments.target.clone(),
        saved: saved.as_ref(),
        consent,
        show: Show {
            format: arguments.format,
            quiet: arguments.quiet,
            verbose: arguments.verbose,
        },
        again: again.clone(),
        onward: again,
        unanswered: environment.command(
            Some(Left {
                option: "--yes",
                value: false,
            }),
            &secrets,
        ),
        further: arguments.until.map(|_| {
            let left = Left {
                option: "--until",
                value: true,
            };
            environment.command(Some(left), &secrets)
        }),
        memory: None,
        resumes: None,
    };
    let state_dir = arguments.state_dir.as_deref();
    let wanted = Wanted::of(&arguments.written, environment);
    let mut context = context(&located, arguments.scenario.as_deref(), &arguments.target);
    if state_dir.is_none() && arguments.scenario.is_some() {
        if wanted.is_nothing() {
            return prepared.play(&MemoryJournal::forgetting(), &|_| true, &Deed::Run);
        }
        let record = Record::fleeting()?;
        texts.extend(kept.texts());
        let named = wanted.named(None);
        wanted.keep(&mut context, named.as_deref());
        let journal = record.file.start(FLEETING.to_owned(), context);
        let played = prepared.play(&journal.with_files(texts), &|_| true, &Deed::Run);
        return wanted.after(played, &record, FLEETING, environment);
    }
    let record = Record::open(state_dir, environment)?;
    let id = uuid::Uuid::new_v4().to_string();
    let _hold = record.hold(&id)?;
    prepared.onward = record.resume(&id, &secrets);
    prepared.unanswered.clone_from(&prepared.onward);
    prepared.resumes = Some(id.clone());
    if prepared.scenario.is_some() {
        prepared.memory = Some(record.memory(&id));
    }
    let escalates = checked.playbook.escalate.is_some();
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
    wanted.after(played, &record, &id, environment)
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

fn options(arguments: &RunArguments) -> Options {
    Options {
        until: arguments.until.map(|until| match until {
            UntilGraph::Symptom => Until::Symptom,
            UntilGraph::Diagnose => Until::Diagnose,
            UntilGraph::Resolve => Until::Resolve,
        }),
        verify: !arguments.no_verify,
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        force: arguments.force,
    }
}

/// What is given for inputs: the scenario's, then the file's, then the command line's; the last one counts.
pub(super) fn given(
    inputs: Option<&Path>,
    input: &[(String, String)],
    scenario: Option<&Scenario>,
    environment: &Environment,
) -> Result<Vec<(String, Given)>, Failure> {
    let mut given = Vec::new();
    if let Some(scenario) = scenario {
        given.extend(members(&scenario.inputs));
    }
    if let Some(file) = inputs {
        let name = file.display().to_string();
        let path = environment.places.current.join(file);
        match document::read(&path, &name, environment.console.err)? {
            Json::Object(inputs) => given.extend(members(&inputs)),
            _ => {
                return Err(Failure::wrong(format!(
                    "{name}: write inputs as `name: value`, one a line"
                )));
            }
        }
    }
    given.extend(
        input
            .iter()
            .map(|(name, value)| (name.clone(), Given::Text(value.clone()))),
    );
    Ok(given)
}

/// Inputs of a mapping.
pub(super) fn members(inputs: &serde_json::Map<String, Json>) -> Vec<(String, Given)> {
    inputs
        .iter()
        .map(|(name, value)| (name.clone(), Given::Json(value.clone())))
        .collect()
}

/// The text of the scenarios beside the playbook.
fn scenario_text(located: &Located, environment: &Environment) -> Result<String, Failure> {
    let file = scenarios_of(&located.file);
    text_of(&file, &environment.places.shown(&file)).map_err(Failure::wrong)
}

/// The scenario of the name beside the playbook.
pub(super) fn find_scenario(
    name: &str,
    located: &Located,
    registry: &Registry,
    environment: &Environment,
) -> Result<Scenario, Failure> {
    let text = scenario_text(located, environment)?;
    scenario_in(name, located, registry, environment, text)
}

/// The scenario of the name in the text.
pub(super) fn scenario_in(
    name: &str,
    located: &Located,
    registry: &Registry,
    environment: &Environment,
    text: String,
) -> Result<Scenario, Failure> {
    let shown = environment.places.shown(&scenarios_of(&located.file));
    let source = Source::new(&shown, text);
    let wrong = |diagnostics: &[runbook_playbook::diagnostic::Diagnostic]| {
        problems::show(diagnostics, environment.console.err);
        let errors = problems::counted(diagnostics.len(), "error");
        Failure::wrong(format!("{shown} cannot be used: {errors}"))
    };
    let (mut scenarios, node) =
        document::scenarios(&source).map_err(|diagnostics| wrong(&diagnostics))?;
    let Some(scenario) = scenarios.scenarios.shift_remove(name) else {
        let names: Vec<&str> = scenarios.scenarios.keys().map(String::as_str).collect();
        return Err(Failure::wrong(format!(
            "{shown} has no scenario `{name}`; it has {}",
            names.join(", ")
        )));
    };
    let found: Vec<_> = scenario
        .check(registry)
        .iter()
        .map(|problem| document::placed(&source, &node, &["scenarios", name], problem))
        .collect();
    if found.is_empty() {
        Ok(scenario)
    } else {
        Err(wrong(&found))
    }
}
