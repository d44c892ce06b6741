//! `runbook run`: one playbook, in the real world or in a scenario.

use super::play::{Deed, Play, Show, secrets};
use super::saved;
use crate::args::RunArguments;
use crate::environment::{Environment, Left};
use crate::exit::Failure;
use crate::kept::Kept;
use crate::load::{self, Asked};
use crate::record::{Record, context};
use crate::shelf::Shelf;
use runbook_interpreter::journal::MemoryJournal;
use runbook_registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the text of the scenarios is kept beside the playbooks of a run.
pub(super) const SCENARIOS: &str = "#scenarios";

/// Runs a playbook.
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
        options: arguments.part.options(),
        open: false,
    };
    let ready = load::ready(asked, &located, &kept, &registry, environment)?;
    let mut texts = Vec::new();
    let scenario = ready.scenario.map(|staged| {
        texts.push((SCENARIOS.to_owned(), staged.text));
        staged.scenario
    });
    let plan = ready.plan;
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
        further: arguments.part.until.map(|_| {
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
    if state_dir.is_none() && arguments.scenario.is_some() {
        return prepared.play(&MemoryJournal::forgetting(), &|_| true, &Deed::Run);
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
    let context = context(&located, arguments.scenario.as_deref(), &arguments.target);
    texts.extend(kept.texts());
    let journal = record.file.start(id, context).with_files(texts);
    #[cfg(feature = "faults")]
    if let Some(point) = environment.fault() {
        let fault = runbook_interpreter::journal::fault::Fault::at(&journal, point, die);
        return prepared.play(&fault, &|_| true, &Deed::Run);
    }
    prepared.play(&journal, &|_| true, &Deed::Run)
}

/// Dies as by a loss of power.
#[cfg(feature = "faults")]
pub(super) fn die() {
    let _ = std::process::Command::new("kill")
        .args(["-KILL", &std::process::id().to_string()])
        .status();
}
