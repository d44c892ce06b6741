//! Scenarios: written-down worlds in which a playbook runs with no account and no network.

mod against;
mod clock;
mod definition;
mod expectation;
mod facts;
mod fit;
mod memory;
mod people;
mod points;
mod read;

pub use clock::ScenarioClock;
pub use definition::{
    Answers, Approve, Entry, ErrorResponse, Expectation, ExpectedCall, Response, Scenario,
    ScenarioFile, ScenarioProblem, Segment, SeriesResponse,
};
pub use expectation::{Mismatch, Outcome};
pub use facts::ActionFacts;
pub use read::text_is_due;
pub(super) use read::usual_kind;

use crate::call::{Answer, Call, CallError, DEFAULT_LIMIT, FailureKind, Target};
use crate::local::{self, LocalAction, LocalContext, Session, SessionOutput};
use crate::policy::Grants;
use crate::world::clock::Clock;
use crate::world::{Pending, Place, Recalled, World};
use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use jiff::{SignedDuration, Timestamp};
use memory::Memory;
use people::ScenarioPerson;
use runbook_playbook::catalog::{Effect, Effects};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often the client sends a call that is refused for a moment, the first time included.
pub(super) const ATTEMPTS: usize = 3;
/// Codes of server errors, which the client takes for transient by their status.
const SERVER_ERRORS: [&str; 6] = [
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// A world as a scenario describes it.
pub struct ScenarioWorld {
    scenario: Arc<Scenario>,
    facts: Arc<dyn ActionFacts>,
    clock: Arc<ScenarioClock>,
    context: LocalContext,
    locals: HashMap<String, Box<dyn LocalAction>>,
    grants: Option<Arc<Grants>>,
    state: Mutex<State>,
    memory: Option<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct State {
    /// When each flag is, or will be, set.
    flags: HashMap<String, Timestamp>,
    /// How many calls each entry has answered.
    used: HashMap<(String, usize), u32>,
    calls: Vec<CallRecord>,
    /// How many calls there were when the run ended, where it is taken back after that.
    ended: Option<usize>,
    /// What writes were answered, by the names of the attempts.
    answers: HashMap<String, (String, Result<Json, CallError>)>,
    ids: u64,
}

/// A call that was made in a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    /// When.
    pub at: Timestamp,
    /// The action.
    pub action: String,
    /// Its arguments.
    pub arguments: Json,
    /// Where it went, when not to the run's own target.
    pub target: Target,
    /// The step that made it, where it is known.
    pub step: Option<String>,
    /// What the call does.
    pub effects: Effects,
    /// The error code, where it failed.
    pub error: Option<String>,
    /// How often the client sent it.
    pub attempts: usize,
    /// No entry answered it: the scenario is incomplete.
    pub unanswered: bool,
    /// The attempt's name in the record of its run.
    pub key: Option<String>,
    /// It came again with the same idempotency token, so that nothing happened but the answer.
    pub repeat: bool,
    /// The entries that answered it, by their positions.
    taken: Vec<usize>,
}

impl CallRecord {
    /// Whether the call changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.effects.iter().any(|effect| *effect != Effect::Read)
    }
}

impl ScenarioWorld {
    /// Makes the world of a scenario. `context` says where the playbook's files are and judges documents; its clock and
    /// its person are replaced by the scenario's, and nothing in it is contacted or started.
    #[must_use]
    pub fn new(
        scenario: Arc<Scenario>,
        facts: Arc<dyn ActionFacts>,
        mut context: LocalContext,
    ) -> Self {
        let clock = Arc::new(ScenarioClock::new(scenario.clock));
        context.clock = Arc::<ScenarioClock>::clone(&clock);
        context.person = Arc::new(ScenarioPerson::new(Arc::clone(&scenario)));
        let locals = local::all()
            .into_iter()
            .map(|action| (action.signature().name, action))
            .collect();
        Self {
            scenario,
            facts,
            clock,
            context,
            locals,
            grants: None,
            state: Mutex::default(),
            memory: None,
        }
    }

    /// Lets the world outlive the process: what happens in it is kept in a file, and has happened when the world is made
    /// again with that file.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn remembering(mut self, file: &Path) -> std::io::Result<Self> {
        let (memory, now, state) = Memory::open(file, &self.scenario)?;
        self.clock.start_at(now);
        self.state = Mutex::new(state);
        self.memory = Some(Mutex::new(memory));
        Ok(self)
    }

    /// Undoes what reads did to the scenario whose answers were lost with the process that asked: to the world, a read
    /// that nobody has the answer of was never made. `is_answered` tells by the attempt's name.
    pub fn forget_reads(&self, is_answered: &dyn Fn(&str) -> bool) {
        self.forget_lost(is_answered, &|_| false);
    }

    /// The same, also of programs of which the author says that they only read: `is_read` tells by the attempt's name.
    pub fn forget_lost(&self, is_answered: &dyn Fn(&str) -> bool, is_read: &dyn Fn(&str) -> bool) {
        let mut state = self.state();
        let lost: Vec<usize> = state
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| {
                let asked = is_human(&call.action)
                    || !call.is_write()
                    || call.key.as_deref().is_some_and(is_read);
                asked && call.key.as_deref().is_some_and(|key| !is_answered(key))
            })
            .map(|(position, _)| position)
            .collect();
        if lost.is_empty() {
            return;
        }
        // Nor did the time pass that they took, unless something else happened in it.
        let kept = state
            .calls
            .iter()
            .enumerate()
            .filter(|(at, _)| !lost.contains(at));
        let latest = kept.map(|(_, call)| call.at).max();
        let first = lost
            .iter()
            .filter_map(|at| state.calls.get(*at))
            .map(|call| call.at)
            .min();
        let now = first.max(latest).unwrap_or(self.scenario.clock);
        state.forget(&lost);
        drop(state);
        self.clock.start_at(now);
        self.remember(&json!({"now": now, "forget": lost}));
    }

    fn remember(&self, line: &Json) {
        if let Some(memory) = &self.memory {
            memory
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(line);
        }
    }

    /// Lets somebody else than the scenario answer `human:Do` and `human:Ask`, as `run --scenario` does.
    #[must_use]
    pub fn with_person(mut self, person: Arc<dyn local::Person>) -> Self {
        self.context.person = person;
        self
    }

    /// Enforces a policy: a call that needs what it does not grant is refused as AWS refuses it.
    #[must_use]
    pub fn with_grants(mut self, grants: Arc<Grants>) -> Self {
        self.grants = Some(grants);
        self
    }

    /// Why a policy refuses the call; nothing where none is enforced or it is granted.
    fn refusal(&self, call: &Call) -> Option<CallError> {
        let grants = self.grants.as_ref()?;
        let requirements = self.facts.requirements(call, &self.scenario.place);
        if requirements.is_empty() {
            return None;
        }
        let denied = grants
            .judge(call.target.role.as_deref(), &requirements)
            .err()?;
        Some(CallError::new(
            FailureKind::Answered,
            "AccessDeniedException",
            denied.to_string(),
        ))
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The calls so far, in order; those that only calculate, read the playbook's files or wait are not among them.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().calls.clone()
    }

    /// What a run came to against what the scenario expects; calls that no entry answered come first.
    #[must_use]
    pub fn check_expectations(&self, outcome: &Outcome) -> Vec<Mismatch> {
        expectation::check(&self.scenario.expect, outcome, &self.calls_of_run())
    }

    /// The calls so far, without those that take the run back after its end.
    #[must_use]
    pub fn calls_of_run(&self) -> Vec<CallRecord> {
        let mut calls = self.calls();
        calls.truncate(self.state().ended.unwrap_or(usize::MAX));
        calls
    }

    /// Notes that the run has ended: what is called from here on takes it back.
    pub fn end(&self) {
        let mut state = self.state();
        state.ended = Some(state.calls.len());
    }

    /// What taking the run back came to against what the scenario expects of that.
    #[must_use]
    pub fn check_undo(&self, outcome: &Outcome) -> Vec<Mismatch> {
        let calls = self.calls();
        let since = self.state().ended.unwrap_or_default();
        let calls = calls.get(since..).unwrap_or_default();
        let expect = self.scenario.undo.iter();
        expect
            .flat_map(|expect| expectation::check(expect, outcome, calls))
            .map(|mismatch| Mismatch {
                what: format!("undo.{}", mismatch.what),
                ..mismatch
            })
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, call: &Call) -> Result<Answer, CallError> {
        self.clock.touch();
        let has_entries = self.scenario.actions.contains_key(&call.action);
        if !has_entries && let Some(action) = self.own(&call.action) {
            // A wait is what moves time; anything else must not be overtaken by it.
            let hold = (call.action != "time:Sleep").then(|| self.clock.hold());
            let result = action.run(&self.context, call).await;
            drop(hold);
            if is_human(&call.action) {
                let shown = result.as_ref().map(|answer| answer.result.clone());
                self.record(call, &shown.map_err(Clone::clone), 1, false, Vec::new());
            }
            return result;
        }
        if let Some(refusal) = self.refusal(call) {
            self.record(call, &Err(refusal.clone()), 1, false, Vec::new());
            return Err(refusal);
        }
        if let Some(result) = self.repeated(call) {
            return result.map(|result| self.limited(call, result));
        }
        let mut attempts = 1;
        let mut taken = Vec::new();
        loop {
            let Some((position, result)) = self.by_entry(call) else {
                let result = Err(self.unanswered(call, attempts));
                self.record(call, &result, attempts, true, taken);
                return result.map(|result| self.limited(call, result));
            };
            taken.push(position);
            let again = attempts < ATTEMPTS
                && !self.locals.contains_key(&call.action)
                && result.as_ref().err().is_some_and(is_retried);
            if again {
                attempts += 1;
                continue;
            }
            self.record(call, &result, attempts, false, taken);
            return result.map(|result| self.limited(call, result));
        }
    }

    /// The answer to a write that comes again with the same idempotency token.
    fn repeated(&self, call: &Call) -> Option<Result<Json, CallError>> {
        let token = self.facts.idempotency_token(&call.action)?;
        call.arguments.get(&token)?;
        let key = call.key.as_ref()?;
        let mut state = self.state();
        let (action, answer) = state.answers.get(key)?.clone();
        if action != call.action {
            return None;
        }
        let first = state
            .calls
            .iter()
            .find(|made| made.key.as_ref() == Some(key) && made.action == action)?
            .clone();
        if first.arguments != call.arguments {
            return None;
        }
        let again = CallRecord {
            at: self.clock.now(),
            repeat: true,
            taken: Vec::new(),
            ..first
        };
        let line = memory::line(&again, None, &state);
        state.note(again, None);
        drop(state);
        self.remember(&line);
        Some(answer)
    }

    /// The action, if the world can carry it out without an entry.
    fn own(&self, action: &str) -> Option<&dyn LocalAction> {
        let found = self.locals.get(action)?.as_ref();
        (found.is_self_contained() || is_human(action)).then_some(found)
    }

    /// What the first entry that fits answers; nothing where none does.
    fn by_entry(&self, call: &Call) -> Option<(usize, Result<Json, CallError>)> {
        let now = self.clock.now();
        let mut state = self.state();
        let entries = self.scenario.actions.get(&call.action)?;
        let (position, entry) = entries
            .iter()
            .enumerate()
            .find(|(position, entry)| state.fits(entry, *position, call, now))?;
        *state
            .used
            .entry((call.action.clone(), position))
            .or_default() += 1;
        for (flag, after) in &entry.set {
            let due = now.checked_add(*after).unwrap_or(Timestamp::MAX);
            let set = state.flags.entry(flag.clone()).or_insert(due);
            *set = due.min(*set);
        }
        let result = match &entry.response {
            Response::Return(result) => Ok(result.clone()),
            Response::Series(series) => Ok(points::answer(series, &call.arguments, now)),
            Response::Error(error) => Err(CallError::new(
                error.kind,
                error.code.clone(),
                error.message.clone(),
            )),
        };
        Some((position, result))
    }

    /// Cuts a paginated result at the call's limit.
    fn limited(&self, call: &Call, mut result: Json) -> Answer {
        let named = self.facts.list_member(&call.action);
        let list = match named {
            Some(name) => result.get_mut(&name).and_then(Json::as_array_mut),
            None if call.limit == DEFAULT_LIMIT => None,
            None => only_list(&mut result),
        };
        let truncated = list.is_some_and(|list| {
            let cut = list.len() > call.limit;
            list.truncate(call.limit);
            cut
        });
        Answer {
            result,
            truncated,
            request_id: None,
        }
    }

    fn unanswered(&self, call: &Call, attempts: usize) -> CallError {
        let why = match self.scenario.actions.get(&call.action) {
            None => format!("add `{}` to its `actions`", call.action),
            Some(_) if attempts > 1 => {
                "the client tried again after an error that it retries; add an entry for that"
                    .to_owned()
            }
            Some(entries) => format!("none of its {} entries fits", entries.len()),
        };
        CallError::new(
            FailureKind::Environment,
            "scenario",
            format!(
                "scenario {} answers no {} {}: {why}",
                self.scenario.name, call.action, call.arguments
            ),
        )
    }

    fn record(
        &self,
        call: &Call,
        result: &Result<Json, CallError>,
        attempts: usize,
        unanswered: bool,
        taken: Vec<usize>,
    ) {
        let record = CallRecord {
            at: self.clock.now(),
            action: call.action.clone(),
            arguments: call.arguments.clone(),
            target: call.target.clone(),
            step: call.step.clone(),
            effects: match self.locals.get(&call.action) {
                Some(action) => action.effects(&call.arguments),
                None => self.facts.effects(&call.action, &call.arguments),
            },
            error: result.as_ref().err().map(|error| error.code.clone()),
            attempts,
            unanswered,
            key: call.key.clone(),
            repeat: false,
            taken,
        };
        let answer = record.is_write().then(|| result.clone());
        let mut state = self.state();
        let line = self
            .memory
            .is_some()
            .then(|| memory::line(&record, answer.as_ref(), &state));
        state.note(record, answer);
        drop(state);
        if let Some(line) = line {
            self.remember(&line);
        }
    }
}

impl State {
    /// Notes a call; its entries count as used when it is remembered, and were counted when it was made.
    fn note(&mut self, record: CallRecord, answer: Option<Result<Json, CallError>>) {
        if let (Some(key), Some(answer)) = (&record.key, answer) {
            self.answers
                .insert(key.clone(), (record.action.clone(), answer));
        }
        self.calls.push(record);
    }

    /// Forgets calls, by their positions.
    fn forget(&mut self, positions: &[usize]) {
        for position in positions.iter().rev() {
            if *position >= self.calls.len() {
                continue;
            }
            let call = self.calls.remove(*position);
            for taken in call.taken {
                if let Some(used) = self.used.get_mut(&(call.action.clone(), taken)) {
                    *used = used.saturating_sub(1);
                }
            }
        }
    }

    fn fits(&self, entry: &Entry, position: usize, call: &Call, now: Timestamp) -> bool {
        let is_set = |flag: &String| self.flags.get(flag).is_some_and(|at| *at <= now);
        let used = self
            .used
            .get(&(call.action.clone(), position))
            .copied()
            .unwrap_or_default();
        entry.times.is_none_or(|times| used < times)
            && entry.when.iter().all(is_set)
            && !entry.unless.iter().any(is_set)
            && entry
                .with
                .as_ref()
                .is_none_or(|with| fit::fits(with, &call.arguments))
    }
}

impl World for ScenarioWorld {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(self.answer(call))
    }

    fn answers(&self, action: &str) -> bool {
        self.scenario.actions.contains_key(action)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        if self.memory.is_none() {
            return self.clock.sleep(length);
        }
        Box::pin(async move {
            self.clock.sleep(length).await;
            self.remember(&json!({"now": self.clock.now()}));
        })
    }

    fn is_timed(&self) -> bool {
        false
    }

    fn seed(&self) -> Option<String> {
        Some(self.scenario.name.clone())
    }

    fn recall(&self, call: &Call, key: &str) -> Option<Recalled> {
        let state = self.state();
        match state.answers.get(key) {
            Some((action, answer)) if *action == call.action => {
                Some(Recalled::Made(answer.clone()))
            }
            // It was made of other calls, of which some may have come.
            Some(_) => None,
            None => Some(Recalled::NotMade),
        }
    }

    fn fresh_id(&self) -> String {
        let mut state = self.state();
        state.ids += 1;
        // In the form of a UUID, which some services demand of a token.
        format!("00000000-0000-4000-8000-{:012}", state.ids)
    }

    fn place(&self) -> Place {
        self.scenario.place.clone()
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        let call = Call {
            step: session.step.clone(),
            ..Call::new(session.action.clone(), Json::Null)
        };
        let result = Err(CallError::new(
            FailureKind::Environment,
            "scenario",
            format!(
                "scenario {} has no sessions; let an entry for `{}` in its `actions` answer",
                self.scenario.name, session.action
            ),
        ));
        self.record(
            &call,
            &result.clone().map(|_: SessionOutput| Json::Null),
            1,
            true,
            Vec::new(),
        );
        Box::pin(std::future::ready(result))
    }
}

/// Whether the client sends the call again after this error.
pub(super) fn is_retried(error: &CallError) -> bool {
    let code = error.code.as_str();
    THROTTLING_ERRORS.contains(&code)
        || TRANSIENT_ERRORS.contains(&code)
        || SERVER_ERRORS.contains(&code)
}

pub(super) fn is_human(action: &str) -> bool {
    matches!(action, "human:Do" | "human:Ask")
}

/// The list of a result that has one list.
fn only_list(result: &mut Json) -> Option<&mut Vec<Json>> {
    let mut lists = result
        .as_object_mut()?
        .values_mut()
        .filter_map(Json::as_array_mut);
    let list = lists.next()?;
    lists.next().is_none().then_some(list)
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
