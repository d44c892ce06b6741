//! A run: symptom → diagnose → resolve → verify, or a check.

pub(crate) mod acting;
pub(crate) mod budget;
mod escalate;
mod explain;
mod finish;
pub(crate) mod reading;
pub(crate) mod scope;
mod secrets;
pub(crate) mod state;
pub(crate) mod undo;
pub(crate) mod verify;

use crate::event::EventKind;
use crate::guard::{Kind, Own};
use crate::journal::{JournalError, RunRecord};
use crate::outcome::{CauseOutcome, Evidence, Outcome, StepStatus};
use crate::plan::{Plan, Until};
use crate::redact::Redactor;
use crate::step::{Bounds, StepEnd};
use crate::surroundings::Surroundings;
use crate::truth::Truth;
use crate::verdict::{CheckFacts, Diagnosis, Facts, Resolution, Symptom, UndoFacts, Verification};
use budget::Budget;
use jiff::Timestamp;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::MatchSymptoms;
use runbook_playbook::syntax::step::Step;
use runbook_playbook::syntax::verify::Otherwise;
use runbook_playbook::types::Type;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use state::{Clock, Container, Graph, Left, Run, State, Stop, Undone};
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;
use verify::Verified;

/// Runs a plan to its end, or until a person must answer.
///
/// Nothing that goes wrong is an error of this function: whatever happens, the outcome says it.
pub async fn run(plan: &Plan, surroundings: &Surroundings<'_>) -> Outcome {
    let with_secrets;
    let mut run = match begun(plan, surroundings) {
        Ok(run) => run,
        Err(outcome) => return *outcome,
    };
    match secrets::read(&run).await {
        Ok(None) => {}
        Ok(Some(plan)) => {
            with_secrets = plan;
            run.plan = &with_secrets;
        }
        Err(outcome) => return *outcome,
    }
    escalate::begin(&run).await;
    to_the_end(&run).await
}

/// Takes back what a run has done, newest first. The run is gone through again as it is on record, and `thaw` lets
/// things happen from then on.
///
/// # Errors
/// The record cannot be kept, or is not what the playbook does.
pub async fn undo(
    plan: &Plan,
    surroundings: &Surroundings<'_>,
    thaw: impl FnOnce() -> Result<(), JournalError>,
) -> Result<Outcome, JournalError> {
    let with_secrets;
    let mut run = match begun(plan, surroundings) {
        Ok(run) => run,
        Err(outcome) => return Ok(*outcome),
    };
    match secrets::read(&run).await {
        Ok(None) => {}
        Ok(Some(plan)) => {
            with_secrets = plan;
            run.plan = &with_secrets;
        }
        Err(outcome) => return Ok(*outcome),
    }
    run.graphs().await;
    {
        let mut state = run.state.borrow_mut();
        if let Some(error) = state.journal_error.take() {
            return Err(error);
        }
        state.stop = None;
        state.undone = None;
        state.ending = None;
    }
    thaw()?;
    run.undo_prefix.set("undo/");
    run.instant(
        &run.clock,
        &format!("undo/began!{}", surroundings.journal.session()),
    )
    .await;
    undo::back_to(&run, undo::BEGINNING).await;
    Ok(run.finish(&run.facts(Facts::default())))
}

/// Goes through the graphs, judges, tells people, ends.
async fn to_the_end(run: &Run<'_>) -> Outcome {
    let facts = run.graphs().await;
    // A run that is only gone through ends nowhere.
    if !matches!(run.state.borrow().stop, Some(Stop::Unrecorded)) {
        run.judge(&facts);
        let verdict = run
            .state
            .borrow()
            .ending
            .as_ref()
            .map(|ending| ending.verdict);
        if let Some(verdict) = verdict {
            escalate::end(run, verdict).await;
        }
    }
    run.finish(&facts)
}

/// Begins a run of its own.
fn begun<'a>(plan: &'a Plan, surroundings: &Surroundings<'a>) -> Result<Run<'a>, Box<Outcome>> {
    let around = *surroundings;
    let id = around.journal.id(around.world);
    let seed = around.world.seed().unwrap_or_else(|| id.clone());
    let inside = Inside {
        id,
        depth: 0,
        prefix: String::new(),
        key_prefix: String::new(),
        redactor: Rc::new(RefCell::new(Redactor::default())),
        seed,
        started: around.world.now(),
        last_write: None,
        deadline: None,
        budget: None,
        guards: Vec::new(),
        targets: Vec::new(),
    };
    let mut run = Run::new(plan, around, inside);
    run.learn_inputs();
    if let Err(error) = run.begin() {
        run.state.borrow_mut().journal_error = Some(error);
        return Err(Box::new(run.finish(&Facts::default())));
    }
    Ok(run)
}

/// What a run is inside of.
#[derive(Clone)]
pub(crate) struct Inside {
    /// The id of the outermost run: what is left behind leads to it.
    pub id: String,
    pub depth: usize,
    pub prefix: String,
    pub key_prefix: String,
    pub redactor: Rc<RefCell<Redactor>>,
    pub seed: String,
    pub started: Timestamp,
    /// When the last write before it ended.
    pub last_write: Option<Timestamp>,
    /// When the run around it ends.
    pub deadline: Option<Timestamp>,
    /// The writes of the run around it.
    pub budget: Option<Rc<Budget>>,
    /// The guards around it.
    pub guards: Vec<Rc<Own>>,
    /// Where the playbooks around it may act.
    pub targets: Vec<Rc<Bounds>>,
}

/// Runs a plan inside of another run; what it knows at its end stays in `left`.
pub(crate) async fn run_inside(
    plan: &Plan,
    around: Surroundings<'_>,
    inside: Inside,
    left: &Left,
) -> Outcome {
    let run = Run::new(plan, around, inside);
    run.learn_inputs();
    run.tell_beginning();
    let outcome = to_the_end(&run).await;
    left.keep(&run);
    outcome
}

/// An id derived from a seed and a name, in the form of a UUID (RFC 9562, version 8), which some services demand of a token.
pub(crate) fn token(seed: &str, key: &str) -> String {
    let digest = Sha256::digest(format!("{seed}\n{key}"));
    let mut hex = String::new();
    for (at, byte) in digest.iter().take(16).enumerate() {
        let byte = match at {
            6 => (byte & 0x0f) | 0x80,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            hex.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, around: Surroundings<'a>, inside: Inside) -> Self {
        let mut run = Self {
            plan,
            around,
            id: inside.id,
            started: inside.started,
            deadline: inside.deadline,
            depth: inside.depth,
            prefix: inside.prefix,
            key_prefix: inside.key_prefix,
            seed: inside.seed,
            undo_prefix: Cell::new(""),
            clock: Clock::at(inside.started),
            given: RefCell::default(),
            state: RefCell::new(State {
                last_write: inside.last_write,
                ..State::default()
            }),
            redactor: inside.redactor,
            budget: Rc::new(Budget::new(
                plan.checked
                    .playbook
                    .max_writes
                    .as_ref()
                    .map(|most| most.value),
                inside.budget,
            )),
            outer_guards: inside.guards,
            outer_targets: inside.targets,
            own_guards: OnceCell::new(),
            guards_seen: Cell::default(),
            guards_told: RefCell::default(),
        };
        run.start(inside.started);
        run
    }

    /// Sets when the run began.
    fn start(&mut self, started: Timestamp) {
        self.started = started;
        self.clock = Clock::at(started);
        let timeout = self.plan.checked.playbook.timeout.as_ref();
        let own = timeout.and_then(|timeout| started.checked_add(timeout.value).ok());
        self.deadline = match (own, self.deadline) {
            (Some(own), Some(outer)) => Some(own.min(outer)),
            (own, outer) => own.or(outer),
        };
    }
}

/// What the claims of some symptom steps say together; a skipped one says nothing.
pub(crate) fn symptom(
    run: &Run<'_>,
    steps: &[Step],
    container: &Container,
    matching: MatchSymptoms,
) -> Truth {
    let state = run.state.borrow();
    let claims: Vec<Truth> = steps
        .iter()
        .filter_map(|step| state.steps.get(&container.shown(&step.id.value)))
        .filter(|ended| ended.outcome.status != StepStatus::Skipped)
        .filter_map(|ended| ended.outcome.holds)
        .collect();
    match matching {
        _ if claims.is_empty() => Truth::False,
        MatchSymptoms::Any => claims.into_iter().fold(Truth::False, Truth::or),
        MatchSymptoms::All => claims.into_iter().fold(Truth::True, Truth::and),
    }
}

impl Run<'_> {
    /// Learns the secret inputs, and what is none wherever it stands.
    fn learn_inputs(&self) {
        let place = self.around.world.place();
        let known = [place.region, place.account, place.partition];
        for known in known.into_iter().flatten() {
            self.redactor.borrow_mut().know(&known);
        }
        for input in &self.plan.checked.playbook.inputs {
            if input.kind == InputKind::Secret
                && self.plan.secret_source(input).is_none()
                && let Some(value) = self.plan.inputs.get(&input.name.value)
            {
                self.redactor.borrow_mut().learn(&value.to_json());
            }
        }
    }

    /// Learns what the models call sensitive in a document.
    pub(crate) fn learn(&self, json: &Json, ty: Option<&Type>) {
        if let Some(ty) = ty {
            self.redactor.borrow_mut().learn_typed(json, ty);
        }
    }

    /// The inputs as they may be shown.
    fn shown_inputs(&self) -> Json {
        self.plan
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), self.redactor.borrow().json(&value.to_json())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn begin(&mut self) -> Result<(), JournalError> {
        let playbook = &self.plan.checked.playbook;
        let source = playbook.source.text();
        let mut digest = String::new();
        for byte in Sha256::digest(source.as_bytes()) {
            // Writing to a string cannot fail.
            let _ = write!(digest, "{byte:02x}");
        }
        let started = self.around.journal.begin(&RunRecord {
            id: self.id.clone(),
            playbook: self.plan.checked.id.clone(),
            title: playbook.title.value.clone(),
            source: source.to_owned(),
            digest,
            inputs: self.shown_inputs(),
            options: self.plan.options.to_json(),
            started: self.started,
        })?;
        self.start(started);
        self.tell_beginning();
        Ok(())
    }

    fn tell_beginning(&self) {
        let began = EventKind::RunStarted {
            run: self.id.clone(),
            playbook: self.plan.checked.id.clone(),
            title: self.plan.checked.playbook.title.value.clone(),
            inputs: self.shown_inputs(),
            place: self.around.world.place(),
        };
        self.emit(&self.clock, &format!("{}run", self.key_prefix), began);
        let Some(guards) = self.around.guards.filter(|_| self.depth == 0) else {
            return;
        };
        if let (Some(what), Some(found)) = (
            guards.lock.borrow().as_ref(),
            guards.overridden.get(&Kind::Lock),
        ) {
            let overridden = EventKind::Overridden {
                step: "run".to_owned(),
                guard: Kind::Lock.as_str(),
                what: what.clone(),
                by: found.by.clone(),
                reason: found.reason.clone(),
            };
            let session = self.around.journal.session();
            self.emit(&self.clock, &format!("run/lock!{session}"), overridden);
        }
    }

    /// Runs the graphs and gathers what the verdict needs.
    async fn graphs(&self) -> Facts {
        let mut facts = Facts::default();
        self.read_and_act(&mut facts).await;
        self.facts(facts)
    }

    /// Adds what the run has noted.
    fn facts(&self, mut facts: Facts) -> Facts {
        let state = self.state.borrow();
        facts.stop = match &state.stop {
            Some(Stop::Paused(_) | Stop::Held(_)) => Some(crate::verdict::StopFacts::Paused),
            Some(Stop::TimedOut) => Some(crate::verdict::StopFacts::TimedOut),
            Some(
                Stop::Aborted
                | Stop::Expired(_)
                | Stop::Alarm(_)
                | Stop::Inner(_)
                | Stop::Unrecorded,
            ) => Some(crate::verdict::StopFacts::Aborted),
            None => None,
        };
        facts.read_only = self.plan.options.read_only;
        facts.undone = match &state.undone {
            Some(Undone::Completely) => Some(UndoFacts::Completely),
            Some(Undone::Partly(_)) => Some(UndoFacts::Partly),
            None => None,
        };
        facts
    }

    async fn read_and_act(&self, facts: &mut Facts) {
        let playbook = &self.plan.checked.playbook;
        let options = &self.plan.options;
        if let Some(check) = &playbook.check {
            facts.check = Some(self.check(&check.steps).await);
            return;
        }
        if let Some(graph) = &playbook.symptom {
            facts.symptom = self.symptom(&graph.steps).await;
            let goes_on = match facts.symptom {
                Symptom::Some | Symptom::Unknown => true,
                Symptom::None => {
                    // Whoever forces a run says that the problem is there.
                    if options.force {
                        facts.symptom = Symptom::Some;
                    }
                    options.force
                }
                Symptom::NoGraph => false,
            };
            if facts.symptom == Symptom::Unknown && options.force {
                facts.symptom = Symptom::Some;
            }
            if !goes_on || self.is_over() {
                return;
            }
            escalate::checkpoint(self).await;
        }
        // A playbook that only knows how its problem shows has told all that it can.
        let only_symptom =
            playbook.symptom.is_some() && playbook.diagnose.is_none() && playbook.resolve.is_none();
        if options.until == Some(Until::Symptom) || only_symptom {
            facts.until_symptom = true;
            return;
        }
        if let Some(graph) = &playbook.diagnose {
            self.diagnose(&graph.steps).await;
            facts.diagnosis = self.diagnosis();
            if self.is_over() {
                return;
            }
            escalate::checkpoint(self).await;
        }
        if options.until == Some(Until::Diagnose) || facts.symptom == Symptom::Unknown {
            facts.no_resolve = true;
            return;
        }
        let Some(graph) = &playbook.resolve else {
            facts.no_resolve = true;
            return;
        };
        facts.resolution = self.resolve(&graph.steps, facts).await;
        let undone = self.state.borrow().undone.is_some();
        let own_steps = playbook
            .verify
            .as_ref()
            .is_some_and(|verify| !verify.steps.is_empty());
        facts.own_verify = own_steps;
        let verifies = options.verify
            && options.until.is_none()
            && facts.resolution == Resolution::Done
            && !undone
            && (own_steps || playbook.symptom.is_some());
        if !verifies || self.is_over() {
            return;
        }
        escalate::checkpoint(self).await;
        let Some((reading, otherwise)) = verify::run(self).await else {
            return;
        };
        facts.verification = match reading {
            Verified::Clear => Verification::Clear,
            Verified::Still => Verification::Still,
            Verified::Unreadable => Verification::Unreadable,
        };
        if reading != Verified::Clear && otherwise == Otherwise::Undo {
            undo::back_to(self, undo::BEGINNING).await;
        }
    }

    /// Whether the run ends early.
    fn is_over(&self) -> bool {
        if self.around.cancel.is_cancelled() {
            self.stop(Stop::Aborted);
        }
        if self
            .deadline
            .is_some_and(|deadline| deadline <= self.clock.now())
        {
            self.stop(Stop::TimedOut);
        }
        self.state.borrow().stop.is_some()
    }

    fn graph_started(&self, graph: Graph) {
        let started = EventKind::GraphStarted {
            graph: graph.name(),
            reading: None,
        };
        let key = format!("{}{}", self.key_prefix, graph.name());
        self.emit(&self.clock, &key, started);
    }

    fn graph_ended(&self, graph: Graph, summary: impl Into<String>) {
        let ended = EventKind::GraphEnded {
            graph: graph.name(),
            summary: summary.into(),
        };
        let key = format!("{}{}", self.key_prefix, graph.name());
        self.emit(&self.clock, &key, ended);
    }

    async fn check(&self, steps: &[Step]) -> CheckFacts {
        self.graph_started(Graph::Check);
        let container = Container::of(Graph::Check, &self.clock);
        reading::graph(self, steps, &container).await;
        let truth = symptom(self, steps, &container, MatchSymptoms::All);
        let claims_nothing = !self
            .state
            .borrow()
            .steps
            .values()
            .any(|ended| ended.outcome.holds.is_some());
        let facts = match truth {
            _ if claims_nothing => CheckFacts::AllTrue,
            Truth::True => CheckFacts::AllTrue,
            Truth::False => CheckFacts::OneFalse,
            Truth::Unknown => CheckFacts::Unknown,
        };
        self.graph_ended(
            Graph::Check,
            match facts {
                CheckFacts::AllTrue => "all true",
                CheckFacts::OneFalse => "not all true",
                CheckFacts::Unknown => "unknown",
            },
        );
        facts
    }

    async fn symptom(&self, steps: &[Step]) -> Symptom {
        self.graph_started(Graph::Symptom);
        let container = Container::of(Graph::Symptom, &self.clock);
        reading::graph(self, steps, &container).await;
        let matching = self.plan.checked.playbook.match_symptoms;
        let (found, summary) = match symptom(self, steps, &container, matching) {
            Truth::True => (Symptom::Some, "holds"),
            Truth::False => (Symptom::None, "clear"),
            Truth::Unknown => (Symptom::Unknown, "unknown"),
        };
        self.graph_ended(Graph::Symptom, summary);
        found
    }

    async fn diagnose(&self, steps: &[Step]) {
        self.graph_started(Graph::Diagnose);
        reading::graph(self, steps, &Container::of(Graph::Diagnose, &self.clock)).await;
        let causes = self.causes();
        let found: Vec<&str> = causes
            .iter()
            .filter(|cause| cause.found == Truth::True)
            .map(|cause| cause.name.as_str())
            .collect();
        let summary = if found.is_empty() {
            "no cause found".to_owned()
        } else {
            found.join(", ")
        };
        for cause in causes {
            let key = format!("{}cause.{}", self.key_prefix, cause.name);
            self.emit(&self.clock, &key, EventKind::CauseJudged(Box::new(cause)));
        }
        self.graph_ended(Graph::Diagnose, summary);
    }

    /// Every cause with what its finders saw.
    pub(crate) fn causes(&self) -> Vec<CauseOutcome> {
        let state = self.state.borrow();
        let redactor = self.redactor.borrow();
        self.plan
            .checked
            .causes
            .iter()
            .map(|(name, cause)| CauseOutcome {
                name: name.clone(),
                title: cause.title.clone(),
                found: self.cause_truth(name),
                evidence: cause
                    .finders
                    .iter()
                    .filter_map(|finder| {
                        let ended = state.steps.get(finder)?;
                        let why = || {
                            let error = ended.outcome.error.as_ref();
                            let message = error.map_or("", |error| error.message.as_str());
                            format!("{}: {message}", ended.outcome.status.as_str())
                        };
                        let said = ended.finders.get(name);
                        Some(Evidence {
                            step: finder.clone(),
                            truth: said.map_or_else(
                                || match ended.outcome.status {
                                    StepStatus::Skipped => Truth::False,
                                    _ => Truth::Unknown,
                                },
                                |(truth, _)| *truth,
                            ),
                            found: redactor.text(&said.map_or_else(why, |(_, text)| text.clone())),
                        })
                    })
                    .collect(),
            })
            .collect()
    }

    fn diagnosis(&self) -> Diagnosis {
        let truths: Vec<Truth> = self
            .plan
            .checked
            .causes
            .keys()
            .map(|name| self.cause_truth(name))
            .collect();
        if truths.contains(&Truth::True) {
            Diagnosis::Found
        } else if truths.contains(&Truth::Unknown) || self.read_in_vain(truths.is_empty()) {
            Diagnosis::Unknown
        } else {
            Diagnosis::NoneFound
        }
    }

    /// A step of `diagnose` could not be read, and what it would have told is all that was asked for: there is no cause to
    /// find, or no symptom whose cause is looked for.
    fn read_in_vain(&self, no_causes: bool) -> bool {
        (no_causes || self.plan.checked.playbook.symptom.is_none())
            && self.state.borrow().steps.iter().any(|(path, ended)| {
                path.starts_with("diagnose.")
                    && matches!(
                        ended.outcome.status,
                        StepStatus::Failed | StepStatus::Blocked
                    )
            })
    }

    async fn resolve(&self, steps: &[Step], facts: &mut Facts) -> Resolution {
        self.graph_started(Graph::Resolve);
        let end = acting::top(self, steps, &Container::of(Graph::Resolve, &self.clock)).await;
        let state = self.state.borrow();
        let changed = state
            .changes
            .iter()
            .enumerate()
            .any(|(index, change)| change.confirmed || state.unanswered.contains(&index));
        if state.blocked.is_some() {
            facts.diagnosis = Diagnosis::Unknown;
        }
        facts.declined = state.declined;
        let resolution = match end {
            StepEnd::Failed => Resolution::Failed,
            _ if changed || state.acted => Resolution::Done,
            _ => Resolution::Nothing,
        };
        drop(state);
        self.graph_ended(
            Graph::Resolve,
            match resolution {
                Resolution::Failed => "a step failed",
                Resolution::Done => "done",
                Resolution::Nothing | Resolution::NotRun => "nothing done",
            },
        );
        resolution
    }
}
