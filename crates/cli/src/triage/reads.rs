//! Reads that playbooks share: the same action with the same arguments is called once. Nothing but reads is made.

use super::pace::canonical;
use runbook_interpreter::surroundings::Performer;
use runbook_playbook::catalog::{ActionKind, Catalog, Effect};
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::{Pending, World};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use tokio::sync::OnceCell;

/// What came of a call, once.
type Answered = Rc<OnceCell<Result<Answer, CallError>>>;

/// The answers that playbooks share.
pub struct SharedReads<'a> {
    registry: &'a Registry,
    answers: RefCell<HashMap<String, Answered>>,
    made: Cell<usize>,
    shared: Cell<usize>,
}

impl<'a> SharedReads<'a> {
    /// None yet.
    #[must_use]
    pub fn new(registry: &'a Registry) -> Self {
        Self {
            registry,
            answers: RefCell::default(),
            made: Cell::new(0),
            shared: Cell::new(0),
        }
    }

    /// What can be called.
    #[must_use]
    pub fn registry(&self) -> &'a Registry {
        self.registry
    }

    /// How many reads were made, and how many were answered by one that had been.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.made.get(), self.shared.get())
    }
}

/// The reads of one playbook.
pub struct OwnReads<'a> {
    shared: &'a SharedReads<'a>,
    /// What local actions see of the playbook: they are shared only with those that see the same.
    surroundings: String,
    /// What its steps have asked for; what a step asks for again has changed meanwhile.
    asked: RefCell<HashSet<(Option<String>, String)>>,
}

impl<'a> OwnReads<'a> {
    /// Those of a playbook whose local actions see these surroundings.
    #[must_use]
    pub fn new(shared: &'a SharedReads<'a>, surroundings: String) -> Self {
        Self {
            shared,
            surroundings,
            asked: RefCell::default(),
        }
    }

    /// What makes two calls the same.
    ///
    /// # Errors
    /// The call is no read.
    fn key(&self, call: &Call) -> Result<String, CallError> {
        let registry = self.shared.registry;
        let refused = |why: &str| {
            let message = format!("{} was not made: {why}", call.action);
            CallError::new(FailureKind::NotSent, "not_a_read", message)
        };
        let action = registry
            .action(&call.action)
            .map_err(|unknown| refused(&unknown.message))?;
        if call.action.starts_with("human:") {
            return Err(refused("triage asks nobody"));
        }
        let effects = registry.effects(&action, &call.arguments);
        // Reading a secret counts as a permission; whoever says where an input's secret lies gives it.
        let given = call
            .step
            .as_deref()
            .is_some_and(|step| step.starts_with("inputs."));
        let reads = |effect: &Effect| match effect {
            Effect::Read => true,
            Effect::Permission => given,
            _ => false,
        };
        if !effects.iter().all(reads) {
            return Err(refused("triage only reads"));
        }
        let surroundings = if action.kind == ActionKind::Local {
            self.surroundings.as_str()
        } else {
            ""
        };
        Ok(format!(
            "{} {} {:?} {} {surroundings}",
            call.action,
            canonical(&call.arguments),
            call.target,
            call.limit
        ))
    }

    async fn read(&self, world: &dyn World, call: &Call) -> Result<Answer, CallError> {
        let shared = self.shared;
        let made = || {
            shared.made.set(shared.made.get() + 1);
            shared.registry.perform(world, call)
        };
        let key = self.key(call)?;
        let asked = (call.step.clone(), key.clone());
        if !self.asked.borrow_mut().insert(asked) {
            return made().await;
        }
        let once = Rc::clone(shared.answers.borrow_mut().entry(key).or_default());
        let own = Cell::new(false);
        let answer = once
            .get_or_init(|| {
                own.set(true);
                made()
            })
            .await
            .clone();
        if own.get() {
            return answer;
        }
        // The time of another playbook was over; this one's is not.
        if matches!(&answer, Err(error) if error.kind == FailureKind::Unanswered || error.code == "timeout")
        {
            return made().await;
        }
        shared.shared.set(shared.shared.get() + 1);
        answer
    }
}

impl Performer for OwnReads<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(self.read(world, call))
    }
}
