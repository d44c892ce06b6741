//! What runs in scenarios reach, and to which playbook it belongs: runs go through playbooks that they run and files of
//! escalation that they use.

use super::{Coverage, Kind, Reached};
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::StepStatus;
use runbook_interpreter::surroundings::Library;
use runbook_interpreter::truth::Truth;
use runbook_playbook::checked::{Checked, StepPath};
use runbook_playbook::syntax::every_step::every_step;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The first part of the names of a shared file's steps.
const ESCALATION: &str = "escalation";

/// Notes what a run reaches.
#[derive(Debug, Default)]
pub struct Observed(RefCell<BTreeSet<(Kind, StepPath)>>);

impl Observer for Observed {
    fn observe(&self, event: &Event) {
        let mut reached = self.0.borrow_mut();
        match &event.kind {
            EventKind::StepStarted { step, .. } => {
                reached.insert((Kind::Step, step.clone()));
            }
            EventKind::StepEnded { step, outcome }
                if outcome.status == StepStatus::Skipped
                    && outcome
                        .error
                        .as_ref()
                        .is_some_and(|error| error.code == "when") =>
            {
                reached.insert((Kind::Arm(false), step.clone()));
            }
            EventKind::CauseJudged(cause) if cause.found == Truth::True => {
                reached.insert((Kind::Cause, cause.name.clone()));
            }
            _ => {}
        }
    }
}

/// What the scenarios of one file have reached.
pub struct Ledger<'a> {
    library: &'a dyn Library,
    coverage: Coverage,
    /// The playbooks that others name, by the file that names them and what it writes.
    loaded: HashMap<(String, String), Option<Arc<Checked>>>,
}

impl<'a> Ledger<'a> {
    /// An empty one; playbooks that others name are found in the library.
    #[must_use]
    pub fn new(library: &'a dyn Library) -> Self {
        Self {
            library,
            coverage: Coverage::default(),
            loaded: HashMap::new(),
        }
    }

    /// Adds a playbook of which nothing may be reached.
    pub fn know(&mut self, checked: &Checked) {
        let name = checked.playbook.source.name();
        if !self.coverage.files.contains_key(name) {
            let nothing = Reached::nothing(&checked.playbook);
            self.coverage.files.insert(name.to_owned(), nothing);
        }
    }

    /// Adds what a run of the playbook has reached.
    pub fn add(&mut self, checked: &Arc<Checked>, observed: Observed) {
        for (kind, name) in observed.0.into_inner() {
            if kind == Kind::Cause {
                self.reach(checked, kind, &name);
                continue;
            }
            let mut parts: Vec<&str> = name.split('/').collect();
            let Some(last) = parts.pop() else { continue };
            let mut at = Some(Arc::clone(checked));
            for part in parts {
                at = at.and_then(|at| self.inside(&at, part));
            }
            if let Some(at) = at {
                self.reach(&at, kind, &written(&at, last));
            }
        }
    }

    /// Gives back what was reached.
    #[must_use]
    pub fn close(self) -> Coverage {
        self.coverage
    }

    fn reach(&mut self, checked: &Checked, kind: Kind, name: &str) {
        self.know(checked);
        if let Some(reached) = self.coverage.files.get_mut(checked.playbook.source.name()) {
            reached.reach(kind, name);
            if kind == Kind::Step {
                reached.reach(Kind::Undo, name);
                reached.reach(Kind::Arm(true), name);
            }
        }
    }

    /// The playbook that a step runs, or the shared file of escalation. Nothing where its name is made of values.
    fn inside(&mut self, checked: &Checked, part: &str) -> Option<Arc<Checked>> {
        let path = if part == ESCALATION {
            let escalate = checked.playbook.escalate.as_ref()?;
            escalate.uses.as_ref()?.value.clone()
        } else {
            let name = written(checked, part);
            let placed = every_step(&checked.playbook)
                .into_iter()
                .find(|placed| placed.path == name)?;
            placed.step.runs()?.to_owned()
        };
        let key = (checked.id.clone(), path);
        if let Some(known) = self.loaded.get(&key) {
            return known.clone();
        }
        let loaded = self.library.load(checked, &key.1).ok();
        self.loaded.insert(key, loaded.clone());
        loaded
    }
}

/// A step's name in its playbook: where `verify` reads the symptom again it is the symptom's.
fn written(checked: &Checked, path: &str) -> StepPath {
    let playbook = &checked.playbook;
    let own = playbook
        .verify
        .as_ref()
        .is_some_and(|verify| !verify.steps.is_empty());
    match path.strip_prefix("verify.") {
        Some(rest) if !own => format!("symptom.{rest}"),
        _ => path.to_owned(),
    }
}
