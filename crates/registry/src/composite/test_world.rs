//! A world that answers from a list, on a clock that moves only in waits.

use super::Composite;
use crate::call::{Answer, Call, CallError};
use crate::local::{Session, SessionOutput, conforms};
use crate::world::{Pending, Place, World};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::path::PathBuf;

type Answers = VecDeque<Result<Json, CallError>>;

pub(super) struct TestWorld {
    /// Answers by operation; the last one is given again.
    answers: RefCell<Vec<(String, Answers)>>,
    pub(super) sessions: RefCell<VecDeque<Result<SessionOutput, CallError>>>,
    pub(super) opened: RefCell<Vec<Session>>,
    pub(super) plugin: Option<PathBuf>,
    pub(super) sent: RefCell<Vec<Call>>,
    now: Cell<Timestamp>,
}

impl TestWorld {
    pub(super) fn new() -> Self {
        Self {
            answers: RefCell::default(),
            sessions: RefCell::default(),
            opened: RefCell::default(),
            plugin: None,
            sent: RefCell::default(),
            now: Cell::new("2026-01-15T12:00:00Z".parse().expect("a timestamp")),
        }
    }

    pub(super) fn answer(self, operation: &str, answer: Result<Json, CallError>) -> Self {
        {
            let mut answers = self.answers.borrow_mut();
            match answers.iter_mut().find(|(name, _)| name == operation) {
                Some((_, queue)) => queue.push_back(answer),
                None => answers.push((operation.to_owned(), [answer].into())),
            }
        }
        self
    }

    pub(super) fn names(&self) -> Vec<String> {
        let sent = self.sent.borrow();
        sent.iter().map(|call| call.action.clone()).collect()
    }

    /// The seconds since the start.
    pub(super) fn passed(&self) -> i64 {
        self.now.get().as_second() - 1_768_478_400
    }

    /// Runs a composite; its result must have the declared type.
    pub(super) async fn run(
        &self,
        composite: &dyn Composite,
        call: &Call,
    ) -> Result<Answer, CallError> {
        let answer = composite.run(self, call).await;
        if let Ok(answer) = &answer {
            let output = composite.signature().output;
            assert_eq!(conforms::problems(&output, &answer.result), [""; 0]);
        }
        answer
    }
}

impl World for TestWorld {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        self.sent.borrow_mut().push(call.clone());
        let mut answers = self.answers.borrow_mut();
        let (_, queue) = answers
            .iter_mut()
            .find(|(name, _)| *name == call.action)
            .unwrap_or_else(|| panic!("no answer for {}", call.action));
        let next = if queue.len() > 1 {
            queue.pop_front()
        } else {
            queue.front().cloned()
        };
        let result = next.expect("an answer").map(|result| Answer {
            result,
            ..Answer::default()
        });
        Box::pin(std::future::ready(result))
    }

    fn answers(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        self.now
            .set(self.now.get().checked_add(length).expect("in range"));
        Box::pin(std::future::ready(()))
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        String::new()
    }

    fn place(&self) -> Place {
        Place {
            region: Some("us-east-1".to_owned()),
            ..Place::default()
        }
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        self.opened.borrow_mut().push(session.clone());
        let next = self.sessions.borrow_mut().pop_front();
        Box::pin(std::future::ready(next.expect("a session")))
    }

    fn session_plugin(&self) -> Result<PathBuf, String> {
        self.plugin
            .clone()
            .ok_or_else(|| "no plugin here".to_owned())
    }
}
