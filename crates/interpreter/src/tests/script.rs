//! A world that follows a script: actions `t:…` answer what they are told to, in order; the last answer stays.

use crate::approval::{Approver, Decision, Doubt, Question, Settlement};
use crate::cancel::Cancel;
use crate::event::{Event, Observer};
use crate::journal::{Durability, JournalError, MemoryJournal};
use crate::outcome::{Outcome, StepOutcome};
use crate::plan::{Options, Plan};
use crate::surroundings::{Library, Performer, Surroundings};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect, UnknownAction};
use runbook_playbook::check::{self, Empty, Signature, check};
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs::{self, Given};
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook::parse;
use runbook_playbook::types::{Record, TextRule, Type};
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::{Pending, Place, World};
use serde_json::{Value as Json, json};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

/// The actions of the tests: `Read…`, `List…` (in pages), `Write…`, `Delete…`, `Execute…` by the beginning of their names.
pub(super) struct Actions;

impl Catalog for Actions {
    fn action(&self, name: &str) -> Result<Arc<Action>, UnknownAction> {
        let member = Record::new("Member")
            .optional("name", Type::text())
            .optional("size", Type::integer())
            .build();
        let input = Record::new("input")
            .optional("name", Type::text())
            .optional("size", Type::integer())
            .optional("role", Type::text())
            .optional("since", Type::timestamp())
            .optional("members", Type::list(member.clone()))
            .optional("token", Type::text())
            .optional("path", Type::text())
            .optional("note", Type::text())
            .optional("hidden", hidden())
            .optional("inputs", Type::map(Type::Any))
            .optional("only", Type::text())
            .optional("for", Type::Duration)
            .build();
        let output = Record::new("output")
            .optional("name", Type::text())
            .optional("size", Type::integer())
            .optional("ok", Type::Boolean)
            .optional("items", Type::list(Type::text()))
            .optional("sizes", Type::list(Type::integer()))
            .optional("members", Type::list(member))
            .optional("extra", Type::text())
            .optional("hidden", hidden())
            .optional("parameter", Type::Any)
            .optional("state", Type::one_of(&["ON", "OFF"]))
            .optional("failures", Type::list(Type::Any))
            .build();
        let verb = name.split(':').nth(1).unwrap_or_default();
        let effect = match verb {
            verb if verb.starts_with("Write") => Effect::Write,
            verb if verb.starts_with("Delete") => Effect::Destroy,
            verb if verb.starts_with("Execute") => Effect::Execute,
            _ => Effect::Read,
        };
        Ok(Arc::new(Action {
            name: name.to_owned(),
            kind: ActionKind::Operation,
            input,
            output: if verb == "Run" { Type::Any } else { output },
            effects: [effect].into(),
            effects_by_member: vec![("role".to_owned(), Effect::Permission)],
            errors: vec!["NotFound".into(), "Throttled".into(), "Denied".into()],
            failure_members: vec!["failures".into()],
            paginated: verb.starts_with("List"),
            permissions: Vec::new(),
            idempotency_token: (verb == "WriteOnce").then(|| "token".to_owned()),
        }))
    }
}

/// A text that the model calls sensitive.
fn hidden() -> Type {
    Type::Text(Arc::new(TextRule {
        sensitive: true,
        ..TextRule::default()
    }))
}

/// What the world answers, who approves, and what was seen.
pub(super) struct Script {
    guards: crate::guard::Guards,
    answers: RefCell<HashMap<String, VecDeque<Result<Answer, CallError>>>>,
    pub(super) calls: RefCell<Vec<(String, Json)>>,
    pub(super) questions: RefCell<Vec<Question>>,
    pub(super) waits: RefCell<Vec<SignedDuration>>,
    pub(super) events: RefCell<Vec<Event>>,
    decisions: RefCell<VecDeque<Decision>>,
    settlement: Settlement,
    pub(super) doubts: RefCell<Vec<Doubt>>,
    clock: Cell<Timestamp>,
    ids: Cell<u32>,
    answer_takes: Cell<SignedDuration>,
    pub(super) cancel: Cancel,
    cancel_at: Option<String>,
    pub(super) journal: MemoryJournal,
    library: HashMap<String, Arc<Checked>>,
    pub(super) options: Options,
    inputs: Vec<(String, Given)>,
    /// As whom calls are made.
    pub(super) principal: RefCell<Option<String>>,
}

/// Starts a script in which everybody says yes.
pub(super) fn script() -> Script {
    Script {
        guards: crate::guard::Guards::default(),
        answers: RefCell::default(),
        calls: RefCell::default(),
        questions: RefCell::default(),
        waits: RefCell::default(),
        events: RefCell::default(),
        decisions: RefCell::new([Decision::Approved { by: "--yes".into() }].into()),
        settlement: Settlement::Nobody,
        doubts: RefCell::default(),
        clock: Cell::new("2026-01-15T12:00:00Z".parse().expect("a time")),
        ids: Cell::new(0),
        answer_takes: Cell::new(SignedDuration::ZERO),
        cancel: Cancel::new(),
        cancel_at: None,
        journal: MemoryJournal::new(),
        library: HashMap::new(),
        options: Options::default(),
        inputs: Vec::new(),
        principal: RefCell::default(),
    }
}

/// Reads and checks a playbook; `playbook` and `title` are added.
pub(super) fn checked(text: &str) -> Arc<Checked> {
    checked_among(text, &Empty)
}

/// Other playbooks that a playbook may run.
struct Shelf<'s>(&'s HashMap<String, Arc<Checked>>);

impl check::Library for Shelf<'_> {
    fn signature(&self, _from: &str, path: &str) -> Option<Signature> {
        let playbook = &self.0.get(path)?.playbook;
        Some(check::signature(playbook, &Actions))
    }
}

fn checked_among(text: &str, others: &dyn check::Library) -> Arc<Checked> {
    let kind = if text.starts_with("escalation: ") {
        ""
    } else {
        "playbook: v1\n"
    };
    let source = Source::new("test.yaml", format!("{kind}{text}\ntitle: Test\n"));
    let (playbook, problems) = parse(&source);
    let shown = |problems: &[runbook_playbook::diagnostic::Diagnostic]| {
        problems
            .iter()
            .map(|problem| {
                format!(
                    "{}: {}",
                    source.slice(problem.primary.span),
                    problem.message
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    let playbook = playbook.unwrap_or_else(|| panic!("{}", shown(&problems)));
    let (checked, problems) = check(playbook, "test", &Actions, others);
    Arc::new(checked.unwrap_or_else(|| panic!("{}", shown(&problems))))
}

impl Script {
    /// The next answer of an action.
    pub(super) fn on(self, action: &str, result: Json) -> Self {
        self.answer(
            action,
            Ok(Answer {
                result,
                ..Answer::default()
            }),
        )
    }

    /// The next answer of an action, cut by its limit.
    pub(super) fn cut(self, action: &str, result: Json) -> Self {
        self.answer(
            action,
            Ok(Answer {
                result,
                truncated: true,
                request_id: None,
            }),
        )
    }

    /// The next answer of an action is an error.
    pub(super) fn fails(self, action: &str, code: &str) -> Self {
        self.fails_as(action, code, FailureKind::Answered)
    }

    pub(super) fn fails_as(self, action: &str, code: &str, kind: FailureKind) -> Self {
        self.answer(action, Err(CallError::new(kind, code, "it said no")))
    }

    fn answer(self, action: &str, answer: Result<Answer, CallError>) -> Self {
        self.answers
            .borrow_mut()
            .entry(action.to_owned())
            .or_default()
            .push_back(answer);
        self
    }

    /// What people say, in order; the last answer stays.
    pub(super) fn decide(self, decisions: &[Decision]) -> Self {
        *self.decisions.borrow_mut() = decisions.iter().cloned().collect();
        self
    }

    /// What people say about a call in doubt.
    pub(super) fn settling(mut self, settlement: Settlement) -> Self {
        self.settlement = settlement;
        self
    }

    /// Nobody ever answers.
    pub(super) fn never_answering(self) -> Self {
        self.decide(&[])
    }

    /// Time passes.
    pub(super) fn passes(&self, length: SignedDuration) {
        self.clock.set(self.clock.get() + length);
    }

    /// How long people think.
    pub(super) fn thinking(self, length: SignedDuration) -> Self {
        self.answer_takes.set(length);
        self
    }

    /// Ctrl-C while this action is in flight.
    pub(super) fn cancel_during(mut self, action: &str) -> Self {
        self.cancel_at = Some(action.to_owned());
        self
    }

    pub(super) fn guarded(mut self, guards: crate::guard::Guards) -> Self {
        self.guards = guards;
        self
    }

    pub(super) fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    pub(super) fn input(mut self, name: &str, value: Json) -> Self {
        self.inputs.push((name.to_owned(), Given::Json(value)));
        self
    }

    pub(super) fn holding(mut self, path: &str, text: &str) -> Self {
        self.library.insert(path.to_owned(), checked(text));
        self
    }

    /// Runs a playbook.
    pub(super) fn run(&self, text: &str) -> Outcome {
        self.run_with(text, &self.journal)
    }

    pub(super) fn run_with(&self, text: &str, journal: &dyn Durability) -> Outcome {
        self.run_until(text, journal, &|| false).expect("an end")
    }

    /// Takes back what a run did.
    pub(super) fn undo_with(
        &self,
        text: &str,
        journal: &dyn Durability,
        thaw: impl FnOnce() -> Result<(), JournalError>,
    ) -> Result<Outcome, JournalError> {
        self.around(text, journal, |plan, around| {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("runtime")
                .block_on(crate::undo(plan, around, thaw))
        })
    }

    /// Runs a playbook until it ends or its process is dead.
    pub(super) fn run_until(
        &self,
        text: &str,
        journal: &dyn Durability,
        is_dead: &dyn Fn() -> bool,
    ) -> Option<Outcome> {
        self.around(text, journal, |plan, around| {
            let run = crate::run(plan, around);
            let mut run = std::pin::pin!(run);
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("runtime")
                .block_on(std::future::poll_fn(|context| {
                    use std::task::Poll;
                    match run.as_mut().poll(context) {
                        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                        Poll::Pending if is_dead() => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                }))
        })
    }

    fn around<T>(
        &self,
        text: &str,
        journal: &dyn Durability,
        work: impl FnOnce(&Plan, &Surroundings<'_>) -> T,
    ) -> T {
        let checked = checked_among(text, &Shelf(&self.library));
        let inputs =
            inputs::bind(&checked.playbook, &self.inputs, self.clock.get()).expect("inputs");
        let plan = Plan::new(checked, inputs, self.options.clone()).expect("plan");
        let around = Surroundings {
            world: self,
            performer: self,
            approver: self,
            observer: self,
            journal,
            library: self,
            cancel: &self.cancel,
            guards: Some(&self.guards),
        };
        work(&plan, &around)
    }

    /// The names of the actions that were called, in order.
    pub(super) fn called(&self) -> Vec<String> {
        self.calls
            .borrow()
            .iter()
            .map(|(action, _)| action.clone())
            .collect()
    }

    /// The arguments of the calls of an action.
    pub(super) fn arguments(&self, action: &str) -> Vec<Json> {
        self.calls
            .borrow()
            .iter()
            .filter(|(name, _)| name == action)
            .map(|(_, arguments)| arguments.clone())
            .collect()
    }
}

/// A step of an outcome.
pub(super) fn step<'o>(outcome: &'o Outcome, path: &str) -> &'o StepOutcome {
    outcome.steps.get(path).unwrap_or_else(|| {
        panic!(
            "no {path} in {:?}: {}",
            outcome.steps.keys().collect::<Vec<_>>(),
            outcome.explanation
        )
    })
}

/// `status code` of a step.
pub(super) fn status(outcome: &Outcome, path: &str) -> String {
    let step = step(outcome, path);
    let code = step.error.as_ref().map_or("", |error| error.code.as_str());
    format!("{} {code}", step.status.as_str()).trim().to_owned()
}

impl World for Script {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.perform(self, call)
    }

    fn answers(&self, _action: &str) -> bool {
        true
    }

    fn now(&self) -> Timestamp {
        self.clock.get()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async move {
            self.waits.borrow_mut().push(length);
            self.clock.set(self.clock.get() + length);
        })
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        format!("id-{}", self.ids.get())
    }

    fn place(&self) -> Place {
        Place {
            account: Some("123456789012".into()),
            region: Some("us-east-1".into()),
            partition: Some("aws".into()),
            principal: self.principal.borrow().clone(),
        }
    }
}

impl Performer for Script {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            self.calls
                .borrow_mut()
                .push((call.action.clone(), call.arguments.clone()));
            if self.cancel_at.as_deref() == Some(&call.action) {
                self.cancel.cancel();
            }
            if call.action.ends_with("Slowly") {
                world.sleep(SignedDuration::from_secs(10)).await;
            }
            let mut answers = self.answers.borrow_mut();
            match answers.get_mut(&call.action) {
                Some(queue) if queue.len() > 1 => queue.pop_front().expect("an answer"),
                Some(queue) => queue.front().cloned().expect("an answer"),
                None => Ok(Answer {
                    result: json!({}),
                    ..Answer::default()
                }),
            }
        })
    }
}

impl Approver for Script {
    fn overriding(&self, guard: crate::guard::Kind) -> String {
        format!("again without the {guard}")
    }

    fn settle<'a>(&'a self, doubt: &'a Doubt) -> Pin<Box<dyn Future<Output = Settlement> + 'a>> {
        Box::pin(async move {
            self.doubts.borrow_mut().push(doubt.clone());
            self.settlement.clone()
        })
    }

    fn allow_telling<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        self.decide(question)
    }

    fn decide<'a>(
        &'a self,
        question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async move {
            self.questions.borrow_mut().push(question.clone());
            self.clock.set(self.clock.get() + self.answer_takes.get());
            if self.decisions.borrow().is_empty() {
                return std::future::pending().await;
            }
            let mut decisions = self.decisions.borrow_mut();
            if decisions.len() > 1 {
                decisions.pop_front().expect("a decision")
            } else {
                decisions.front().cloned().expect("a decision")
            }
        })
    }
}

impl Observer for Script {
    fn observe(&self, event: &Event) {
        self.events.borrow_mut().push(event.clone());
    }
}

impl Library for Script {
    fn load(&self, _from: &Checked, path: &str) -> Result<Arc<Checked>, String> {
        self.library
            .get(path)
            .cloned()
            .ok_or_else(|| format!("there is no {path}"))
    }
}
