//! What the escalation file of a playbook may reach, start and read, in the real world.

use crate::environment::Environment;
use crate::world::Inputs;
use jiff::Timestamp;
use runbook_interpreter::plan::Plan;
use runbook_interpreter::surroundings::Library;
use runbook_playbook::inputs::{Given, bind_open};
use runbook_playbook::span::Spanned;
use runbook_playbook::template::{self, Data};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::local::LocalContext;

/// Adds what the file that `escalate: {use: …}` names says of itself. What can be told of it from the inputs only later is
/// left out, and so refused.
pub fn widen(
    context: &mut LocalContext,
    plan: &Plan,
    library: &dyn Library,
    environment: &Environment,
    now: Timestamp,
) {
    let escalate = plan.checked.playbook.escalate.as_ref();
    let Some((escalate, uses)) = escalate.and_then(|it| Some((it, it.uses.as_ref()?))) else {
        return;
    };
    // A file that cannot be read is told of by the run, when somebody is to be told.
    let Ok(shared) = library.load(&plan.checked, uses) else {
        return;
    };
    let outer = Inputs {
        inputs: &plan.inputs,
        now,
    };
    let given: Vec<(String, Given)> = escalate
        .with
        .iter()
        .filter_map(|(name, data)| {
            let value = template::render(data, &Type::Any, &outer).ok()??;
            Some((name.value.clone(), Given::Json(value)))
        })
        .collect();
    let Ok(inputs) = bind_open(&shared.playbook, &given, now) else {
        return;
    };
    let scope = Inputs {
        inputs: &inputs,
        now,
    };
    let text = |data: &Spanned<Data>| match template::read(data, &Type::text(), &scope) {
        Ok(Value::Text(text)) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    };
    let own = &shared.playbook;
    let hosts = own.reaches.iter().flatten().filter_map(&text);
    add(&mut context.reaches, hosts);
    let programs = own
        .runs
        .iter()
        .flatten()
        .map(|program| program.value.clone());
    add(&mut context.runs, programs);
    for folder in own.folders.iter().filter_map(&text) {
        let place = environment.places.current.join(&folder);
        context.folders.push((folder, place));
    }
}

fn add(known: &mut Option<Vec<String>>, more: impl Iterator<Item = String>) {
    let more: Vec<String> = more.collect();
    if !more.is_empty() {
        known.get_or_insert_default().extend(more);
    }
}
