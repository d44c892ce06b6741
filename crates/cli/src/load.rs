//! From a playbook's file to a plan.

use crate::console::Stream;
use crate::exit::Failure;
use crate::locate::Located;
use crate::problems::{self, counted};
use crate::shelf::Files;
use jiff::Timestamp;
use runbook_interpreter::plan::{Options, Plan};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Diagnostic, Severity};
use runbook_playbook::inputs::{Given, InputProblem, bind, bind_open};
use runbook_playbook::syntax::playbook::Kind;
use std::sync::Arc;

/// Reads and checks a playbook and shows its problems.
///
/// # Errors
/// The playbook is wrong or cannot be read.
pub fn playbook(
    shelf: &dyn Files,
    located: &Located,
    stream: Stream,
) -> Result<Arc<Checked>, Failure> {
    let read = shelf.read(located).map_err(Failure::wrong)?;
    problems::show(&read.diagnostics, stream);
    let Some(checked) = read.checked else {
        return Err(refused(&located.name, &read.diagnostics));
    };
    if checked.playbook.kind == Kind::Escalation {
        return Err(Failure::wrong(format!(
            "{} is a file of escalation: playbooks use it, and it does not run by itself",
            located.name
        )));
    }
    let checked = Arc::new(checked);
    let escalate = checked.playbook.escalate.as_ref();
    if let Some(uses) = escalate.and_then(|escalate| escalate.uses.as_ref()) {
        let shared = shelf
            .read_beside(&checked.id, uses)
            .map_err(Failure::wrong)?;
        if shared.checked.is_none() {
            problems::show(&shared.diagnostics, stream);
            return Err(refused(uses, &shared.diagnostics));
        }
    }
    Ok(checked)
}

fn refused(name: &str, diagnostics: &[Diagnostic]) -> Failure {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    Failure::wrong(format!("{name} does not run: {}", counted(errors, "error")))
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
