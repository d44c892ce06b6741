//! `playbook:Run`: what another playbook would do, planned in its place.

use super::build::{Build, Place};
use super::names::{Local, path_expr};
use super::{Forecast, PlannedCall, PlannedUnknown, PlannedValue};
use crate::plan::{Options, Plan, Until};
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::checked::Checked;
use runbook_playbook::expression::partial::{self, Origin, Partial};
use runbook_playbook::inputs::{Given, bind_inputs, type_of};
use runbook_playbook::syntax::input::{Input, InputKind};
use runbook_playbook::syntax::step::Call;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::sync::Arc;

/// How deep playbooks may run each other, as in a run.
const DEEPEST: usize = 8;

/// Plans the playbook that a call runs; the reason where that cannot be told.
pub(super) fn plan(
    build: &Build<'_>,
    path: &str,
    _: &Call,
    call: &PlannedCall,
    _: &Place,
    _: &IndexMap<String, Local>,
) -> Result<Forecast, String> {
    let Some(Json::String(file)) = call
        .arguments
        .member("path")
        .and_then(|path| path.known().cloned())
    else {
        return Err("which playbook it runs is not known yet".to_owned());
    };
    if build.chain.len() > DEEPEST {
        return Err(format!("playbooks run each other more than {DEEPEST} deep"));
    }
    let checked = build.library.load(&build.plan.checked, &file)?;
    if build.chain.contains(&checked.id) {
        return Err(format!(
            "{} runs itself: {} → {}",
            checked.id,
            build.chain.join(" → "),
            checked.id
        ));
    }
    let only = call.arguments.member("only");
    let until = match &only {
        Some(PlannedValue::Known(Json::String(only))) if only == "symptom" => Some(Until::Symptom),
        Some(PlannedValue::Known(Json::String(only))) if only == "diagnose" => {
            Some(Until::Diagnose)
        }
        _ => build
            .plan
            .options
            .until
            .filter(|until| *until == Until::Resolve),
    };
    let given = call.arguments.member("inputs");
    let inputs = bind(&checked, given.as_ref())?;
    let options = Options {
        until,
        verify: build.plan.options.verify,
        ..Options::default()
    };
    let known = inputs
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.known()?.clone())))
        .collect();
    let plan =
        Plan::new(Arc::clone(&checked), known, options).map_err(|error| error.to_string())?;
    let mut chain = build.chain.clone();
    chain.push(checked.id.clone());
    let inner = Build {
        plan: &plan,
        catalog: build.catalog,
        library: build.library,
        evidence: build.evidence,
        inputs,
        prefix: format!("{}/", build.public(path)),
        chain,
        states: RefCell::default(),
        left_out: RefCell::default(),
        notes: RefCell::default(),
    };
    Ok(super::graphs::forecast(&inner))
}

/// Binds inputs of which some have gaps.
pub(super) fn bind(
    checked: &Checked,
    given: Option<&PlannedValue>,
) -> Result<IndexMap<String, Partial>, String> {
    let mut bound: IndexMap<String, Partial> = IndexMap::new();
    // Which inputs are given at all is not known.
    let opaque = given.is_some_and(|given| {
        !matches!(
            given,
            PlannedValue::Map(_) | PlannedValue::Known(Json::Object(_))
        )
    });
    let declared = &checked.playbook.inputs;
    if let Some(names) = given.map(names) {
        for name in names {
            if declared.iter().all(|input| input.name.value != name) {
                return Err(format!("`{}` has no input `{name}`", checked.id));
            }
        }
    }
    for input in declared {
        let name = &input.name.value;
        let value = given.and_then(|given| given.member(name));
        let value = match value {
            _ if input.kind == InputKind::Secret => secret(input),
            _ if opaque => by_caller(input, Vec::new()),
            Some(PlannedValue::Known(json)) => {
                let given = [(name.clone(), Given::Json(json))];
                known(input, &given)?
            }
            Some(value) => by_caller(input, origins(&value)),
            None => default(input, &bound)?,
        };
        bound.insert(name.clone(), value);
    }
    Ok(bound)
}

fn names(given: &PlannedValue) -> Vec<String> {
    match given {
        PlannedValue::Known(Json::Object(members)) => members.keys().cloned().collect(),
        PlannedValue::Map(entries) => entries.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// A secret input: known to the run, never to a forecast.
pub(super) fn secret(input: &Input) -> Partial {
    let name = &input.name.value;
    Partial::unknown(
        Type::Secret,
        path_expr(&format!("inputs.{name}")),
        [Origin::Secret(name.clone())],
    )
}

fn by_caller(input: &Input, origins: Vec<Origin>) -> Partial {
    let name = &input.name.value;
    let origins = if origins.is_empty() {
        vec![Origin::Caller(name.clone())]
    } else {
        origins
    };
    Partial::unknown(
        type_of(input),
        path_expr(&format!("inputs.{name}")),
        origins,
    )
}

fn known(input: &Input, given: &[(String, Given)]) -> Result<Partial, String> {
    let bound = bind_inputs(std::slice::from_ref(input), given, Timestamp::UNIX_EPOCH).map_err(
        |problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            problems.join("; ")
        },
    )?;
    let value = bound.get(&input.name.value).cloned();
    Ok(Partial::Known(value.unwrap_or(Value::Absent)))
}

/// The default of an input, from inputs that may have gaps and a time that is not known.
pub(super) fn default(input: &Input, bound: &IndexMap<String, Partial>) -> Result<Partial, String> {
    let Some(default) = &input.default else {
        return Err(format!("input `{}` is required", input.name.value));
    };
    if default.value.is_absent() {
        return Ok(Partial::Known(Value::Absent));
    }
    let scope = Earlier(bound);
    let value = partial::read(default, &type_of(input), &scope)
        .map_err(|error| format!("input `{}`: {}", input.name.value, error.message))?;
    match value {
        Partial::Known(value) => Ok(Partial::Known(value)),
        gaps => {
            let origins: Vec<Origin> = gaps.origins().into_iter().collect();
            Ok(match gaps {
                // The pieces of a text are worth showing wherever it goes.
                Partial::Text(_) | Partial::List(_) => gaps,
                _ => by_caller(input, origins),
            })
        }
    }
}

fn origins(value: &PlannedValue) -> Vec<Origin> {
    let of = |unknown: &PlannedUnknown| unknown.origins.clone();
    let mut found: Vec<Origin> = match value {
        PlannedValue::Unknown(unknown) => of(unknown),
        PlannedValue::Text(parts) => parts
            .iter()
            .flat_map(|part| match part {
                super::PlannedText::Unknown(unknown) => of(unknown),
                _ => Vec::new(),
            })
            .collect(),
        PlannedValue::List(items) => items.iter().flat_map(origins).collect(),
        PlannedValue::Map(entries) => entries.values().flat_map(origins).collect(),
        PlannedValue::Known(_) | PlannedValue::Secret => Vec::new(),
    };
    found.sort();
    found.dedup();
    found
}

/// The inputs before one, as its default sees them.
pub(super) struct Earlier<'i>(pub &'i IndexMap<String, Partial>);

impl partial::PartialScope for Earlier<'_> {
    fn lookup(&self, name: &str) -> Option<Partial> {
        (name == "inputs").then(|| Partial::map(self.0.clone()))
    }

    fn now(&self) -> Option<Timestamp> {
        None
    }

    fn since(&self, _: jiff::SignedDuration) -> Option<Timestamp> {
        None
    }

    fn type_of(&self, _: &runbook_playbook::expression::Expr) -> Type {
        Type::Any
    }
}
