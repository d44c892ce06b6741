//! The graphs of a playbook, in the order in which a run comes to them.

use super::build::{Build, Place};
use super::contacts;
use super::escalation::escalation;
use super::longest::{in_turn, of_undo, side_by_side};
use super::nested;
use super::secrets;
use super::step::all;
use super::totals::totals;
use super::value::planned;
use super::{
    AllowedPlaces, Certainty, Condition, ConditionKind, Count, Forecast, GraphKind, Longest,
    PlannedCause, PlannedGraph, PlannedInput, PlannedStep, PlannedValue, PlannedWork, Reading,
    Readings, Reason,
};
use crate::plan::{Plan, Until};
use crate::run::state::Graph;
use crate::step::claims;
use crate::surroundings::Library;
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::expression::partial::{Origin, Partial};
use runbook_playbook::guard::Alarm;
use runbook_playbook::inputs::type_of;
use runbook_playbook::span::Spanned;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::MatchSymptoms;
use runbook_playbook::syntax::step::{Step, Work};
use runbook_playbook::syntax::verify::{Otherwise, Verify};
use runbook_playbook::template::Data;
use runbook_playbook::types::Type;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Forecast {
    /// Says what a run of the plan would do, with nothing read. `given` are the names of the inputs that are not defaults:
    /// a default that depends on the time is not known before the run.
    #[must_use]
    pub fn offline(
        plan: &Plan,
        given: &BTreeSet<String>,
        catalog: &dyn Catalog,
        library: &dyn Library,
    ) -> Self {
        of(plan, given, catalog, library, None)
    }
}

/// Makes the forecast of a playbook that nobody else runs.
pub(super) fn of(
    plan: &Plan,
    given: &BTreeSet<String>,
    catalog: &dyn Catalog,
    library: &dyn Library,
    evidence: Option<&super::Evidence>,
) -> Forecast {
    let mut inputs: IndexMap<String, Partial> = IndexMap::new();
    for input in &plan.checked.playbook.inputs {
        let name = &input.name.value;
        let value = if input.kind == InputKind::Secret {
            nested::secret(input)
        } else if given.contains(name) || input.default.is_none() {
            plan.inputs
                .get(name)
                .cloned()
                .map_or_else(|| super::names::not_given(input), Partial::Known)
        } else {
            match (nested::default(input, &inputs), plan.inputs.get(name)) {
                (Ok(gaps), _) if gaps.known().is_none() => gaps,
                (_, Some(value)) => Partial::Known(value.clone()),
                (Ok(value), None) => value,
                (Err(_), None) => Partial::Known(runbook_playbook::value::Value::Absent),
            }
        };
        inputs.insert(name.clone(), value);
    }
    let build = Build {
        plan,
        catalog,
        library,
        evidence,
        inputs,
        prefix: String::new(),
        chain: vec![plan.checked.id.clone()],
        states: RefCell::default(),
        left_out: RefCell::default(),
        notes: RefCell::default(),
    };
    forecast(&build)
}

/// Makes the forecast of one playbook.
pub(super) fn forecast(build: &Build<'_>) -> Forecast {
    let plan = build.plan;
    let playbook = &plan.checked.playbook;
    let graphs = graphs(build);
    let mut digest = String::new();
    for byte in Sha256::digest(playbook.source.text().as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    let left_out = build.left_out.borrow().clone();
    let hidden = u64::try_from(left_out.len()).unwrap_or(u64::MAX);
    let mut totals = totals(&graphs, hidden);
    if let Some(timeout) = &playbook.timeout {
        let open = std::mem::take(&mut totals.longest.open);
        let people = open
            .into_iter()
            .filter(|open| open.why == super::longest::PERSON)
            .collect();
        totals.longest.bounded = totals.longest.bounded.min(timeout.value);
        totals.longest.open = people;
        build.note(format!(
            "the playbook's own `timeout` ends it after {}",
            runbook_playbook::duration::format(timeout.value)
        ));
    }
    if let Some(most) = &playbook.max_writes {
        build.note(format!(
            "`limits` allows {} writes; the next one fails",
            most.value
        ));
    }
    let (reaches, runs) = contacts::of(build, &graphs);
    let names = Place::of(Graph::Symptom, "");
    let place = |list: &[Spanned<Data>]| -> Vec<PlannedValue> {
        list.iter()
            .filter_map(|data| contacts::text(build, data, &names))
            .collect()
    };
    let mut places = AllowedPlaces {
        accounts: place(&playbook.target.accounts),
        regions: place(&playbook.target.regions),
        roles: place(&playbook.target.roles),
    };
    places.roles.shrink_to_fit();
    let guards = guards(
        place(&playbook.guards.alarms),
        place(&playbook.guards.freeze),
    );
    if !playbook.guards.alarms.is_empty() || !playbook.guards.freeze.is_empty() {
        let reads: Vec<&str> = guards.iter().map(|(action, _)| *action).collect();
        build.note(if reads.is_empty() {
            "`guards` may end a run before a write".to_owned()
        } else {
            format!(
                "`guards` may end a run before a write; they read {} before writes and while the run waits, which is counted nowhere",
                reads.join(", ")
            )
        });
    }
    Forecast {
        playbook: plan.checked.id.clone(),
        file: playbook.source.name().to_owned(),
        digest,
        title: playbook.title.value.clone(),
        summary: playbook.summary.as_ref().map(|text| text.value.clone()),
        inputs: inputs(build),
        options: plan.options.clone(),
        reading: Reading::Offline,
        reaches,
        runs,
        targets: places,
        causes: causes(build),
        graphs,
        left_out,
        totals,
        notes: build.notes.borrow().clone(),
        guards,
    }
}

/// What guards read: the states of alarms, and of calendars that are no files.
fn guards(
    alarms: Vec<PlannedValue>,
    calendars: Vec<PlannedValue>,
) -> Vec<(&'static str, PlannedValue)> {
    let list = |name: &str, items| {
        PlannedValue::Map([(name.to_owned(), PlannedValue::List(items))].into())
    };
    let mut found = Vec::new();
    if !alarms.is_empty() {
        let names = alarms.into_iter().map(|alarm| {
            let text = alarm.known().and_then(Json::as_str);
            match text.and_then(|text| Alarm::read(text).ok()) {
                Some(alarm) => PlannedValue::Known(alarm.name.into()),
                None => alarm,
            }
        });
        found.push((
            "cloudwatch:DescribeAlarms",
            list("AlarmNames", names.collect()),
        ));
    }
    let changes: Vec<PlannedValue> = calendars
        .into_iter()
        .filter(|calendar| {
            let text = calendar.known().and_then(Json::as_str);
            text.is_none_or(|text| text.starts_with("arn:"))
        })
        .collect();
    if !changes.is_empty() {
        found.push(("ssm:GetCalendarState", list("CalendarNames", changes)));
    }
    found
}

fn inputs(build: &Build<'_>) -> Vec<PlannedInput> {
    let declared = build.plan.checked.playbook.inputs.iter();
    declared
        .map(|input| {
            let name = &input.name.value;
            let ty = type_of(input);
            let value = match build.inputs.get(name) {
                _ if input.kind == InputKind::Secret => PlannedValue::Secret,
                Some(value) => {
                    let value = planned(value, &Type::Any);
                    unnamed(name, value.unwrap_or(PlannedValue::Known(Json::Null)))
                }
                None => PlannedValue::Known(Json::Null),
            };
            PlannedInput {
                name: name.clone(),
                ty: ty.present().to_string(),
                value,
            }
        })
        .collect()
}

/// An input that is not known is not explained by itself.
fn unnamed(name: &str, mut value: PlannedValue) -> PlannedValue {
    if let PlannedValue::Unknown(unknown) = &mut value
        && unknown.expression == format!("inputs.{name}")
    {
        unknown.expression.clear();
    }
    value
}

fn causes(build: &Build<'_>) -> Vec<PlannedCause> {
    let causes = build.plan.checked.causes.iter();
    causes
        .map(|(name, cause)| PlannedCause {
            name: name.clone(),
            title: cause.title.clone(),
            finders: cause
                .finders
                .iter()
                .map(|path| build.public(path))
                .collect(),
            remedies: cause
                .remedies
                .iter()
                .map(|path| build.public(path))
                .collect(),
            found: build.found(name),
        })
        .collect()
}

/// Whether a graph is reached, and what decides it.
#[derive(Default)]
pub(super) struct Reach {
    conditions: Vec<Condition>,
    never: Option<Reason>,
}

impl Reach {
    /// Whether it is reached at all, and if so, under which conditions.
    pub(super) fn certainty(&self) -> Certainty {
        match &self.never {
            Some(reason) => Certainty::Never(reason.clone()),
            None if self.conditions.is_empty() => Certainty::Runs,
            None => Certainty::Depends(self.conditions.clone()),
        }
    }

    /// Adds a condition.
    pub(super) fn needs(&mut self, text: &str, origins: Vec<Origin>) {
        self.conditions.push(Condition {
            kind: ConditionKind::Graph,
            text: text.to_owned(),
            origins,
        });
    }

    fn ends(&mut self, code: &'static str, message: &str) {
        self.never.get_or_insert(Reason {
            code,
            message: message.to_owned(),
        });
    }
}

fn graphs(build: &Build<'_>) -> Vec<PlannedGraph> {
    let playbook = &build.plan.checked.playbook;
    let options = &build.plan.options;
    let mut reach = Reach::default();
    let mut found = Vec::new();
    found.extend(secrets::graph(build));
    if let Some(check) = &playbook.check {
        found.extend(graph(
            build,
            GraphKind::Check,
            Graph::Check,
            &check.steps,
            &reach,
        ));
        return found;
    }
    if let Some(symptom) = &playbook.symptom {
        let steps = &symptom.steps;
        found.extend(graph(
            build,
            GraphKind::Symptom,
            Graph::Symptom,
            steps,
            &reach,
        ));
        if !options.force {
            symptom_decides(build, steps, &mut reach);
        }
    }
    let only_symptom =
        playbook.symptom.is_some() && playbook.diagnose.is_none() && playbook.resolve.is_none();
    if options.until == Some(Until::Symptom) && !only_symptom {
        reach.ends("until", "the run ends after the symptom was read");
    }
    if let Some(diagnose) = &playbook.diagnose {
        let steps = &diagnose.steps;
        found.extend(graph(
            build,
            GraphKind::Diagnose,
            Graph::Diagnose,
            steps,
            &reach,
        ));
    }
    if options.until == Some(Until::Diagnose) {
        reach.ends("until", "the run ends after the cause was looked for");
    }
    if let Some(resolve) = &playbook.resolve {
        for condition in &mut reach.conditions {
            // What could not be read leads to a diagnosis, never to a change.
            "the symptom holds".clone_into(&mut condition.text);
        }
        let steps = &resolve.steps;
        let planned = graph(build, GraphKind::Resolve, Graph::Resolve, steps, &reach);
        let acts = planned.as_ref().is_some_and(|graph| acts(&graph.steps));
        found.extend(planned);
        if acts && reach.never.is_none() {
            found.extend(verify(build, reach));
        }
    }
    found.extend(escalation(build));
    found
}

/// What the symptom decides: known where its claims are, or where it makes none.
fn symptom_decides(build: &Build<'_>, steps: &[Step], reach: &mut Reach) {
    let told = build
        .evidence
        .filter(|_| build.prefix.is_empty())
        .and_then(|evidence| evidence.symptom);
    match told {
        Some(Truth::True) => return,
        Some(Truth::False) => return reach.ends("symptom", "no symptom holds"),
        Some(Truth::Unknown) | None => {}
    }
    let claiming: Vec<&Step> = steps
        .iter()
        .filter(|step| claims(step, Graph::Symptom))
        .collect();
    let skipped = |step: &&Step| {
        let path = format!("symptom.{}", step.id.value);
        matches!(build.certainty(&path), Some(Certainty::Never(reason)) if reason.code != "blocked")
    };
    let open: Vec<&Step> = claiming.into_iter().filter(|step| !skipped(step)).collect();
    if open.is_empty() {
        return reach.ends("symptom", "no symptom is read, so none holds");
    }
    let origins = open
        .iter()
        .map(|step| Origin::Step {
            step: build.public(&format!("symptom.{}", step.id.value)),
            part: "holds".to_owned(),
        })
        .collect();
    let text = match (build.plan.checked.playbook.match_symptoms, open.len()) {
        (_, 1) => "the symptom holds, or could not be read",
        (MatchSymptoms::Any, _) => "a symptom holds, or one could not be read",
        (MatchSymptoms::All, _) => "all symptoms hold, or some could not be read",
    };
    reach.needs(text, origins);
}

/// Plans one graph; `None` for one that is not reached, which is noted.
fn graph(
    build: &Build<'_>,
    kind: GraphKind,
    graph: Graph,
    steps: &[Step],
    reach: &Reach,
) -> Option<PlannedGraph> {
    if let Some(reason) = &reach.never {
        leave_out(build, steps, kind.as_str(), reason);
        return None;
    }
    let place = Place::of(graph, kind.as_str());
    let steps = all(build, steps, &place);
    let longest = if kind.is_sequential() {
        in_turn(&steps).then(of_undo(&steps))
    } else {
        side_by_side(&steps)
    };
    Some(PlannedGraph {
        kind,
        certainty: reach.certainty(),
        steps,
        times: Count::one(),
        readings: None,
        longest,
    })
}

fn leave_out(build: &Build<'_>, steps: &[Step], prefix: &str, reason: &Reason) {
    for step in steps {
        let path = format!("{prefix}.{}", step.id.value);
        let action = crate::run::state::action_of(step);
        build.leave_out(&path, action, reason.clone());
        if let Work::Block { steps, finally } = &step.work {
            leave_out(build, steps, &path, reason);
            leave_out(build, finally, &format!("{path}.finally"), reason);
        }
    }
}

/// Whether a run can do something here that verification looks at.
fn acts(steps: &[PlannedStep]) -> bool {
    steps.iter().any(|step| {
        step.turns.iter().any(|turn| match &turn.work {
            PlannedWork::Call(call) => {
                call.effects.iter().any(|effect| *effect != Effect::Read)
                    || call.action.starts_with("human:")
            }
            PlannedWork::Block { steps, finally } => acts(steps) || acts(finally),
            PlannedWork::Playbook { call, .. } => {
                call.effects.iter().any(|effect| *effect != Effect::Read)
            }
            PlannedWork::Reason => false,
        })
    })
}

/// Plans the readings after a resolve that did something.
fn verify(build: &Build<'_>, mut reach: Reach) -> Option<PlannedGraph> {
    let playbook = &build.plan.checked.playbook;
    let options = &build.plan.options;
    let verify = playbook.verify.clone().unwrap_or_default();
    let own = !verify.steps.is_empty();
    let steps: &[Step] = match &playbook.symptom {
        _ if own => &verify.steps,
        Some(symptom) => &symptom.steps,
        None => return None,
    };
    let reason = match (options.verify, options.until) {
        (false, _) => Some("verification was not asked for"),
        (_, Some(_)) => Some("the run ends after it was mended"),
        _ => None,
    };
    if let Some(message) = reason {
        let code = if options.verify { "until" } else { "no_verify" };
        reach.ends(code, message);
        if let Some(reason) = &reach.never {
            leave_out(build, steps, "verify", reason);
        }
        return None;
    }
    reach.needs("something was changed", vec![Origin::RunTime]);
    let place = Place {
        checked: if own { "verify" } else { "symptom" }.to_owned(),
        ..Place::of(Graph::Verify, "verify")
    };
    // A reading starts from nothing, and after the changes: what was read before tells nothing of it.
    let apart = Build {
        evidence: None,
        inputs: build.inputs.clone(),
        prefix: build.prefix.clone(),
        chain: build.chain.clone(),
        states: RefCell::new(build.states.borrow().clone()),
        left_out: RefCell::default(),
        notes: RefCell::default(),
        ..*build
    };
    let planned = all(&apart, steps, &place);
    let readings = readings(&verify);
    let once = side_by_side(&planned);
    let waits = verify.after.max(verify.within);
    let mut longest = Longest::of(waits).then(once);
    if readings.undoes {
        longest = longest.then(Longest::default());
    }
    Some(PlannedGraph {
        kind: GraphKind::Verify,
        certainty: reach.certainty(),
        steps: planned,
        times: Count {
            at_least: readings.at_least,
            at_most: Some(readings.at_most),
        },
        readings: Some(readings),
        longest,
    })
}

fn readings(verify: &Verify) -> Readings {
    // A reading takes no time at least, so the waits alone bound how many there are.
    let room = verify.within.saturating_sub(verify.after);
    let at_most = if room.is_negative() {
        1
    } else {
        let every = verify.every.as_nanos();
        let further = if every <= 0 {
            i128::from(u32::MAX)
        } else {
            room.as_nanos() / every
        };
        1 + u64::try_from(further).unwrap_or(u64::MAX - 1)
    };
    let times = verify.times.max(1);
    Readings {
        after: verify.after,
        every: verify.every,
        within: verify.within,
        times,
        at_least: u64::from(times).min(at_most),
        at_most,
        undoes: verify.otherwise == Otherwise::Undo,
    }
}
