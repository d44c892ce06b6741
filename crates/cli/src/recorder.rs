//! What is noted of a run for `--record`.

use jiff::Timestamp;
use runbook_interpreter::approval::{Approver, Decision, Doubt, Onward, Question, Settlement};
use runbook_interpreter::event::{Event, Observer};
use runbook_interpreter::guard::Kind;
use runbook_interpreter::surroundings::Performer;
use runbook_interpreter::{MASK, Redactor};
use runbook_playbook::catalog::{ActionKind, Catalog};
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::recording::Log;
use runbook_registry::world::scenario::Outcome;
use runbook_registry::world::{Pending, Place, World};
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

/// Numbers of fewer digits are written as they are.
const SHORTEST_NUMBER: usize = 4;

/// Takes notes of a run.
pub struct Recorder<'r> {
    /// The calls.
    pub log: Log,
    registry: &'r Registry,
    approvals: RefCell<Vec<(String, bool)>>,
    redactor: RefCell<Redactor>,
    ended: RefCell<Option<Ended>>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// What came out.
    pub outcome: Outcome,
    /// Where its calls went.
    pub place: Place,
    /// When it began.
    pub started: Timestamp,
}

impl<'r> Recorder<'r> {
    /// A recorder that has noted nothing yet.
    #[must_use]
    pub fn new(registry: &'r Registry) -> Self {
        Self {
            log: Log::default(),
            registry,
            approvals: RefCell::default(),
            redactor: RefCell::default(),
            ended: RefCell::default(),
        }
    }

    /// Notes how the run ended.
    pub fn end(&self, ended: Ended) {
        *self.ended.borrow_mut() = Some(ended);
    }

    /// How the run ended; nothing where it did not.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.ended.borrow().clone()
    }

    /// Steps that asked, and whether they were approved.
    #[must_use]
    pub fn approvals(&self) -> Vec<(String, bool)> {
        self.approvals.borrow().clone()
    }

    /// A document without the run's secrets.
    #[must_use]
    pub fn masked(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => Json::String(self.masked_text(text)),
            Json::Array(items) => items.iter().map(|item| self.masked(item)).collect(),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| (self.redactor.borrow().text(name), self.masked(value)))
                    .collect(),
            ),
            // A short number that is also a secret somewhere gives nothing away, and nothing else can stand in its place.
            Json::Number(number) if number.to_string().len() < SHORTEST_NUMBER => json.clone(),
            other => self.redactor.borrow().json(other),
        }
    }

    /// A secret that is a JSON document keeps its members, so that whoever reads it finds them.
    fn masked_text(&self, text: &str) -> String {
        let masked = self.redactor.borrow().text(text);
        match serde_json::from_str::<Json>(text) {
            Ok(Json::Object(members)) if masked == MASK => {
                let members: Map<String, Json> = members
                    .into_iter()
                    .map(|(name, value)| (name, dummy(&value)))
                    .collect();
                Json::Object(members).to_string()
            }
            _ => masked,
        }
    }
}

/// A document of the same form that tells nothing.
fn dummy(json: &Json) -> Json {
    match json {
        Json::String(_) => MASK.into(),
        Json::Number(_) => 0.into(),
        Json::Array(items) => items.iter().map(dummy).collect(),
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), dummy(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Makes calls; one that is made of several operations is noted as a whole.
pub struct Performing<'a> {
    /// Makes them.
    pub inner: &'a dyn Performer,
    /// Takes notes, if a recording is made.
    pub recorder: Option<&'a Recorder<'a>>,
}

impl Performer for Performing<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        let made = self.inner.perform(world, call);
        let Some(recorder) = self.recorder else {
            return made;
        };
        let action = recorder.registry.action(&call.action);
        let composite = action.is_ok_and(|action| action.kind == ActionKind::Composite);
        if composite && !world.answers(&call.action) {
            recorder.log.whole(call, made)
        } else {
            made
        }
    }
}

/// Answers questions; the answers are noted.
pub struct Approving<'a> {
    /// Answers them.
    pub inner: &'a dyn Approver,
    /// Takes notes, if a recording is made.
    pub recorder: Option<&'a Recorder<'a>>,
}

impl Approving<'_> {
    fn note(&self, question: &Question, decision: &Decision) {
        let yes = match decision {
            Decision::Approved { .. } => true,
            Decision::Declined { .. } => false,
            Decision::Nobody | Decision::Abort | Decision::Expired => return,
        };
        if let Some(recorder) = self.recorder {
            let step = question.step.clone();
            recorder.approvals.borrow_mut().push((step, yes));
        }
    }
}

impl Approver for Approving<'_> {
    fn onward(&self, question: Option<&Question>) -> Onward {
        self.inner.onward(question)
    }

    fn overriding(&self, guard: Kind) -> String {
        self.inner.overriding(guard)
    }

    fn settle<'a>(&'a self, doubt: &'a Doubt) -> Pin<Box<dyn Future<Output = Settlement> + 'a>> {
        self.inner.settle(doubt)
    }

    fn allow_telling<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            let decision = self.inner.allow_telling(question).await;
            self.note(question, &decision);
            decision
        })
    }

    fn decide<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            let decision = self.inner.decide(question).await;
            self.note(question, &decision);
            decision
        })
    }
}

/// Watches; the secrets are noted.
pub struct Watching<'a> {
    /// Watches.
    pub inner: &'a dyn Observer,
    /// Takes notes, if a recording is made.
    pub recorder: Option<&'a Recorder<'a>>,
}

impl Observer for Watching<'_> {
    fn observe(&self, event: &Event) {
        self.inner.observe(event);
    }

    fn secrets(&self, redactor: &Redactor) {
        if let Some(recorder) = self.recorder {
            *recorder.redactor.borrow_mut() = redactor.clone();
        }
    }
}
