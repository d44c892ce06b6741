//! What a run knows while it goes on.

use super::Inside;
use super::budget::Budget;
use super::escalate::Escalating;
use crate::approval::{Question, QuestionCall, ValueChange};
use crate::event::{Event, EventKind};
use crate::guard::{self, Kind, Own};
use crate::journal::JournalError;
use crate::outcome::{Change, StepOutcome, StepStatus, Waiting};
use crate::plan::Plan;
use crate::redact::Redactor;
use crate::step::Bounds;
use crate::surroundings::Surroundings;
use crate::truth::Truth;
use crate::verdict::{Reason, Verdict};
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_playbook::checked::{CheckedStep, StepPath};
use runbook_playbook::syntax::step::Step;
use runbook_playbook::value::Value;
use runbook_registry::aws::principal::of_caller;
use serde_json::Value as Json;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// Names that a container gives to its steps: the element of an enclosing `each`, what an undo step sees.
pub type Locals = Rc<IndexMap<String, Value>>;

/// A run that is going on.
pub struct Run<'a> {
    pub plan: &'a Plan,
    pub around: Surroundings<'a>,
    pub id: String,
    pub started: Timestamp,
    /// When the playbook's own `timeout`, or that of the run around it, ends it.
    pub deadline: Option<Timestamp>,
    /// How many runs this one is inside of.
    pub depth: usize,
    /// What stands before its steps' names in events: the calling step, in a nested run.
    pub prefix: String,
    /// What stands before its keys: the key of the calling step, in a nested run.
    pub key_prefix: String,
    /// What idempotency tokens are derived from, besides their keys.
    pub seed: String,
    /// What stands before the keys of an undo: that of a run that has ended has its own.
    pub undo_prefix: Cell<&'static str>,
    /// The time of what happens one after the other.
    pub clock: Clock,
    /// How often each name has been given out.
    pub given: RefCell<HashMap<String, u32>>,
    pub state: RefCell<State>,
    pub redactor: Rc<RefCell<Redactor>>,
    /// How many writes it may make.
    pub budget: Rc<Budget>,
    /// The guards of the playbooks around this one, and its own once they have been read.
    pub outer_guards: Vec<Rc<Own>>,
    pub own_guards: OnceCell<Rc<Own>>,
    /// Where the playbooks around this one may act.
    pub outer_targets: Vec<Rc<Bounds>>,
    /// When the guards were last seen to hold nothing back; nothing after a write.
    pub guards_seen: Cell<Option<Timestamp>>,
    /// Guards of which was told that they do not count.
    pub guards_told: RefCell<BTreeSet<Kind>>,
}

/// The time in one strand of a run: that of the last thing in it that is on record. What goes side by side has clocks of
/// its own, so that expressions see the same time when the run is gone through again, whatever ended first.
#[derive(Debug, Clone)]
pub struct Clock(Rc<Cell<Timestamp>>);

impl Clock {
    /// Starts at a time.
    pub fn at(time: Timestamp) -> Self {
        Self(Rc::new(Cell::new(time)))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.get()
    }

    /// Moves on; never back.
    pub fn advance(&self, time: Timestamp) {
        self.0.set(self.0.get().max(time));
    }
}

/// What has happened so far.
#[derive(Default)]
pub struct State {
    /// Steps that have ended, in that order; secrets not masked.
    pub steps: IndexMap<StepPath, Ended>,
    /// Every write that was sent.
    pub changes: Vec<Change>,
    /// Changes whose answer never came, by index.
    pub unanswered: HashSet<usize>,
    /// Changes that were noted and not sent, by index.
    pub unsent: HashSet<usize>,
    /// How to take back what was done, oldest first.
    pub undo: Vec<UndoEntry>,
    /// When the last write ended.
    pub last_write: Option<Timestamp>,
    /// Something was done that is not a change of this run's own: a person acted.
    pub acted: bool,
    /// A call has been answered.
    pub answered: bool,
    /// The first failure of a call blames the environment.
    pub environment: Option<bool>,
    /// Steps of reading graphs whose code a person has allowed in this run.
    pub allowed: HashSet<StepPath>,
    /// Why the run ends early.
    pub stop: Option<Stop>,
    /// A person declined a write.
    pub declined: bool,
    /// A step of `resolve` failed, and nothing tolerates it.
    pub first_failure: Option<StepPath>,
    /// How an undo went.
    pub undone: Option<Undone>,
    /// A gate of `resolve` that could not be decided.
    pub blocked: Option<StepPath>,
    /// What escalation has done.
    pub escalating: Option<Escalating>,
    /// How the run ended, once that is known.
    pub ending: Option<Ending>,
    /// What `run` means, where steps of another file look at this run.
    pub about: Option<Value>,
    /// The journal failed while it was not guarding a write.
    pub journal_error: Option<JournalError>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ending {
    pub verdict: Verdict,
    pub reason: Option<Reason>,
    /// One sentence; secrets masked.
    pub explanation: String,
}

/// Why a run ends early.
#[derive(Debug, Clone)]
pub enum Stop {
    /// A person must answer, and nobody can be asked.
    Paused(Box<Waiting>),
    /// Ctrl-C, or a person stopped it at a question.
    Aborted,
    /// A guard holds a write back.
    Held(Box<Waiting>),
    /// Nobody answered in time.
    Expired(StepPath),
    /// An alarm is on: which, and why.
    Alarm(String),
    /// The time of the whole run is over.
    TimedOut,
    /// A playbook that it ran was stopped: why.
    Inner(String),
    /// What follows is not on record, and the run is only gone through, or what is on record is not what it does.
    Unrecorded,
}

/// A wait that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct Wait<'w> {
    /// What for.
    pub why: &'w str,
    /// How long this time.
    pub length: jiff::SignedDuration,
    /// How long it may take in all, where it is one of several.
    pub within: Option<jiff::SignedDuration>,
}

/// How an undo went.
#[derive(Debug, Clone)]
pub enum Undone {
    /// Everything was taken back.
    Completely,
    /// Something is left: what, in words.
    Partly(String),
}

/// A step that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub outcome: StepOutcome,
    /// The names of its captures, whether they have values or not.
    pub names: Vec<String>,
    /// What it says about causes: the truth and what was found.
    pub finders: IndexMap<String, (Truth, String)>,
    /// Its result is masked as a whole.
    pub masked: bool,
}

/// How to take a step back.
#[derive(Clone)]
pub struct UndoEntry {
    /// The step, by the name that observers see and by its name in the playbook.
    pub step: StepPath,
    pub checked: StepPath,
    /// The key of the step.
    pub keyed: String,
    /// What takes it back: `(graph step path, index)` would not outlive edits, so the steps themselves.
    pub undo: Rc<Vec<Step>>,
    /// What they see.
    pub locals: Locals,
    /// The calls as they were shown with the write's approval.
    pub shown: Rc<Vec<QuestionCall>>,
    /// The calls as they were rendered when the write ended, by step id.
    pub rendered: Rc<HashMap<String, Json>>,
    /// The changes that it takes back, by index.
    pub changes: Vec<usize>,
    /// The run inside of this one that it takes back, instead of steps.
    pub inside: Option<Rc<Nested>>,
}

/// A run inside of this one that has ended: what taking it back needs of it.
pub struct Nested {
    pub plan: Plan,
    pub inside: Inside,
    pub left: Left,
}

/// What a run knew when it ended.
#[derive(Default)]
pub struct Left {
    pub state: RefCell<State>,
    pub given: RefCell<HashMap<String, u32>>,
}

impl Left {
    /// Takes what a run knows.
    pub fn keep(&self, run: &Run<'_>) {
        self.state.replace(run.state.take());
        self.given.replace(run.given.take());
    }

    /// Gives it to a run.
    pub fn give(&self, run: &Run<'_>) {
        run.state.replace(self.state.take());
        run.given.replace(self.given.take());
    }
}

impl State {
    /// The changes that were sent, by index.
    pub fn sent(&self) -> Vec<usize> {
        (0..self.changes.len())
            .filter(|index| !self.unsent.contains(index))
            .collect()
    }
}

/// Where steps run.
#[derive(Clone)]
pub struct Container {
    /// The name before its steps' names, as observers see it.
    pub shown: String,
    /// The same in the playbook; differs while `verify` reads the symptom graph again.
    pub checked: String,
    /// Names from outside.
    pub locals: Locals,
    /// The graph.
    pub graph: Graph,
    /// Cancellation does not reach here: `finally` and undo.
    pub shielded: bool,
    /// The undo that these steps belong to.
    pub undoing: Option<Rc<UndoEntry>>,
    /// The name before its steps' keys: with the elements of blocks around it.
    pub keyed: String,
    /// The time here.
    pub clock: Clock,
}

/// What kind of graph a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graph {
    Symptom,
    Diagnose,
    Resolve,
    Check,
    Verify,
    Gather,
    Notify,
}

impl Graph {
    pub fn name(self) -> &'static str {
        match self {
            Self::Symptom => "symptom",
            Self::Diagnose => "diagnose",
            Self::Resolve => "resolve",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Gather => "gather",
            Self::Notify => "notify",
        }
    }

    /// Steps run in written order and may change something.
    pub fn acts(self) -> bool {
        matches!(self, Self::Resolve | Self::Notify)
    }

    /// Its steps are those of `escalate`: they run when the time of the run is over, and change nothing that it was about.
    pub fn escalates(self) -> bool {
        matches!(self, Self::Gather | Self::Notify)
    }
}

impl Container {
    /// The top of a graph.
    pub fn of(graph: Graph, clock: &Clock) -> Self {
        Self {
            shown: graph.name().to_owned(),
            checked: graph.name().to_owned(),
            locals: Locals::default(),
            graph,
            shielded: false,
            undoing: None,
            keyed: graph.name().to_owned(),
            clock: clock.clone(),
        }
    }

    /// The same with a clock of its own.
    pub fn strand(&self, start: Timestamp) -> Self {
        Self {
            clock: Clock::at(start),
            ..self.clone()
        }
    }

    /// The key of a step.
    pub fn key(&self, id: &str) -> String {
        format!("{}.{id}", self.keyed)
    }

    /// The inside of a block, or its `finally`.
    pub fn inside(&self, id: &str, locals: Locals) -> Self {
        Self {
            shown: format!("{}.{id}", self.shown),
            checked: format!("{}.{id}", self.checked),
            keyed: format!("{}.{id}", self.keyed),
            locals,
            ..self.clone()
        }
    }

    /// The full name of a step as observers see it.
    pub fn shown(&self, id: &str) -> StepPath {
        format!("{}.{id}", self.shown)
    }

    /// The full name of a step in the playbook.
    pub fn checked(&self, id: &str) -> StepPath {
        format!("{}.{id}", self.checked)
    }

    /// The name under which a step of the playbook is found here.
    pub fn shown_name(&self, checked: &str) -> StepPath {
        let graph = self.checked.split('.').next().unwrap_or_default();
        let shown = self.shown.split('.').next().unwrap_or_default();
        match checked.strip_prefix(graph) {
            Some(rest) if rest.starts_with('.') => format!("{shown}{rest}"),
            _ => checked.to_owned(),
        }
    }
}

impl Run<'_> {
    /// A name on record: no two things of a run have the same, and each has the same whenever the run is gone through.
    pub fn key(&self, base: &str) -> String {
        self.unique(self.prefixed(base))
    }

    /// A name with that of the calling step before it, in a run inside of another one. An undo of a run that has ended
    /// stands before both.
    fn prefixed(&self, base: &str) -> String {
        let undo = self.undo_prefix.get();
        match base.strip_prefix(undo) {
            Some(rest) => format!("{undo}{}{rest}", self.key_prefix),
            None => format!("{}{base}", self.key_prefix),
        }
    }

    /// The same below a name that has been given out.
    pub fn unique(&self, mut base: String) -> String {
        // What happens once the run has been stopped is not what happens when it goes on.
        if self.state.borrow().stop.is_some() && !base.contains('!') {
            base = format!("{base}!{}", self.around.journal.session());
        }
        let mut given = self.given.borrow_mut();
        let count = given.entry(base.clone()).or_default();
        *count += 1;
        if *count == 1 {
            base
        } else {
            format!("{base}~{count}")
        }
    }

    /// An idempotency token, or an id of a run inside of this one: the same whenever the run is gone through.
    pub fn token(&self, key: &str) -> String {
        crate::run::token(&self.seed, key)
    }

    /// The time at which something begins, on record; the strand's clock moves there.
    pub async fn instant(&self, clock: &Clock, key: &str) {
        match self.around.journal.instant(self.around.world, key).await {
            Ok(at) => clock.advance(at),
            Err(error) => self.unkept(error),
        }
    }

    /// Notes that the record failed; says whether the run ends there.
    pub fn unkept(&self, error: JournalError) {
        match error {
            JournalError::Unrecorded => self.stop(Stop::Unrecorded),
            JournalError::Diverged { .. } => {
                self.state.borrow_mut().journal_error.get_or_insert(error);
                self.stop(Stop::Unrecorded);
            }
            error => {
                self.state.borrow_mut().journal_error.get_or_insert(error);
            }
        }
    }

    /// What the checker found out about a step.
    pub fn checked(&self, path: &str) -> CheckedStep {
        self.plan
            .checked
            .steps
            .get(path)
            .cloned()
            .unwrap_or_default()
    }

    /// Tells observers and the journal. Secrets must have been masked.
    ///
    /// `key` is the name below which it is on record.
    pub fn emit(&self, clock: &Clock, key: &str, kind: EventKind) {
        let event = Event {
            at: clock.now(),
            kind,
        };
        self.around.observer.observe(&event);
        if let Err(error) = self.around.journal.event(
            &self.unique(format!("{key}:{}", crate::journal::word(&event))),
            &event,
        ) {
            self.unkept(error);
        }
    }

    /// Tells whoever watches, and not the journal: what it says is seen from what is on record.
    pub fn show(&self, clock: &Clock, kind: EventKind) {
        let at = clock.now();
        self.around.observer.observe(&Event { at, kind });
    }

    /// The name of a step as observers see it.
    pub fn public(&self, path: &str) -> StepPath {
        format!("{}{path}", self.prefix)
    }

    /// Whether steps must not start any more.
    pub fn is_stopped(&self, container: &Container) -> bool {
        if self.state.borrow().stop.is_some() {
            // `finally` runs after an abort; a paused run will go on, so it does not.
            let goes_on = matches!(
                self.state.borrow().stop,
                Some(Stop::Paused(_) | Stop::Held(_) | Stop::Unrecorded)
            );
            return goes_on || !container.shielded;
        }
        if self.around.cancel.is_cancelled() {
            self.state.borrow_mut().stop = Some(Stop::Aborted);
            return !container.shielded;
        }
        if self.is_late(container, container.clock.now()) {
            self.stop(Stop::TimedOut);
            return true;
        }
        false
    }

    /// Whether the time of the whole run is over; what cleans up, takes back or tells people has its own.
    pub fn is_late(&self, container: &Container, now: Timestamp) -> bool {
        let bound = !container.shielded && !container.graph.escalates();
        bound && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The time that the whole run has left here; `None` where nothing bounds it.
    pub fn time_left(&self, container: &Container, now: Timestamp) -> Option<jiff::SignedDuration> {
        let bound = !container.shielded && !container.graph.escalates();
        let deadline = self.deadline.filter(|_| bound)?;
        Some(deadline.duration_since(now).max(jiff::SignedDuration::ZERO))
    }

    /// Notes that the run ends early; the first reason stays.
    pub fn stop(&self, stop: Stop) {
        self.state.borrow_mut().stop.get_or_insert(stop);
    }

    /// Records that a step has ended, and tells.
    pub fn end(&self, container: &Container, id: &str, mut ended: Ended) {
        let path = container.shown(id);
        ended.outcome.ended = container.clock.now();
        let masked = self.masked(&ended);
        {
            let mut state = self.state.borrow_mut();
            state.steps.shift_remove(&path);
            state.steps.insert(path.clone(), ended);
        }
        self.emit(
            &container.clock,
            &self.prefixed(&container.key(id)),
            EventKind::StepEnded {
                step: self.public(&path),
                outcome: Box::new(masked),
            },
        );
    }

    /// A step's outcome as it may be shown.
    pub fn masked(&self, ended: &Ended) -> StepOutcome {
        let redactor = self.redactor.borrow();
        let mut outcome = ended.outcome.clone();
        for value in outcome.captures.values_mut() {
            *value = if ended.masked {
                Value::text(crate::redact::MASK)
            } else {
                redactor.value(value)
            };
        }
        for assertion in &mut outcome.assertions {
            assertion.found = redactor.text(&assertion.found);
            assertion.message = assertion
                .message
                .as_deref()
                .map(|message| redactor.text(message));
        }
        if let Some(error) = &mut outcome.error {
            error.message = redactor.text(&error.message);
        }
        outcome
    }

    /// Waits, unless the run is asked to end; says whether the whole time has passed.
    pub async fn sleep(
        &self,
        container: &Container,
        step: &str,
        wait: Wait<'_>,
        clock: &Clock,
        key: String,
    ) -> bool {
        let length = wait.length;
        let key = self.unique(key);
        // A wait that outlasts the run ends with it.
        let left = self.time_left(container, clock.now());
        let cut = left.filter(|left| *left < length);
        let length = cut.unwrap_or(length);
        let waiting = EventKind::Waiting {
            step: self.public(step),
            why: wait.why.to_owned(),
            length,
            within: wait.within,
        };
        self.emit(clock, &key, waiting);
        let sleep = self.around.journal.sleep(self.around.world, &key, length);
        let ended = if container.shielded {
            sleep.await
        } else {
            tokio::select! {
                biased;
                () = self.around.cancel.cancelled() => {
                    self.stop(Stop::Aborted);
                    clock.advance(self.around.world.now());
                    return false;
                }
                ended = sleep => ended,
                why = self.alarm(container, clock, step, &key) => {
                    self.stop(Stop::Alarm(why));
                    clock.advance(self.around.world.now());
                    return false;
                }
            }
        };
        match ended {
            Ok(at) => {
                clock.advance(at);
                if cut.is_some() {
                    self.stop(Stop::TimedOut);
                }
                cut.is_none()
            }
            Err(error) => {
                let unrecorded = matches!(error, JournalError::Unrecorded);
                self.unkept(error);
                // A wait that cannot be recorded is no wait: what comes after it must not come at once.
                if !unrecorded {
                    self.around.world.sleep(length).await;
                    clock.advance(self.around.world.now());
                }
                !unrecorded
            }
        }
    }

    /// Comes when an alarm goes off during what is done under a key; never where that is on record.
    pub async fn alarm(
        &self,
        container: &Container,
        clock: &Clock,
        step: &str,
        key: &str,
    ) -> String {
        if self.around.journal.is_settled(key) {
            return std::future::pending().await;
        }
        guard::until_an_alarm(self, container, clock, step).await
    }

    /// The account, region and role acted on, in one line.
    pub fn place(&self, target: &runbook_registry::call::Target) -> String {
        let place = self.around.world.place();
        let mut parts = Vec::new();
        if let Some(account) = place.account {
            parts.push(format!("account {account}"));
        }
        if let Some(region) = target.region.clone().or(place.region) {
            parts.push(format!("region {region}"));
        }
        if let Some(role) = &target.role {
            parts.push(format!("role {role}"));
        }
        // Sessions come and go; who a session is, is its role.
        if let Some(arn) = place.principal {
            let principal = of_caller(&arn).unwrap_or(arn);
            parts.push(format!("as {principal}"));
        }
        parts.join(", ")
    }

    /// A question with its secrets masked.
    pub fn masked_question(&self, question: &Question) -> Question {
        let redactor = self.redactor.borrow();
        let calls = |calls: &[QuestionCall]| {
            calls
                .iter()
                .map(|call| QuestionCall {
                    action: call.action.clone(),
                    arguments: redactor.json(&call.arguments),
                    changes: call
                        .changes
                        .iter()
                        .map(|change| self.masked_change(change))
                        .collect(),
                })
                .collect()
        };
        Question {
            calls: calls(&question.calls),
            undo: calls(&question.undo),
            step: question.step.clone(),
            title: question.title.clone(),
            effects: question.effects.clone(),
            prompt: question.prompt.as_deref().map(|text| redactor.text(text)),
            place: question.place.clone(),
            stated: question.stated.clone(),
            insists: question.insists,
            people: question.people,
            from: question.from.clone(),
            because: question
                .because
                .iter()
                .map(|text| redactor.text(text))
                .collect(),
            agreed: question.agreed.clone(),
        }
    }

    /// A change of a value with its secrets masked.
    pub fn masked_change(&self, change: &ValueChange) -> ValueChange {
        let redactor = self.redactor.borrow();
        ValueChange {
            path: change.path.clone(),
            from: redactor.json(&change.from),
            to: redactor.json(&change.to),
        }
    }
}

impl Ended {
    /// A step that did not run.
    pub fn not_run(
        step: &Step,
        status: StepStatus,
        error: crate::outcome::StepError,
        now: Timestamp,
    ) -> Self {
        Self {
            outcome: StepOutcome {
                status,
                title: step.title.as_ref().map(|title| title.value.clone()),
                action: action_of(step),
                holds: None,
                captures: IndexMap::new(),
                assertions: Vec::new(),
                error: Some(error),
                truncated: false,
                calls: 0,
                started: now,
                ended: now,
            },
            names: capture_names(step),
            finders: IndexMap::new(),
            masked: false,
        }
    }
}

/// The names that a step keeps.
pub fn capture_names(step: &Step) -> Vec<String> {
    step.capture
        .iter()
        .map(|capture| capture.name.value.clone())
        .collect()
}

/// The action that a step calls.
pub fn action_of(step: &Step) -> Option<String> {
    match &step.work {
        runbook_playbook::syntax::step::Work::Action(call) => Some(call.action.value.clone()),
        _ => None,
    }
}
