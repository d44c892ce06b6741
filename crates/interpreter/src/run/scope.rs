//! What an expression of a step can see.

use super::state::{Container, Ended, Graph, Run};
use crate::outcome::{StepError, StepStatus};
use crate::truth::Truth;
use crate::verdict::Reason;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::Scope;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

/// The names of one step at one attempt.
pub struct StepScope<'s, 'a> {
    pub run: &'s Run<'a>,
    pub container: &'s Container,
    pub now: Timestamp,
    /// Captures so far, the element, `before`, `error`.
    pub locals: IndexMap<String, Value>,
    /// The raw result and its type.
    pub result: Option<(Rc<Json>, Type)>,
    typed: OnceCell<Value>,
    found: RefCell<Option<OwnCauses>>,
}

/// What the step itself has found so far, while it looks for one cause after the other.
struct OwnCauses {
    /// The step's name in the playbook.
    finder: StepPath,
    found: IndexMap<String, Truth>,
}

impl<'s, 'a> StepScope<'s, 'a> {
    pub fn new(
        run: &'s Run<'a>,
        container: &'s Container,
        locals: IndexMap<String, Value>,
        now: Timestamp,
    ) -> Self {
        Self {
            run,
            container,
            now,
            locals,
            result: None,
            typed: OnceCell::new(),
            found: RefCell::default(),
        }
    }

    /// Adds the result.
    pub fn with_result(mut self, result: Option<(Rc<Json>, Type)>) -> Self {
        self.result = result;
        self
    }

    /// Adds the error that was an answer.
    pub fn with_error(mut self, error: Option<&StepError>) -> Self {
        let value = error.map_or(Value::Absent, error_value);
        self.locals.insert("error".to_owned(), value);
        self
    }

    /// Lets what is judged next see what the step found of a cause.
    pub fn add_found(&self, finder: &str, cause: &str, truth: Truth) {
        let mut own = self.found.borrow_mut();
        let own = own.get_or_insert_with(|| OwnCauses {
            finder: finder.to_owned(),
            found: IndexMap::new(),
        });
        own.found.insert(cause.to_owned(), truth);
    }

    /// All that a later step of this one's own sees: for undo.
    pub fn snapshot(&self) -> IndexMap<String, Value> {
        let mut locals = (*self.container.locals).clone();
        locals.extend(self.locals.clone());
        locals
    }
}

fn error_value(error: &StepError) -> Value {
    Value::map(IndexMap::from([
        ("code".to_owned(), Value::text(&error.code)),
        ("message".to_owned(), Value::text(&error.message)),
    ]))
}

impl Scope for StepScope<'_, '_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.locals.get(name) {
            return Some(value.clone());
        }
        if let Some(value) = self.container.locals.get(name) {
            return Some(value.clone());
        }
        match name {
            "result" => Some(match &self.result {
                Some((json, ty)) => self.typed.get_or_init(|| Value::typed(json, ty)).clone(),
                None => Value::Absent,
            }),
            "error" | "before" => Some(Value::Absent),
            "now" => Some(Value::Timestamp(self.now)),
            "inputs" => Some(Value::map(self.run.plan.inputs.clone())),
            "cause" => Some(self.run.causes_value(self.found.borrow().as_ref())),
            "target" => Some(self.run.target_value()),
            "run" => Some(self.run.run_value()),
            "symptom" | "diagnose" | "resolve" | "check" | "verify" | "gather" | "notify" => {
                Some(self.run.container_value(name))
            }
            id => self.sibling(id),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn unknown_in_text(&self) -> Option<&'static str> {
        // People are told although something could not be read.
        (self.container.graph == Graph::Notify).then_some("unknown")
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        let start = self.now.checked_sub(length).unwrap_or(Timestamp::MIN);
        match self.run.state.borrow().last_write {
            Some(write) if write > start => write,
            _ => start,
        }
    }
}

impl StepScope<'_, '_> {
    /// A step of the same graph or block, or of one around it.
    fn sibling(&self, id: &str) -> Option<Value> {
        let mut container = self.container.shown.as_str();
        loop {
            let path = format!("{container}.{id}");
            if let Some(value) = self.run.step_value(&path) {
                return Some(value);
            }
            container = container.rsplit_once('.')?.0;
        }
    }
}

impl Run<'_> {
    /// A step as others see it; `None` where it has not ended and nothing inside it has.
    pub fn step_value(&self, path: &str) -> Option<Value> {
        let state = self.state.borrow();
        let prefix = format!("{path}.");
        let mut entries = IndexMap::new();
        let mut inner: Vec<&str> = Vec::new();
        for name in state.steps.keys() {
            if let Some(rest) = name.strip_prefix(&prefix) {
                let id = rest.split('.').next().unwrap_or(rest);
                if !inner.contains(&id) {
                    inner.push(id);
                }
            }
        }
        let inner: Vec<String> = inner.into_iter().map(str::to_owned).collect();
        let ended = state.steps.get(path).cloned();
        drop(state);
        if ended.is_none() && inner.is_empty() {
            return None;
        }
        for id in inner {
            if let Some(value) = self.step_value(&format!("{path}.{id}")) {
                entries.insert(id, value);
            }
        }
        if let Some(ended) = ended {
            own_entries(&ended, &mut entries);
        }
        Some(Value::map(entries))
    }

    /// The steps of a graph.
    fn container_value(&self, graph: &str) -> Value {
        self.step_value(graph)
            .unwrap_or_else(|| Value::map(IndexMap::new()))
    }

    fn causes_value(&self, own: Option<&OwnCauses>) -> Value {
        Value::map(
            self.plan
                .checked
                .causes
                .keys()
                .map(|name| (name.clone(), self.cause_beside(name, own).to_value()))
                .collect(),
        )
    }

    fn target_value(&self) -> Value {
        let place = self.around.world.place();
        let text = |value: Option<String>| value.map_or(Value::Absent, Value::text);
        Value::map(IndexMap::from([
            ("account".to_owned(), text(place.account)),
            ("region".to_owned(), text(place.region)),
            ("partition".to_owned(), text(place.partition)),
        ]))
    }

    /// What `run` means.
    pub fn run_value(&self) -> Value {
        let state = self.state.borrow();
        if let Some(about) = &state.about {
            return about.clone();
        }
        let checked = &self.plan.checked;
        let (verdict, reason, explanation) = match &state.ending {
            None => ("running", None, "the run goes on"),
            Some(ending) => (
                ending.verdict.as_str(),
                ending.reason.map(Reason::as_str),
                ending.explanation.as_str(),
            ),
        };
        let causes = checked.causes.iter();
        let causes = causes.filter(|(name, _)| self.cause_truth(name) == Truth::True);
        let changes = state.changes.iter();
        let changes = changes.map(|change| format!("{} of {}", change.action, change.step));
        let list = |texts: Vec<String>| Value::list(texts.into_iter().map(Value::text).collect());
        let entries = [
            ("id", Value::text(&self.id)),
            ("started", Value::Timestamp(self.started)),
            ("changed", Value::Boolean(!state.changes.is_empty())),
            ("playbook", Value::text(&checked.id)),
            ("title", Value::text(&checked.playbook.title.value)),
            ("verdict", Value::text(verdict)),
            ("reason", reason.map_or(Value::Absent, Value::text)),
            ("explanation", Value::text(explanation)),
            (
                "causes",
                list(causes.map(|(_, cause)| cause.title.clone()).collect()),
            ),
            ("changes", list(changes.collect())),
            (
                "report",
                self.around
                    .journal
                    .report()
                    .map_or(Value::Absent, Value::text),
            ),
        ];
        Value::map(
            entries
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// What the finders of a cause say together; one that was skipped says no.
    pub fn cause_truth(&self, name: &str) -> Truth {
        self.cause_beside(name, None)
    }

    /// What they say while one of them is still at it.
    fn cause_beside(&self, name: &str, own: Option<&OwnCauses>) -> Truth {
        let Some(cause) = self.plan.checked.causes.get(name) else {
            return Truth::Unknown;
        };
        cause.finders.iter().fold(Truth::False, |truth, finder| {
            let own = own.filter(|own| own.finder == *finder);
            truth.or(match own.and_then(|own| own.found.get(name)) {
                Some(found) => *found,
                None => self.finder_truth(finder, name),
            })
        })
    }

    /// What one finder says of a cause.
    pub fn finder_truth(&self, finder: &str, cause: &str) -> Truth {
        match self.state.borrow().steps.get(finder) {
            Some(ended) if ended.outcome.status == StepStatus::Skipped => Truth::False,
            Some(ended) => ended
                .finders
                .get(cause)
                .map_or(Truth::Unknown, |(truth, _)| *truth),
            None => Truth::Unknown,
        }
    }
}

fn own_entries(ended: &Ended, entries: &mut IndexMap<String, Value>) {
    let outcome = &ended.outcome;
    let nothing = match outcome.status {
        StepStatus::Failed | StepStatus::Blocked => Value::Unknown,
        _ => Value::Absent,
    };
    for name in &ended.names {
        entries.insert(name.clone(), nothing.clone());
    }
    entries.extend(outcome.captures.clone());
    if let Some(holds) = outcome.holds {
        entries.insert("holds".to_owned(), holds.to_value());
    }
    entries.insert("status".to_owned(), Value::text(outcome.status.as_str()));
    entries.insert(
        "error".to_owned(),
        outcome.error.as_ref().map_or(Value::Absent, error_value),
    );
    entries.insert("truncated".to_owned(), Value::Boolean(outcome.truncated));
}
