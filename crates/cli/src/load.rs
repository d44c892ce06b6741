//! From a playbook's file to a plan.

use crate::args::GivenArguments;
use crate::console::Stream;
use crate::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::Located;
use crate::problems::{self, counted};
use crate::secrets::{self, Handling, Secrets};
use crate::shelf::{Files, Named};
use crate::staged::Staged;
use jiff::Timestamp;
use runbook_interpreter::plan::{Options, Plan};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, Severity};
use runbook_playbook::inputs::{Given, InputProblem, bind, bind_open};
use runbook_playbook::syntax::every_step::every_step;
use runbook_playbook::syntax::playbook::{Kind, Playbook};
use runbook_playbook::syntax::step::Work;
use runbook_playbook::template::Data;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a command line says of a playbook.
pub struct Asked<'a> {
    /// What it is given.
    pub given: &'a GivenArguments,
    /// The scenario whose world it is in.
    pub scenario: Option<&'a str>,
    /// Which part of it.
    pub options: Options,
    /// Inputs that are required may be left out: for reviews, never for a run.
    pub open: bool,
    /// Calls are made with the inputs, so that secrets are read from where they lie.
    pub reads: bool,
}

/// A playbook that is ready to be planned or run.
pub struct Ready {
    /// The playbook.
    pub checked: Arc<Checked>,
    /// The scenario whose world it is in.
    pub scenario: Option<Staged>,
    /// The names of the inputs that are no defaults.
    pub given: BTreeSet<String>,
    /// The variable or file that a secret was read from, by input.
    pub sources: BTreeMap<String, String>,
    /// What was asked for.
    pub plan: Plan,
    /// The time: the scenario's, if there is one.
    pub now: Timestamp,
}

/// Where a playbook is.
///
/// # Errors
/// There is none; says where it was looked for.
pub fn locate(playbook: &str, environment: &Environment) -> Result<Located, Failure> {
    environment
        .places
        .locate(playbook)
        .map_err(|error| Failure::wrong(error.to_string()))
}

/// Reads and checks a playbook, finds its scenario, and binds inputs and options.
///
/// # Errors
/// The playbook, the scenario or an input is wrong or cannot be read, or an option names a step that is not there.
pub fn ready(
    asked: Asked<'_>,
    located: &Located,
    files: &dyn Files,
    registry: &Registry,
    environment: &Environment,
) -> Result<Ready, Failure> {
    let checked = playbook(files, located, environment.console.err)?;
    let scenario = asked
        .scenario
        .map(|name| Staged::find(name, located, registry, environment))
        .transpose()?;
    let now = scenario
        .as_ref()
        .map_or_else(Timestamp::now, |staged| staged.scenario.clock);
    let values = given(asked.given, scenario.as_ref(), environment)?;
    let handling = Handling {
        reads: asked.reads,
        scenario: scenario.is_some(),
    };
    let Secrets {
        given: values,
        sources,
    } = secrets::read(&checked.playbook, values, handling, environment)?;
    let bind = if asked.open { open_plan } else { plan };
    let plan = bind(&checked, &values, asked.options, now)?;
    Ok(Ready {
        checked,
        scenario,
        given: values.into_iter().map(|(name, _)| name).collect(),
        sources,
        plan,
        now,
    })
}

/// What is given for inputs: the scenario's, then the file's, then the command line's; the last one counts.
pub fn given(
    arguments: &GivenArguments,
    staged: Option<&Staged>,
    environment: &Environment,
) -> Result<Vec<(String, Given)>, Failure> {
    let mut given = Vec::new();
    if let Some(staged) = staged {
        given.extend(members(&staged.scenario.inputs));
    }
    if let Some(file) = &arguments.inputs {
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
        arguments
            .input
            .iter()
            .map(|(name, value)| (name.clone(), Given::Text(value.clone()))),
    );
    Ok(given)
}

/// Inputs of a mapping.
pub fn members(inputs: &Map<String, Json>) -> Vec<(String, Given)> {
    inputs
        .iter()
        .map(|(name, value)| (name.clone(), Given::Json(value.clone())))
        .collect()
}

/// A playbook that cannot be used.
pub enum Unusable {
    /// A file cannot be read; says which and why.
    Unreadable(String),
    /// A file has errors.
    Wrong {
        /// The file.
        name: String,
        /// Everything that is to be said about it.
        diagnostics: Vec<Diagnostic>,
    },
}

/// Reads and checks a playbook, the file of escalation that it uses and the playbooks that it runs, and those that they
/// run; also what is to be said about the playbook itself.
///
/// # Errors
/// One of them is wrong or cannot be read.
pub fn checked(
    files: &dyn Files,
    located: &Located,
) -> Result<(Arc<Checked>, Vec<Diagnostic>), Unusable> {
    let sound = |name: &str, read: Result<Named, String>| {
        let read = read.map_err(Unusable::Unreadable)?;
        let diagnostics = read.diagnostics.to_vec();
        match read.checked {
            Some(checked) => Ok((checked, diagnostics)),
            None => Err(Unusable::Wrong {
                name: name.to_owned(),
                diagnostics,
            }),
        }
    };
    let (checked, diagnostics) = sound(&located.name, files.read(located).map(Named::from))?;
    let mut seen = BTreeSet::from([checked.id.clone()]);
    let mut open = vec![Arc::clone(&checked)];
    while let Some(from) = open.pop() {
        for path in named(&from.playbook) {
            let (other, _) = sound(path, files.read_beside(&from.id, path))?;
            if seen.insert(other.id.clone()) {
                open.push(other);
            }
        }
    }
    Ok((checked, diagnostics))
}

/// The paths of other files that a playbook names: the one of escalation, and those that it runs. A template is known only
/// when the step runs.
fn named(playbook: &Playbook) -> Vec<&str> {
    let escalate = playbook.escalate.iter();
    let uses =
        escalate.filter_map(|escalate| escalate.uses.as_ref().map(|uses| uses.value.as_str()));
    let mut named: Vec<&str> = uses.collect();
    for placed in every_step(playbook) {
        if let Work::Action(call) = &placed.step.work
            && call.action.value == "playbook:Run"
            && let Some((_, path)) = call.with.iter().find(|(name, _)| name.value == "path")
            && let Data::Scalar(scalar) = &path.value
        {
            named.push(&scalar.text);
        }
    }
    named
}

/// Reads and checks a playbook and shows its problems.
///
/// # Errors
/// The playbook is wrong or cannot be read.
pub fn playbook(
    files: &dyn Files,
    located: &Located,
    stream: Stream,
) -> Result<Arc<Checked>, Failure> {
    files.read_ahead(located);
    let (checked, diagnostics) = checked(files, located).map_err(|unusable| match unusable {
        Unusable::Unreadable(why) => Failure::wrong(why),
        Unusable::Wrong { name, diagnostics } => {
            problems::show(&diagnostics, stream);
            refused(&name, &diagnostics)
        }
    })?;
    problems::show(&diagnostics, stream);
    if checked.playbook.kind == Kind::Escalation {
        return Err(Failure::wrong(format!(
            "{} is a file of escalation: playbooks use it, and it does not run by itself",
            located.name
        )));
    }
    Ok(checked)
}

fn refused(name: &str, diagnostics: &[Diagnostic]) -> Failure {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    Failure::wrong(format!(
        "{name} does not run: {}; `runbook explain CODE` says what a code in brackets means",
        counted(errors, "error")
    ))
}

/// Binds inputs and options.
///
/// # Errors
/// All inputs that are wrong, or a step that an option names and the playbook does not have.
pub fn plan(
    checked: &Arc<Checked>,
    given: &[(String, Given)],
    options: Options,
    now: Timestamp,
) -> Result<Plan, Failure> {
    let inputs =
        bind(&checked.playbook, given, now).map_err(|problems| wrong_inputs(checked, &problems))?;
    Plan::new(Arc::clone(checked), inputs, options)
        .map_err(|error| Failure::wrong(error.to_string()))
}

/// Binds as [`plan`], and leaves inputs open that are required and not given: for reviews, never for a run.
///
/// # Errors
/// As [`plan`], but for inputs without a value.
pub fn open_plan(
    checked: &Arc<Checked>,
    given: &[(String, Given)],
    options: Options,
    now: Timestamp,
) -> Result<Plan, Failure> {
    let inputs = bind_open(&checked.playbook, given, now)
        .map_err(|problems| wrong_inputs(checked, &problems))?;
    Plan::new(Arc::clone(checked), inputs, options)
        .map_err(|error| Failure::wrong(error.to_string()))
}

fn wrong_inputs(checked: &Checked, problems: &[InputProblem]) -> Failure {
    let source = &checked.playbook.source;
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| match problem.span {
            Some(span) => {
                let at = source.position(span.start);
                let name = source.name();
                format!("{problem}\n  declared at {name}:{}:{}", at.line, at.column)
            }
            None => problem.to_string(),
        })
        .collect();
    Failure::wrong(lines.join("\nerror: "))
}
