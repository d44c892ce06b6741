//! A forecast for which the reads are made and every write is held.

use super::evidence::{Evidence, Gatherer};
use super::graphs;
use super::{
    Forecast, PlannedCall, PlannedChange, PlannedStep, PlannedValue, PlannedWork, ReadFailure,
    Reading, gravest,
};
use crate::approval::{Approver, Decision, Question};
use crate::cancel::Cancel;
use crate::journal::MemoryJournal;
use crate::outcome::StepStatus;
use crate::plan::{Options, Plan};
use crate::run::state::Graph;
use crate::step::{claims, subject};
use crate::surroundings::{Library, Performer, Surroundings};
use crate::truth::Truth;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::syntax::playbook::MatchSymptoms;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::{Pending, World};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

/// What reads are made through.
#[derive(Clone, Copy)]
pub struct Readers<'a> {
    /// Where calls go.
    pub world: &'a dyn World,
    /// Makes calls happen in the world.
    pub performer: &'a dyn Performer,
    /// Finds other playbooks.
    pub library: &'a dyn Library,
    /// Ends the reading early.
    pub cancel: &'a Cancel,
    /// The scenario whose world it is, if it is one.
    pub scenario: Option<&'a str>,
}

impl Forecast {
    /// Says what a run of the plan would do, with the reads that come before any write really made, and nothing else.
    pub async fn live(
        plan: &Plan,
        given: &BTreeSet<String>,
        catalog: &dyn Catalog,
        readers: Readers<'_>,
    ) -> Self {
        let held = Held {
            inner: readers.performer,
            catalog,
        };
        let evidence = read(plan, &held, readers).await;
        let mut forecast = graphs::of(plan, given, catalog, readers.library, Some(&evidence));
        let mut calls = evidence.calls;
        for graph in &mut forecast.graphs {
            calls += compare(&mut graph.steps, &evidence, &held, catalog, readers).await;
        }
        forecast.reading = Reading::Live {
            place: place(readers.world),
            scenario: readers.scenario.map(str::to_owned),
            calls,
            failures: failures(&evidence),
        };
        forecast
    }
}

fn place(world: &dyn World) -> String {
    let place = world.place();
    let account = place.account.map(|account| format!("account {account}"));
    let region = place.region.map(|region| format!("region {region}"));
    let parts: Vec<String> = account.into_iter().chain(region).collect();
    parts.join(", ")
}

/// Runs the plan with every write held, and keeps what its reads told.
async fn read(plan: &Plan, held: &Held<'_>, readers: Readers<'_>) -> Evidence {
    let reading = Plan {
        options: Options {
            verify: false,
            ..plan.options.clone()
        },
        ..plan.clone()
    };
    let gatherer = Gatherer::default();
    let journal = MemoryJournal::new();
    let surroundings = Surroundings {
        world: readers.world,
        performer: held,
        approver: &Nothing,
        observer: &gatherer,
        journal: &journal,
        library: readers.library,
        cancel: readers.cancel,
        guards: None,
    };
    let outcome = crate::run::run(&reading, &surroundings).await;
    let mut evidence = gatherer.end();
    for cause in &outcome.causes {
        evidence.causes.insert(cause.name.clone(), cause.found);
    }
    evidence.symptom = symptom(plan, &evidence);
    evidence
}

/// What the symptom steps say together.
fn symptom(plan: &Plan, evidence: &Evidence) -> Option<Truth> {
    let playbook = &plan.checked.playbook;
    let steps = &playbook.symptom.as_ref()?.steps;
    let truths: Vec<Truth> = steps
        .iter()
        .filter(|step| claims(step, Graph::Symptom))
        .filter_map(|step| evidence.steps.get(&format!("symptom.{}", step.id.value)))
        .filter(|outcome| outcome.status != StepStatus::Skipped)
        .map(|outcome| outcome.holds.unwrap_or(Truth::Unknown))
        .collect();
    if truths.is_empty() {
        return None;
    }
    Some(match playbook.match_symptoms {
        MatchSymptoms::Any => truths.into_iter().fold(Truth::False, Truth::or),
        MatchSymptoms::All => truths.into_iter().fold(Truth::True, Truth::and),
    })
}

fn failures(evidence: &Evidence) -> Vec<ReadFailure> {
    evidence
        .steps
        .iter()
        .filter(|(_, outcome)| outcome.status == StepStatus::Failed)
        .filter_map(|(step, outcome)| {
            let error = outcome.error.as_ref()?;
            (!matches!(error.code.as_str(), HELD | "declined")).then(|| ReadFailure {
                step: step.clone(),
                code: error.code.clone(),
                message: error.message.clone(),
            })
        })
        .collect()
}

/// The error code of what is not done for a forecast.
const HELD: &str = "held";

/// Lets reads through and nothing else, whatever a playbook says of itself.
struct Held<'a> {
    inner: &'a dyn Performer,
    catalog: &'a dyn Catalog,
}

impl Performer for Held<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        let reads = self.catalog.action(&call.action).is_ok_and(|action| {
            let effects = self.catalog.effects(&action, &call.arguments);
            effects.iter().all(|effect| *effect == Effect::Read)
        });
        // A person is not asked and nothing is slept through for a forecast.
        let person = call.action.starts_with("human:");
        if reads && !person && call.action != "time:Sleep" {
            return self.inner.perform(world, call);
        }
        let code = if person { "declined" } else { HELD };
        let error = CallError::new(
            FailureKind::NotSent,
            code,
            format!("{} is held while a plan is made", call.action),
        );
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Says no to everything.
struct Nothing;

impl Approver for Nothing {
    fn overriding(&self, _: crate::guard::Kind) -> String {
        String::new()
    }

    fn decide<'a>(&'a self, _: &'a Question) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        let by = "the plan".to_owned();
        Box::pin(std::future::ready(Decision::Declined { by }))
    }
}

/// Says of each write what it changes, from what `before` read or from a read of the same thing. Gives the number of reads.
fn compare<'f>(
    steps: &'f mut [PlannedStep],
    evidence: &'f Evidence,
    held: &'f Held<'_>,
    catalog: &'f dyn Catalog,
    readers: Readers<'f>,
) -> Pin<Box<dyn Future<Output = usize> + 'f>> {
    Box::pin(async move {
        let mut calls = 0;
        for step in steps {
            let repeated = step.each.is_some();
            for turn in &mut step.turns {
                match &mut turn.work {
                    PlannedWork::Call(call) if gravest(&call.effects) != Effect::Read => {
                        let before = turn
                            .before
                            .as_ref()
                            .filter(|_| !repeated)
                            .and_then(|before| evidence.answer(&step.path, &before.action));
                        let now = match before {
                            Some(before) => Some(before.clone()),
                            None if call.base.is_some() || repeated => None,
                            None => {
                                let read = described(call, catalog);
                                if let Some(read) = &read {
                                    calls += 1;
                                    let answer = held.perform(readers.world, read).await;
                                    answer.ok().map(|answer| answer.result)
                                } else {
                                    None
                                }
                            }
                        };
                        // What the arguments begin from is what they change.
                        let base = call.base.as_ref().and_then(|base| base.value.known());
                        call.changes = base
                            .or(now.as_ref())
                            .map(|now| changes(now, &call.arguments));
                    }
                    PlannedWork::Block { steps, finally } => {
                        calls += compare(steps, evidence, held, catalog, readers).await;
                        calls += compare(finally, evidence, held, catalog, readers).await;
                    }
                    PlannedWork::Playbook {
                        forecast: Ok(forecast),
                        ..
                    } => {
                        for graph in &mut forecast.graphs {
                            calls +=
                                compare(&mut graph.steps, evidence, held, catalog, readers).await;
                        }
                    }
                    _ => {}
                }
            }
        }
        calls
    })
}

/// The read that describes what a write changes, where the model pairs them and what names the thing is known.
fn described(call: &PlannedCall, catalog: &dyn Catalog) -> Option<Call> {
    let target = &call.target;
    if target.region.is_some() || target.role.is_some() {
        return None;
    }
    let action = catalog.action(&call.action).ok()?;
    let pair = catalog.described_by(&action)?;
    let mut arguments = Map::new();
    for name in &pair.members {
        let value = call.arguments.member(&name.write);
        match value {
            Some(value) => {
                let known = value.known()?.clone();
                let given = if name.in_list {
                    Json::Array(vec![known])
                } else {
                    known
                };
                arguments.insert(name.read.clone(), given);
            }
            None if name.required => return None,
            None => {}
        }
    }
    Some(Call::new(pair.action, Json::Object(arguments)))
}

/// What arguments change of what there is.
fn changes(now: &Json, arguments: &PlannedValue) -> Vec<PlannedChange> {
    let names: Vec<String> = match arguments {
        PlannedValue::Known(Json::Object(members)) => members.keys().cloned().collect(),
        PlannedValue::Map(entries) => entries.keys().cloned().collect(),
        _ => return Vec::new(),
    };
    let wanted: Map<String, Json> = names
        .iter()
        .map(|name| (name.clone(), Json::Null))
        .collect();
    let mut found = Vec::new();
    let wanted = Json::Object(wanted);
    differ(subject(now, &wanted), arguments, "", &mut found);
    found
}

fn differ(now: &Json, to: &PlannedValue, path: &str, found: &mut Vec<PlannedChange>) {
    let entries: Vec<(String, PlannedValue)> = match to {
        PlannedValue::Known(Json::Object(members)) => members
            .iter()
            .map(|(name, value)| (name.clone(), PlannedValue::Known(value.clone())))
            .collect(),
        PlannedValue::Map(entries) => entries
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        _ => return,
    };
    for (name, to) in entries {
        let Some(from) = now.get(&name) else { continue };
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}.{name}")
        };
        let structured = matches!(
            to,
            PlannedValue::Known(Json::Object(_)) | PlannedValue::Map(_)
        );
        if from.is_object() && structured {
            differ(from, &to, &path, found);
        } else if let (Json::Array(before), PlannedValue::Known(Json::Array(after))) = (from, &to)
            && before.len() == after.len()
        {
            for (at, (one, other)) in before.iter().zip(after).enumerate() {
                let (path, other) = (format!("{path}[{at}]"), PlannedValue::Known(other.clone()));
                if one.is_object() {
                    differ(one, &other, &path, found);
                } else if other.known() != Some(one) {
                    let from = PlannedValue::Known(one.clone());
                    found.push(PlannedChange {
                        path,
                        from,
                        to: other,
                    });
                }
            }
        } else if to.known() != Some(from) {
            let from = match to {
                PlannedValue::Secret => PlannedValue::Secret,
                _ => PlannedValue::Known(from.clone()),
            };
            found.push(PlannedChange { path, from, to });
        }
    }
}
