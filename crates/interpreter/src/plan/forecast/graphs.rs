//! The graphs of a playbook, in the order in which a run comes to them.

use super::build::{Build, Place};
use super::contacts;
use super::longest::{in_turn, of_undo, side_by_side};
use super::names::{Local, path_expr};
use super::nested;
use super::step::all;
use super::totals::totals;
use super::value::planned;
use super::{
    AllowedPlaces, Certainty, Condition, ConditionKind, Count, Forecast, GraphKind, Longest,
    PlannedCause, PlannedGraph, PlannedInput, PlannedStep, PlannedValue, PlannedWork, Reading,
    Readings, Reason,
};
use crate::plan::{Options, Plan, Until};
use crate::run::state::Graph;
use crate::step::claims;
use crate::surroundings::Library;
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::catalog::{Catalog, Effect};
use runbook_playbook::expression::partial::{self, Origin, Partial};
use runbook_playbook::guard::Alarm;
use runbook_playbook::inputs::type_of;
use runbook_playbook::span::Spanned;
use runbook_playbook::syntax::escalate::Escalate;
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
use std::sync::Arc;

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
                    planned(value, &Type::Any).unwrap_or(PlannedValue::Known(Json::Null))
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
struct Reach {
    conditions: Vec<Condition>,
    never: Option<Reason>,
}

impl Reach {
    fn certainty(&self) -> Certainty {
        match &self.never {
            Some(reason) => Certainty::Never(reason.clone()),
            None if self.conditions.is_empty() => Certainty::Runs,
            None => Certainty::Depends(self.conditions.clone()),
        }
    }

    fn needs(&mut self, text: &str, origins: Vec<Origin>) {
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
    let mut reach = Reach {
        conditions: Vec::new(),
        never: None,
    };
    let mut found = Vec::new();
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

/// Plans what happens when a run did not end well: the evidence of the playbook and of the file that it shares, and the people
/// who are told.
fn escalation(build: &Build<'_>) -> Vec<PlannedGraph> {
    let Some(escalate) = &build.plan.checked.playbook.escalate else {
        return Vec::new();
    };
    // Only the outermost run escalates.
    if build.chain.len() > 1 {
        return Vec::new();
    }
    let mut levels: BTreeSet<u32> =
        BTreeSet::from([escalate.level.as_ref().map_or(1, |level| level.value)]);
    let mut found = Vec::new();
    match &escalate.uses {
        None => {
            levels.extend(escalate.levels.iter().map(|level| level.level.value));
            found.extend(gather(build, escalate));
            found.extend(notify(build, escalate, &levels));
        }
        Some(file) => {
            found.extend(gather(build, escalate));
            match shared(build, escalate, &file.value, levels) {
                Ok(more) => found.extend(more),
                Err(why) => build.note(format!("escalation: {why}")),
            }
        }
    }
    found
}

/// Plans the file that playbooks share.
fn shared(
    build: &Build<'_>,
    escalate: &Escalate,
    file: &str,
    mut levels: BTreeSet<u32>,
) -> Result<Vec<PlannedGraph>, String> {
    let checked = build.library.load(&build.plan.checked, file)?;
    let place = Place::of(Graph::Notify, "notify");
    let names = build.names(&place);
    let mut given = IndexMap::new();
    for (name, data) in &escalate.with {
        let value = partial::read(data, &Type::Any, &names)
            .map_err(|error| format!("`{}`: {}", name.value, error.message))?;
        if let Some(value) = planned(&value, &Type::Any) {
            given.insert(name.value.clone(), value);
        }
    }
    let inputs = nested::bind(&checked, Some(&PlannedValue::Map(given)))?;
    let known = inputs
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.known()?.clone())))
        .collect();
    let plan = Plan::new(Arc::clone(&checked), known, Options::default())
        .map_err(|error| error.to_string())?;
    let inner = Build {
        plan: &plan,
        catalog: build.catalog,
        library: build.library,
        evidence: None,
        inputs,
        prefix: "escalation/".to_owned(),
        chain: build.chain.clone(),
        states: RefCell::default(),
        left_out: RefCell::default(),
        notes: RefCell::default(),
    };
    let Some(construct) = &checked.playbook.escalate else {
        return Ok(Vec::new());
    };
    levels.extend(construct.levels.iter().map(|level| level.level.value));
    let mut found: Vec<PlannedGraph> = gather(&inner, construct).into_iter().collect();
    found.extend(notify(&inner, construct, &levels));
    build
        .left_out
        .borrow_mut()
        .extend(inner.left_out.borrow().iter().cloned());
    for note in inner.notes.borrow().iter() {
        build.note(note.clone());
    }
    Ok(found)
}

fn gather(build: &Build<'_>, escalate: &Escalate) -> Option<PlannedGraph> {
    let place = Place {
        locals: escalating(build, escalate, None),
        ..Place::of(Graph::Gather, "gather")
    };
    if escalate.gather.is_empty() {
        return None;
    }
    let mut reach = Reach {
        conditions: Vec::new(),
        never: None,
    };
    reach.needs(
        "the run did not end well, or takes long",
        vec![Origin::RunTime],
    );
    let steps = all(build, &escalate.gather, &place);
    Some(PlannedGraph {
        kind: GraphKind::Gather,
        certainty: reach.certainty(),
        longest: side_by_side(&steps),
        steps,
        times: Count::one(),
        readings: None,
    })
}

fn notify(build: &Build<'_>, escalate: &Escalate, levels: &BTreeSet<u32>) -> Option<PlannedGraph> {
    if escalate.notify.is_empty() {
        return None;
    }
    let place = Place {
        locals: escalating(build, escalate, Some(levels)),
        ..Place::of(Graph::Notify, "notify")
    };
    let mut reach = Reach {
        conditions: Vec::new(),
        never: None,
    };
    let words: Vec<String> = levels.iter().map(ToString::to_string).collect();
    reach.needs(
        &format!(
            "people may be told (asked at the start, or --yes=notify), once for each level that is due of {}",
            words.join(", ")
        ),
        vec![Origin::RunTime],
    );
    let steps = all(build, &escalate.notify, &place);
    let times = u64::try_from(levels.len()).unwrap_or(u64::MAX);
    Some(PlannedGraph {
        kind: GraphKind::Notify,
        certainty: reach.certainty(),
        longest: in_turn(&steps).times(times),
        steps,
        times: Count {
            at_least: 0,
            at_most: Some(times),
        },
        readings: None,
    })
}

/// What the steps of escalation see beside what every step sees.
fn escalating(
    build: &Build<'_>,
    escalate: &Escalate,
    levels: Option<&BTreeSet<u32>>,
) -> IndexMap<String, Local> {
    let place = Place::of(Graph::Notify, "notify");
    let names = build.names(&place);
    let contacts = escalate
        .contacts
        .iter()
        .map(|(name, data)| {
            let value = partial::read(data, &Type::Any, &names)
                .unwrap_or(Partial::Known(runbook_playbook::value::Value::Absent));
            (name.value.clone(), value)
        })
        .collect();
    let mut locals = IndexMap::from([(
        "contacts".to_owned(),
        Local {
            value: Partial::map(contacts),
            ty: Type::map(Type::Any),
        },
    )]);
    if levels.is_some() {
        let value = Partial::unknown(
            Type::integer(),
            path_expr("level"),
            [Origin::Element("level".to_owned())],
        );
        locals.insert(
            "level".to_owned(),
            Local {
                value,
                ty: Type::integer(),
            },
        );
    }
    locals
}
