//! One step's life: gate → arguments → approval → call → capture → judge, once or for each element.

mod approval;
mod arguments;
mod base;
mod call;
mod capture;
mod changes;
mod each;
mod gate;
mod in_flight;
mod judge;
mod lookup;
mod nested;
mod target;
mod unit;
mod watched;

pub(crate) use base::prune;
pub(crate) use changes::subject;
pub(crate) use nested::Inner;
pub(crate) use target::Bounds;

use crate::event::EventKind;
use crate::outcome::{AssertionOutcome, StepError, StepOutcome, StepStatus};
use crate::run::scope::StepScope;
use crate::run::state::{Clock, Container, Ended, Graph, Run, Stop, action_of, capture_names};
use crate::truth::Truth;
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::checked::{CheckedStep, StepPath};
use runbook_playbook::syntax::step::{Sensitive, Step};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::world::Pending;
use serde_json::Value as Json;
use std::cell::Cell;
use std::rc::Rc;

/// How a step ended, as its graph needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    Done,
    Skipped,
    Blocked,
    Failed,
    /// A person declined a write in it.
    Declined,
    /// It was taken back.
    Undone,
    /// The run ends early.
    Stopped,
}

/// A step while it runs.
pub(crate) struct Context<'r, 'a> {
    pub run: &'r Run<'a>,
    pub step: &'r Step,
    pub container: &'r Container,
    pub checked: Rc<CheckedStep>,
    /// Its name as it is shown.
    pub path: StepPath,
    /// Its name on record, which no other step has, nor itself at another time.
    pub keyed: Rc<str>,
    /// The time here.
    pub clock: Clock,
    /// Calls made so far.
    pub calls: Rc<Cell<usize>>,
    /// When its `timeout` or the run's ends it.
    pub deadline: Rc<Cell<Option<Timestamp>>>,
}

/// Why a step does not go on.
pub(crate) enum Halt {
    Failed(Box<Failure>),
    Declined,
    /// What was taken back inside of it.
    Undone,
    Stopped,
}

/// A failure and what was seen until then.
pub(crate) struct Failure {
    pub error: StepError,
    pub assertions: Vec<AssertionOutcome>,
    pub truncated: bool,
}

impl From<StepError> for Halt {
    fn from(error: StepError) -> Self {
        Self::Failed(Box::new(Failure {
            error,
            assertions: Vec::new(),
            truncated: false,
        }))
    }
}

/// What a step, or one element of it, found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub captures: IndexMap<String, Value>,
    pub assertions: Vec<AssertionOutcome>,
    pub holds: Option<Truth>,
    pub finders: IndexMap<String, (Truth, String)>,
    pub truncated: bool,
    /// The error that was an answer.
    pub error: Option<StepError>,
}

impl<'r, 'a> Context<'r, 'a> {
    /// The same step with a clock of its own: for an element beside others.
    pub fn strand(&self, start: Timestamp) -> Self {
        Self {
            run: self.run,
            step: self.step,
            container: self.container,
            checked: Rc::clone(&self.checked),
            path: self.path.clone(),
            keyed: Rc::clone(&self.keyed),
            clock: Clock::at(start),
            calls: Rc::clone(&self.calls),
            deadline: Rc::clone(&self.deadline),
        }
    }

    /// The names of the step, or of one element of it.
    pub fn scope(&self, locals: IndexMap<String, Value>) -> StepScope<'r, 'a> {
        StepScope::new(self.run, self.container, locals, self.clock.now())
    }

    /// The action of the step.
    pub fn action(&self) -> Option<&Action> {
        self.checked.action.as_deref()
    }

    /// A step's name for people who watch.
    pub fn public(&self) -> StepPath {
        self.run.public(&self.path)
    }

    /// The step's name in the playbook.
    pub fn checked_path(&self) -> StepPath {
        self.container.checked(&self.step.id.value)
    }

    /// The step only reasons, or only reads as far as its author says.
    pub fn reads_only(&self) -> bool {
        self.effects(None)
            .iter()
            .all(|effect| *effect == Effect::Read)
    }

    /// What the step's call does: the registry's word, what `with` sets, and what the author says.
    pub fn effects(&self, call: Option<&runbook_playbook::syntax::step::Call>) -> Effects {
        let Some(action) = self.action() else {
            return Effects::from([Effect::Read]);
        };
        let mut effects = action.effects.clone();
        if let Some(call) = call {
            for (member, effect) in &action.effects_by_member {
                if call.raises_effect(member) {
                    effects.insert(*effect);
                }
            }
        }
        if let Some(stated) = &self.step.effect
            && stated.value != Effect::Read
        {
            effects.insert(stated.value);
        }
        if effects.len() > 1 {
            effects.remove(&Effect::Read);
        }
        effects
    }

    /// The author states that code only reads.
    pub fn states_read(&self) -> bool {
        self.step
            .effect
            .as_ref()
            .is_some_and(|effect| effect.value == Effect::Read)
    }

    /// What the author states and nothing can check.
    pub fn stated(&self) -> Vec<String> {
        let mut stated = Vec::new();
        let reads = |effect: &Effect| *effect == Effect::Read;
        if self.states_read() && !self.effects(None).iter().all(reads) {
            stated.push("it only reads".to_owned());
        }
        if self.step.sensitive == Some(Sensitive::Nothing) {
            stated.push("nothing in it is secret".to_owned());
        }
        stated
    }

    /// Learns what the model calls sensitive in a document. Where the author states that nothing is, what the document itself
    /// declares as secret stays so: the value of a `SecureString`.
    pub fn learn(&self, json: &Json, ty: Option<&Type>) {
        self.run.learn(json, ty);
        if self.step.sensitive == Some(Sensitive::Nothing) {
            self.run.redactor.borrow_mut().learn_declared(json);
        }
    }

    /// The time left, if there is a bound.
    pub fn time_left(&self) -> Option<jiff::SignedDuration> {
        self.deadline
            .get()
            .map(|deadline| deadline.duration_since(self.clock.now()))
    }

    /// Whether what bounds the step's time is the end of the run.
    pub fn run_ends_first(&self) -> bool {
        self.deadline.get().is_some() && self.deadline.get() == self.run.deadline
    }

    /// Starts the step's clock.
    pub fn start_clock(&self) {
        let own = self
            .step
            .timeout
            .as_ref()
            .and_then(|timeout| self.clock.now().checked_add(timeout.value).ok());
        // `finally`, undo and escalation run whatever happened, the end of the run's time included.
        let own_time = self.container.shielded || self.container.graph.escalates();
        let run = self.run.deadline.filter(|_| !own_time);
        let deadline = match (own, run) {
            (Some(own), Some(run)) => Some(own.min(run)),
            (own, run) => own.or(run),
        };
        self.deadline.set(deadline);
    }
}

/// The step makes a claim.
pub(crate) fn claims(step: &Step, graph: Graph) -> bool {
    let asserts = step.assert.iter().any(|assertion| !assertion.warn);
    !step.causes.is_empty() || (asserts && !graph.acts())
}

/// Runs a step and records how it ended.
pub(crate) fn run_step<'r>(
    run: &'r Run<'_>,
    step: &'r Step,
    container: &'r Container,
) -> Pending<'r, StepEnd> {
    Box::pin(life(run, step, container))
}

/// Records a step that does not run.
pub(crate) fn leave_out(
    run: &Run<'_>,
    step: &Step,
    container: &Container,
    status: StepStatus,
    error: StepError,
) {
    let mut ended = Ended::not_run(step, status, error, container.clock.now());
    if status == StepStatus::Blocked && claims(step, container.graph) {
        ended.outcome.holds = Some(Truth::Unknown);
    }
    if status == StepStatus::Skipped && claims(step, container.graph) {
        ended.outcome.holds = Some(Truth::False);
    }
    run.end(container, &step.id.value, ended);
}

/// Why a step was left out that writes.
fn declined(run: &Run<'_>) -> StepError {
    if run.plan.options.read_only {
        StepError::new(
            "read_only",
            "it writes, and the run only reads (--read-only)",
        )
    } else {
        StepError::new("declined", "declined by a person")
    }
}

async fn life(run: &Run<'_>, step: &Step, container: &Container) -> StepEnd {
    let id = &step.id.value;
    let checked = run.checked(&container.checked(id));
    if let Some((status, error)) = gate::shut(run, step, container, &checked) {
        leave_out(run, step, container, status, error);
        return if status == StepStatus::Blocked {
            StepEnd::Blocked
        } else {
            StepEnd::Skipped
        };
    }
    let context = Context {
        run,
        step,
        container,
        checked: Rc::new(checked),
        path: container.shown(id),
        keyed: run.key(&container.key(id)).into(),
        clock: container.clock.clone(),
        calls: Rc::default(),
        deadline: Rc::default(),
    };
    run.instant(&context.clock, &context.keyed).await;
    if matches!(run.state.borrow().stop, Some(Stop::Unrecorded)) {
        return StepEnd::Stopped;
    }
    let started = context.clock.now();
    let began = EventKind::StepStarted {
        step: context.public(),
        title: step.title.as_ref().map(|title| title.value.clone()),
        action: action_of(step),
    };
    run.emit(&context.clock, &context.keyed, began);
    context.start_clock();
    let result = each::run(&context).await;
    let mut outcome = StepOutcome {
        status: StepStatus::Done,
        title: step.title.as_ref().map(|title| title.value.clone()),
        action: action_of(step),
        holds: None,
        captures: IndexMap::new(),
        assertions: Vec::new(),
        error: None,
        truncated: false,
        calls: context.calls.get(),
        started,
        ended: started,
    };
    let mut finders = IndexMap::new();
    let claims = claims(step, container.graph);
    let end = match result {
        Ok(found) => {
            outcome.holds = found.holds;
            outcome.captures = found.captures;
            outcome.assertions = found.assertions;
            outcome.error = found.error;
            outcome.truncated = found.truncated;
            finders = found.finders;
            StepEnd::Done
        }
        Err(Halt::Failed(failure)) => {
            outcome.status = StepStatus::Failed;
            outcome.error = Some(failure.error);
            outcome.assertions = failure.assertions;
            outcome.truncated = failure.truncated;
            StepEnd::Failed
        }
        Err(Halt::Undone) => {
            outcome.status = StepStatus::Undone;
            outcome.error = Some(StepError::new("undone", "what it did was taken back"));
            StepEnd::Undone
        }
        Err(Halt::Declined) => {
            outcome.status = StepStatus::Skipped;
            outcome.error = Some(declined(run));
            StepEnd::Declined
        }
        Err(Halt::Stopped) => {
            outcome.status = StepStatus::Blocked;
            outcome.error = Some(StepError::new(
                "stopped",
                "the run ended before it was done",
            ));
            StepEnd::Stopped
        }
    };
    if end != StepEnd::Done && claims {
        outcome.holds = Some(Truth::Unknown);
    }
    let ended = Ended {
        outcome,
        names: capture_names(step),
        finders,
        masked: matches!(step.sensitive, Some(Sensitive::All)),
    };
    run.end(container, id, ended);
    end
}
