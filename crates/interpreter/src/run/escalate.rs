//! `escalate`: completes the evidence and tells people, level by level, when a run did not end well or takes long.
//!
//! Whether people may be told is asked once, when the run begins; nothing is asked in the middle. What happens here
//! changes no verdict.

use super::reading;
use super::scope::StepScope;
use super::state::{Container, Ended, Graph, Locals, Run, State, Stop};
use crate::approval::{Decision, Question, QuestionCall};
use crate::event::EventKind;
use crate::outcome::{Escalated, StepStatus};
use crate::plan::{Options, Plan};
use crate::step;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::checked::{Checked, StepPath};
use runbook_playbook::expression::evaluate_condition;
use runbook_playbook::inputs::{self, Given};
use runbook_playbook::syntax::escalate::{Escalate, Level};
use runbook_playbook::syntax::step::{Call, Step, Work};
use runbook_playbook::template;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::world::Pending;
use serde_json::{Map, Value as Json};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// The level that is told where the playbook names none.
const FIRST: u32 = 1;

/// Who declined where nobody could be asked.
const NOBODY: &str = "nobody";

/// What stands before the names of a shared file's steps.
const SHARED: &str = "escalation/";

/// What a run knows of its escalation.
#[derive(Debug, Clone, Default)]
pub struct Escalating {
    /// The file that `use` names.
    shared: Option<Arc<Checked>>,
    /// People may be told.
    allowed: bool,
    /// The evidence is complete: the steps of `gather`, as the file that names them knows them.
    gathered: Option<IndexMap<StepPath, Ended>>,
    /// The levels that are done with.
    told: BTreeSet<u32>,
    /// What the outcome says.
    pub record: Escalated,
}

/// When escalation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Start,
    During,
    End,
}

/// Asks whether people may be told, and tells those who want to know from the start.
pub(super) async fn begin(run: &Run<'_>) {
    let Some(escalate) = &run.plan.checked.playbook.escalate else {
        return;
    };
    if run.depth > 0 {
        return;
    }
    let mut escalating = Escalating::default();
    if let Some(uses) = &escalate.uses {
        match run.around.library.load(&run.plan.checked, uses) {
            Ok(shared) => {
                let text = shared.playbook.source.text();
                if let Err(error) = run.around.journal.file(&shared.id, text) {
                    run.unkept(error);
                }
                escalating.shared = Some(shared);
            }
            Err(why) => escalating.record.not_told = Some(why),
        }
    }
    run.state.borrow_mut().escalating = Some(escalating);
    visit(run, Moment::Start).await;
}

/// Tells those who want to know that a run takes so long.
pub(super) async fn checkpoint(run: &Run<'_>) {
    let over = run.state.borrow().stop.is_some();
    if !over {
        visit(run, Moment::During).await;
    }
}

/// Completes the evidence and tells people that a run did not end well.
pub(super) async fn end(run: &Run<'_>, verdict: Verdict) {
    let expired = matches!(
        run.state.borrow().stop,
        Some(Stop::Expired(_) | Stop::TimedOut | Stop::Alarm(_))
    );
    if expired
        || matches!(
            verdict,
            Verdict::Unresolved | Verdict::Failed | Verdict::Undone
        )
    {
        visit(run, Moment::End).await;
    }
}

async fn visit(run: &Run<'_>, moment: Moment) {
    let Some(escalating) = run.state.borrow().escalating.clone() else {
        return;
    };
    let shared = escalating.shared.as_ref();
    let playbook = shared.map_or(&run.plan.checked.playbook, |shared| &shared.playbook);
    let Some(construct) = &playbook.escalate else {
        return;
    };
    if moment == Moment::During && !construct.levels.iter().any(|level| took_longer(level, run)) {
        return;
    }
    let plan = match shared.map(|shared| bound(run, shared)).transpose() {
        Ok(plan) => plan,
        Err(why) => {
            // At the start what `with` names need not be there yet.
            if moment == Moment::End {
                note(run, |record| record.not_told = Some(why));
            }
            return;
        }
    };
    let inner = plan.as_ref().map(|plan| inside(run, plan, &escalating));
    let site = inner.as_ref().unwrap_or(run);
    match moment {
        Moment::Start => allow(run, site, construct).await,
        Moment::During => {}
        Moment::End => gather(run, site, construct).await,
    }
    let due = due(run, site, construct, moment);
    if moment == Moment::During && !due.is_empty() {
        gather(run, site, construct).await;
    }
    for level in due {
        tell(run, site, construct, level).await;
    }
    if let Some(inner) = &inner {
        let mut own = run.state.borrow_mut();
        let mut inner = inner.state.borrow_mut();
        for (path, ended) in &inner.steps {
            own.steps.insert(format!("{SHARED}{path}"), ended.clone());
        }
        if let Some(error) = inner.journal_error.take() {
            own.journal_error.get_or_insert(error);
        }
    }
}

/// The shared file with its inputs.
fn bound(run: &Run<'_>, shared: &Arc<Checked>) -> Result<Plan, String> {
    let container = Container::of(Graph::Notify, &run.clock);
    let scope = StepScope::new(run, &container, IndexMap::new(), run.clock.now());
    let with = run.plan.checked.playbook.escalate.iter();
    let mut given = Vec::new();
    for (name, data) in with.flat_map(|escalate| &escalate.with) {
        if let Some(value) = template::render(data, &Type::Any, &scope)
            .map_err(|error| format!("escalate: `{}`: {error}", name.value))?
        {
            given.push((name.value.clone(), Given::Json(value)));
        }
    }
    let inputs = inputs::bind(&shared.playbook, &given, run.clock.now()).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("escalate: {}", problems.join("; "))
    })?;
    Plan::new(Arc::clone(shared), inputs, Options::default()).map_err(|error| error.to_string())
}

/// The run of a shared file's steps: it sees of the run around it what `run` says.
fn inside<'a>(run: &Run<'a>, plan: &'a Plan, escalating: &Escalating) -> Run<'a> {
    Run {
        plan,
        around: run.around,
        id: run.id.clone(),
        started: run.started,
        deadline: None,
        depth: run.depth + 1,
        prefix: SHARED.to_owned(),
        key_prefix: format!("{}/", run.key("escalation")),
        seed: run.seed.clone(),
        undo_prefix: Cell::new(""),
        clock: run.clock.clone(),
        given: RefCell::default(),
        state: RefCell::new(State {
            about: Some(run.run_value()),
            steps: escalating.gathered.clone().unwrap_or_default(),
            ..State::default()
        }),
        redactor: Rc::clone(&run.redactor),
        budget: Rc::default(),
        outer_guards: Vec::new(),
        outer_targets: Vec::new(),
        own_guards: OnceCell::new(),
        guards_seen: Cell::default(),
        guards_told: RefCell::default(),
    }
}

/// Changes what the outcome says.
fn note(run: &Run<'_>, change: impl FnOnce(&mut Escalated)) {
    if let Some(escalating) = &mut run.state.borrow_mut().escalating {
        change(&mut escalating.record);
    }
}

fn took_longer(level: &Level, run: &Run<'_>) -> bool {
    let lasted = run.clock.now().duration_since(run.started);
    let after = level.after.as_ref();
    after.is_some_and(|after| lasted >= after.value)
}

/// Whether the condition of a level is true, or it has none.
fn is_wanted(level: &Level, scope: &StepScope<'_, '_>) -> bool {
    let when = level.when.as_ref();
    when.is_none_or(|when| matches!(evaluate_condition(when, scope), Ok(Some(true))))
}

/// The levels that are to be told now, the lowest first.
fn due(run: &Run<'_>, site: &Run<'_>, construct: &Escalate, moment: Moment) -> BTreeSet<u32> {
    let container = Container::of(Graph::Notify, &site.clock);
    let scope = StepScope::new(site, &container, IndexMap::new(), site.clock.now());
    let is_due = |level: &&Level| match moment {
        Moment::Start => level.at_start,
        Moment::End if level.after.is_none() => level.when.is_some() && is_wanted(level, &scope),
        Moment::During | Moment::End => took_longer(level, run) && is_wanted(level, &scope),
    };
    let levels = construct.levels.iter().filter(is_due);
    let mut due: BTreeSet<u32> = levels.map(|level| level.level.value).collect();
    if moment == Moment::End {
        let own = run.plan.checked.playbook.escalate.as_ref();
        let own = own.and_then(|escalate| escalate.level.as_ref());
        due.insert(own.map_or(FIRST, |level| level.value));
    }
    let state = run.state.borrow();
    if let Some(escalating) = &state.escalating {
        due.retain(|level| !escalating.told.contains(level));
    }
    due
}

/// What the steps of escalation see beside what every step sees.
fn locals(site: &Run<'_>, construct: &Escalate, level: Option<u32>) -> Locals {
    let container = Container::of(Graph::Notify, &site.clock);
    let scope = StepScope::new(site, &container, IndexMap::new(), site.clock.now());
    let contacts = construct.contacts.iter().map(|(name, data)| {
        let value = template::read(data, &Type::Any, &scope).unwrap_or(Value::Absent);
        (name.value.clone(), value)
    });
    let mut locals = IndexMap::from([("contacts".to_owned(), Value::map(contacts.collect()))]);
    if let Some(level) = level {
        locals.insert("level".to_owned(), Value::Integer(level.into()));
    }
    Rc::new(locals)
}

fn container(run: &Run<'_>, graph: Graph, locals: Locals) -> Container {
    Container {
        locals,
        // A run that was stopped because nobody answered in time still tells.
        shielded: run.state.borrow().stop.is_some(),
        ..Container::of(graph, &run.clock)
    }
}

/// Asks whether people may be told.
async fn allow(run: &Run<'_>, site: &Run<'_>, construct: &Escalate) {
    if construct.notify.is_empty() {
        note(run, |record| {
            record.not_told = Some("there is no `notify`, so nobody is told".to_owned());
        });
        return;
    }
    if run.plan.options.read_only {
        note(run, |record| {
            record.not_told = Some("the run only reads (--read-only)".to_owned());
        });
        return;
    }
    let own = run.plan.checked.playbook.escalate.as_ref();
    let own = own.and_then(|escalate| escalate.level.as_ref());
    let level = own.map_or(FIRST, |level| level.value);
    let container = Container {
        locals: locals(site, construct, Some(level)),
        ..Container::of(Graph::Notify, &run.clock)
    };
    let question = site.masked_question(&Question {
        step: "notify".to_owned(),
        title: Some("Tell people when this run does not end well".to_owned()),
        calls: calls(site, &construct.notify, &container),
        effects: Effects::from([Effect::Write]),
        prompt: None,
        place: run.place(&runbook_registry::call::Target::default()),
        undo: Vec::new(),
        stated: Vec::new(),
        insists: false,
        people: 1,
        from: Vec::new(),
        because: Vec::new(),
        agreed: Vec::new(),
    });
    let key = run.key("notify/leave");
    run.emit(
        &run.clock,
        &key,
        EventKind::Asked(Arc::new(question.clone())),
    );
    let ask: Pending<'_, Decision> = Box::pin(async {
        let decision = tokio::select! {
            biased;
            decision = run.around.approver.allow_telling(&question) => decision,
            () = run.around.cancel.cancelled() => Decision::Abort,
        };
        match decision {
            // It is asked once in a run, also where the run is resumed.
            Decision::Nobody => Decision::Declined {
                by: NOBODY.to_owned(),
            },
            decision => decision,
        }
    });
    let journal = run.around.journal;
    let asked = journal.gate(run.around.world, &key, &question, None, ask);
    let decision = match asked.await {
        Ok((Decision::Declined { by }, at)) if by == NOBODY => {
            run.clock.advance(at);
            Decision::Nobody
        }
        Ok((decision, at)) => {
            run.clock.advance(at);
            decision
        }
        Err(error) => {
            run.unkept(error);
            Decision::Nobody
        }
    };
    let answered = EventKind::Answered {
        step: question.step.clone(),
        decision: decision.clone(),
    };
    run.emit(&run.clock, &key, answered);
    let not_told = match decision {
        Decision::Approved { .. } => {
            if let Some(escalating) = &mut run.state.borrow_mut().escalating {
                escalating.allowed = true;
            }
            return;
        }
        Decision::Declined { by } => format!("declined by {by}"),
        Decision::Nobody | Decision::Expired => {
            "nobody could be asked; --yes=notify answers for it".to_owned()
        }
        Decision::Abort => {
            run.stop(Stop::Aborted);
            return;
        }
    };
    note(run, |record| record.not_told = Some(not_told));
}

/// The calls by which people are told, as far as they can be rendered before there is anything to tell.
fn calls(site: &Run<'_>, steps: &[Step], container: &Container) -> Vec<QuestionCall> {
    let scope = StepScope::new(site, container, IndexMap::new(), site.clock.now());
    let mut found = Vec::new();
    for step in steps {
        match &step.work {
            Work::Action(call) => found.push(QuestionCall {
                action: call.action.value.clone(),
                arguments: Json::Object(arguments(site, call, &scope)),
                changes: Vec::new(),
            }),
            Work::Block { steps, finally } => {
                found.extend(calls(site, steps, container));
                found.extend(calls(site, finally, container));
            }
            Work::Reason => {}
        }
    }
    found
}

fn arguments(site: &Run<'_>, call: &Call, scope: &StepScope<'_, '_>) -> Map<String, Json> {
    let source = &site.plan.checked.playbook.source;
    let rendered = call.with.iter().filter_map(|(key, data)| {
        let value = match template::render(data, &Type::Any, scope) {
            Ok(value) => value?,
            Err(_) => source
                .slice(data.span)
                .trim()
                .trim_matches(['"', '\''])
                .into(),
        };
        Some((key.value.clone(), value))
    });
    rendered.collect()
}

/// Makes the reads that complete the evidence, once: the playbook's own, then the shared file's.
async fn gather(run: &Run<'_>, site: &Run<'_>, construct: &Escalate) {
    let done = {
        let state = run.state.borrow();
        let escalating = state.escalating.as_ref();
        escalating.is_none_or(|escalating| escalating.gathered.is_some())
    };
    if done {
        return;
    }
    if !std::ptr::eq(run, site)
        && let Some(own) = &run.plan.checked.playbook.escalate
    {
        read(run, run, own).await;
    }
    read(run, site, construct).await;
    if let Some(escalating) = &mut run.state.borrow_mut().escalating {
        let steps = if std::ptr::eq(run, site) {
            IndexMap::new()
        } else {
            site.state.borrow().steps.clone()
        };
        escalating.gathered = Some(steps);
    }
}

async fn read(run: &Run<'_>, site: &Run<'_>, construct: &Escalate) {
    if construct.gather.is_empty() {
        return;
    }
    site.graph_started(Graph::Gather);
    let container = container(run, Graph::Gather, locals(site, construct, None));
    reading::graph(site, &construct.gather, &container).await;
    let gathered: Vec<StepPath> = construct
        .gather
        .iter()
        .filter(|step| status(site, &container, step) == Some(StepStatus::Done))
        .map(|step| site.public(&container.shown(&step.id.value)))
        .collect();
    site.graph_ended(
        Graph::Gather,
        format!("{} of {} read", gathered.len(), construct.gather.len()),
    );
    note(run, |record| record.gathered.extend(gathered));
}

fn status(site: &Run<'_>, container: &Container, step: &Step) -> Option<StepStatus> {
    let state = site.state.borrow();
    let ended = state.steps.get(&container.shown(&step.id.value))?;
    Some(ended.outcome.status)
}

/// Tells one level. A step that fails keeps the others from nothing.
async fn tell(run: &Run<'_>, site: &Run<'_>, construct: &Escalate, level: u32) {
    let locals = locals(site, construct, Some(level));
    let contacts = locals.get("contacts").cloned();
    let allowed = {
        let mut state = run.state.borrow_mut();
        let Some(escalating) = &mut state.escalating else {
            return;
        };
        escalating.told.insert(level);
        escalating.record.levels.push(level);
        if let Some(Value::Map(contacts)) = contacts {
            let redactor = run.redactor.borrow();
            escalating.record.contacts = contacts
                .iter()
                .map(|(name, value)| (name.clone(), redactor.value(value)))
                .collect();
        }
        escalating.allowed
    };
    if !allowed {
        return;
    }
    site.graph_started(Graph::Notify);
    let container = container(run, Graph::Notify, locals);
    let mut told = Vec::new();
    let mut failed = Vec::new();
    for step in &construct.notify {
        step::run_step(site, step, &container).await;
        let path = site.public(&container.shown(&step.id.value));
        match status(site, &container, step) {
            Some(StepStatus::Done) => told.push(path),
            Some(StepStatus::Skipped) | None => {}
            Some(_) => failed.push(path),
        }
    }
    site.graph_ended(
        Graph::Notify,
        match (told.len(), failed.len()) {
            (_, 0) => format!("level {level} told"),
            (0, _) => format!("level {level} could not be told"),
            _ => format!("level {level} told in part"),
        },
    );
    note(run, |record| {
        record.told.extend(told);
        record.failed.extend(failed);
    });
}
