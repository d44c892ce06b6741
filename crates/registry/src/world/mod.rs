//! Where calls go, and where time and identity come from: the live world or a scenario.
//!
//! An interpreter never asks the system for the time, a random number or the network; it asks its world. Under a
//! scenario a run is therefore the same byte for byte.

pub mod around;
pub mod clock;
pub mod live;
pub mod recording;
pub mod scenario;

use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::{Session, SessionOutput};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

/// A future that a world returns.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The world in which a run happens.
///
/// `send` makes exactly one action happen: one AWS operation with all its pages, one local action, or (in a scenario)
/// whatever an entry is written for. Waiters and composites are built on it by [`crate::Registry::perform`].
pub trait World {
    /// Makes the call. Arguments have been validated.
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>>;

    /// Whether this world answers the action itself, although it is built of others: a scenario with an entry for
    /// `cloudwatch:Series` answers it without asking for `cloudwatch:GetMetricData`.
    fn answers(&self, action: &str) -> bool;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits. A scenario moves its clock instead.
    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()>;

    /// Whether time passes by itself, also while a person is asked.
    fn is_timed(&self) -> bool;

    /// A fresh id for a run or an idempotency token, unique and (in a scenario) predictable.
    fn fresh_id(&self) -> String;

    /// What idempotency tokens and ids of runs inside of a run are derived from; nothing means the run's own id. A
    /// scenario has one of its own, so that its runs are the same whatever their ids.
    fn seed(&self) -> Option<String> {
        None
    }

    /// What became of a call that was made under this name before; `None` where the world does not remember, and must be
    /// asked by a call.
    fn recall(&self, _call: &Call, _key: &str) -> Option<Recalled> {
        None
    }

    /// The account, region and partition that calls go to by default, where known without asking.
    fn place(&self) -> Place;

    /// Follows a session that a service has opened until its command ends. A world without a network opens none.
    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        let error = CallError::new(
            FailureKind::Environment,
            "session",
            format!(
                "no session can be opened here, so {} cannot be followed",
                session.id
            ),
        );
        Box::pin(std::future::ready(Err(error)))
    }

    /// Comes when whoever makes the call is asked to stop: what can be ended in order then is.
    fn stopped(&self) -> Pending<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// Where `session-manager-plugin` is, for sessions that only it can follow.
    ///
    /// # Errors
    /// What is missing and how to add it.
    fn session_plugin(&self) -> Result<PathBuf, String> {
        Err("no program can be started here".to_owned())
    }
}

/// What a world remembers of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalled {
    /// It was answered so.
    Made(Result<Json, CallError>),
    /// It never came.
    NotMade,
}

/// Where a run's calls go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The twelve-digit account id, when known.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The partition: `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: Option<String>,
    /// The ARN of the user or the session as which calls are made, when known.
    pub principal: Option<String>,
}
