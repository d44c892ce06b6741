//! The checker: everything that can be known about a playbook before it runs.
//!
//! First a table of all steps ([`index`]), then what every name means ([`names`]), then the order that follows from it
//! ([`order`]), then types. Rules are files of their own; each adds what it finds to one list, and none stops another.

mod actions;
mod arguments;
mod assertions;
mod captures;
mod causes;
mod certain;
mod conditions;
mod effects;
mod errors;
mod guards;
mod index;
mod inputs;
mod keys;
mod library;
mod names;
mod never;
mod order;
mod playbooks;
mod problems;
mod reach;
mod reference;
mod secrets;
mod sensitive;
mod shadowing;
mod steps;
mod survey;
mod truncated;
mod types;
mod typing;
mod unlisted;
mod unread;
mod unused;
mod unverified;
mod uses;

pub use library::{Empty, Library, Signature};
pub use survey::{Mention, Survey, SurveyedStep, Symbol, survey};
pub use unlisted::Outside;

use crate::catalog::Catalog;
use crate::checked::Checked;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::span::Span;
use crate::syntax::playbook::Playbook;
use crate::types::Type;
use index::Index;
use names::{Meaning, Offer, Viewpoint};
use order::Resolved;
use problems::Problems;
use reference::Written;
use types::Types;
use unused::Used;

/// Checks a playbook whose text could be read. `id` is its path below the playbook root without the ending.
///
/// All problems come back, sorted by place; the checked playbook only when none of them is an error.
#[must_use]
pub fn check(
    playbook: Playbook,
    id: &str,
    catalog: &dyn Catalog,
    library: &dyn Library,
) -> (Option<Checked>, Vec<Diagnostic>) {
    let mut problems = Problems::new(playbook.source.clone());
    let (steps, causes) = {
        let mut index = Index::new(&playbook);
        actions::look_up(&mut index, catalog, &mut problems);
        let index = index;
        let (resolved, used) = names(&index, &mut problems);
        shadowing::check(&index, &mut problems);
        let order = order::order(&index, &mut problems, &resolved);
        effects::check(&index, &mut problems);
        keys::check(&index, &mut problems);
        causes::check(&index, &mut problems);
        causes::claims(&index, &mut problems, &resolved);
        let types = Types::new(&index, &order, id, library);
        inputs::check(&index, &types, &mut problems);
        arguments::check(&index, &types, &mut problems);
        captures::check(&index, &types, &mut problems);
        assertions::check(&index, &types, &mut problems);
        conditions::check(&index, &types, &mut problems);
        playbooks::check(&index, &types, &mut problems, id, library);
        guards::check(index.playbook, &mut problems, id, library);
        secrets::shown(&index, &types, &mut problems);
        errors::check(&index, catalog, &mut problems);
        unread::check(&index, &mut problems);
        truncated::check(&index, &resolved, &mut problems);
        reach::check(&index, &types, &order, &resolved, &mut problems);
        // Of what could not be read nobody knows what it uses.
        if index.playbook.readable && !problems.has_error() {
            unused::check(&index, &used, &mut problems);
            unverified::check(&index, &mut problems);
        }
        (
            steps::table(&index, &order, &resolved, &types),
            causes::table(&index),
        )
    };
    let problems = problems.sorted();
    if has_errors(&problems) {
        return (None, problems);
    }
    let checked = Checked {
        id: id.to_owned(),
        playbook,
        steps,
        causes,
    };
    (Some(checked), problems)
}

/// What a caller needs to know of a playbook. What the playbooks that it calls give back can be anything.
#[must_use]
pub fn signature(playbook: &Playbook, catalog: &dyn Catalog) -> Signature {
    let levels = playbook
        .escalate
        .iter()
        .flat_map(|escalate| &escalate.levels);
    Signature {
        kind: playbook.kind,
        inputs: playbook.inputs.clone(),
        outputs: outputs(playbook, catalog),
        levels: levels.map(|level| level.level.value).collect(),
        outside: unlisted::by_graph(playbook),
    }
}

/// The types of what a playbook gives back. Most give nothing back, and then none of their actions are looked up.
fn outputs(playbook: &Playbook, catalog: &dyn Catalog) -> Vec<(String, Type)> {
    if playbook.outputs.is_empty() {
        return Vec::new();
    }
    let mut problems = Problems::new(playbook.source.clone());
    let mut index = Index::new(playbook);
    actions::look_up(&mut index, catalog, &mut problems);
    let (resolved, _) = names(&index, &mut problems);
    let order = order::order(&index, &mut problems, &resolved);
    let types = Types::new(&index, &order, "", &Empty);
    let ended = types.from(Viewpoint::Ended);
    let outputs = playbook.outputs.iter().map(|(name, output)| {
        let (ty, _) = crate::expression::infer(&output.root, &ended);
        (name.value.clone(), ty)
    });
    outputs.collect()
}

/// Resolves every name of the playbook; what steps name comes back, and what is used at all.
fn names(index: &Index<'_>, problems: &mut Problems) -> (Vec<Resolved>, Used) {
    let mut resolved = Vec::new();
    let mut exposed: Vec<(usize, Span)> = Vec::new();
    let mut used = Used::default();
    let mut note = |meaning: &Meaning, span: Span, argument: bool| match meaning {
        Meaning::Input(input) => {
            used.inputs.insert(*input);
            if !argument {
                exposed.push((*input, span));
            }
        }
        Meaning::Step(on, Offer::Value(at)) => {
            used.captures.insert((*on, *at));
        }
        _ => {}
    };
    let mut locals: Vec<(usize, String)> = Vec::new();
    for from in 0..index.steps.len() {
        for used in uses::of_step(index.entry(from).step) {
            for reference in used.written.references() {
                let viewpoint = Viewpoint::Step(from, used.moment);
                let Some(meaning) = names::resolve(index, problems, viewpoint, &reference) else {
                    continue;
                };
                note(&meaning, reference.span(), used.argument);
                if let (Meaning::Local, Some(name)) = (&meaning, reference.name(0)) {
                    locals.push((from, name.to_owned()));
                }
                resolved.push(Resolved {
                    from,
                    moment: used.moment,
                    meaning,
                    span: reference.span(),
                });
            }
        }
    }
    for (viewpoint, written, argument) in outside_steps(index.playbook) {
        for reference in written.references() {
            if let Some(meaning) = names::resolve(index, problems, viewpoint, &reference) {
                note(&meaning, reference.span(), argument);
            }
        }
    }
    for (from, name) in locals {
        used.local(index, from, &name);
    }
    secrets::check(index, problems, exposed);
    (resolved, used)
}

/// What is written outside steps, from where it is looked at, and whether a secret may enter there.
fn outside_steps(playbook: &Playbook) -> Vec<(Viewpoint, Written<'_>, bool)> {
    let mut found = Vec::new();
    for (at, input) in playbook.inputs.iter().enumerate() {
        let bounds = [&input.default, &input.min, &input.max];
        for data in bounds.into_iter().flatten().chain(&input.values) {
            found.push((Viewpoint::Input(at), Written::Data(data), false));
        }
    }
    for (_, value) in playbook
        .defaults
        .iter()
        .flat_map(|service| &service.members)
    {
        found.push((Viewpoint::Playbook, Written::Data(value), true));
    }
    let target = &playbook.target;
    let places = target
        .accounts
        .iter()
        .chain(&target.regions)
        .chain(&target.roles);
    let guards = playbook.guards.alarms.iter().chain(&playbook.guards.freeze);
    for data in places
        .chain(guards)
        .chain(playbook.reaches.iter().flatten())
        .chain(&playbook.folders)
    {
        found.push((Viewpoint::Playbook, Written::Data(data), false));
    }
    for (_, expression) in &playbook.outputs {
        found.push((Viewpoint::Ended, Written::Expression(expression), false));
    }
    if let Some(escalate) = &playbook.escalate {
        for (_, value) in &escalate.with {
            found.push((Viewpoint::Escalate, Written::Data(value), true));
        }
        for (_, value) in &escalate.contacts {
            found.push((Viewpoint::Playbook, Written::Data(value), false));
        }
        for when in escalate
            .levels
            .iter()
            .filter_map(|level| level.when.as_ref())
        {
            found.push((Viewpoint::Escalate, Written::Expression(when), false));
        }
    }
    found
}
