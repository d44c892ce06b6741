//! One step: whether it runs, how often, and what it does each time.

use super::build::{Build, Place};
use super::call::{self, Site};
use super::condition::{certainty, joined};
use super::names::{Local, path_expr};
use super::nested;
use super::terms::{approval, assertions, retry, written};
use super::value::planned;
use super::{
    Certainty, Count, Longest, OpenEnd, PlannedLoop, PlannedStep, PlannedUntil, PlannedWork, Turn,
};
use crate::run::state::{Graph, action_of};
use indexmap::IndexMap;
use runbook_playbook::expression::partial::{self, Origin, Partial, PartialScope};
use runbook_playbook::syntax::capture::CaptureFrom;
use runbook_playbook::syntax::each::{Each, MaxErrors};
use runbook_playbook::syntax::step::{OnError, Step, Work};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;

/// The most elements where a step does not say.
const MAX: u32 = 100;
/// How many reads run side by side where a step does not say.
const READS_AT_ONCE: u32 = 8;
/// A list of at most so many known elements is shown element by element.
const UNROLLED: usize = 12;

/// Plans the steps of a graph or block; those that never run are noted and left out.
pub(super) fn all(build: &Build<'_>, steps: &[Step], place: &Place) -> Vec<PlannedStep> {
    let in_order = order(build, steps, place);
    let mut planned: Vec<(usize, PlannedStep)> = in_order
        .into_iter()
        .filter_map(|at| Some((at, one(build, steps.get(at)?, place)?)))
        .collect();
    planned.sort_by_key(|(at, _)| *at);
    planned.into_iter().map(|(_, step)| step).collect()
}

/// The steps by number, each after those that it comes after: a step of a reading graph may name one written below it.
fn order(build: &Build<'_>, steps: &[Step], place: &Place) -> Vec<usize> {
    let mut done: Vec<usize> = Vec::with_capacity(steps.len());
    while done.len() < steps.len() {
        let next = (0..steps.len()).find(|at| {
            !done.contains(at)
                && steps.get(*at).is_some_and(|step| {
                    after(build, step, steps, place).iter().all(|id| {
                        steps
                            .iter()
                            .position(|other| other.id.value == *id)
                            .is_none_or(|other| done.contains(&other))
                    })
                })
        });
        // The checker has refused cycles; what is left would run as written.
        let next = next.or_else(|| (0..steps.len()).find(|at| !done.contains(at)));
        done.extend(next);
    }
    done
}

/// The ids of the steps beside a step that end before it starts.
fn after(build: &Build<'_>, step: &Step, steps: &[Step], place: &Place) -> Vec<String> {
    let own = place.checked(&step.id.value);
    let prefix = format!("{}.", place.checked);
    let Some(checked) = build.plan.checked.steps.get(&own) else {
        return Vec::new();
    };
    let mut ids: Vec<String> = Vec::new();
    for path in &checked.after {
        let Some(rest) = path.strip_prefix(&prefix) else {
            continue;
        };
        let id = rest.split('.').next().unwrap_or(rest);
        let beside = id != step.id.value && steps.iter().any(|other| other.id.value == id);
        if beside && !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// Plans one step; `None` where it never runs.
fn one(build: &Build<'_>, step: &Step, place: &Place) -> Option<PlannedStep> {
    let id = &step.id.value;
    let path = place.shown(id);
    let certainty = certainty(build, step, place);
    if let Certainty::Never(reason) = &certainty {
        build.record(step, place, &certainty, &[]);
        build.leave_out(&path, action_of(step), reason.clone());
        never_inside(build, step, place, &certainty);
        return None;
    }
    // What is inside of a block sees its certainty, and readers of it do.
    build.record(step, place, &certainty, &[]);
    let checked = place.checked(id);
    let signature = build.plan.checked.steps.get(&checked);
    let (each, elements) = match &step.each {
        Some(each) => {
            let (each, elements) = elements(build, step, each, place);
            (Some(each), elements)
        }
        None => (None, vec![Element::default()]),
    };
    let reasons = matches!(step.work, Work::Reason) && step.each.is_none();
    let mut captured = Vec::new();
    let turns: Vec<Turn> = elements
        .iter()
        .map(|element| {
            let turn = turn(build, step, place, element);
            if reasons {
                captured = captures(build, step, place, element);
            }
            turn
        })
        .collect();
    if each.is_some() && matches!(step.work, Work::Block { .. }) {
        forget_inside(build, &path);
    }
    build.record(step, place, &certainty, &captured);
    let source = &build.plan.checked.playbook.source;
    let mut planned = PlannedStep {
        path: build.public(&path),
        checked: checked.clone(),
        id: id.clone(),
        title: step.title.as_ref().map(|title| title.value.clone()),
        line: source.position(step.id.span.start).line,
        certainty,
        after: signature
            .iter()
            .flat_map(|signature| &signature.after)
            .filter(|path| build.certainty(&place.shown_name(path)).is_some())
            .map(|path| build.public(&place.shown_name(path)))
            .collect(),
        each,
        approval: None,
        turns,
        until: step.until.as_ref().map(|until| PlannedUntil {
            conditions: until
                .assertions
                .iter()
                .map(|assertion| written(build, assertion))
                .collect(),
            every: until.every,
            within: until.within,
        }),
        retry: step.retry.iter().map(retry).collect(),
        timeout: step.timeout.as_ref().map(|timeout| timeout.value),
        limit: step.limit.as_ref().map(|limit| limit.value),
        expect_error: step
            .expect_error
            .iter()
            .map(|code| code.value.clone())
            .collect(),
        on_error: place.graph.acts().then(|| {
            match step.on_error.as_ref().map(|on_error| on_error.value) {
                None | Some(OnError::Stop) => "stop",
                Some(OnError::Continue) => "continue",
                Some(OnError::Undo) => "undo",
            }
        }),
        captures: signature
            .iter()
            .flat_map(|signature| &signature.captures)
            .map(|(name, ty)| (name.clone(), ty.to_string()))
            .collect(),
        assertions: assertions(build, step, place),
        longest: Longest::default(),
    };
    planned.approval = approval(step, &planned, place);
    planned.longest = super::longest::of_step(&planned);
    Some(planned)
}

/// Records what stands in a block that never runs: others may name it.
fn never_inside(build: &Build<'_>, step: &Step, place: &Place, certainty: &Certainty) {
    let Work::Block { steps, finally } = &step.work else {
        return;
    };
    let inside = place.inside(&step.id.value, place.locals.clone());
    let last = inside.inside("finally", place.locals.clone());
    let inner = steps.iter().map(|inner| (inner, &inside));
    for (inner, place) in inner.chain(finally.iter().map(|inner| (inner, &last))) {
        build.record(inner, place, certainty, &[]);
        let reason = super::Reason {
            code: "block",
            message: format!("{} never runs", build.public(&place.shown)),
        };
        build.leave_out(&place.shown(&inner.id.value), action_of(inner), reason);
        never_inside(build, inner, place, certainty);
    }
}

/// After a loop nobody knows which element was last.
fn forget_inside(build: &Build<'_>, path: &str) {
    let prefix = format!("{path}.");
    let inner: Vec<(String, Vec<String>)> = build
        .states
        .borrow()
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, state)| (name.clone(), state.entries.keys().cloned().collect()))
        .collect();
    for (name, parts) in inner {
        let entries = parts
            .into_iter()
            .map(|part| {
                let value = build.offered(&name, &part);
                (part, value)
            })
            .collect();
        if let Some(state) = build.states.borrow_mut().get_mut(&name) {
            state.entries = entries;
        }
    }
}

/// An element of a loop.
#[derive(Default)]
pub(super) struct Element {
    locals: IndexMap<String, Local>,
    shown: Option<super::PlannedValue>,
}

#[expect(
    clippy::too_many_lines,
    reason = "a list has many ways not to be known"
)]
fn elements(
    build: &Build<'_>,
    step: &Step,
    each: &Each,
    place: &Place,
) -> (PlannedLoop, Vec<Element>) {
    let names = build.names(place);
    let name = each.name.value.clone();
    let list = partial::evaluate(&each.list, &names);
    let max = each.max.as_ref().map_or(MAX, |max| max.value);
    let items: Option<Vec<Partial>> = match &list {
        Ok(Partial::Known(Value::List(items))) => {
            Some(items.iter().cloned().map(Partial::Known).collect())
        }
        Ok(Partial::List(items)) => Some(items.clone()),
        _ => None,
    };
    let element_type = match &list {
        Ok(Partial::Unknown(unknown)) => match unknown.ty.present() {
            Type::List(list) => list.element.present().clone(),
            _ => Type::Any,
        },
        _ => match names.type_of(&each.list.root).present() {
            Type::List(list) => list.element.present().clone(),
            _ => Type::Any,
        },
    };
    let local = |value: Partial| {
        IndexMap::from([(
            name.clone(),
            Local {
                value,
                ty: element_type.clone(),
            },
        )])
    };
    let shown = match &list {
        Ok(list) => {
            planned(list, &Type::Any).unwrap_or(super::PlannedValue::Known(serde_json::Value::Null))
        }
        Err(error) => {
            build.note(format!(
                "{}: {}",
                build.public(&place.shown(&step.id.value)),
                error.message
            ));
            super::PlannedValue::Known(serde_json::Value::Null)
        }
    };
    let reads = super::totals::reads_only(step, build, place);
    let concurrency = each
        .concurrency
        .as_ref()
        .map_or(if reads { READS_AT_ONCE } else { 1 }, |concurrency| {
            concurrency.value
        });
    let count = match &items {
        Some(items) => {
            let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
            if count > u64::from(max) {
                build.note(format!(
                    "{}: the list has {count} elements and the step takes at most {max}, so it fails",
                    build.public(&place.shown(&step.id.value))
                ));
                Count {
                    at_least: 0,
                    at_most: Some(0),
                }
            } else {
                Count {
                    at_least: count,
                    at_most: Some(count),
                }
            }
        }
        None => Count {
            at_least: 0,
            at_most: Some(u64::from(max)),
        },
    };
    let elements = match items {
        Some(_) if count.at_most == Some(0) => Vec::new(),
        Some(items) if items.len() <= UNROLLED => items
            .into_iter()
            .map(|item| Element {
                shown: planned(&item, &Type::Any),
                locals: local(item),
            })
            .collect(),
        _ => {
            let value = Partial::unknown(
                element_type.clone(),
                path_expr(&name),
                [Origin::Element(name.clone())],
            );
            vec![Element {
                locals: local(value),
                shown: None,
            }]
        }
    };
    let planned = PlannedLoop {
        name: name.clone(),
        list: shown,
        count,
        concurrency,
        max_errors: match each.max_errors.as_ref().map(|max| max.value) {
            None => "0".to_owned(),
            Some(MaxErrors::Number(number)) => number.to_string(),
            Some(MaxErrors::Percent(share)) => format!("{share}%"),
        },
    };
    (planned, elements)
}

fn turn(build: &Build<'_>, step: &Step, place: &Place, element: &Element) -> Turn {
    let id = &step.id.value;
    let path = place.shown(id);
    let checked = place.checked(id);
    let signature = build.plan.checked.steps.get(&checked);
    let mut locals = element.locals.clone();
    let mut before = None;
    if let (Some(read), Some(action)) = (
        &step.before,
        signature.and_then(|signature| signature.before.clone()),
    ) {
        let site = Site {
            step,
            place,
            path: &path,
            locals: &locals,
        };
        before = Some(call::plan(build, &site, &read.call, &action, true));
        locals.insert(
            "before".to_owned(),
            before_local(build, step, &path, read, &action),
        );
    }
    let work = match &step.work {
        Work::Action(written) => match signature.and_then(|signature| signature.action.clone()) {
            Some(action) => {
                let site = Site {
                    step,
                    place,
                    path: &path,
                    locals: &locals,
                };
                let planned = call::plan(build, &site, written, &action, false);
                if action.name == "playbook:Run" {
                    let forecast = nested::plan(build, &path, written, &planned, place, &locals);
                    PlannedWork::Playbook {
                        call: Box::new(planned),
                        forecast: forecast.map(Box::new),
                    }
                } else {
                    PlannedWork::Call(Box::new(planned))
                }
            }
            None => PlannedWork::Reason,
        },
        Work::Block { steps, finally } => {
            let locals = joined(&place.locals, &locals);
            let inside = place.inside(id, locals.clone());
            let planned = all(build, steps, &inside);
            let last = inside.inside("finally", locals);
            PlannedWork::Block {
                steps: planned,
                finally: all(build, finally, &last),
            }
        }
        Work::Reason => PlannedWork::Reason,
    };
    let undo = if step.undo.is_empty() {
        Vec::new()
    } else {
        let mut seen = joined(&place.locals, &locals);
        // What the step keeps, undo sees by its bare name.
        for (name, ty) in signature.iter().flat_map(|signature| &signature.captures) {
            let value = Partial::unknown(
                ty.clone(),
                path_expr(&format!("{path}.{name}")),
                [Origin::Step {
                    step: build.public(&path),
                    part: name.clone(),
                }],
            );
            seen.insert(
                name.clone(),
                Local {
                    value,
                    ty: ty.clone(),
                },
            );
        }
        let undoing = Place {
            graph: Graph::Resolve,
            undoing: true,
            ..place.inside(id, seen.clone()).inside("undo", seen)
        };
        all(build, &step.undo, &undoing)
    };
    Turn {
        element: element.shown.clone(),
        before,
        work,
        undo,
    }
}

/// What `before` will be.
fn before_local(
    build: &Build<'_>,
    step: &Step,
    path: &str,
    before: &runbook_playbook::syntax::step::Before,
    action: &runbook_playbook::catalog::Action,
) -> Local {
    let ty = match &before.path {
        None => action.output.clone(),
        Some(path) => {
            let ty = path.infer(&action.output).unwrap_or(Type::Any);
            if path.singular { ty } else { Type::list(ty) }
        }
    };
    let told = build
        .evidence
        .filter(|_| step.each.is_none())
        .and_then(|evidence| evidence.answer(&build.public(path), &action.name));
    let value = match (told, &before.path) {
        (Some(json), None) => Partial::Known(Value::typed(json, &ty)),
        _ => Partial::unknown(
            ty.clone(),
            path_expr("before"),
            [Origin::Step {
                step: build.public(path),
                part: "before".to_owned(),
            }],
        ),
    };
    Local { value, ty }
}

/// What a step that only reasons keeps, as far as it is known.
fn captures(
    build: &Build<'_>,
    step: &Step,
    place: &Place,
    element: &Element,
) -> Vec<(String, Partial)> {
    let mut names = build.names(place).with(&element.locals);
    let mut found = Vec::new();
    for capture in &step.capture {
        let CaptureFrom::Expression(expression) = &capture.from else {
            continue;
        };
        let Ok(value) = partial::evaluate(expression, &names) else {
            continue;
        };
        let plain = capture.convert.is_none() && capture.take.is_none();
        let certain = value
            .known()
            .is_some_and(|value| !matches!(value, Value::Absent | Value::Unknown));
        if plain && certain {
            let name = &capture.name.value;
            let ty = names.type_of(&expression.root);
            names.locals.insert(
                name.clone(),
                Local {
                    value: value.clone(),
                    ty,
                },
            );
            found.push((name.clone(), value));
        }
    }
    found
}

/// An open end of a step.
pub(super) fn open_end(path: &str, why: &str) -> OpenEnd {
    OpenEnd {
        step: path.to_owned(),
        why: why.to_owned(),
    }
}
