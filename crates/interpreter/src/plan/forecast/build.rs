//! The walk over a playbook that makes a forecast.

use super::evidence::Evidence;
use super::names::{Local, Names, in_playbook, path_expr, step_type};
use super::{Certainty, LeftOut, Reason};
use crate::outcome::StepStatus;
use crate::plan::Plan;
use crate::run::state::Graph;
use crate::step::claims;
use crate::surroundings::Library;
use crate::truth::Truth;
use indexmap::IndexMap;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::partial::{Origin, Partial};
use runbook_playbook::syntax::step::Step;
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use std::cell::RefCell;

/// A forecast that is being made.
pub(super) struct Build<'a> {
    pub plan: &'a Plan,
    pub catalog: &'a dyn Catalog,
    pub library: &'a dyn Library,
    /// What reads have told, where they were made.
    pub evidence: Option<&'a Evidence>,
    /// The inputs; those of a playbook that another runs may have gaps.
    pub inputs: IndexMap<String, Partial>,
    /// What stands before steps' names: the calling step, in a playbook that another runs.
    pub prefix: String,
    /// The playbooks that run each other, outermost first.
    pub chain: Vec<String>,
    pub states: RefCell<IndexMap<StepPath, State>>,
    pub left_out: RefCell<Vec<LeftOut>>,
    pub notes: RefCell<Vec<String>>,
}

/// A step as others see it.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub certainty: Certainty,
    pub entries: IndexMap<String, Partial>,
}

/// Where steps run.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The name before its steps' names, as runs show it.
    pub shown: String,
    /// The same in the playbook.
    pub checked: String,
    pub graph: Graph,
    /// Names from outside.
    pub locals: IndexMap<String, Local>,
    /// Steps of it run whatever happened, or take something back.
    pub undoing: bool,
}

impl Place {
    pub fn of(graph: Graph, name: &str) -> Self {
        Self {
            shown: name.to_owned(),
            checked: name.to_owned(),
            graph,
            locals: IndexMap::new(),
            undoing: false,
        }
    }

    pub fn inside(&self, id: &str, locals: IndexMap<String, Local>) -> Self {
        Self {
            shown: format!("{}.{id}", self.shown),
            checked: format!("{}.{id}", self.checked),
            locals,
            ..self.clone()
        }
    }

    pub fn shown(&self, id: &str) -> StepPath {
        format!("{}.{id}", self.shown)
    }

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

impl<'a> Build<'a> {
    pub fn names<'b>(&'b self, place: &'b Place) -> Names<'b, 'a> {
        Names::new(self, place)
    }

    /// The name of a step as runs show it.
    pub fn public(&self, path: &str) -> StepPath {
        format!("{}{path}", self.prefix)
    }

    /// The line of a place in the playbook's file, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.plan.checked.playbook.source.position(at).line
    }

    pub fn note(&self, note: impl Into<String>) {
        let note = note.into();
        let mut notes = self.notes.borrow_mut();
        if !notes.contains(&note) {
            notes.push(note);
        }
    }

    pub fn leave_out(&self, path: &str, action: Option<String>, reason: Reason) {
        let left = LeftOut {
            step: self.public(path),
            action,
            reason,
        };
        let mut all = self.left_out.borrow_mut();
        if !all.contains(&left) {
            all.push(left);
        }
    }

    pub fn certainty(&self, path: &str) -> Option<Certainty> {
        let states = self.states.borrow();
        states.get(path).map(|state| state.certainty.clone())
    }

    /// A step as others see it; `None` where it has no place in the playbook.
    pub fn step_value(&self, path: &str) -> Option<Partial> {
        let prefix = format!("{path}.");
        let states = self.states.borrow();
        let mut inner: Vec<String> = Vec::new();
        for name in states.keys() {
            if let Some(rest) = name.strip_prefix(&prefix) {
                let id = rest.split('.').next().unwrap_or(rest).to_owned();
                if !inner.contains(&id) {
                    inner.push(id);
                }
            }
        }
        let own = states.get(path).cloned();
        drop(states);
        if own.is_none() && inner.is_empty() {
            return None;
        }
        let mut entries = IndexMap::new();
        for id in inner {
            if let Some(value) = self.step_value(&format!("{path}.{id}")) {
                entries.insert(id, value);
            }
        }
        if let Some(own) = own {
            entries.extend(own.entries);
        }
        Some(Partial::map(entries))
    }

    /// Whether a cause is there: `Known` where that is certain.
    pub fn cause(&self, name: &str) -> Partial {
        let unknown = || {
            Partial::unknown(
                Type::Boolean,
                path_expr(&format!("cause.{name}")),
                [Origin::Cause(name.to_owned())],
            )
        };
        if let Some(found) = self.found(name) {
            return Partial::Known(Value::Boolean(found));
        }
        unknown()
    }

    /// Whether a cause is there, where that is certain.
    pub fn found(&self, name: &str) -> Option<bool> {
        let told = self
            .evidence
            .and_then(|evidence| evidence.cause(&self.prefix, name));
        match told {
            Some(Truth::True) => return Some(true),
            Some(Truth::False) => return Some(false),
            _ => {}
        }
        let cause = self.plan.checked.causes.get(name)?;
        let states = self.states.borrow();
        let skipped = cause.finders.iter().all(|finder| {
            ancestors(finder).any(|path| {
                states.get(path).is_some_and(|state| {
                    matches!(&state.certainty, Certainty::Never(reason) if reason.code != "blocked")
                })
            })
        });
        skipped.then_some(false)
    }

    /// Records what others see of a step that may run.
    pub fn record(
        &self,
        step: &Step,
        place: &Place,
        certainty: &Certainty,
        captured: &[(String, Partial)],
    ) {
        let id = &step.id.value;
        let (path, checked) = (place.shown(id), place.checked(id));
        let mut entries = IndexMap::new();
        match certainty {
            Certainty::Never(reason) => {
                let blocked = reason.code == "blocked";
                let nothing = if blocked {
                    Value::Unknown
                } else {
                    Value::Absent
                };
                for capture in &step.capture {
                    entries.insert(capture.name.value.clone(), Partial::Known(nothing.clone()));
                }
                if claims(step, place.graph) {
                    let holds = if blocked {
                        Value::Unknown
                    } else {
                        Value::Boolean(false)
                    };
                    entries.insert("holds".to_owned(), Partial::Known(holds));
                }
                let status = if blocked {
                    StepStatus::Blocked
                } else {
                    StepStatus::Skipped
                };
                let status = Value::text(status.as_str());
                entries.insert("status".to_owned(), Partial::Known(status));
                entries.insert("error".to_owned(), self.offered(&path, "error"));
                entries.insert(
                    "truncated".to_owned(),
                    Partial::Known(Value::Boolean(false)),
                );
            }
            Certainty::Runs | Certainty::Depends(_) => {
                let told = self
                    .evidence
                    .and_then(|evidence| evidence.step(&self.public(&path)));
                for capture in &step.capture {
                    let name = &capture.name.value;
                    let known = captured.iter().find(|(captured, _)| captured == name);
                    let value = match (told.and_then(|told| told.capture(name)), known) {
                        (Some(value), _) => Partial::Known(value),
                        (None, Some((_, value))) => value.clone(),
                        (None, None) => self.offered(&path, name),
                    };
                    entries.insert(name.clone(), value);
                }
                let mut offer = |part: &str, known: Option<Value>| {
                    let value = known.map_or_else(|| self.offered(&path, part), Partial::Known);
                    entries.insert(part.to_owned(), value);
                };
                if claims(step, place.graph) {
                    offer("holds", told.and_then(super::evidence::StepEvidence::holds));
                }
                offer("status", told.map(|_| Value::text("done")));
                offer("error", told.map(super::evidence::StepEvidence::error));
                offer(
                    "truncated",
                    told.map(super::evidence::StepEvidence::truncated),
                );
            }
        }
        let _ = checked;
        self.states.borrow_mut().insert(
            path,
            State {
                certainty: certainty.clone(),
                entries,
            },
        );
    }

    /// What a step will offer.
    pub fn offered(&self, path: &str, part: &str) -> Partial {
        let checked = in_playbook(&self.plan.checked, path);
        let mut ty = step_type(&self.plan.checked, &checked, part);
        if part == "error" {
            ty = ty.optional();
        }
        Partial::unknown(
            ty,
            path_expr(&format!("{path}.{part}")),
            [Origin::Step {
                step: self.public(path),
                part: part.to_owned(),
            }],
        )
    }
}

/// A path and the paths of what encloses it, innermost first.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| {
        path.rsplit_once('.').map(|(outer, _)| outer)
    })
}
