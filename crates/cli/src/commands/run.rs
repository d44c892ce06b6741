//! `runbook run`: one playbook, in the real world or in a scenario.

use super::saved::{self, Only};
use crate::approve::Answers;
use crate::args::{Format, RunArguments, UntilGraph};
use crate::calls::Calls;
use crate::environment::{Environment, Left};
use crate::exit::{self, Failure};
use crate::locate::{Located, scenarios_of};
use crate::shelf::{Shelf, text_of};
use crate::{document, load, problems, record, world};
use jiff::Timestamp;
use runbook_interpreter::cancel::Cancel;
use runbook_interpreter::event::Observer;
use runbook_interpreter::journal::{Journal, MemoryJournal};
use runbook_interpreter::outcome::Outcome;
use runbook_interpreter::plan::{Options, Plan, Until};
use runbook_interpreter::surroundings::Surroundings;
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::inputs::Given;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::input::InputKind;
use runbook_registry::Registry;
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use runbook_report::chart::charts_of;
use runbook_report::json::Collector;
use runbook_report::terminal::{Detail, Settings, Terminal};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// Runs a playbook.
pub fn execute(arguments: &RunArguments, environment: &Environment) -> Result<u8, Failure> {
    let saved = saved::open(arguments, environment)?;
    let arguments = saved.as_ref().map_or(arguments, |saved| &saved.arguments);
    let err = environment.console.err;
    let located = environment
        .places
        .locate(&arguments.playbook)
        .map_err(|error| Failure::wrong(error.to_string()))?;
    let registry = Arc::new(Registry::new());
    let shelf = Shelf::new(&environment.places, &located.root, &*registry);
    let checked = load::playbook(&shelf, &located, err)?;
    let scenario = match &arguments.scenario {
        Some(name) => Some(Arc::new(find_scenario(
            name,
            &located,
            &registry,
            environment,
        )?)),
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
    let context = world::playbook_context(
        environment,
        &arguments.target,
        &registry,
        &located,
        &plan,
        now,
    )
    .map_err(Failure::wrong)?;
    let mut live = None;
    let mut written = None;
    let world: &dyn World = match scenario {
        Some(scenario) => {
            let facts: Arc<dyn ActionFacts> = Arc::clone(&registry) as Arc<dyn ActionFacts>;
            let world = ScenarioWorld::new(scenario, facts, context);
            written.insert(world.with_person(world::person(environment)))
        }
        None => live.insert(world::live(environment, &arguments.target, context)),
    };
    let state_dir = arguments.state_dir.as_deref();
    let journal: Box<dyn Journal> = match state_dir {
        None if arguments.scenario.is_some() => Box::new(MemoryJournal::new()),
        folder => record::open(folder, environment)?,
    };
    let secrets = secrets(&plan);
    let watchers = Watchers::new(arguments, environment, &plan, &secrets);
    let cancel = Cancel::new();
    let approver = Answers {
        consent: arguments.yes.clone().unwrap_or_default(),
        prompt: world::prompt(environment),
        cancel: cancel.clone(),
        again: environment.command(None, &secrets),
        unanswered: environment.command(
            Some(Left {
                option: "--yes",
                value: false,
            }),
            &secrets,
        ),
    };
    let surroundings = Surroundings {
        world,
        performer: &Only {
            calls: Calls(&registry),
            saved: saved.as_ref(),
        },
        approver: &approver,
        observer: watchers.observer(),
        journal: &*journal,
        library: &shelf,
        cancel: &cancel,
    };
    let runtime = super::runtime()?;
    let outcome = runtime.block_on(async {
        tokio::spawn(interruptions(cancel.clone(), err));
        // The handler is in place before anything is sent.
        tokio::task::yield_now().await;
        runbook_interpreter::run(&plan, &surroundings).await
    });
    // A question that nobody answers any more must not hold the end up.
    runtime.shutdown_background();
    watchers.end(environment);
    match written.map(|world| missing(&world, &located, environment)) {
        Some(missing) if !missing.is_empty() => Err(Failure {
            code: if outcome.environment {
                exit::WRONG
            } else {
                exit::NOT_WELL
            },
            message: missing.join("\n"),
        }),
        _ => Ok(code(&outcome)),
    }
}

/// The calls that a scenario does not answer.
fn missing(world: &ScenarioWorld, located: &Located, environment: &Environment) -> Vec<String> {
    let file = environment.places.shown(&scenarios_of(&located.file));
    let name = &world.scenario().name;
    let mut lines: Vec<String> = Vec::new();
    for call in world.calls().iter().filter(|call| call.unanswered) {
        let line = format!(
            "scenario {name} of {file} has no answer to {} {}; add an entry for it below `actions`",
            call.action, call.arguments
        );
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The names of the inputs that are shown nowhere.
fn secrets(plan: &Plan) -> Vec<String> {
    plan.checked
        .playbook
        .inputs
        .iter()
        .filter(|input| input.kind == InputKind::Secret)
        .map(|input| input.name.value.clone())
        .collect()
}

/// The exit code of an outcome.
fn code(outcome: &Outcome) -> u8 {
    match outcome.verdict {
        Verdict::Paused => exit::PAUSED,
        verdict if verdict.is_well() => exit::WELL,
        _ if outcome.environment => exit::ENVIRONMENT,
        _ => exit::NOT_WELL,
    }
}

/// The first ctrl-C ends the run in order, the second at once.
async fn interruptions(cancel: Cancel, err: crate::console::Stream) {
    if tokio::signal::ctrl_c().await.is_ok() {
        cancel.cancel();
        err.line("stopping: what was sent is waited for; press ctrl-C again to end at once");
    }
    if tokio::signal::ctrl_c().await.is_ok() {
        crate::leave(exit::INTERRUPTED);
    }
}

/// Who watches a run: the terminal or the collector of the JSON document.
enum Watchers {
    Text(Box<Terminal>),
    Json(Box<Collector>),
}

impl Watchers {
    fn new(
        arguments: &RunArguments,
        environment: &Environment,
        plan: &Plan,
        secrets: &[String],
    ) -> Self {
        if arguments.format == Format::Json {
            return Self::Json(Box::default());
        }
        let out = environment.console.out;
        let detail = match (arguments.quiet, arguments.verbose) {
            (true, _) => Detail::Quiet,
            (false, 0) => Detail::Steps,
            (false, 1) => Detail::Calls,
            (false, _) => Detail::Payloads,
        };
        let settings = Settings {
            look: out.look,
            live: out.terminal,
            detail,
            charts: charts_of(&plan.checked.playbook),
            again: environment.command(None, secrets),
            onward: arguments.until.map(|_| {
                let left = Left {
                    option: "--until",
                    value: true,
                };
                environment.command(Some(left), secrets)
            }),
        };
        Self::Text(Box::new(Terminal::new((out.open)(), settings)))
    }

    fn observer(&self) -> &dyn Observer {
        match self {
            Self::Text(terminal) => terminal.as_ref(),
            Self::Json(collector) => collector.as_ref(),
        }
    }

    fn end(&self, environment: &Environment) {
        if let Self::Json(collector) = self
            && let Some(document) = collector.document()
        {
            environment.console.out.line(format!("{document:#}"));
        }
    }
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

/// The scenario of the name beside the playbook.
pub(super) fn find_scenario(
    name: &str,
    located: &Located,
    registry: &Registry,
    environment: &Environment,
) -> Result<Scenario, Failure> {
    let file = scenarios_of(&located.file);
    let shown = environment.places.shown(&file);
    let text = text_of(&file, &shown).map_err(Failure::wrong)?;
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
